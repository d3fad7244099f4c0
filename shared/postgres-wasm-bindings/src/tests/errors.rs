use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

fn error(status: u16, body: impl ToString) -> Error {
    run(&client([answer(status, body)]), batch_of(1)).unwrap_err()
}

#[test]
fn every_field_of_a_database_error_is_kept() {
    let error = error(
        400,
        json!({
            "message": "duplicate key value violates unique constraint \"kaizen_client_id_key\"", "code": "23505",
            "detail": "Key (client_id)=(secret) already exists.", "hint": null, "position": "15", "internalPosition": null,
            "severity": "ERROR", "where": null, "table": "kaizen", "column": null, "schema": "public", "dataType": null,
            "constraint": "kaizen_client_id_key", "file": "nbtinsert.c", "line": "666", "routine": "_bt_check_unique",
            "statementIndex": 1
        }),
    );
    let database = error.database().unwrap();
    assert_eq!(database.status, 400);
    assert_eq!(database.detail.as_deref(), Some("Key (client_id)=(secret) already exists."));
    assert_eq!((database.hint.as_deref(), database.column.as_deref()), (None, None));
    assert_eq!((database.schema.as_deref(), database.table.as_deref()), (Some("public"), Some("kaizen")));
    assert_eq!((database.position, database.statement_index), (Some(15), Some(1)));
    assert_eq!((error.sqlstate(), error.constraint()), (Some("23505"), Some("kaizen_client_id_key")));
    assert_eq!(error.to_string(), "database error 23505 in statement 1, constraint kaizen_client_id_key");
}

#[test]
fn codes_of_our_own_are_sqlstates_and_vendors_words_are_not() {
    assert_eq!(error(400, json!({"code": "OR401", "message": "session_revoked"})).sqlstate(), Some("OR401"));
    assert_eq!(error(400, json!({"code": "ABCDE", "severity": "ERROR", "message": "m"})).sqlstate(), Some("ABCDE"));
    assert_eq!(error(500, json!({"code": "ERROR", "message": "m"})).sqlstate(), None);
    assert_eq!(error(400, json!({"code": "", "severity": "", "message": "bad request"})).sqlstate(), None);
}

#[test]
fn an_sqlstate_counts_at_any_status_and_one_level_deeper() {
    assert_eq!(error(500, json!({"code": "53300", "message": "too many connections"})).sqlstate(), Some("53300"));
    assert_eq!(error(422, json!({"error": {"code": "22P02", "message": "bad"}})).sqlstate(), Some("22P02"));
}

#[test]
fn a_refused_login_is_told_apart() {
    for (status, body) in [
        (401, json!({"error": "unauthorized", "message": "missing connection string"})),
        (403, json!({"message": "forbidden"})),
        (400, json!({"message": "password authentication failed for user 'ann'", "code": "", "severity": ""})),
        (400, json!({"message": "password authentication failed", "code": "28P01", "severity": "FATAL"})),
    ] {
        assert!(matches!(error(status, &body), Error::Unauthorized { .. }), "{body}");
    }
}

#[test]
fn sizes_and_outages_are_told_apart() {
    assert_eq!(error(413, "too large"), Error::TooLarge { status: 413 });
    assert_eq!(error(507, json!({"message": "response is too large"})), Error::TooLarge { status: 507 });
    let hibernated = error(409, json!({"code": "BRANCH_HIBERNATED", "message": "branch is asleep"}));
    assert_eq!(hibernated.to_string(), "the SQL server is unavailable (status 409, BRANCH_HIBERNATED): branch is asleep");
    for (status, body) in [
        (500, json!({"msg": "console timeout"}).to_string()),
        (500, json!({"error": "console timeout"}).to_string()),
        (502, "console timeout".into()),
    ] {
        let expected = Error::Unavailable { status, code: String::new(), message: "console timeout".into() };
        assert_eq!(error(status, body), expected);
    }
}

#[test]
fn answers_that_are_no_answers_are_protocol_errors() {
    for (status, body) in [
        (200, "<html>"),
        (200, ""),
        (200, "null"),
        (200, "[]"),
        (200, r#"{"results":[]}"#),
        (200, r#"{"results":[{},{}]}"#),
        (200, r#"{"fields":[{"name":"a","dataTypeID":25}],"rows":[["1","2"]]}"#),
        (200, r#"{"fields":[],"rows":[["1"]]}"#),
        (200, r#"{"fields":[{"name":"a","dataTypeID":25}],"rows":[["1"],[]]}"#),
        (200, r#"{"fields":[{"name":"a","dataTypeID":25}],"rows":[{"a":"1"}]}"#),
        (200, r#"{"fields":[],"rows":[]} x"#),
        (404, "not here"),
        (302, ""),
    ] {
        let error = run(&client([answer(status, body)]), batch_of(1)).unwrap_err();
        assert!(matches!(error, Error::Protocol(_)), "{body}: {error:?}");
    }
    let invalid = Ok(Response { status: 200, body: b"{\"fields\":[],\"rows\":[],\"x\":\"\xff\"}".to_vec() });
    assert!(matches!(run(&client([invalid]), batch_of(1)), Err(Error::Protocol(_))));
}

#[test]
fn what_is_logged_quotes_no_data_and_no_address() {
    let quoting = "invalid input syntax for type uuid: \"secret\"";
    let leaks = [
        error(400, json!({"code": "22P02", "message": quoting})),
        error(400, json!({"code": "23514", "message": "new row", "detail": "Failing row contains (secret)."})),
        error(400, json!({"code": "P0001", "message": "secret"})),
        error(500, json!({"message": "cannot parse postgres://ann:secret@localhost/wood"})),
        error(400, json!({"message": "cannot parse postgres://ann:secret@localhost/wood"})),
        error(401, json!({"message": "secret"})),
        Error::Transport(TransportError::Connection("http://ann:secret@localhost failed".into())),
    ];
    for error in leaks {
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    let helpful = error(400, json!({"code": "42703", "message": "column \"nmae\" does not exist"}));
    assert_eq!(helpful.to_string(), "database error 42703: column \"nmae\" does not exist");
}

proptest! {
    #[test]
    fn arbitrary_answers_never_panic(status in 100u16..600, body in any::<Vec<u8>>()) {
        drop(run(&client([Ok(Response { status, body })]), batch_of(1)));
    }

    #[test]
    fn arbitrary_objects_never_panic(
        status in prop::sample::select(vec![200u16, 400, 500]),
        fields in prop::collection::vec((
            prop::sample::select(vec!["fields", "rows", "rowCount", "results", "code", "message", "error", "position"]),
            r#"(null|-?[0-9]{1,20}|"[\\"a-z]{0,4}"|\[\[("a"|null|1)(,"b")?\]{1,2}|\[\{"name":"a","dataTypeID":(25|-1)\}\]|\{"code":"42P01"\})"#,
        ), 0..5),
    ) {
        let body: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
        if let Ok(results) = run(&client([answer(status, format!("{{{}}}", body.join(",")))]), batch_of(1)) {
            drop(results.rows::<BTreeMap<&str, Option<&str>>>(0));
            drop(results.into_json(0));
        }
    }
}
