//! The protocol of `POST /sql`, against a real PostgreSQL.

use crate::support::{batch, eventually, owner, read, serve, unique};
use reqwest::Method;
use serde_json::{Value, json};
use tokio_postgres::SimpleQueryMessage;

/// Expressions whose text must come through as PostgreSQL prints it.
const VALUES: [&str; 24] = [
    "9223372036854775807::int8",
    "(-32768)::int2",
    "123456789012345678901234567890.0123456789::numeric",
    "'NaN'::numeric",
    "0.1::float8 + 0.2::float8",
    "'-Infinity'::float4",
    "true",
    "'2026-01-02 03:04:05.123456+02'::timestamptz",
    "'infinity'::timestamptz",
    "'0044-03-15 BC'::date",
    "'1 year -2 days 03:04:05.6'::interval",
    r#"'{"b": [1, 1.50, null], "a": "\u00e9\n\""}'::jsonb"#,
    "'{\"a\" :  1}'::json",
    r"'\x00ff10'::bytea",
    "'6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid",
    "null::text",
    "''::text",
    "E'tab\\t line\\n return\\r quote\" slash\\\\ bell\\x07 é 漢 😀'",
    "array[1, null, 3]",
    "array[[1, 2], [3, 4]]",
    "'[0:1]={a,b}'::text[]",
    r#"array['a,b', '{c}', 'd"e', 'f\g', ' h ', 'NULL', '', null, E'i\nj']"#,
    "row(1, 'a b', null)",
    "'192.168.0.1/24'::inet",
];

#[tokio::test]
async fn every_type_comes_through_as_postgres_prints_it() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let owner = owner().await;
    for value in VALUES {
        let query = format!("select {value} as v");
        let direct = owner.simple_query(&query).await.unwrap();
        let direct = direct.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row.get(0).map(str::to_owned)),
            _ => None,
        });
        assert_eq!(caller.cell(&query).await, json!(direct.unwrap()), "{value}");
    }
}

#[tokio::test]
async fn a_result_has_fields_rows_command_and_count() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let (status, body) = caller.query("select $1::int8 as n, 'x'::varchar(7) as s", &[json!("5")]).await;
    assert_eq!(status, 200);
    let field = |name: &str, oid: u32, size: i16, modifier: i32| {
        json!({ "name": name, "dataTypeID": oid, "tableID": 0, "columnID": 0, "dataTypeSize": size,
                "dataTypeModifier": modifier, "format": "text" })
    };
    let expected = json!({
        "fields": [field("n", 20, 8, -1), field("s", 1043, -1, 11)], "rows": [["5", "x"]],
        "command": "SELECT", "rowCount": 1, "rowAsArray": true,
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_column_of_a_table_is_named_by_table_and_position() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let (_, body) = caller.query("select relname, oid from pg_class limit 0", &[]).await;
    assert_eq!(body["fields"][0]["tableID"], 1259);
    assert_eq!(body["fields"][0]["columnID"], 2);
    assert_eq!(body["rows"], json!([]));
}

#[tokio::test]
async fn commands_report_their_count() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let table = unique("t");
    let create = format!("create table {table} (id int)");
    let insert = format!("insert into {table} values (1), (2)");
    let delete = format!("delete from {table}");
    let (status, body) = caller.batch(&[&create, &insert, &delete, "", &format!("drop table {table}")]).await;
    assert_eq!(status, 200, "{body}");
    let seen: Vec<_> = body["results"].as_array().unwrap().iter().map(|r| (&r["command"], &r["rowCount"])).collect();
    let expected = [
        (&json!("CREATE"), &Value::Null),
        (&json!("INSERT"), &json!(2)),
        (&json!("DELETE"), &json!(2)),
        (&json!(""), &Value::Null),
        (&json!("DROP"), &Value::Null),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn rows_are_objects_unless_asked_otherwise() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let post = |body: Value| caller.http.post(&caller.url).header("Neon-Connection-String", &caller.login).json(&body);
    let body = json!({ "query": "select 1 as \"a\"\"b\", null as c" });
    let (_, object) = read(post(body).send().await.unwrap()).await;
    assert_eq!(object["rows"], json!([{ "a\"b": 1, "c": null }]));
    assert_eq!(object["rowAsArray"], false);
    let body = json!({ "queries": [{ "query": "select 1", "arrayMode": true }, { "query": "select 2 as a" }] });
    let (_, mixed) = read(post(body).header("Neon-Array-Mode", "TRUE").send().await.unwrap()).await;
    assert_eq!(mixed["results"][0]["rows"], json!([[1]]));
    assert_eq!(mixed["results"][1]["rows"], json!([{ "a": 2 }]));
}

#[tokio::test]
async fn typed_output_keeps_what_json_can_hold() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let (mood, short) = (unique("mood"), unique("short"));
    let owner = owner().await;
    let types = format!("create type {mood} as enum ('sad', 'so so'); create domain {short} as varchar(3)");
    owner.batch_execute(&types).await.unwrap();
    let query = format!(
        "select 1::int2, 2::int4, 3::int8, 4.5::float8, 'NaN'::float4, 1.10::numeric, true, '{{\"a\":1}}'::jsonb, \
         array[1, null]::int4[], array[true], array['sad', 'so so']::{mood}[], 'sad'::{mood}, 'x'::{short}, \
         array['x']::{short}[], array['2026-01-02'::date], '{{}}'::text[], null::int[], '1 2'::int2vector, ''::oidvector, \
         array['1 2'::int2vector]"
    );
    let post = caller.http.post(&caller.url).header("Neon-Connection-String", &caller.login);
    let (status, body) =
        read(post.header("Neon-Array-Mode", "true").json(&json!({ "query": query })).send().await.unwrap()).await;
    assert_eq!(status, 200, "{body}");
    let expected = json!([[
        1, 2, "3", 4.5, "NaN", "1.10", true, { "a": 1 }, [1, null], [true], ["sad", "so so"], "sad", "x", ["x"],
        ["2026-01-02"], [], null, "1 2", "", ["1 2"]
    ]]);
    assert_eq!(body["rows"], expected);
    owner.batch_execute(&format!("drop type {mood}; drop domain {short}")).await.unwrap();
}

