use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{Array, Bytea, Isolation, Json, Statement, ToSql};

const INSERT: Sql = Sql::new("insert into \"kaizen\"\n(action) values ($1)");

/// The parameters that reach the server.
fn sent(statement: Statement) -> Result<Value, Error> {
    let client = client([answer(200, result(&[], json!([])))]);
    let mut batch = Batch::new();
    batch.add(statement);
    run(&client, batch)?;
    let mut sent = client.transport().requests.take();
    Ok(sent.remove(0).body["params"].take())
}

fn text(value: impl ToSql) -> Value {
    sent(ANY.bind(value)).unwrap()[0].take()
}

#[test]
fn every_request_carries_the_fixed_headers_and_a_lone_statement_is_a_single_query() {
    let client = client([answer(200, result(&[], json!([])))]);
    let mut batch = Batch::new();
    batch.header("X-Request-Id", "r 1").timeout(Duration::from_secs(3));
    batch.add(INSERT.bind("a \"b\" \\ \n é 😀"));
    run(&client, batch).unwrap();
    let sent = client.transport().requests.take().remove(0);
    let headers: Vec<_> = sent.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        headers,
        [
            ("Content-Type", "application/json"),
            ("Neon-Connection-String", "postgres://ann:secret@localhost/wood"),
            ("Neon-Raw-Text-Output", "true"),
            ("Neon-Array-Mode", "true"),
            ("Neon-Pool-Opt-In", "true"),
            ("X-Request-Id", "r 1"),
        ]
    );
    assert_eq!(sent.timeout, Duration::from_secs(3));
    assert_eq!(sent.body, json!({"query": INSERT.text(), "params": ["a \"b\" \\ \n é 😀"]}));
}

#[test]
fn several_statements_are_a_batch_with_its_own_headers() {
    let both = json!({"results": [result(&[], json!([])), result(&[], json!([]))]});
    let client = client([answer(200, both)]);
    let mut batch = Batch::new();
    batch.read_only().isolation(Isolation::RepeatableRead);
    assert_eq!(batch.add(ANY), 0);
    assert_eq!(batch.add(INSERT.bind(1).bind(None::<&str>)), 1);
    run(&client, batch).unwrap();
    let sent = client.transport().requests.take().remove(0);
    let headers: HashMap<_, _> = sent.headers.into_iter().collect();
    assert_eq!(headers["Neon-Batch-Isolation-Level"], "RepeatableRead");
    assert_eq!(headers["Neon-Batch-Read-Only"], "true");
    assert_eq!(
        sent.body,
        json!({"queries": [{"query": "select", "params": []}, {"query": INSERT.text(), "params": ["1", null]}]})
    );
}

#[test]
fn a_lone_statement_with_options_is_a_batch_because_single_queries_ignore_them() {
    let client = client([answer(200, json!({"results": [result(&[], json!([]))]}))]);
    let mut batch = batch_of(1);
    batch.read_only();
    run(&client, batch).unwrap();
    assert_eq!(client.transport().requests.take()[0].body["queries"][0]["query"], "select");
}

#[test]
fn an_empty_batch_is_not_sent() {
    let results = run(&client([]), Batch::new()).unwrap();
    assert_eq!((results.len(), results.calls()), (0, 0));
}

#[test]
fn every_type_is_sent_as_postgresql_text() {
    let day = NaiveDate::from_ymd_opt(2026, 1, 2).unwrap();
    let moment: DateTime<Utc> = "2026-01-02T03:04:05.120Z".parse().unwrap();
    assert_eq!(text("x"), "x");
    assert_eq!(text(String::from("x")), "x");
    assert_eq!(text(std::borrow::Cow::Borrowed("x")), "x");
    assert_eq!(text(true), "t");
    assert_eq!(text(false), "f");
    assert_eq!(text(i16::MIN), "-32768");
    assert_eq!(text(-1i32), "-1");
    assert_eq!(text(i64::MAX), "9223372036854775807");
    assert_eq!(text(0.1), "0.1");
    assert_eq!(text(f64::NAN), "NaN");
    assert_eq!(text(f64::NEG_INFINITY), "-Infinity");
    assert_eq!(text(Uuid::from_u128(0xA)), "00000000-0000-0000-0000-00000000000a");
    assert_eq!(text(day), "2026-01-02");
    assert_eq!(text(moment), "2026-01-02 03:04:05.120000+00");
    assert_eq!(text(moment.naive_utc()), "2026-01-02 03:04:05.120000");
    assert_eq!(text(moment.time()), "03:04:05.120000");
    assert_eq!(text(Some(4)), "4");
    assert_eq!(text(None::<i64>), Value::Null);
    assert_eq!(text(Json(&json!({"a": [1, "é"]}))), r#"{"a":[1,"é"]}"#);
    assert_eq!(text(Array(&["a,b", "\"\\", "NULL", ""])), r#"{"a,b","\"\\","NULL",""}"#);
    assert_eq!(text(Array(&[Some(1), None])), r#"{"1",NULL}"#);
    assert_eq!(text(Array::<i64>(&[])), "{}");
    assert_eq!(text(Bytea(b"\x00\xffa")), "\\x00ff61");
    assert_eq!(text(Bytea(Vec::new())), "\\x");
}

#[test]
fn what_postgresql_cannot_store_is_refused_before_anything_is_sent() {
    let refused = |statement: Statement| {
        let mut batch = batch_of(2);
        batch.add(statement);
        run(&client([]), batch).unwrap_err()
    };
    let nul = "PostgreSQL cannot store the character NUL in text";
    assert_eq!(refused(ANY.bind(1).bind("a\0b")), Error::Parameter { statement: 2, number: 2, reason: nul });
    assert_eq!(refused(ANY.bind(Array(&["\0"]))), Error::Parameter { statement: 2, number: 1, reason: nul });
    assert_eq!(refused(ANY.bind(Json("a\\\0"))), Error::Parameter { statement: 2, number: 1, reason: nul });
    assert!(sent(ANY.bind(Json("a\\u0000"))).is_ok(), "an escaped backslash before u0000 is no NUL");
    let keys = HashMap::from([((1, 2), 3)]);
    assert!(matches!(refused(ANY.bind(Json(keys))), Error::Parameter { number: 1, .. }));
}

#[test]
fn a_header_that_would_break_the_request_is_refused() {
    for value in ["a\r\nb: c", "é", " a", "a\0"] {
        let mut batch = batch_of(1);
        batch.header("X-Request-Id", value);
        assert!(matches!(run(&client([]), batch), Err(Error::Header(_))), "{value}");
    }
}

#[test]
fn debug_shows_no_parameter() {
    let mut batch = Batch::new();
    let statement = ANY.bind("secret");
    assert_eq!(format!("{statement:?}"), "Statement { sql: \"select\", .. }");
    batch.add(statement);
    assert!(!format!("{batch:?}").contains("secret"));
}

proptest! {
    #[test]
    fn any_text_arrives_unchanged(value in any::<String>()) {
        match sent(ANY.bind(&value)) {
            Ok(params) => prop_assert_eq!(params, json!([value])),
            Err(error) => prop_assert!(value.contains('\0'), "{}", error),
        }
    }

    #[test]
    fn any_float_arrives_exactly(value in any::<f64>()) {
        let text = text(value);
        let read: f64 = text.as_str().unwrap().parse().unwrap();
        prop_assert!(read.to_bits() == value.to_bits() || (read.is_nan() && value.is_nan()));
    }
}
