//! The client against a real PostgreSQL behind a real gateway: `SQL_URL` and `SQL_LOGIN_OWNER`, a connection string that may
//! create tables. What a test creates it rolls back or drops.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot be set up fails")]

use std::time::Duration;

use chrono::{DateTime, Utc};
use postgres_wasm_bindings::{
    Array, Batch, Bytea, Client, Error, Isolation, Json, Login, Request, Response, Results, Sql, Statement, Transport,
    TransportError,
};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

struct Http(reqwest::Client);

impl Transport for Http {
    async fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        let lost = |error: reqwest::Error| match error.is_timeout() {
            true => TransportError::Timeout,
            false => TransportError::Connection(error.without_url().to_string()),
        };
        let mut post = self.0.post(request.url).timeout(request.timeout).body(request.body.to_owned());
        for (name, value) in request.headers {
            post = post.header(*name, *value);
        }
        let answer = post.send().await.map_err(lost)?;
        Ok(Response { status: answer.status().as_u16(), body: answer.bytes().await.map_err(lost)?.into() })
    }

    async fn pause(&self, delay: Duration) {
        tokio::time::sleep(delay).await;
    }
}

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("these tests need {name}: `cargo xtask test` sets it, or start a gateway yourself"))
}

fn client() -> Client<Http> {
    let login = Login::new(variable("SQL_URL"), variable("SQL_LOGIN_OWNER")).unwrap();
    Client::new(login, Http(reqwest::Client::new()))
}

async fn run(statements: impl IntoIterator<Item = Statement>) -> Result<Results, Error> {
    let mut batch = Batch::new();
    for statement in statements {
        batch.add(statement);
    }
    client().run(batch).await
}

async fn single(statement: impl Into<Statement>) -> Result<Results, Error> {
    run([statement.into()]).await
}

/// Every character that text can hold.
fn all_characters() -> String {
    ('\u{1}'..=char::MAX).collect()
}

#[tokio::test]
async fn text_with_any_character_comes_back_unchanged() {
    const ECHO: Sql = Sql::new("select $1::text, length($1::text), $2::text");
    let text = all_characters();
    let results = single(ECHO.bind(&text).bind(None::<String>)).await.unwrap();
    let (echo, length, null): (&str, usize, Option<&str>) = results.one(0).unwrap();
    assert!(echo == text);
    assert_eq!((length, null), (text.chars().count(), None));
}

#[tokio::test]
async fn arrays_with_any_element_come_back_unchanged() {
    const ECHO: Sql = Sql::new("select $1::text[], cardinality($1::text[])");
    let mut elements: Vec<Option<String>> = ('\u{1}'..'\u{3000}').map(|char| Some(char.into())).collect();
    for special in ["", "NULL", "null", "{}", "{a,b}", "\"", "\\", "\\\"", "a,b", " a ", "a\nb", "\t", "é\"\\"] {
        elements.extend([Some(special.to_owned()), None]);
    }
    let results = single(ECHO.bind(Array(&elements))).await.unwrap();
    assert_eq!(results.one(0), Ok((elements.clone(), elements.len())));
}

#[tokio::test]
async fn every_type_comes_back_as_it_was_sent() {
    const SCALARS: Sql = Sql::new("select $1::boolean, $2::smallint, $3::integer, $4::bigint, $5::uuid");
    const FLOATS: Sql = Sql::new("select $1::float8, $2::numeric");
    const DOCUMENTS: Sql = Sql::new("select $1::jsonb, $2::json, $3::bytea");
    let value = json!({"é": ["\"\\\n😀", null, 1.5, true], "n": i64::MAX});
    let bytes: Vec<u8> = (0..=255).collect();
    let results = run([
        SCALARS.bind(true).bind(i16::MIN).bind(i32::MIN).bind(i64::MIN).bind(Uuid::from_u128(7)),
        DOCUMENTS.bind(Json(&value)).bind(Json(&value)).bind(Bytea(&bytes)),
    ])
    .await
    .unwrap();
    assert_eq!(results.one(0), Ok((true, i16::MIN, i32::MIN, i64::MIN, Uuid::from_u128(7))));
    assert_eq!(results.one(1), Ok((value.clone(), value, Bytea(bytes))));
    for number in [f64::MIN_POSITIVE, f64::MAX, -0.1, f64::INFINITY, f64::NEG_INFINITY, 1e23] {
        let results = single(FLOATS.bind(number).bind(-0.125)).await.unwrap();
        assert_eq!(results.one(0), Ok((number, -0.125)));
    }
}