#[tokio::test]
async fn parameters_are_converted_as_neon_does() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let params = [
        json!("a'b\"c\\ \n é"),
        Value::Null,
        json!(true),
        json!(-9_007_199_254_740_993_i64),
        json!({ "a": [1, "x"] }),
        json!(["a,b", "{c}", "d\"e", "f\\g", "NULL", "", null, "i\nj"]),
        json!([[1, 2], [3, 4]]),
    ];
    let query = "select $1::text, $2::text, $3::bool, $4::int8, $5::jsonb->'a'->>1, \
                 to_jsonb($6::text[])::text, ($7::int[])[2][1]";
    let rows = caller.rows(query, &params).await;
    let array = r#"["a,b", "{c}", "d\"e", "f\\g", "NULL", "", null, "i\nj"]"#;
    assert_eq!(rows, json!([["a'b\"c\\ \n é", null, "t", "-9007199254740993", "x", array, "3"]]));
}

#[tokio::test]
async fn an_error_keeps_every_field_and_names_its_statement() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let table = unique("t");
    owner().await.batch_execute(&format!("create table {table} (id int constraint {table}_small check (id < 3))")).await.unwrap();
    let good = format!("insert into {table} values (1)");
    let bad = format!("insert into {table} values (7)");
    let (status, body) = caller.batch(&[&good, &bad, &good]).await;
    assert_eq!(status, 400);
    assert_eq!(body["code"], "23514");
    assert_eq!(body["constraint"], format!("{table}_small"));
    assert_eq!(body["table"], table);
    assert_eq!(body["schema"], "public");
    assert_eq!(body["detail"], "Failing row contains (7).");
    assert_eq!(body["severity"], "ERROR");
    assert_eq!(body["statementIndex"], 1);
    assert!(body["line"].is_string() && body["position"].is_null() && body["hint"].is_null());
    assert_eq!(body.as_object().unwrap().len(), 18);
    assert_eq!(caller.cell(&format!("select count(*) from {table}")).await, "0");

    let (_, body) = caller.query("select 1 + nope", &[]).await;
    assert_eq!((&body["code"], &body["position"], &body["statementIndex"]), (&json!("42703"), &json!("12"), &json!(0)));
    let (_, body) = caller.query("select 1; select 2", &[]).await;
    assert_eq!(body["code"], "42601");
    let (_, body) = caller.query("do $$ begin raise 'banned' using errcode = 'OR403', hint = 'no'; end $$", &[]).await;
    assert_eq!((&body["code"], &body["message"], &body["hint"]), (&json!("OR403"), &json!("banned"), &json!("no")));
    let (_, body) = caller.query("do $$ begin execute 'select nope'; end $$", &[]).await;
    assert_eq!((&body["internalQuery"], &body["internalPosition"]), (&json!("select nope"), &json!("8")));
    assert!(body["where"].as_str().unwrap().contains("PL/pgSQL"));
    owner().await.batch_execute(&format!("drop table {table}")).await.unwrap();
}

