//! Reading what a worker wrote as JSON and is not quite: one stray byte in what it echoes must not lose the result beside it.

use edge::small_json;
use serde_json::{Map, Value};

/// The members of a JSON object. Where it is none as it stands, it is read as [`mended`].
pub(crate) fn object(body: &[u8]) -> Option<Map<String, Value>> {
    let read = small_json::from_slice(body).or_else(|_| small_json::from_str(&mended(&String::from_utf8_lossy(body))));
    match read {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    }
}

/// A text in which Python's `NaN` and infinities, and numbers beyond a double, are null; and half surrogates, unknown escapes
/// and bare control characters inside strings are what JSON can say.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            out.push('"');
            rest = string(&rest[1..], &mut out);
            continue;
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
        let (word, after) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        if word.is_empty() {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let is_beyond = word.ends_with(|c: char| c.is_ascii_digit()) && word.parse().is_ok_and(f64::is_infinite);
        out.push_str(match word {
            "NaN" | "-NaN" | "Infinity" | "-Infinity" | "None" => "null",
            "True" => "true",
            "False" => "false",
            _ if is_beyond => "null",
            word => word,
        });
        rest = after;
    }
    out
}

/// Copies a string from behind its first quote up to its last, and gives what follows.
fn string<'a>(mut rest: &'a str, out: &mut String) -> &'a str {
    loop {
        let plain = rest.find(|c: char| c == '"' || c == '\\' || c < ' ').unwrap_or(rest.len());
        out.push_str(&rest[..plain]);
        rest = &rest[plain..];
        let Some(special) = rest.bytes().next() else { return rest };
        let (kept, length) = match special {
            b'"' => {
                out.push('"');
                return &rest[1..];
            }
            b'\\' => escape(rest),
            _ => (None, 1),
        };
        match kept {
            Some(kept) => out.push_str(kept),
            None => out.push_str("\\ufffd"),
        }
        rest = &rest[length..];
    }
}

/// An escape as it may stay, or `None`; and how long it is.
fn escape(rest: &str) -> (Option<&str>, usize) {
    let unit = |at: usize| {
        let digits = rest.get(at..at + 6)?.strip_prefix("\\u").filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
        u16::from_str_radix(digits, 16).ok()
    };
    match (rest.as_bytes().get(1), unit(0)) {
        (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), _) => (Some(&rest[..2]), 2),
        (_, Some(0xd800..=0xdbff)) if matches!(unit(6), Some(0xdc00..=0xdfff)) => (Some(&rest[..12]), 12),
        (_, Some(0xd800..=0xdfff)) => (None, 6),
        (_, Some(_)) => (Some(&rest[..6]), 6),
        (_, None) => (None, 1),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_python_writes_and_json_does_not_know_is_read() {
        for (text, value) in [
            (
                r#"{"a": NaN, "b": -Infinity, "c": [Infinity, 1e999, -1e999, 1.5e3]}"#,
                json!({"a": null, "b": null, "c": [null, null, null, 1500.0]}),
            ),
            (r#"{"a": "cut \ud83d"}"#, json!({"a": "cut \u{fffd}"})),
            (r#"{"a": "\ude00\ud83d\ude00 NaN \\ud83d"}"#, json!({"a": "\u{fffd}😀 NaN \\ud83d"})),
            (r#"{"a": "C:\xyz \u12", "b": "\"NaN"}"#, json!({"a": "C:\u{fffd}xyz \u{fffd}u12", "b": "\"NaN"})),
            ("{\"a\": \"one\ttwo\n\"}", json!({"a": "one\u{fffd}two\u{fffd}"})),
            ("{'a': None}", Value::Null),
            ("{\"a\": \"cut", Value::Null),
            ("{\"a\": \"\\", Value::Null),
            ("<html>", Value::Null),
        ] {
            assert_eq!(object(text.as_bytes()).map_or(Value::Null, Value::Object), value, "{text}");
        }
        assert_eq!(Value::Object(object(b"{\"a\": \"\xff\xe9t\"}").unwrap()), json!({"a": "\u{fffd}\u{fffd}t"}));
    }

    proptest::proptest! {
        #[test]
        fn what_is_json_stays_what_it_is(text: String, number: f64) {
            let whole = json!({"text": text, "list": [number, null, true, {"a": text}]}).to_string();
            proptest::prop_assert_eq!(mended(&whole), whole);
        }

        #[test]
        fn no_bytes_that_are_echoed_hide_what_stands_beside_them(echoed: Vec<u8>) {
            let echoed: Vec<u8> = echoed.into_iter().filter(|byte| *byte != b'"').collect();
            let body = [&br#"{"input": ""#[..], &echoed, br#".", "odd": NaN, "status": "COMPLETED"}"#].concat();
            proptest::prop_assert_eq!(&object(&body).unwrap()["status"], "COMPLETED");
        }

        #[test]
        fn no_bytes_make_the_reader_panic(body: Vec<u8>, text: String) {
            object(&body);
            mended(&text);
        }
    }
}
