use serde::de::DeserializeOwned;
use small_json::Why;
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
    let input: T = small_json::from_slice(body).map_err(|error| rejected(&error, body))?;
    if holds_nul(body) {
        // PostgreSQL's text cannot hold U+0000, so no field of any function can take it.
        return Err(Rejected::Invalid(vec![FieldError::new(Place::Body, "", "nul_character")]));
    }
    match check(Place::Body, &input) {
        errors if errors.is_empty() => Ok(input),
        errors => Err(Rejected::Invalid(errors)),
    }
}

#[cold]
fn rejected(error: &small_json::Error, body: &[u8]) -> Rejected {
    if *error.why() == Why::Malformed {
        let (line, column) = error.position(body);
        return Rejected::Malformed { line, column };
    }
    Rejected::Invalid(vec![field_error(Place::Body, error)])
}

/// The field and the code of what did not fit.
#[cold]
pub(crate) fn field_error(place: Place, error: &small_json::Error) -> FieldError {
    let code = match error.why() {
        Why::Missing => "required",
        Why::Unknown => "unknown_field",
        Why::Duplicate => "duplicate_field",
        Why::Null => "not_nullable",
        Why::Malformed | Why::Type => "wrong_type",
        Why::Word => "not_allowed",
        Why::Value => "invalid_value",
        Why::Said(what) if what.starts_with("UUID parsing failed") => "bad_uuid",
        Why::Said(what) => what.strip_prefix(crate::types::REFUSED).unwrap_or("invalid_value"),
    };
    FieldError::new(place, error.path(), code)
}

/// Whether a JSON text that parsed holds an escaped U+0000: `\u0000` after an even number of backslashes.
fn holds_nul(text: &[u8]) -> bool {
    let backslashes = |at: usize| text[..at].iter().rev().take_while(|byte| **byte == b'\\').count();
    text.windows(6).enumerate().any(|(at, six)| six == b"\\u0000" && backslashes(at) % 2 == 0)
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
            #[serde(default, deserialize_with = "crate::written::present")]
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
        assert!(!holds_nul(br#""\\u0000""#));
        assert!(holds_nul(br#""\\\u0000""#));
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
        fn an_integer_with_a_fraction_of_zeros_is_read_as_it_is(count in 1_i32..=9, zeros in 1_usize..5) {
            let body = format!(r#"{{"name":"a","count":{count}.{}}}"#, "0".repeat(zeros));
            proptest::prop_assert_eq!(json::<Entry>(body.as_bytes()).unwrap().count, Some(count));
        }
    }
}