#[tokio::test]
async fn an_error_at_commit_belongs_to_no_statement() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let table = unique("t");
    let create = format!("create table {table} (id int primary key deferrable initially deferred)");
    owner().await.batch_execute(&create).await.unwrap();
    let insert = format!("insert into {table} values (1)");
    for body in [batch(&[&insert, &insert]), json!({ "query": format!("insert into {table} values (1), (1)") })] {
        let (status, body) = caller.send(&body).await;
        assert_eq!((status.as_u16(), &body["code"], &body["statementIndex"]), (400, &json!("23505"), &Value::Null));
    }
    assert_eq!(caller.cell(&format!("select count(*) from {table}")).await, "0");
    owner().await.batch_execute(&format!("drop table {table}")).await.unwrap();
}

#[tokio::test]
async fn a_batch_has_the_isolation_it_asks_for() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let queries = batch(&["show transaction_isolation", "show transaction_read_only", "show transaction_deferrable"]);
    for (header, shown) in [
        ("ReadUncommitted", "read uncommitted"),
        ("ReadCommitted", "read committed"),
        ("RepeatableRead", "repeatable read"),
        ("Serializable", "serializable"),
    ] {
        let request = caller.post().header("Neon-Batch-Isolation-Level", header).json(&queries);
        let answer = request.header("Neon-Batch-Read-Only", "true").header("Neon-Batch-Deferrable", "true").send().await.unwrap();
        assert_eq!(answer.headers()["neon-batch-isolation-level"], header);
        assert_eq!(answer.headers()["neon-batch-read-only"], "true");
        assert_eq!(answer.headers()["neon-batch-deferrable"], "true");
        let (_, body) = read(answer).await;
        let shown_here: Vec<_> = (0..3).map(|index| &body["results"][index]["rows"][0][0]).collect();
        assert_eq!(shown_here, [shown, "on", "on"]);
    }
    let (_, body) = caller.send(&queries).await;
    assert_eq!(body["results"][1]["rows"][0][0], "off");
    let refused = caller.post().header("Neon-Batch-Isolation-Level", "serializable").json(&queries).send().await.unwrap();
    assert_eq!(read(refused).await.1["message"], "invalid isolation level");
}

#[tokio::test]
async fn a_read_only_batch_writes_nothing() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let body = batch(&["select 1", "create table never (id int)"]);
    let answer = caller.post().header("Neon-Batch-Read-Only", "true").json(&body).send().await.unwrap();
    let (status, body) = read(answer).await;
    assert_eq!((status.as_u16(), &body["code"], &body["statementIndex"]), (400, &json!("25006"), &json!(1)));
}

#[tokio::test]
async fn a_request_above_the_limit_is_413() {
    let server = serve(|options| options.max_request = 1000).await;
    let caller = server.caller().await;
    let (status, _) = caller.query("select 1", &[json!("x".repeat(2000))]).await;
    assert_eq!(status, 413);
    let chunks = futures_chunks(20, 100);
    let (status, body) = read(caller.post().body(chunks).send().await.unwrap()).await;
    assert_eq!(status, 413);
    assert_eq!(body["message"], "request is too large (max is 1000 bytes)");
    assert_eq!(caller.cell("select 1").await, "1");
}

#[tokio::test]
async fn whoever_sends_too_much_or_the_wrong_thing_hears_so() {
    let server = serve(|options| options.max_request = 1000).await;
    let caller = server.caller().await;
    for _ in 0..5 {
        let large = vec![b'x'; 8 * 1024 * 1024];
        let (status, _) = read(caller.post().body(large.clone()).send().await.unwrap()).await;
        assert_eq!(status, 413);
        let (status, _) = read(caller.post().body(futures_chunks(2000, 4096)).send().await.unwrap()).await;
        assert_eq!(status, 413);
        let nobody = caller.http.post(&caller.url).header("Neon-Connection-String", "nonsense").body(large);
        assert_eq!(nobody.send().await.unwrap().status(), 400);
    }
}

/// A body of unknown length.
fn futures_chunks(count: usize, size: usize) -> reqwest::Body {
    let chunks = (0..count).map(move |_| Ok::<_, std::io::Error>("x".repeat(size)));
    reqwest::Body::wrap_stream(futures::stream::iter(chunks))
}

