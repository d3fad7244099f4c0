use std::borrow::Cow;

use postgres_wasm_bindings::{ToSql, Unsendable};
use serde::de::Deserializer;
use serde::{Deserialize, Serialize};

use crate::{is_invisible, refuse};

/// An e-mail address in the one spelling by which it is compared: lower case, the domain in ASCII (UTS 46, `xn--…`), letters
/// beyond ASCII before the `@` in NFC (RFC 6532). At most 254 bytes, 64 before the one `@`, a domain with a dot (RFC 5321,
/// 4.5.3.1).
///
/// Deliberately loose: only a mail that arrives proves an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Email(String);

impl Email {
    pub fn parse(text: &str) -> Option<Email> {
        let text = text.trim();
        let text = if text.is_ascii() { text.to_ascii_lowercase() } else { one_spelling(text)? };
        let (local, domain) = text.split_once('@')?;
        let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !is_invisible(c) && !"@<>()[]\\,;:\"".contains(c);
        let labels = domain.split('.').count() >= 2
            && domain.split('.').all(|label| {
                !label.is_empty()
                    && label.len() <= 63
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            });
        // What ends in a number is an IPv4 address.
        let is_named = domain.rsplit('.').next().is_some_and(|label| label.bytes().any(|b| b.is_ascii_alphabetic()));
        let fits = text.len() <= 254 && (1..=64).contains(&local.len());
        let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
        (fits && dots && labels && is_named && local.chars().all(is_plain)).then_some(Email(text))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ToSql for Email {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(Cow::Borrowed(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Email, D::Error> {
        Email::parse(&String::deserialize(deserializer)?).ok_or_else(|| refuse("bad_email"))
    }
}

/// An address with letters beyond ASCII as mail servers compare it.
fn one_spelling(text: &str) -> Option<String> {
    let (local, domain) = text.split_once('@')?;
    // What the platform would read as more than a name: a port, a path, an escape.
    let is_name = domain.chars().all(|c| !c.is_ascii() || c.is_ascii_alphanumeric() || c == '-' || c == '.');
    if !is_name || text.len() > 4 * 254 {
        return None;
    }
    Some([&platform::lower(local), "@", &platform::domain_to_ascii(domain)].concat())
}

/// The tables of Unicode are the runtime's: in wasm they would be larger than most functions.
#[cfg(target_arch = "wasm32")]
mod platform {
    use wasm_bindgen::prelude::wasm_bindgen;

    #[wasm_bindgen(raw_module = "./bridge.js")]
    extern "C" {
        pub(super) fn lower(text: &str) -> String;
        #[wasm_bindgen(js_name = "domainToAscii")]
        pub(super) fn domain_to_ascii(domain: &str) -> String;
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod platform {
    use unicode_normalization::UnicodeNormalization;

    pub(super) fn lower(text: &str) -> String {
        text.to_lowercase().nfc().collect()
    }

    /// Empty where it is no domain.
    pub(super) fn domain_to_ascii(domain: &str) -> String {
        idna::domain_to_ascii(domain).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        Email::parse(text).map(|email| email.0)
    }

    #[test]
    fn ordinary_addresses_are_taken_and_put_in_lower_case() {
        assert_eq!(parsed(" Ada.Lovelace+oree@Example.org ").as_deref(), Some("ada.lovelace+oree@example.org"));
    }

    /// `tests/journeys` has the same through wasm, where the runtime spells.
    #[test]
    fn an_internationalised_address_has_one_spelling() {
        for (typed, kept) in [
            ("Ada@M\u{fc}nchen.example", "ada@xn--mnchen-3ya.example"),
            ("ada@Mu\u{308}nchen\u{3002}example", "ada@xn--mnchen-3ya.example"),
            ("ada@xn--mnchen-3ya.example", "ada@xn--mnchen-3ya.example"),
            ("JOSE\u{301}@example.org", "jos\u{e9}@example.org"),
            ("\u{7528}\u{6237}@\u{4f8b}\u{5b50}.\u{5e7f}\u{544a}", "\u{7528}\u{6237}@xn--fsqu00a.xn--4rr70v"),
        ] {
            assert_eq!(parsed(typed).as_deref(), Some(kept), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_an_address_is_refused() {
        let long = ["a".repeat(65), "@example.org".to_owned()].concat();
        let wide = ["\u{e9}".repeat(33), "@example.org".to_owned()].concat();
        for text in [
            "",
            "a",
            "a@b",
            "a@@b.c",
            "a b@c.d",
            "a@127.0.0.1",
            "\u{e9}@127.1",
            "a@b..c",
            "a@-b.c",
            ".a@b.c",
            "a@b.c\r\nBcc: x@y.z",
            &long,
            &wide,
            "\u{e9}@b",
            "\u{e9}\u{200b}@b.c",
            "\u{e9}\u{a0}a@b.c",
            "a@\u{e9}:80.fr",
            "a@\u{e9}.fr/x",
            "a@\u{e9}.fr%2e",
            "a@\u{e9}@b.c",
            "a@\u{200b}.fr",
            "a@\u{e9}..fr",
            "\u{e9}@",
            "@\u{e9}.fr",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
