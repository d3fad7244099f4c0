//! What happens around a request: pooling, leaks, cancellation, prepared statements, hostile callers, restarts.

use std::time::{Duration, Instant};

use crate::support::cluster::Cluster;
use crate::support::{Caller, batch, connect, eventually, owner, serve, serve_target, unique};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn a_wrong_password_never_gets_a_warm_session() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    assert_eq!(caller.cell("select 1").await, "1");
    let wrong = server.caller_as(&caller.login.replace("pa%20ss", "pa%20sS"));
    let (status, body) = wrong.query("select 1", &[]).await;
    assert_eq!((status.as_u16(), &body["code"]), (400, &json!("28P01")));
    assert!(!body.to_string().contains("sS"));
    let missing = server.caller_as(&format!("{}_no", caller.login));
    assert_eq!(missing.query("select 1", &[]).await.1["code"], "3D000");
    assert_eq!(caller.cell("select 1").await, "1");
    assert_eq!(caller.sessions().await, 1);
}

#[tokio::test]
async fn nothing_leaks_into_the_next_request() {
    let server = serve(|options| options.max_connections = 1).await;
    let caller = server.caller().await;
    let role = unique("other");
    owner().await.batch_execute(&format!("create role {role}")).await.unwrap();
    let session = caller.cell("select pg_backend_pid()").await;
    let dirty = [
        format!("select set_config('role', '{role}', false)"),
        format!("set session authorization {role}"),
        "set search_path = nowhere".into(),
        "set statement_timeout = 12345".into(),
        "select set_config('request.jwt.claims', 'secret', false)".into(),
        "create temp table leaked (id int)".into(),
        "declare leaked cursor with hold for select 1".into(),
        "select pg_advisory_lock(4711)".into(),
        "listen leaked".into(),
        "begin".into(),
        "do $$ begin set lock_timeout = 77; end $$".into(),
    ];
    for statement in &dirty {
        assert_eq!(caller.query(statement, &[]).await.0, 200, "{statement}");
        let (status, _) = caller.batch(&[statement, "select nope"]).await;
        assert_eq!(status, 400);
    }
    let clean = "select current_user, session_user, current_setting('search_path'), \
        current_setting('statement_timeout'), current_setting('request.jwt.claims', true), to_regclass('leaked'), \
        (select count(*) from pg_cursors where name = 'leaked'), \
        (select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()), \
        (select count(*) from pg_listening_channels()), current_setting('lock_timeout'), \
        pg_backend_pid()";
    let rows = caller.rows(clean, &[]).await;
    let expected = json!([[caller.name, caller.name, "\"$user\", public", "0", "", null, "0", "0", "0", "0", session]]);
    assert_eq!(rows, expected);
    owner().await.batch_execute(&format!("drop role {role}")).await.unwrap();
}

#[tokio::test]
async fn a_session_whose_prepared_statements_were_touched_is_not_used_again() {
    let server = serve(|options| options.max_connections = 1).await;
    let caller = server.caller().await;
    for statement in ["prepare mine as select 1", "deallocate all", "discard all"] {
        let before = caller.cell("select pg_backend_pid()").await;
        assert_eq!(caller.query(statement, &[]).await.0, 200, "{statement}");
        assert_ne!(caller.cell("select pg_backend_pid()").await, before, "{statement}");
    }
    let hidden = "do $$ begin execute 'deallocate all'; end $$";
    assert_eq!(caller.batch(&["select 1", hidden, "select 2"]).await.0, 200);
    assert_eq!(caller.batch(&["select 1", "select 2"]).await.0, 200);
}

#[tokio::test]
async fn a_hot_statement_is_parsed_once() {
    let server = serve(|options| options.max_connections = 1).await;
    let caller = server.caller().await;
    let hot = format!("select $1::int + 1 as {}", unique("c"));
    for number in 0..8 {
        assert_eq!(caller.rows(&hot, &[json!(number)]).await, json!([[(number + 1).to_string()]]));
    }
    let planned = "select generic_plans + custom_plans from pg_prepared_statements where statement = $1";
    assert_eq!(caller.rows(planned, &[json!(hot)]).await, json!([["8"]]));
}