#[tokio::test]
async fn a_response_above_the_limit_is_507_and_commits_nothing() {
    let server = serve(|options| options.max_response = 10_000).await;
    let caller = server.caller().await;
    let table = unique("t");
    owner().await.batch_execute(&format!("create table {table} (id text)")).await.unwrap();
    let insert = format!("insert into {table} select repeat('x', 100) from generate_series(1, 1000) returning id");
    let small = format!("insert into {table} values ('x')");
    let wide = format!("insert into {table} values (repeat('x', 2000000)) returning id");
    for body in [
        json!({ "query": insert }),
        json!({ "query": wide }),
        batch(&[&insert]),
        batch(&[&small, "select repeat('x', 9000)", "select repeat('x', 9000)"]),
    ] {
        let (status, body) = caller.send(&body).await;
        assert_eq!(status, 507, "{body}");
        assert_eq!(body["message"], "response is too large (max is 10000 bytes)");
    }
    eventually("the abandoned sessions are gone", || async { caller.sessions().await <= 1 }).await;
    assert_eq!(caller.cell(&format!("select count(*) from {table}")).await, "0");
    let (status, _) = caller.query("select repeat('x', 9000)", &[]).await;
    assert_eq!(status, 200);
    owner().await.batch_execute(&format!("drop table {table}")).await.unwrap();
}

#[tokio::test]
async fn a_long_batch_with_long_results_does_not_block() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let text = "y".repeat(40_000);
    let queries: Vec<_> = (0..200).map(|_| json!({ "query": "select $1::text", "params": [text] })).collect();
    let (status, body) = caller.send(&json!({ "queries": queries })).await;
    assert_eq!(status, 200);
    assert_eq!(body["results"][199]["rows"][0][0], text);
}

#[tokio::test]
async fn a_bad_request_says_why() {
    let server = serve(|options| options.names = vec!["sql.example.org".into()]).await;
    let caller = server.caller().await;
    let login = |host: &str| caller.login.replace("localhost", host);
    let post =
        |login: String| caller.http.post(&caller.url).header("Neon-Connection-String", login).body("{\"query\":\"select 1\"}");
    let cases = [
        (caller.http.post(&caller.url), "invalid header: neon-connection-string"),
        (post(login("db.evil.example")), "names another server"),
        (post(format!("postgres://{}@localhost/x", caller.name)), "required password"),
        (caller.post().header("Authorization", "Bearer x").body("{}"), "not an Authorization header"),
        (caller.post().body("{"), "could not parse the HTTP request body"),
        (caller.post().body("{\"query\":\"select '\\u0000'\"}"), "a statement cannot be sent"),
    ];
    for (request, message) in cases {
        let (status, body) = read(request.send().await.unwrap()).await;
        assert_eq!(status, 400);
        assert!(body["message"].as_str().unwrap().contains(message), "{message}: {body}");
    }
    for host in ["LOCALHOST:5432", "sql.example.org"] {
        assert_eq!(post(login(host)).send().await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn copy_and_surplus_parameters_leave_the_gateway_working() {
    let server = serve(|options| options.max_connections = 1).await;
    let caller = server.caller().await;
    for query in ["copy pg_class to stdout", "copy pg_class from stdin"] {
        for body in [json!({ "query": query }), batch(&["select 1", query, "select 2"])] {
            let (status, body) = caller.send(&body).await;
            assert_eq!((status.as_u16(), &body["message"]), (400, &json!("COPY is not supported over HTTP")));
        }
    }
    let (status, body) = caller.query("select $1::int", &[json!(1), json!(2)]).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("08P01")));
    let many = vec![Value::Null; 70_000];
    assert_eq!(caller.query("select 1", &many).await.0, 400);
    assert_eq!(caller.cell("select 1").await, "1");
}

#[tokio::test]
async fn browsers_may_ask_first() {
    let server = serve(|_| {}).await;
    let http = reqwest::Client::new();
    let answer = http.request(Method::OPTIONS, format!("{}/sql", server.base)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert!(answer.headers()["access-control-allow-headers"].to_str().unwrap().contains("Neon-Connection-String"));
    let answer = http.post(format!("{}/sql", server.base)).send().await.unwrap();
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert_eq!(answer.headers()["neon-request-id"].len(), 36);
    assert_eq!(http.get(format!("{}/health", server.base)).send().await.unwrap().status(), 200);
    assert_eq!(http.get(format!("{}/sql", server.base)).send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn requests_and_statements_are_counted_when_asked() {
    let server = serve(|options| options.count = true).await;
    let caller = server.caller().await;
    let send = |body: Value| caller.post().header("X-Request-Id", "r-1").json(&body).send();
    send(batch(&["select 1", "select 2"])).await.unwrap();
    send(json!({ "query": "select nope" })).await.unwrap();
    let counts = async |base: &str, id: &str| read(reqwest::get(format!("{base}/counts/{id}")).await.unwrap()).await;
    assert_eq!(counts(&server.base, "r-1").await.1, json!({ "count": 2, "statements": 3 }));
    assert_eq!(counts(&server.base, "r-2").await.1, json!({ "count": 0, "statements": 0 }));
    let plain = serve(|_| {}).await;
    assert_eq!(counts(&plain.base, "r-1").await.0, 400);
}
