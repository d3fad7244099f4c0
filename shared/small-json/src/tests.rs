//! serde_json is the oracle: what it reads is read here, to the same value, and nothing else.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Everything {
    text: String,
    small: i8,
    large: u64,
    float: f64,
    yes: bool,
    letter: char,
    #[serde(default)]
    maybe: Option<Box<Everything>>,
    #[serde(default)]
    list: Vec<i64>,
    #[serde(default)]
    pair: Option<(u8, String)>,
    #[serde(default)]
    named: BTreeMap<String, Kind>,
    #[serde(default)]
    numbered: BTreeMap<i16, ()>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Plain,
    One(i32),
    Two(i32, bool),
    Named { name: String },
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // serde_json's reader is exact to the last digit but one.
        (-1_000_000_000i64..1_000_000_000).prop_map(|eighths| Value::from(eighths as f64 / 8.0)),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map("[a-z\"\\\\é]{0,3}", inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A document of the shape of `Everything`, of whose members some are wrong, missing, unknown or there twice.
fn nearly() -> impl Strategy<Value = String> {
    let right = [
        ("text", "\"a\\n\""),
        ("small", "-7"),
        ("large", "18446744073709551615"),
        ("float", "1.5"),
        ("yes", "true"),
        ("letter", "\"\\u00e9\""),
        ("maybe", "null"),
        ("list", "[1,2]"),
        ("pair", "[1,\"b\"]"),
        ("named", "{\"a\":\"plain\",\"b\":{\"one\":1},\"c\":{\"two\":[1,false]},\"d\":{\"named\":{\"name\":\"x\"}}}"),
        ("numbered", "{\"-3\":null}"),
    ];
    let wrong = prop_oneof![
        Just("null"),
        Just("7"),
        Just("300"),
        Just("-1"),
        Just("\"a\""),
        Just("[]"),
        Just("{}"),
        Just("true"),
        Just("1.5"),
        Just("[1,2,3]"),
        Just("[1,\"b\",2]"),
        Just("{\"a\":\"none\"}"),
        Just("{\"a\":{}}"),
        Just("{\"a\":{\"one\":\"x\"}}"),
        Just("{\"a\":{\"named\":{}}}"),
        Just("{\"x\":null}"),
        Just("[\"a\"]"),
        Just("\"ab\""),
        Just("99999999999999999999"),
        Just("nul"),
        Just("["),
        Just("1e400"),
    ];
    let choice = prop_oneof![6 => Just(0u8), 1 => Just(1), 1 => Just(2), 1 => Just(3), 1 => Just(4)];
    prop::collection::vec((choice, wrong), right.len()).prop_map(move |choices| {
        let mut members = Vec::new();
        for ((name, value), (choice, wrong)) in right.iter().zip(choices) {
            match choice {
                0 => members.push(format!("\"{name}\": {value}")),
                1 => members.push(format!("\"{name}\":{wrong}")),
                2 => members.push(format!("\"x{name}\":1")),
                3 => members.push(format!("\"{name}\":{value},\"{name}\" :{value}")),
                _ => {}
            }
        }
        format!("{{{}}}", members.join(" ,"))
    })
}

fn oracle(text: &str) -> Result<Everything, (String, serde_json::Error)> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = serde_path_to_error::deserialize(&mut reader);
    let read = read.map_err(|error| (error.path().to_string(), error.into_inner()))?;
    reader.end().map(|()| read).map_err(|error| (String::new(), error))
}

/// What serde_json says in words.
fn kind(sentence: &str) -> Why {
    let starts = |prefix: &str| sentence.starts_with(prefix);
    match () {
        () if starts("missing field") => Why::Missing,
        () if starts("unknown field") => Why::Unknown,
        () if starts("duplicate field") => Why::Duplicate,
        () if starts("unknown variant") => Why::Word,
        () if starts("invalid type: null") => Why::Null,
        () if starts("invalid type") => Why::Type,
        () => Why::Value,
    }
}