#[tokio::test]
async fn prepared_statements_are_bounded() {
    let server = serve(|options| options.max_connections = 1).await;
    let caller = server.caller().await;
    for start in [0, 500] {
        let queries: Vec<_> = (start..start + 500).map(|number| format!("select {number}")).collect();
        let queries: Vec<_> = queries.iter().map(String::as_str).collect();
        assert_eq!(caller.batch(&queries).await.0, 200);
    }
    for number in 0..300 {
        assert_eq!(caller.cell(&format!("select {number} + 1")).await, (number + 1).to_string());
    }
    let kept: i64 = caller.cell("select count(*) from pg_prepared_statements").await.as_str().unwrap().parse().unwrap();
    assert!((200..=520).contains(&kept), "{kept}");
}

#[tokio::test]
async fn a_migration_does_not_break_kept_statements() {
    let server = serve(|options| options.max_connections = 1).await;
    let caller = server.caller().await;
    let table = unique("t");
    let owner = owner().await;
    owner.batch_execute(&format!("create table {table} (id int, v int); insert into {table} values (1, 1)")).await.unwrap();
    let (all, by_v) = (format!("select * from {table}"), format!("select id from {table} where v = $1"));
    let count = format!("update {table} set id = id + 1");
    let body = json!({ "queries": [
        { "query": count }, { "query": all }, { "query": by_v, "params": ["1"] }, { "query": all }] });
    assert_eq!(caller.send(&body).await.0, 200);
    assert_eq!(caller.rows(&all, &[]).await, json!([["2", "1"]]));

    owner.batch_execute(&format!("alter table {table} add w text, alter v type text")).await.unwrap();
    let (status, answer) = caller.send(&body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["results"][1]["rows"], json!([["3", "1", null]]));
    assert_eq!(answer["results"][2]["rows"], json!([["3"]]));

    owner.batch_execute(&format!("alter table {table} drop w")).await.unwrap();
    assert_eq!(caller.rows(&all, &[]).await, json!([["3", "1"]]));
    owner.batch_execute(&format!("drop table {table}")).await.unwrap();
    assert_eq!(caller.query(&all, &[]).await.1["code"], "42P01");
}

#[tokio::test]
async fn one_text_may_stand_on_both_sides_of_a_migration_in_one_batch() {
    let server = serve(|options| options.max_connections = 1).await;
    let caller = server.caller().await;
    let (table, other) = (unique("t"), unique("other"));
    let owner = owner().await;
    let all = format!("select * from {table}");
    for round in 0..3 {
        owner.batch_execute(&format!("create table {table} (a int); insert into {table} values (1)")).await.unwrap();
        let body = json!({ "queries": [
            { "query": all }, { "query": format!("alter table {table} add b int") }, { "query": all }] });
        let (status, answer) = caller.send(&body).await;
        assert_eq!(status, 200, "{round}: {answer}");
        assert_eq!((&answer["results"][0]["rows"], &answer["results"][2]["rows"]), (&json!([["1"]]), &json!([["1", null]])));
        let body = json!({ "queries": [
            { "query": all }, { "query": format!("create schema {other} create table {table} (x text, y text, z text)") },
            { "query": format!("set local search_path = {other}") }, { "query": all },
            { "query": format!("drop schema {other} cascade") }] });
        let (status, answer) = caller.send(&body).await;
        assert_eq!(status, 200, "{round}: {answer}");
        assert_eq!(answer["results"][3]["fields"].as_array().unwrap().len(), 3);
        owner.batch_execute(&format!("drop table {table}")).await.unwrap();
    }
}

