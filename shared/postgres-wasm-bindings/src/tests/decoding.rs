use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use proptest::prelude::*;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::*;
use crate::Bytea;

const BOOL: u32 = 16;
const BYTEA: u32 = 17;
const INT8: u32 = 20;
const INT4: u32 = 23;
const TEXT: u32 = 25;
const JSON: u32 = 114;
const FLOAT8: u32 = 701;
const DATE: u32 = 1082;
const TIME: u32 = 1083;
const TIMESTAMP: u32 = 1114;
const TIMESTAMPTZ: u32 = 1184;
const NUMERIC: u32 = 1700;
const UUID: u32 = 2950;
const JSONB: u32 = 3802;
const ENUM: u32 = 16_412;

/// A single cell read as `T`.
fn cell<T: DeserializeOwned>(oid: u32, text: &str) -> Result<T, Error> {
    results(&[("c", oid)], json!([[text]])).one(0)
}

/// What the type says it wanted instead of this cell.
fn wanted<T: DeserializeOwned>(oid: u32, text: &str) -> String {
    match cell::<T>(oid, text) {
        Err(Error::Decode { statement: 0, column, expected }) if column == "c" => expected,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("{text} was read"),
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Kaizen<'a> {
    id: i64,
    #[serde(borrow)]
    action: &'a str,
    done: Option<bool>,
}

#[test]
fn a_row_becomes_a_struct_by_column_name() {
    let results = results(
        &[("action", TEXT), ("extra", INT4), ("done", BOOL), ("id", INT8)],
        json!([["marcher \n\"vite\"", "1", "t", "9007199254740993"], ["lire", null, null, "-1"]]),
    );
    let rows: Vec<Kaizen> = results.rows(0).unwrap();
    assert_eq!(
        rows,
        [
            Kaizen { id: 9_007_199_254_740_993, action: "marcher \n\"vite\"", done: Some(true) },
            Kaizen { id: -1, action: "lire", done: None },
        ]
    );
    assert_eq!((results.row_count(), results.affected(0)), (2, Ok(2)));
}

#[test]
fn a_column_that_is_missing_null_or_unfit_is_named() {
    let decode = |column: &str, expected: &str| {
        Err::<Kaizen, _>(Error::Decode { statement: 0, column: column.into(), expected: expected.into() })
    };
    assert_eq!(results(&[("action", TEXT)], json!([["a"]])).one(0), decode("id", "a column of that name"));
    assert_eq!(
        results(&[("id", INT8), ("action", TEXT)], json!([["1", null]])).one(0),
        decode("action", "a borrowed string, found null")
    );
    assert_eq!(results(&[("id", INT8)], json!([["x"]])).one(0), decode("id", "i64"));
    assert_eq!(results(&[("id", INT8), ("id", INT8)], json!([["1", "2"]])).one(0), decode("id", "one column of that name"));
}

/// What a row of one cell becomes in JSON.
fn passed(oid: u32, text: Option<&str>) -> Result<String, Error> {
    let mut out = String::new();
    results(&[("c", oid)], json!([[text]])).write_json(0, 9, &mut out).map(|()| out)
}

#[test]
fn rows_are_passed_on_as_json() {
    for (oid, text, json) in [
        (BOOL, "t", "true"),
        (INT8, "9007199254740993", "9007199254740993"),
        (FLOAT8, "-1.5e-300", "-1.5e-300"),
        (FLOAT8, "12", "12.0"),
        (NUMERIC, "1.50", "\"1.50\""),
        (TEXT, "a \"b\"\n\u{1}é", "\"a \\\"b\\\"\\n\\u0001é\""),
        (DATE, "2026-01-02", "\"2026-01-02\""),
        (DATE, "12026-01-02", "\"+12026-01-02\""),
        (DATE, "0044-03-15 BC", "\"-0043-03-15\""),
        (DATE, "infinity", "\"infinity\""),
        (UUID, "3bf16b0b-5ab4-4ee5-ac09-6d89a0a6e5a3", "\"3bf16b0b-5ab4-4ee5-ac09-6d89a0a6e5a3\""),
        (TIMESTAMPTZ, "2026-01-02 03:04:05+00", "\"2026-01-02T03:04:05Z\""),
        (TIMESTAMPTZ, "2026-01-02 03:04:05.5+00", "\"2026-01-02T03:04:05.500Z\""),
        (TIMESTAMPTZ, "2026-01-02 03:04:05.12345+05:30", "\"2026-01-02T03:04:05.123450+05:30\""),
        (JSONB, "{\"a\": [null]}", "{\"a\": [null]}"),
        (ENUM, "done", "\"done\""),
    ] {
        assert_eq!(passed(oid, Some(text)), Ok(format!("{{\"c\":{json}}}")));
        assert_eq!(passed(oid, None).as_deref(), Ok("{\"c\":null}"));
    }
    for (oid, text) in [(FLOAT8, "NaN"), (FLOAT8, "-Infinity"), (BYTEA, "\\x00"), (1007, "{1}")] {
        assert!(matches!(passed(oid, Some(text)), Err(Error::Decode { column, .. }) if column == "c"), "{text}");
    }
    let mut out = String::new();
    let rows = results(&[("a", INT4), ("b \"", TEXT)], json!([["1", "x"], ["2", null], ["3", "z"]]));
    rows.write_json(0, 2, &mut out).unwrap();
    assert_eq!(out, r#"{"a":1,"b \"":"x"},{"a":2,"b \"":null}"#);
    assert_eq!((rows.count(0), rows.at(0, 2)), (Ok(3), Ok((3, "z"))));
    assert!(matches!(rows.at::<(i32, &str)>(0, 3), Err(Error::RowCount { found: 3, .. })));
}

proptest! {
    #[test]
    fn a_moment_passed_on_is_what_chrono_would_write(seconds in -60_000_000_000_i64..200_000_000_000, micros in 0_u32..1_000_000) {
        let moment = DateTime::from_timestamp(seconds, micros * 1000).unwrap();
        let written = moment.format("%Y-%m-%d %H:%M:%S%.6f").to_string();
        let text = written.trim_end_matches('0').trim_end_matches('.');
        prop_assert_eq!(passed(TIMESTAMPTZ, Some(&format!("{text}+00"))).unwrap(), json!({ "c": moment }).to_string());
    }
}

#[test]
fn a_row_becomes_a_tuple_by_position_or_its_only_value() {
    let two = results(&[("a", INT4), ("a", TEXT)], json!([["1", "x"]]));
    assert_eq!(two.one(0), Ok((1, "x")));
    assert!(matches!(two.one::<(i32,)>(0), Err(Error::Decode { .. })));
    assert!(matches!(two.one::<i32>(0), Err(Error::Decode { .. })));
    assert_eq!(two.one(0), Ok(()));
    assert_eq!(results(&[("a", INT4)], json!([["1"], ["2"]])).rows(0), Ok(vec![1, 2]));
    assert_eq!(results(&[("a", INT4)], json!([[null]])).one(0), Ok(None::<i32>));
    let map: BTreeMap<String, Option<String>> = results(&[("a", INT4), ("b", TEXT)], json!([["1", null]])).one(0).unwrap();
    assert_eq!(map, BTreeMap::from([("a".into(), Some("1".into())), ("b".into(), None)]));
}

#[test]
fn the_number_of_rows_is_checked_where_one_is_asked_for() {
    let of = |rows: Value| results(&[("a", INT4)], rows);
    let count = |expected, found| Error::RowCount { statement: 0, expected, found };
    assert_eq!(of(json!([])).one::<i32>(0), Err(count("one row", 0)));
    assert_eq!(of(json!([["1"], ["2"]])).one::<i32>(0), Err(count("one row", 2)));
    assert_eq!(of(json!([])).optional::<i32>(0), Ok(None));
    assert_eq!(of(json!([["1"]])).optional::<i32>(0), Ok(Some(1)));
    assert_eq!(of(json!([["1"], ["2"]])).optional::<i32>(0), Err(count("at most one row", 2)));
    assert!(matches!(of(json!([])).rows::<i32>(1), Err(Error::Protocol(_))));
}

#[test]
fn numbers_are_exact_or_refused() {
    assert_eq!(cell(INT8, "9223372036854775807"), Ok(i64::MAX));
    assert_eq!(cell(INT8, "255"), Ok(255u8));
    assert_eq!(wanted::<u8>(INT8, "256"), "u8");
    assert_eq!(wanted::<u32>(INT4, "-1"), "u32");
    assert_eq!(cell(NUMERIC, "12.00"), Ok(12i64));
    assert_eq!(wanted::<i64>(NUMERIC, "12.01"), "i64");
    assert_eq!(cell(NUMERIC, "12345678901234567890.5"), Ok("12345678901234567890.5".to_owned()));
    assert_eq!(cell(NUMERIC, "-0.125"), Ok(-0.125));
    assert_eq!(cell(NUMERIC, "1500000000000000000000"), Ok(1.5e21));
    assert_eq!(wanted::<f64>(NUMERIC, "0.1234567890123456"), "f64, found more digits than it holds");
    assert_eq!(wanted::<f64>(INT8, "9007199254740993"), "f64, found more digits than it holds");
    assert_eq!(cell(FLOAT8, "0.1000000000000000055"), Ok(0.1));
    assert_eq!(cell(FLOAT8, "-Infinity"), Ok(f64::NEG_INFINITY));
    assert!(cell::<f64>(FLOAT8, "NaN").unwrap().is_nan());
    assert_eq!(cell(FLOAT8, "1e+300"), Ok(1e300));
}

#[test]
fn every_type_has_its_rust_type() {
    assert_eq!(cell(BOOL, "t"), Ok(true));
    assert_eq!(cell(BOOL, "f"), Ok(false));
    assert_eq!(wanted::<bool>(BOOL, "yes"), "a boolean");
    assert_eq!(cell(TEXT, "é😀"), Ok("é😀".to_owned()));
    assert_eq!(cell(TEXT, "é"), Ok('é'));
    assert_eq!(cell(UUID, "00000000-0000-0000-0000-00000000000a"), Ok(Uuid::from_u128(10)));
    assert_eq!(cell(DATE, "2026-01-02"), Ok(NaiveDate::from_ymd_opt(2026, 1, 2).unwrap()));
    assert_eq!(cell(TIME, "03:04:05.5"), Ok(NaiveTime::from_hms_milli_opt(3, 4, 5, 500).unwrap()));
    let moment: DateTime<Utc> = "2026-01-02T03:04:05.123456Z".parse().unwrap();
    assert_eq!(cell(TIMESTAMPTZ, "2026-01-02 03:04:05.123456+00"), Ok(moment));
    assert_eq!(cell(TIMESTAMPTZ, "2026-01-02 08:34:05.123456+05:30"), Ok(moment));
    assert_eq!(cell(TIMESTAMPTZ, "2026-01-02 03:04:05+00"), Ok("2026-01-02T03:04:05Z".to_owned()));
    assert_eq!(cell(TIMESTAMP, "2026-01-02 03:04:05.123456"), Ok(moment.naive_utc()));
    assert!(cell::<NaiveDateTime>(TIMESTAMP, "infinity").is_err());
    assert_eq!(cell(BYTEA, "\\x00ff61"), Ok(Bytea(vec![0, 255, 97])));
    for broken in ["", "00", "\\x0", "\\x0g", "\\xé"] {
        assert_eq!(wanted::<Bytea<Vec<u8>>>(BYTEA, broken), "bytes");
    }
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tier {
    Free,
    FirstCircle,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Level(i16);

#[test]
fn enums_and_newtypes_read_themselves() {
    assert_eq!(cell(ENUM, "first_circle"), Ok(Tier::FirstCircle));
    assert_eq!(wanted::<Tier>(ENUM, "gold"), "one of free, first_circle");
    assert_eq!(cell(JSONB, "\"free\""), Ok(Tier::Free));
    assert_eq!(cell(INT4, "3"), Ok(Level(3)));
    assert_eq!(results(&[("a", INT4), ("b", ENUM)], json!([["3", "free"]])).one(0), Ok((Level(3), Tier::Free)));
}

#[derive(Debug, PartialEq, Deserialize)]
struct Settings {
    theme: String,
    sizes: Vec<u8>,
}

#[test]
fn json_is_read_where_it_stands() {
    let text = r#"{"theme": "dark", "sizes": [1, 2]}"#;
    let settings = || Settings { theme: "dark".into(), sizes: vec![1, 2] };
    let results = results(&[("id", INT4), ("settings", JSONB), ("more", JSON)], json!([["1", text, null]]));
    let (id, read, more): (i32, Settings, Option<Settings>) = results.one(0).unwrap();
    assert_eq!((id, read, more), (1, settings(), None));
    let (_, raw, _): (i32, &RawValue, Option<&RawValue>) = results.one(0).unwrap();
    assert_eq!(raw.get(), text);
    assert_eq!(cell::<Box<RawValue>>(JSONB, text).unwrap().get(), text);
    assert_eq!(cell(JSONB, text), Ok(json!({"theme": "dark", "sizes": [1, 2]})));
    assert_eq!(cell(JSONB, "[1, 2]"), Ok(vec![1, 2]));
    assert_eq!(cell(JSONB, "null"), Ok(None::<Settings>));
    assert_eq!(cell(JSON, " 5 "), Ok(5));
    assert_eq!(cell(JSONB, "0.12345678901234567"), Ok(0.123_456_789_012_345_67));
    assert_eq!(cell(JSONB, "true"), Ok(true));
    assert_eq!(cell(JSONB, r#""a\"b""#), Ok("a\"b".to_owned()));
    assert_eq!(wanted::<String>(JSONB, "{}"), "a JSON scalar");
    assert_eq!(wanted::<Box<RawValue>>(TEXT, "{}"), "a column of type json or jsonb");
    assert_eq!(cell(3807, r#"{"{\"a\": 1}",NULL,2,"\"b\""}"#), Ok(((), None::<i32>, 2, "b".to_owned())).map(|row| (row,)));
    assert_eq!(cell::<(Settings,)>(JSONB, text).map(|row| row.0), Ok(settings()));
    let unfit = wanted::<(Settings,)>(JSONB, r#"{"theme": "secret", "sizes": "secret"}"#);
    assert_eq!(unfit, "JSON of another shape at line 1 column 30");
}

#[test]
fn arrays_become_vectors() {
    assert_eq!(cell(1007, "{1,2,NULL}"), Ok(vec![Some(1), Some(2), None]));
    assert_eq!(cell(1007, "{{1,2},{3,4}}"), Ok(vec![vec![1, 2], vec![3, 4]]));
    assert_eq!(cell(1007, "[0:1]={1,2}"), Ok((vec![1, 2],)));
    assert_eq!(cell(1000, "{t,f}"), Ok(vec![true, false]));
    assert_eq!(cell(1009, r#"{a,"b \"c\" \\",""}"#), Ok(vec!["a".to_owned(), "b \"c\" \\".into(), "".into()]));
    assert_eq!(cell(2951, "{00000000-0000-0000-0000-00000000000a}"), Ok(vec![Uuid::from_u128(10)]));
    assert_eq!(cell(1001, r#"{"\\x00ff"}"#), Ok(vec![Bytea(vec![0u8, 255])]));
    assert_eq!(cell(1182, "{2026-01-02}"), Ok(vec![NaiveDate::from_ymd_opt(2026, 1, 2).unwrap()]));
    let moment: DateTime<Utc> = "2026-01-02T03:04:05Z".parse().unwrap();
    assert_eq!(cell(1185, r#"{"2026-01-02 03:04:05+00"}"#), Ok(vec![moment]));
    assert_eq!(cell(ENUM + 1, "{free,first_circle}"), Ok(vec![Tier::Free, Tier::FirstCircle]));
    assert_eq!(cell(1007, "{}"), Ok(Vec::<i32>::new()));
    assert_eq!(wanted::<Vec<i32>>(1007, "{1,x}"), "i32");
    assert_eq!(wanted::<Vec<i32>>(1007, "1,2"), "a sequence");
    assert!(cell::<((i32, i32),)>(1007, "{1,2,3}").is_err());
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    id: i64,
    #[serde(flatten)]
    rest: HashMap<String, Value>,
}

#[test]
fn without_a_type_of_its_own_a_cell_becomes_what_its_column_is() {
    let flat: Flat = results(
        &[("id", INT8), ("b", BOOL), ("n", INT4), ("d", NUMERIC), ("j", JSONB), ("a", 1007), ("z", TEXT)],
        json!([["1", "t", "2", "3.50", "{\"k\":4}", "{5}", null]]),
    )
    .one(0)
    .unwrap();
    let rest = json!({"b": true, "n": 2, "d": "3.50", "j": {"k": 4}, "a": [5], "z": null});
    assert_eq!((flat.id, json!(flat.rest)), (1, rest));
}

#[test]
fn json_made_by_the_database_is_passed_on_unread() {
    let text = r#"[{"a":"é \"b\" \\ \n"}]"#;
    let of = |rows: Value| results(&[("json", TEXT)], rows);
    assert_eq!(of(json!([[text]])).json(0), Ok(Some(text)));
    assert_eq!(of(json!([[text]])).into_json(0), Ok(Some(text.to_owned())));
    assert_eq!(of(json!([[null]])).json(0), Ok(None));
    assert_eq!(of(json!([])).into_json(0), Ok(None));
    assert!(of(json!([])).json(1).is_err());
}

#[test]
fn answers_with_other_keys_and_orders_are_read() {
    let body = r#" {"rows" : [ ["1", null] ], "rowCount": null, "new": {"a":[{}]}, "fields":[{"tableID":0,"dataTypeID":"23","name":"a"},{"name":"b"}] } "#;
    let results = run(&client([answer(200, body)]), batch_of(1)).unwrap();
    assert_eq!(results.one(0), Ok((1, None::<String>)));
    assert_eq!(results.affected(0), Ok(1));
    let empty = run(&client([answer(200, r#"{"command":"INSERT","rowCount":3}"#)]), batch_of(1)).unwrap();
    assert_eq!((empty.affected(0), empty.rows::<()>(0)), (Ok(3), Ok(vec![])));
    let no_columns = run(&client([answer(200, r#"{"fields":[],"rows":[[],[]],"rowCount":2}"#)]), batch_of(1)).unwrap();
    assert_eq!(no_columns.rows::<()>(0), Ok(vec![(), ()]));
}

#[test]
fn cells_that_a_server_sent_typed_are_read_as_well() {
    let results = results(&[("b", BOOL), ("n", INT4), ("j", JSONB)], json!([[true, 7, {"a": "b\n"}]]));
    assert_eq!(results.one(0), Ok((true, 7, json!({"a": "b\n"}))));
}

#[test]
fn each_statement_has_its_own_rows() {
    let body = json!({"results": [
        result(&[("entered", BOOL)], json!([["t"]])),
        result(&[("id", INT4), ("name", TEXT)], json!([["1", "a"], ["2", "b"]])),
        result(&[], json!([])),
    ]});
    let results = run(&client([answer(200, body)]), batch_of(3)).unwrap();
    assert_eq!(results.rows(1), Ok(vec![(1, "a"), (2, "b")]));
    assert_eq!((results.len(), results.row_count(), results.calls()), (3, 3, 1));
    assert_eq!(results.rows(2), Ok(Vec::<i32>::new()));
}

#[test]
fn debug_shows_no_cell() {
    let results = results(&[("a", TEXT)], json!([["secret"]]));
    assert_eq!(format!("{results:?}"), "Results { statements: 1, rows: 1, calls: 1, .. }");
}

fn read_as_everything(oid: u32, text: &str) {
    let results = results(&[("c", oid)], json!([[text]]));
    drop(results.one::<bool>(0));
    drop(results.one::<i64>(0));
    drop(results.one::<u8>(0));
    drop(results.one::<f32>(0));
    drop(results.one::<f64>(0));
    drop(results.one::<&str>(0));
    drop(results.one::<char>(0));
    drop(results.one::<Uuid>(0));
    drop(results.one::<DateTime<Utc>>(0));
    drop(results.one::<NaiveDateTime>(0));
    drop(results.one::<NaiveDate>(0));
    drop(results.one::<NaiveTime>(0));
    drop(results.one::<Value>(0));
    drop(results.one::<Box<RawValue>>(0));
    drop(results.one::<Bytea<Vec<u8>>>(0));
    drop(results.one::<Vec<Option<Vec<String>>>>(0));
    drop(results.one::<Vec<Value>>(0));
    drop(results.one::<((i32, i32),)>(0));
    drop(results.one::<Tier>(0));
    drop(results.one::<Flat>(0));
    drop(results.one::<(Settings,)>(0));
    drop(results.one::<Option<Level>>(0));
}

fn any_oid() -> impl Strategy<Value = u32> {
    let known = vec![
        16, 17, 20, 21, 23, 25, 26, 114, 199, 700, 701, 1000, 1001, 1007, 1009, 1082, 1083, 1114, 1182, 1184, 1185, 1700, 2950,
        2951, 3802, 3807,
    ];
    prop_oneof![prop::sample::select(known), any::<u32>()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_cell_makes_any_type_panic(oid in any_oid(), text in any::<String>()) {
        read_as_everything(oid, &text);
    }

    #[test]
    fn no_nearly_right_cell_makes_any_type_panic(oid in any_oid(), text in r#"[\[\{"\\]{0,3}(x|[0-9]{1,6})?[0-9a-fNULé\\x:+\-. ,"\}\]\{BC]{0,24}"#) {
        read_as_everything(oid, &text);
    }
}