proptest! {
    #[test]
    fn what_serde_json_writes_is_read_to_the_same(value in value()) {
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            prop_assert_eq!(&from_str::<Value>(&text).unwrap(), &value);
            from_str::<IgnoredAny>(&text).unwrap();
            let raw: Box<RawValue> = from_str(&text).unwrap();
            prop_assert_eq!(raw.get(), text);
        }
    }

    #[test]
    fn the_same_texts_are_documents(text in r#"[\[{]?[\[\]{}",:\\ \n0-9eE.+\-tfnulrase\u{e9}\u{1}]{0,24}[\]}]?"#) {
        let ours = from_str::<IgnoredAny>(&text).is_ok();
        prop_assert_eq!(ours, serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
        prop_assert_eq!(from_str::<Value>(&text).ok(), serde_json::from_str::<Value>(&text).ok(), "{}", text);
    }

    #[test]
    fn strings_are_read_alike(text in r#"([a-z"\u{e9}\u{1f600}]|\\[nrtbfu"/\\x]|\\u[dD][89a-fA-F][0-9a-f]{2}|\\u00[0-9a-f]{2}){0,12}"#) {
        let text = format!("\"{text}\"");
        prop_assert_eq!(from_str::<String>(&text).ok(), serde_json::from_str::<String>(&text).ok(), "{}", text);
    }

    #[test]
    fn numbers_are_read_alike(text in "-?[0-9]{1,22}(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,3})?") {
        let near = |a: Option<f64>, b: Option<f64>| match (a, b) {
            // serde_json is exact to the last digit but one.
            (Some(a), Some(b)) => (a - b).abs() <= a.abs() * 4.0 * f64::EPSILON,
            (a, b) => a == b,
        };
        prop_assert!(near(from_str(&text).ok(), serde_json::from_str(&text).ok()), "{}", text);
        if let Ok(number) = serde_json::from_str::<i64>(&text) {
            prop_assert_eq!(from_str::<i64>(&text).unwrap(), number);
        }
        if let Ok(number) = from_str::<i64>(&text) {
            prop_assert_eq!(text.parse::<f64>().unwrap(), number as f64);
        }
    }

    #[test]
    fn the_same_structs_fit_and_what_does_not_is_told_alike(text in nearly()) {
        // Serde_json reads a struct from an array too.
        prop_assume!(!text.contains("\"maybe\":["));
        match (from_str::<Everything>(&text), oracle(&text)) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(ours, theirs),
            // What does not fit may come before what is no JSON, or after it.
            (Err(ours), Err(_)) if *ours.why() == Why::Malformed => {
                prop_assert!(text.contains("1e400") || serde_json::from_str::<IgnoredAny>(&text).is_err(), "{}: {}", text, ours);
            }
            (Err(ours), Err((path, theirs))) if theirs.is_data() => {
                // A member that is missing, unknown or there twice is part of our path, and of some of theirs.
                let path = if path == "." { String::new() } else { path.replace('[', ".").replace(']', "") };
                prop_assert!(ours.path().starts_with(&path), "{}: {} and {}: {}", text, ours, path, theirs);
                // An integer that no type of ours holds is a float to serde_json.
                let theirs = kind(&theirs.to_string());
                prop_assert!(*ours.why() == theirs || (theirs == Why::Value && *ours.why() == Why::Type), "{}: {} {:?}", text, ours, theirs);
            }
            // To serde_json a variant of another form is no JSON.
            (Err(_), Err(_)) => {}
            (ours, theirs) => prop_assert!(false, "{}: {:?} and {:?}", text, ours.is_ok(), theirs.map_err(|(_, error)| error)),
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes: Vec<u8>) {
        let _ = from_slice::<Value>(&bytes);
        let _ = from_slice::<Everything>(&bytes);
    }

    #[test]
    fn the_members_of_an_object_are_its_json(value in value(), before in "[ \n]{0,2}") {
        let text = format!("{before}{value:#}");
        match value.as_object() {
            Some(object) => {
                let found = members(&text).unwrap();
                let found: BTreeMap<_, Value> = found.into_iter().map(|(name, raw)| (name.into_owned(), raw.parse().unwrap())).collect();
                let known: BTreeMap<_, _> = object.clone().into_iter().collect();
                prop_assert_eq!(found, known);
            }
            None => prop_assert!(members(&text).is_err()),
        }
    }

    #[test]
    fn a_written_object_is_json(name: String, text: String, number: i64, absent: Option<String>) {
        let mut object = Object::new();
        let written = object.string(&name, &text).number("n", number).maybe("m", absent.as_deref()).raw("r", "[1]").end();
        let mut expected = json!({&name: text});
        expected["n"] = number.into();
        if let Some(absent) = absent {
            expected["m"] = absent.into();
        }
        expected["r"] = json!([1]);
        prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), expected);
    }

    #[test]
    fn a_number_in_a_text_is_what_it_is_in_a_document(text in "-?[0-9]{1,12}(\\.0{1,3}|[eE][+-]?[0-9])?") {
        let canonical = !text.trim_start_matches('-').starts_with('0');
        if canonical {
            prop_assert_eq!(number::<i64>(&text), from_str::<i64>(&text).ok());
        }
    }
}

#[test]
fn an_empty_object_is_one() {
    assert_eq!(Object::new().end(), "{}");
}

#[test]
fn what_is_nested_too_deep_is_refused_and_nothing_overflows() {
    let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
    assert!(from_str::<IgnoredAny>(&nested(DEPTH as usize)).is_ok() && from_str::<Value>(&nested(DEPTH as usize)).is_ok());
    for depth in [DEPTH as usize + 1, 100_000] {
        assert_eq!(from_str::<IgnoredAny>(&nested(depth)).unwrap_err().why(), &Why::Malformed);
        assert_eq!(from_str::<Value>(&nested(depth)).unwrap_err().why(), &Why::Malformed);
    }
}

#[test]
fn a_path_leads_to_what_does_not_fit() {
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only read")]
        items: Vec<BTreeMap<String, u8>>,
    }
    let error = from_str::<Outer>(r#"{"items":[{"a":1},{"b\u00e9":2,"c":[]}]}"#).unwrap_err();
    assert_eq!((error.path(), error.why()), ("items.1.c", &Why::Type));
    let error = from_str::<Outer>("{\"items\":\n [{]}").unwrap_err();
    assert_eq!((error.why(), error.position(b"{\"items\":\n [{]}")), (&Why::Malformed, (2, 4)));
}

#[test]
fn a_struct_is_an_object() {
    #[derive(Debug, Deserialize)]
    struct One {
        #[expect(dead_code, reason = "only read")]
        a: u8,
    }
    assert_eq!(from_str::<One>("[1]").unwrap_err().why(), &Why::Type);
    assert_eq!(from_str::<One>("null").unwrap_err().why(), &Why::Null);
}