#[tokio::test]
async fn a_parameter_type_that_changed_is_found_out() {
    let server = serve(|options| options.max_connections = 1).await;
    let caller = server.caller().await;
    let table = unique("t");
    let owner = owner().await;
    owner.batch_execute(&format!("create table {table} (v int)")).await.unwrap();
    let insert = format!("insert into {table} values ($1)");
    assert_eq!(caller.query(&insert, &[json!("1")]).await.0, 200);
    owner.batch_execute(&format!("alter table {table} alter v type text")).await.unwrap();
    let first = caller.query(&insert, &[json!("one")]).await;
    assert_eq!(first.1["code"], "22P02");
    assert_eq!(caller.query(&insert, &[json!("one")]).await.0, 200);
    owner.batch_execute(&format!("drop table {table}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_share_twenty_sessions() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let requests = (0..1000).map(|number| {
        let caller = caller.clone();
        tokio::spawn(async move {
            let role = json!(number.to_string());
            let queries = json!({ "queries": [
                { "query": "select set_config('my.number', $1, true)", "params": [role] },
                { "query": "select current_setting('my.number'), pg_sleep(0.001)" }] });
            let (status, body) = caller.send(&queries).await;
            assert_eq!(status, 200, "{body}");
            assert_eq!(body["results"][1]["rows"][0][0], role);
        })
    });
    let requests: Vec<_> = requests.collect();
    for request in requests {
        request.await.unwrap();
    }
    let sessions = caller.sessions().await;
    assert!((2..=20).contains(&sessions), "{sessions}");
}