#[tokio::test]
async fn dates_and_times_come_back_as_they_were_sent() {
    const ECHO: Sql = Sql::new("select $1::date, $2::time, $3::timestamp, $4::timestamptz");
    for moment in [
        "2026-01-02T03:04:05.123456Z",
        "1582-10-15T00:00:00Z",
        "+12026-06-07T08:09:10Z",
        "0001-01-01T00:00:00Z",
        "0000-12-31T23:59:59Z",
        "-0043-03-15T12:00:00.000001Z",
    ] {
        let moment: DateTime<Utc> = moment.parse().unwrap();
        let local = moment.naive_utc();
        let results = single(ECHO.bind(local.date()).bind(local.time()).bind(local).bind(moment)).await.unwrap();
        assert_eq!(results.one(0), Ok((local.date(), local.time(), local, moment)));
    }
}

#[tokio::test]
async fn every_array_comes_back_as_it_was_sent() {
    const ECHO: Sql =
        Sql::new("select $1::bool[], $2::bigint[], $3::float8[], $4::uuid[], $5::date[], $6::timestamptz[], $7::bytea[]");
    let moment: DateTime<Utc> = "2026-01-02T03:04:05.123456Z".parse().unwrap();
    let statement = ECHO
        .bind(Array(&[true, false]))
        .bind(Array(&[Some(i64::MAX), None]))
        .bind(Array(&[0.1, f64::NEG_INFINITY]))
        .bind(Array(&[Uuid::from_u128(7)]))
        .bind(Array(&[moment.date_naive()]))
        .bind(Array(&[moment]))
        .bind(Array(&[Bytea(b"\\\"\0")]));
    let results = single(statement).await.unwrap();
    let sent = (
        vec![true, false],
        vec![Some(i64::MAX), None],
        vec![0.1, f64::NEG_INFINITY],
        vec![Uuid::from_u128(7)],
        vec![moment.date_naive()],
        vec![moment],
        vec![Bytea(b"\\\"\0".to_vec())],
    );
    assert_eq!(results.one(0), Ok(sent));
}

#[tokio::test]
async fn what_postgresql_writes_by_itself_is_read() {
    const WRITTEN: Sql = Sql::new(
        "select 'NaN'::float8 as nan, 1::float4 / 3::float4 as third, 12.50::numeric as price, 2::numeric as whole,
                array[[1, 2], [3, 4]] as grid, '[0:1]={7,8}'::int[] as shifted, '{}'::int[] as empty, 'b'::\"char\" as letter,
                '1 day'::interval as span, jsonb_build_object('a', null) as json, null::jsonb as nothing, point(1, 2) as extra",
    );
    #[derive(Deserialize, Debug)]
    struct Written {
        nan: f64,
        third: f32,
        price: String,
        whole: u8,
        grid: Vec<Vec<i32>>,
        shifted: Vec<i32>,
        empty: Vec<i32>,
        letter: char,
        span: String,
        json: Value,
        nothing: Option<Value>,
    }
    let row: Written = single(WRITTEN).await.unwrap().one(0).unwrap();
    assert!(row.nan.is_nan());
    assert_eq!((row.third, row.price.as_str(), row.whole), (1.0 / 3.0, "12.50", 2));
    assert_eq!((row.grid, row.shifted, row.empty), (vec![vec![1, 2], vec![3, 4]], vec![7, 8], vec![]));
    assert_eq!((row.letter, row.span.as_str(), row.json, row.nothing), ('b', "1 day", json!({"a": null}), None));
}

