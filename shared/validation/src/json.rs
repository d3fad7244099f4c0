use serde::de::DeserializeOwned;
use serde_json::error::Category;
use validator::Validate;

use crate::{FieldError, Place, check};

/// Why a body was refused.
#[derive(Debug, PartialEq)]
pub enum Rejected {
    /// Not JSON (or not UTF-8, too deep, cut off): where the reader stopped.
    Malformed { line: usize, column: usize },
    /// JSON, but not what this operation takes.
    Invalid(Vec<FieldError>),
}

/// Reads a JSON body strictly: one document, no unknown, missing or repeated field, no NUL character, every rule of `T`.
pub fn json<T: DeserializeOwned + Validate>(body: &[u8]) -> Result<T, Rejected> {
    let Ok(text) = std::str::from_utf8(body) else {
        return Err(Rejected::Malformed { line: 0, column: 0 });
    };
    if text.trim_start().starts_with('[') {
        // Serde would read an array as the fields of a struct in order; a body is always an object.
        return Err(Rejected::Invalid(vec![FieldError::new(Place::Body, "", "wrong_type")]));
    }
    let rewritten;
    let mut reader = serde_json::Deserializer::from_str(text);
    let mut read = serde_path_to_error::deserialize(&mut reader);
    if let Err(error) = &read
        && error.inner().is_data()
        && error.inner().to_string().starts_with("invalid type: floating point")
    {
        // Serde tells numbers apart by how they are written.
        rewritten = integers_written_as_such(text);
        reader = serde_json::Deserializer::from_str(&rewritten);
        read = serde_path_to_error::deserialize(&mut reader);
    }
    let input: T = read.map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        match cause.classify() {
            Category::Data => Rejected::Invalid(vec![field_error(Place::Body, &path, &cause.to_string())]),
            // Serde calls an array or a null in place of a word a syntax error; the text itself tells.
            _ => match serde_json::from_str::<serde_json::Value>(text) {
                Ok(whole) => {
                    let pointer = ["/", &path.replace(['.', '['], "/").replace(']', "")].concat();
                    let is_null = whole.pointer(&pointer).is_some_and(serde_json::Value::is_null);
                    let sentence = if is_null { "invalid type: null" } else { "invalid type" };
                    Rejected::Invalid(vec![field_error(Place::Body, &path, sentence)])
                }
                Err(_) => Rejected::Malformed { line: cause.line(), column: cause.column() },
            },
        }
    })?;
    reader.end().map_err(|error| Rejected::Malformed { line: error.line(), column: error.column() })?;
    if holds_nul(text) {
        // PostgreSQL's text cannot hold U+0000, so no field of any function can take it.
        return Err(Rejected::Invalid(vec![FieldError::new(Place::Body, "", "nul_character")]));
    }
    match check(Place::Body, &input) {
        errors if errors.is_empty() => Ok(input),
        errors => Err(Rejected::Invalid(errors)),
    }
}

/// Turns serde's sentence into a field and a code. Serde gives no other way to tell these cases apart; the sentences are
/// those of `serde::de::Error`'s provided methods, held by the tests below.
pub(crate) fn field_error(place: Place, path: &str, sentence: &str) -> FieldError {
    let path = if path == "." { String::new() } else { path.replace('[', ".").replace(']', "") };
    let path = path.as_str();
    let quoted = || sentence.split('`').nth(1).unwrap_or_default();
    let child = || match (path, quoted()) {
        ("", name) => name.to_owned(),
        // The path of an unknown field already ends in its name.
        (path, name) if path == name || path.ends_with(&[".", name].concat()) => path.to_owned(),
        (path, name) => [path, ".", name].concat(),
    };
    let starts = |prefix: &str| sentence.starts_with(prefix);
    if starts("missing field") {
        FieldError::new(place, child(), "required")
    } else if starts("unknown field") {
        FieldError::new(place, child(), "unknown_field")
    } else if starts("duplicate field") {
        FieldError::new(place, child(), "duplicate_field")
    } else if starts("invalid type: null") {
        FieldError::new(place, path, "not_nullable")
    } else if starts("invalid type") {
        FieldError::new(place, path, "wrong_type")
    } else if starts("UUID parsing failed") {
        FieldError::new(place, path, "bad_uuid")
    } else if starts("unknown variant") {
        FieldError::new(place, path, "not_allowed")
    } else if let Some(code) = sentence.strip_prefix(crate::types::REFUSED) {
        FieldError::new(place, path, code.split([' ', '\n']).next().unwrap_or_default())
    } else {
        FieldError::new(place, path, "invalid_value")
    }
}

