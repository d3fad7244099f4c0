//! What a provider answers, read member by member: each sends what it likes, and some numbers have more digits than a double.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// The members of a JSON object, as they were written.
pub struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    /// Of anything else: none.
    pub fn read(json: &'a [u8]) -> Members<'a> {
        Members(serde_json::from_slice(json).unwrap_or_default())
    }

    /// A member that is an object; empty where it is not.
    pub fn object(&self, name: &str) -> Members<'a> {
        Members::read(self.raw(name).unwrap_or_default().as_bytes())
    }

    /// A member as it was written.
    pub fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.get(name).map(|value| value.get())
    }

    /// A text that is not empty, or a number with all of its digits.
    pub fn text(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?;
        let text: String = match raw.as_bytes().first()? {
            b'"' => serde_json::from_str(raw).ok()?,
            b'0'..=b'9' | b'-' => raw.to_owned(),
            _ => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// A whole number, which may be written as a text.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    /// Texts of a list; none of anything else.
    pub fn list(&self, name: &str) -> Vec<String> {
        self.raw(name).and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_keeps_all_of_its_digits_and_nothing_else_is_read_as_one() {
        let json = br#"{"id": 9223372036854775807, "name": "Ad\u00e8le", "none": null, "yes": true, "n": "7", "list": ["a"], "o": {"x": 1}, "e": ""}"#;
        let members = Members::read(json);
        assert_eq!(members.text("id").as_deref(), Some("9223372036854775807"));
        assert_eq!(members.text("name").as_deref(), Some("Adèle"));
        for absent in ["none", "yes", "list", "o", "e", "unheard_of"] {
            assert_eq!(members.text(absent), None, "{absent}");
        }
        assert_eq!((members.number("n"), members.number("name")), (Some(7), None));
        assert_eq!((members.list("list"), members.list("o")), (vec!["a".to_owned()], Vec::new()));
        assert_eq!(members.object("o").number("x"), Some(1));
        assert!(Members::read(b"[1]").text("id").is_none() && Members::read(b"<html>").text("id").is_none());
    }
}