#[tokio::test]
async fn an_enum_and_a_domain_are_read_as_their_labels_and_their_base() {
    const TIER: Sql = Sql::new("create type bindings_tier as enum ('free', 'first_circle')");
    const LEVEL: Sql = Sql::new("create domain bindings_level as integer check (value > 0)");
    const READ: Sql = Sql::new("select $1::bindings_tier, $2::bindings_tier[], 3::bindings_level");
    const DROP_TIER: Sql = Sql::new("drop type bindings_tier");
    const DROP_LEVEL: Sql = Sql::new("drop domain bindings_level");
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(rename_all = "snake_case")]
    enum Tier {
        Free,
        FirstCircle,
    }
    let read = READ.bind("free").bind(Array(&["first_circle", "free"]));
    let results = run([TIER.into(), LEVEL.into(), read, DROP_TIER.into(), DROP_LEVEL.into()]).await.unwrap();
    assert_eq!(results.one(2), Ok((Tier::Free, vec![Tier::FirstCircle, Tier::Free], 3)));
}

#[tokio::test]
async fn json_made_by_the_database_is_passed_on_unread() {
    const LIST: Sql = Sql::new("select json_agg(json_build_object('n', n::text, 'text', $1::text)) from generate_series(1, 3) n");
    let results = single(LIST.bind("é\"\\\n")).await.unwrap();
    let json: Value = serde_json::from_str(results.json(0).unwrap().unwrap()).unwrap();
    assert_eq!(json[2], json!({"n": "3", "text": "é\"\\\n"}));
    let raw: Box<serde_json::value::RawValue> = results.one(0).unwrap();
    assert_eq!(Some(raw.get().to_owned()), results.into_json(0).unwrap());
}

#[tokio::test]
async fn a_batch_is_one_transaction_and_its_error_names_constraint_and_statement() {
    const CREATE: Sql = Sql::new("create table bindings_unique (id integer constraint bindings_once unique)");
    const INSERT: Sql = Sql::new("insert into bindings_unique select generate_series(1, $1::int)");
    const EXISTS: Sql = Sql::new("select to_regclass('bindings_unique') is not null");
    let error = run([CREATE.into(), INSERT.bind(3), INSERT.bind(1)]).await.unwrap_err();
    let database = error.database().unwrap();
    assert_eq!((error.sqlstate(), error.constraint()), (Some("23505"), Some("bindings_once")));
    assert_eq!((database.table.as_deref(), database.schema.as_deref()), (Some("bindings_unique"), Some("public")));
    assert_eq!(database.detail.as_deref(), Some("Key (id)=(1) already exists."));
    assert_eq!(database.statement_index.unwrap_or(2), 2, "only our own gateway tells");
    assert!(!error.is_retryable(true));
    assert_eq!(single(EXISTS).await.unwrap().one(0), Ok(false));
}

#[tokio::test]
async fn changed_rows_are_counted_per_statement() {
    const CREATE: Sql = Sql::new("create table bindings_counted (id integer)");
    const INSERT: Sql = Sql::new("insert into bindings_counted select generate_series(1, 3) returning id");
    const UPDATE: Sql = Sql::new("update bindings_counted set id = id + 1 where id > 1");
    const DROP: Sql = Sql::new("drop table bindings_counted");
    let results = run([CREATE, INSERT, UPDATE, DROP].map(Statement::from)).await.unwrap();
    let affected: Vec<_> = (0..4).map(|statement| results.affected(statement).unwrap()).collect();
    assert_eq!(affected, [0, 3, 2, 0]);
    assert_eq!((results.rows(1), results.row_count(), results.calls()), (Ok(vec![1, 2, 3]), 3, 1));
}

#[tokio::test]
async fn a_read_only_batch_cannot_write() {
    const CREATE: Sql = Sql::new("create table bindings_forbidden ()");
    let mut batch = Batch::new();
    batch.read_only().add(CREATE);
    assert_eq!(client().run(batch).await.unwrap_err().sqlstate(), Some("25006"));
}