/// A JSON text in which integers that are written with a fraction or an exponent, `6.0` or `1e3`, are written without.
fn integers_written_as_such(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c == '"' || c == '-' || c.is_ascii_digit()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with('"') {
            let mut is_escaped = false;
            let closes = |(_, c): &(usize, char)| {
                let closes = *c == '"' && !is_escaped;
                is_escaped = *c == '\\' && !is_escaped;
                closes
            };
            rest.char_indices().skip(1).find(closes).map_or(rest.len(), |(end, _)| end + 1)
        } else {
            rest.find(|c: char| !c.is_ascii_digit() && !"+-.eE".contains(c)).unwrap_or(rest.len())
        };
        let (token, after) = rest.split_at(length);
        match integer(token) {
            Some(integer) => out.push_str(&integer),
            None => out.push_str(token),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The digits of a number that is written as a fraction or with an exponent and is an integer of 18 digits at most.
pub(crate) fn integer(token: &str) -> Option<String> {
    let (sign, number) = token.strip_prefix('-').map_or(("", token), |number| ("-", number));
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if number == whole || !(whole.bytes().chain(fraction.bytes())).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = [whole, fraction].concat();
    let point = i32::try_from(whole.len()).ok()?.checked_add(exponent.parse().ok()?)?;
    let (kept, dropped) = digits.split_at(usize::try_from(point).ok()?.min(digits.len()));
    let zeros = usize::try_from(point).ok()?.saturating_sub(digits.len());
    let kept = kept.trim_start_matches('0');
    if dropped.bytes().any(|byte| byte != b'0') || (!kept.is_empty() && kept.len() + zeros > 18) {
        return None;
    }
    Some(if kept.is_empty() { "0".to_owned() } else { [sign, kept, &"0".repeat(zeros)].concat() })
}

/// Whether a JSON text that parsed holds an escaped U+0000: `\u0000` after an even number of backslashes.
fn holds_nul(text: &str) -> bool {
    text.match_indices("\\u0000").any(|(at, _)| text.as_bytes()[..at].iter().rev().take_while(|b| **b == b'\\').count() % 2 == 0)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{Date, present};

    #[derive(Debug, PartialEq, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        #[validate(length(min = 1, max = 5))]
        name: String,
        #[serde(default, deserialize_with = "present")]
        date: Option<Date>,
        #[serde(default, deserialize_with = "present")]
        #[validate(range(min = 1, max = 9))]
        count: Option<i32>,
        #[serde(default, deserialize_with = "present")]
        id: Option<uuid::Uuid>,
        #[serde(default)]
        #[validate(nested)]
        parts: Vec<Part>,
        #[serde(default)]
        word: Option<Word>,
    }

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        A,
        B,
    }

    #[derive(Debug, PartialEq, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[validate(length(max = 2))]
        word: String,
    }

    fn refused(body: &str) -> (String, String) {
        match json::<Entry>(body.as_bytes()) {
            Err(Rejected::Invalid(errors)) => (errors[0].field.clone(), errors[0].code.clone()),
            other => panic!("{body} gave {other:?}"),
        }
    }

    fn pair(field: &str, code: &str) -> (String, String) {
        (field.to_owned(), code.to_owned())
    }

    #[test]
    fn each_kind_of_wrong_field_has_its_place_and_code() {
        assert_eq!(refused("{}"), pair("name", "required"));
        assert_eq!(refused(r#"{"name":"a","x":1}"#), pair("x", "unknown_field"));
        assert_eq!(refused(r#"{"name":"a","name":"b"}"#), pair("name", "duplicate_field"));
        assert_eq!(refused(r#"{"name":null}"#), pair("name", "not_nullable"));
        assert_eq!(refused(r#"{"name":"a","date":null}"#), pair("date", "not_nullable"));
        assert_eq!(refused(r#"{"name":7}"#), pair("name", "wrong_type"));
        assert_eq!(refused(r#"[]"#), pair("", "wrong_type"));
        assert_eq!(refused(r#"{"name":"a","word":[[]]}"#), pair("word", "wrong_type"));
        assert_eq!(refused(r#"{"name":"a","word":"c"}"#), pair("word", "not_allowed"));
        assert_eq!(refused(r#"{"name":"a","count":99999999999}"#), pair("count", "invalid_value"));
        assert_eq!(refused(r#"{"name":"a","date":"2026-02-30"}"#), pair("date", "bad_date"));
        assert_eq!(refused(r#"{"name":"a","id":"1"}"#), pair("id", "bad_uuid"));
        assert_eq!(refused(r#"{"name":"abcdef"}"#), pair("name", "length"));
        assert_eq!(refused(r#"{"name":"a","count":10}"#), pair("count", "range"));
        assert_eq!(refused(r#"{"name":"a\u0000"}"#), pair("", "nul_character"));
        assert_eq!(refused(r#"{"name":"a","parts":[{"word":"b"},{"word":"long"}]}"#), pair("parts.1.word", "too_long"));
        assert_eq!(refused(r#"{"name":"a","parts":[{"word":"b","y":1}]}"#), pair("parts.0.y", "unknown_field"));
    }

    #[test]
    fn an_integer_is_one_however_it_is_written() {
        for written in ["6", "6.0", "6.000", "0.6e1", "6e0", "60E-1", "600.0e-2", "0.06e+2"] {
            let body = format!(r#"{{"name":"6.0","count":{written}}}"#);
            let entry = json::<Entry>(body.as_bytes()).unwrap();
            assert_eq!((entry.name.as_str(), entry.count), ("6.0", Some(6)), "{written}");
        }
        assert_eq!(refused(r#"{"name":"a","count":6.5}"#), pair("count", "wrong_type"));
        assert_eq!(refused(r#"{"name":"a","count":-0.0}"#), pair("count", "range"));
        assert_eq!(refused(r#"{"name":"a","count":1e1}"#), pair("count", "range"));
    }

    #[test]
    fn a_leap_second_is_refused_and_not_stored_as_another_moment() {
        #[derive(Debug, Deserialize, Validate)]
        struct At {
            #[serde(default, deserialize_with = "present")]
            at: Option<chrono::DateTime<chrono::Utc>>,
        }
        assert!(json::<At>(br#"{"at":"2026-06-30T23:59:59.999Z"}"#).unwrap().at.is_some());
        for text in ["2026-06-30T23:59:60Z", "2026-06-10T12:00:60.5+02:00"] {
            let body = format!(r#"{{"at":"{text}"}}"#);
            let Err(Rejected::Invalid(errors)) = json::<At>(body.as_bytes()) else { panic!("{text} is taken") };
            assert_eq!((errors[0].field.as_str(), errors[0].code.as_str()), ("at", "bad_moment"));
        }
    }

    #[test]
    fn an_escaped_backslash_before_u0000_is_ordinary_text() {
        assert!(json::<Entry>(br#"{"name":"\\u00"}"#).is_ok());
        assert!(!holds_nul(r#""\\u0000""#));
        assert!(holds_nul(r#""\\\u0000""#));
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for body in [&b""[..], b"{", b"{\"name\":\"a\"} x", b"\xff", b"{\"name\":\"\\ud800\"}", b"nul", b"{'name':1}"] {
            assert!(matches!(json::<Entry>(body), Err(Rejected::Malformed { .. })), "{body:?}");
        }
        let deep = [r#"{"a":"#, &"[".repeat(100_000)].concat();
        assert!(matches!(json::<serde_json_shape::Any>(deep.as_bytes()), Err(Rejected::Malformed { .. })));
    }

    mod serde_json_shape {
        use super::*;

        #[derive(Debug, Deserialize)]
        pub struct Any(#[expect(dead_code, reason = "only parsed")] serde_json::Value);

        impl Validate for Any {
            fn validate(&self) -> Result<(), validator::ValidationErrors> {
                Ok(())
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body: Vec<u8>) {
            let _ = json::<Entry>(&body);
        }

        #[test]
        fn no_number_makes_the_reader_panic_and_none_changes(text in "[-+0-9.eE]{0,12}") {
            let body = format!(r#"{{"a":{text},"b":"\\"{text}"}}"#);
            let rewritten = integers_written_as_such(&body);
            let before: Result<serde_json::Value, _> = serde_json::from_str(&body);
            if let Ok(before) = before {
                let after: serde_json::Value = serde_json::from_str(&rewritten).unwrap();
                proptest::prop_assert_eq!(before["a"].as_f64(), after["a"].as_f64());
                proptest::prop_assert_eq!(&before["b"], &after["b"]);
            }
        }

        #[test]
        fn an_integer_with_a_fraction_of_zeros_is_read_as_it_is(count in 1_i32..=9, zeros in 1_usize..5) {
            let body = format!(r#"{{"name":"a","count":{count}.{}}}"#, "0".repeat(zeros));
            proptest::prop_assert_eq!(json::<Entry>(body.as_bytes()).unwrap().count, Some(count));
        }
    }
}