#[tokio::test]
async fn a_request_that_waits_too_long_is_503() {
    let server = serve(|options| {
        options.max_connections = 1;
        options.wait = Duration::from_secs(1);
    })
    .await;
    let caller = server.caller().await;
    let slow = tokio::spawn({
        let caller = caller.clone();
        async move { caller.query("select pg_sleep(3)", &[]).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (status, body) = caller.query("select 1", &[]).await;
    assert_eq!((status.as_u16(), &body["message"]), (503, &json!("every connection of this login stayed busy for 1 s")));
    assert_eq!(slow.await.unwrap().0, 200);
}

#[tokio::test]
async fn the_statement_timeout_of_the_gateway_holds_unless_a_request_sets_its_own() {
    let server = serve(|options| options.statement_timeout = Some("200ms".into())).await;
    let caller = server.caller().await;
    assert_eq!(caller.query("select pg_sleep(5)", &[]).await.1["code"], "57014");
    let own = ["select set_config('statement_timeout', '5s', true)", "select pg_sleep(0.4)"];
    assert_eq!(caller.batch(&own).await.0, 200);
    assert_eq!(caller.cell("show statement_timeout").await, "200ms");
}

/// Sends a request and hangs up once PostgreSQL runs it.
async fn hang_up_during(caller: &Caller, body: &Value, running: &str) {
    let request = tokio::spawn(caller.post().json(body).send());
    let owner = owner().await;
    let active = "select count(*) from pg_stat_activity where usename = $1 and query like $2 and state <> 'idle'";
    let running = format!("%{running}%");
    eventually("the statement runs", || async {
        owner.query_one(active, &[&caller.name, &running]).await.unwrap().get::<_, i64>(0) == 1
    })
    .await;
    request.abort();
}

#[tokio::test]
async fn hanging_up_cancels_the_query_and_rolls_back() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let table = unique("t");
    let owner = owner().await;
    owner.batch_execute(&format!("create table {table} (id int)")).await.unwrap();
    let insert = format!("insert into {table} values (1)");
    let slow = format!("insert into {table} select 1 from pg_sleep(60)");
    for body in [json!({ "query": slow }), batch(&[&insert, "select pg_sleep(60)", &insert])] {
        hang_up_during(&caller, &body, "pg_sleep(60)").await;
        let start = Instant::now();
        eventually("the session is gone", || async { caller.sessions().await == 0 }).await;
        assert!(start.elapsed() < Duration::from_secs(5));
    }
    assert_eq!(caller.cell(&format!("select count(*) from {table}")).await, "0");
    owner.batch_execute(&format!("drop table {table}")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_cut_off_at_any_moment_are_whole_or_absent() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let table = unique("t");
    let owner = owner().await;
    owner.batch_execute(&format!("create table {table} (id int)")).await.unwrap();
    let insert = format!("insert into {table} values ($1)");
    let twice = format!("insert into {table} values ($1), ($1)");
    let requests: Vec<_> = (0..600_u64)
        .map(|number| {
            let statement = json!({ "query": insert, "params": [number] });
            let body = match number % 2 {
                0 => json!({ "queries": [statement, statement] }),
                _ => json!({ "query": twice, "params": [number] }),
            };
            let send = caller.post().json(&body).send();
            // Spread over the life of a request, from before it is sent to after it is answered.
            tokio::spawn(tokio::time::timeout(Duration::from_micros(number * 397 % 60_000), send))
        })
        .collect();
    for request in requests {
        let _ = request.await.unwrap();
    }
    eventually("every session is idle or gone", || async {
        let busy = "select count(*) from pg_stat_activity where usename = $1 and state <> 'idle'";
        owner.query_one(busy, &[&caller.name]).await.unwrap().get::<_, i64>(0) == 0
    })
    .await;
    let halves = format!("select count(*) from (select from {table} group by id having count(*) <> 2) halves");
    assert_eq!(caller.cell(&halves).await, "0");
    assert!(caller.sessions().await <= 20);
    owner.batch_execute(&format!("drop table {table}")).await.unwrap();
}

#[tokio::test]
async fn an_idle_session_that_died_is_replaced() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let session = caller.cell("select pg_backend_pid()").await;
    let end = "select pg_terminate_backend($1::text::int, 5000)";
    owner().await.query_one(end, &[&session.as_str().unwrap()]).await.unwrap();
    assert_ne!(caller.cell("select pg_backend_pid()").await, session);
}

#[tokio::test]
async fn a_session_that_dies_in_a_request_is_an_error_without_a_write() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let table = unique("t");
    owner().await.batch_execute(&format!("create table {table} (id int)")).await.unwrap();
    let insert = format!("insert into {table} values (1)");
    let kill = "select pg_terminate_backend(pg_backend_pid())";
    let (status, body) = caller.batch(&[&insert, kill, &insert]).await;
    assert_eq!((status.as_u16(), &body["code"]), (500, &json!("08006")));
    assert_eq!(caller.cell(&format!("select count(*) from {table}")).await, "0");
    owner().await.batch_execute(&format!("drop table {table}")).await.unwrap();
}

#[tokio::test]
async fn broken_uploads_and_garbage_leave_the_gateway_working() {
    let server = serve(|_| {}).await;
    let caller = server.caller().await;
    let address = server.base.strip_prefix("http://").unwrap();
    let head = format!("POST /sql HTTP/1.1\r\nHost: x\r\nNeon-Connection-String: {}\r\n", caller.login);
    for bytes in [
        format!("{head}Content-Length: 1000\r\n\r\n{{\"query\":"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\n5\r\n{{\"que"),
        format!("{head}Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
        head.clone(),
        "\u{0}\u{1}\u{2}\r\n\r\n".into(),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into(),
    ] {
        for _ in 0..20 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(bytes.as_bytes()).await.unwrap();
        }
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /sql HTTP/1.1\r\nX: ").await.unwrap();
    let _ = stream.write_all(&vec![b'a'; 2_000_000]).await;
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer).await;
    assert_eq!(caller.cell("select 1").await, "1");
    assert!(caller.sessions().await <= 1);
}

#[tokio::test]
async fn tls_is_spoken_when_asked_and_the_certificate_checked() {
    let cluster = Cluster::start();
    let certificate = cluster.offer_tls();
    let target = |host: &str, query: &str| format!("postgres://{host}:{}/postgres?sslmode=require{query}", cluster.port());
    let trusting = format!("&sslrootcert={}", certificate.display());
    let login = "postgres://postgres:any@localhost/postgres";

    let server = serve_target(&target("localhost", &trusting), |_| {}).await;
    let caller = server.caller_as(login);
    assert_eq!(caller.cell("select ssl from pg_stat_ssl where pid = pg_backend_pid()").await, "t");
    let text = "y".repeat(1_000_000);
    let (status, body) = caller.query("select $1::text", &[json!(text)]).await;
    assert_eq!((status.as_u16(), &body["rows"][0][0]), (200, &json!(text)));

    for (host, query) in [("localhost", ""), ("127.0.0.1", trusting.as_str())] {
        let server = serve_target(&target(host, query), |_| {}).await;
        let (status, body) = server.caller_as(login).query("select 1", &[]).await;
        assert_eq!(status, 500, "{body}");
        assert!(body["message"].as_str().unwrap().contains("certificate"), "{body}");
    }
}

#[tokio::test]
async fn the_owners_commands_speak_tls_by_the_same_words() {
    let cluster = Cluster::start();
    let certificate = cluster.offer_tls();
    let url = |host: &str, query: &str| format!("postgres://postgres:any@{host}:{}/postgres{query}", cluster.port());
    let trusting = format!("?sslmode=verify-full&sslrootcert={}", certificate.display());
    let encrypted = async |url: &str| {
        let client = migrate::connect(url).await?;
        let row = client.query_one("select ssl from pg_stat_ssl where pid = pg_backend_pid()", &[]).await?;
        anyhow::Ok(row.get::<_, bool>(0))
    };
    assert!(encrypted(&url("localhost", &trusting)).await.unwrap());
    assert!(!encrypted(&url("localhost", "")).await.unwrap());
    for (host, query) in [("localhost", "?sslmode=require"), ("127.0.0.1", trusting.as_str())] {
        let refused = encrypted(&url(host, query)).await.unwrap_err().to_string();
        assert!(refused.contains("certificate") && !refused.contains("any@"), "{refused}");
    }
}

#[tokio::test]
async fn postgres_may_listen_on_a_socket_only() {
    let cluster = Cluster::start();
    let server = serve_target(&cluster.socket_url(), |_| {}).await;
    let caller = server.caller_as("postgres://postgres:any@localhost/postgres");
    assert_eq!(caller.cell("select inet_client_addr()").await, Value::Null);
    hang_up_unix(&caller, &cluster).await;
    assert_eq!(caller.cell("select 1").await, "1");
}

/// The cancel request takes the socket as well.
async fn hang_up_unix(caller: &Caller, cluster: &Cluster) {
    let request = tokio::spawn(caller.post().json(&json!({ "query": "select pg_sleep(60)" })).send());
    let owner = connect(&cluster.url()).await;
    let sleeping = "select count(*) from pg_stat_activity where wait_event = 'PgSleep'";
    let sleepers = async || owner.query_one(sleeping, &[]).await.unwrap().get::<_, i64>(0);
    eventually("it sleeps", || async { sleepers().await == 1 }).await;
    request.abort();
    eventually("it is cancelled", || async { sleepers().await == 0 }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_write_is_lost_or_doubled_when_postgres_crashes_under_load() {
    let cluster = Cluster::start();
    let server = serve_target(&cluster.url(), |_| {}).await;
    let caller = server.caller_as("postgres://postgres:any@localhost/postgres");
    assert_eq!(caller.query("create table written (id text primary key, times int)", &[]).await.0, 200);

    let writers: Vec<_> = (0..8).map(|writer| tokio::spawn(write(caller.clone(), writer))).collect();
    for _ in 0..2 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        cluster.crash();
        let (status, body) = caller.query("select 1", &[]).await;
        assert_eq!(status, 500, "{body}");
        cluster.resume();
    }
    let mut acknowledged = Vec::new();
    let mut unknown = Vec::new();
    for writer in writers {
        let (done, open) = writer.await.unwrap();
        acknowledged.extend(done);
        unknown.extend(open);
    }
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());

    let rows = connect(&cluster.url()).await.query("select id, times from written", &[]).await.unwrap();
    let present: std::collections::HashMap<String, i32> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    for id in &acknowledged {
        assert_eq!(present.get(id), Some(&1), "acknowledged {id}");
    }
    let surplus: Vec<_> = present.iter().filter(|(id, _)| !acknowledged.contains(id) && !unknown.contains(id)).collect();
    assert!(surplus.is_empty(), "refused, and yet there: {surplus:?}");
    assert!(present.values().all(|times| *times == 1));
}

/// Writes rows for some seconds; returns the ids acknowledged and those whose outcome it was told is unknown.
async fn write(caller: Caller, writer: usize) -> (Vec<String>, Vec<String>) {
    let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
    let start = Instant::now();
    let upsert = "insert into written values ($1, 1) on conflict (id) do update set times = written.times + 1";
    for number in 0.. {
        if start.elapsed() > Duration::from_secs(4) {
            break;
        }
        let id = format!("{writer}-{number}");
        let statement = json!({ "query": upsert, "params": [id] });
        let body = if number % 2 == 0 { statement } else { json!({ "queries": [statement] }) };
        match caller.send(&body).await {
            (status, _) if status == 200 => acknowledged.push(id),
            (_, body) if body["code"] == "08007" => unknown.push(id),
            (_, body) => {
                assert!(!body.to_string().contains(&id), "{body}");
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    }
    (acknowledged, unknown)
}