#[tokio::test]
async fn the_isolation_level_is_the_one_asked_for() {
    const LEVEL: Sql = Sql::new("select current_setting('transaction_isolation')");
    for (level, name) in [
        (Isolation::ReadCommitted, "read committed"),
        (Isolation::RepeatableRead, "repeatable read"),
        (Isolation::Serializable, "serializable"),
    ] {
        let mut batch = Batch::new();
        let asked = batch.isolation(level).add(LEVEL);
        assert_eq!(client().run(batch).await.unwrap().one(asked), Ok(name));
    }
}

#[tokio::test]
async fn two_writers_in_conflict_both_succeed_because_one_is_tried_again() {
    const CREATE: Sql = Sql::new("create table bindings_counter as select 0 as n");
    const LOOK: Sql = Sql::new("select n, pg_sleep(0.3)::text from bindings_counter");
    const ADD: Sql = Sql::new("update bindings_counter set n = n + 1");
    const TOTAL: Sql = Sql::new("select n from bindings_counter");
    const DROP: Sql = Sql::new("drop table if exists bindings_counter");
    run([DROP.into(), CREATE.into()]).await.unwrap();
    let writer = || async {
        let mut batch = Batch::new();
        batch.isolation(Isolation::RepeatableRead).add(LOOK);
        batch.add(ADD);
        client().run(batch).await.map(|results| results.calls())
    };
    // On two threads, which also says that the client's futures are `Send` where the transport's are.
    let (first, second) = tokio::try_join!(tokio::spawn(writer()), tokio::spawn(writer())).unwrap();
    let total = run([TOTAL.into(), DROP.into()]).await.unwrap().one::<i32>(0);
    assert_eq!(first.unwrap() + second.unwrap(), 3);
    assert_eq!(total, Ok(2));
}

#[tokio::test]
async fn a_batch_that_takes_too_long_times_out_and_is_not_repeated() {
    const SLEEP: Sql = Sql::new("select pg_sleep(5)::text");
    let mut batch = Batch::new();
    batch.read_only().timeout(Duration::from_millis(200)).add(SLEEP);
    assert_eq!(client().run(batch).await.unwrap_err(), Error::Transport(TransportError::Timeout));
}

#[tokio::test]
async fn a_result_above_the_limit_is_too_large() {
    const HUGE: Sql = Sql::new("select repeat('x', 1048576) from generate_series(1, 80)");
    assert_eq!(single(HUGE).await.unwrap_err(), Error::TooLarge { status: 507 });
}

#[tokio::test]
async fn refused_parameters_and_texts_come_with_their_sqlstate() {
    const CAST: Sql = Sql::new("select $1::uuid");
    const TYPO: Sql = Sql::new("selekt 1");
    const TWO: Sql = Sql::new("select 1; select 2");
    let cast = single(CAST.bind("secret")).await.unwrap_err();
    assert_eq!(cast.to_string().replace(" in statement 0", ""), "database error 22P02");
    let typo = single(TYPO).await.unwrap_err();
    assert_eq!(typo.database().unwrap().position, Some(1));
    assert!(typo.to_string().ends_with("syntax error at or near \"selekt\""), "{typo}");
    assert_eq!(single(TWO).await.unwrap_err().sqlstate(), Some("42601"));
}

#[tokio::test]
async fn a_wrong_password_is_unauthorized_and_a_dead_server_a_lost_connection() {
    const ONE: Sql = Sql::new("select 1");
    let owner = variable("SQL_LOGIN_OWNER");
    let (_, place) = owner.split_once('@').unwrap();
    let at = |url: String, login: String| Client::new(Login::new(url, login).unwrap(), Http(reqwest::Client::new()));
    let batch = || {
        let mut batch = Batch::new();
        batch.read_only().add(ONE);
        batch
    };
    let stranger = at(variable("SQL_URL"), format!("postgres://nobody_known:wrong@{place}"));
    assert!(matches!(stranger.run(batch()).await, Err(Error::Unauthorized { .. })));
    let dead = at("http://127.0.0.1:9/sql".into(), owner.clone());
    assert!(matches!(dead.run(batch()).await, Err(Error::Transport(TransportError::Connection(_)))));
}
