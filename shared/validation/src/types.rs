use std::borrow::Cow;
use std::fmt;

use chrono::{Datelike, NaiveDate};
use postgres_wasm_bindings::{ToSql, Unsendable};
use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use validator::ValidationError;

use crate::moment::{Written, day, write_day, written};

/// Marks a refusal whose text is a field code; [`crate::json`] and [`crate::text`] read it back.
pub(crate) const REFUSED: &str = "refused:";

/// A deserialisation error with a code of the message table, for types of our own.
pub fn refuse<E: Error>(code: &'static str) -> E {
    E::custom([REFUSED, code].concat())
}

/// For optional fields: absent is `None`, `null` is refused.
///
/// # Errors
/// Whatever `T` refuses, null included.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A rule for `#[validate(custom(function = "…"))]`: something to see, and no control character but line breaks and tabs.
///
/// # Errors
/// `blank` or `control_character`.
pub fn not_blank(text: &str) -> Result<(), ValidationError> {
    if text.chars().all(|c| c.is_whitespace() || is_invisible(c)) {
        return Err(ValidationError::new("blank"));
    }
    match text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        true => Err(ValidationError::new("control_character")),
        false => Ok(()),
    }
}

/// A rule for names: as [`not_blank`], on one line.
///
/// # Errors
/// `blank` or `control_character`.
pub fn one_line(text: &str) -> Result<(), ValidationError> {
    match text.chars().any(|c| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')) {
        true => Err(ValidationError::new("control_character")),
        false => not_blank(text),
    }
}

/// Soft hyphens, zero-width and direction marks, fillers, variation selectors, the empty pattern of Braille, tags.
pub fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// A calendar day, `YYYY-MM-DD`, between the years 1900 and 2200.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

impl Date {
    /// `None` outside the years 1900 to 2200.
    pub fn new(day: NaiveDate) -> Option<Date> {
        (1900..=2200).contains(&day.year()).then_some(Date(day))
    }

    pub fn day(self) -> NaiveDate {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.write())
    }
}

impl Written for Date {
    const CODE: &'static str = "bad_date";

    fn read(text: &str) -> Option<Date> {
        day(text).and_then(Date::new)
    }

    fn write(&self) -> String {
        write_day(self.0)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        written::deserialize(deserializer)
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        written::serialize(self, serializer)
    }
}

/// The name of a time zone, such as `Europe/Paris`. Only its shape is checked here: the database holds the list of zones
/// and answers `bad_time_zone` for a name that it does not know. What operating systems still call `CET` or `EST5EDT` is
/// the place that the IANA list's file `backward` names for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimeZone(String);

/// Old names without a place, as the file `backward` of tzdata 2026a links them.
const OLD_ZONES: &[(&str, &str)] = &[
    ("CET", "Europe/Brussels"),
    ("CST6CDT", "America/Chicago"),
    ("Cuba", "America/Havana"),
    ("EET", "Europe/Athens"),
    ("EST", "America/Panama"),
    ("EST5EDT", "America/New_York"),
    ("Egypt", "Africa/Cairo"),
    ("Eire", "Europe/Dublin"),
    ("GB", "Europe/London"),
    ("GB-Eire", "Europe/London"),
    ("GMT", "UTC"),
    ("GMT+0", "UTC"),
    ("GMT-0", "UTC"),
    ("GMT0", "UTC"),
    ("Greenwich", "UTC"),
    ("HST", "Pacific/Honolulu"),
    ("Hongkong", "Asia/Hong_Kong"),
    ("Iceland", "Atlantic/Reykjavik"),
    ("Iran", "Asia/Tehran"),
    ("Israel", "Asia/Jerusalem"),
    ("Jamaica", "America/Jamaica"),
    ("Japan", "Asia/Tokyo"),
    ("Kwajalein", "Pacific/Kwajalein"),
    ("Libya", "Africa/Tripoli"),
    ("MET", "Europe/Brussels"),
    ("MST", "America/Phoenix"),
    ("MST7MDT", "America/Denver"),
    ("NZ", "Pacific/Auckland"),
    ("NZ-CHAT", "Pacific/Chatham"),
    ("Navajo", "America/Denver"),
    ("PRC", "Asia/Shanghai"),
    ("PST8PDT", "America/Los_Angeles"),
    ("Poland", "Europe/Warsaw"),
    ("Portugal", "Europe/Lisbon"),
    ("ROC", "Asia/Taipei"),
    ("ROK", "Asia/Seoul"),
    ("Singapore", "Asia/Singapore"),
    ("Turkey", "Europe/Istanbul"),
    ("UCT", "UTC"),
    ("Universal", "UTC"),
    ("W-SU", "Europe/Moscow"),
    ("WET", "Europe/Lisbon"),
    ("Zulu", "UTC"),
];

impl TimeZone {
    /// `None` for what cannot be the name of a zone.
    pub fn parse(text: &str) -> Option<TimeZone> {
        if let Some((_, place)) = OLD_ZONES.iter().find(|(old, _)| *old == text) {
            return Some(TimeZone((*place).to_owned()));
        }
        let shaped = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-/".contains(&b));
        shaped.then(|| TimeZone(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<TimeZone, D::Error> {
        TimeZone::parse(&String::deserialize(deserializer)?).ok_or_else(|| refuse("bad_time_zone"))
    }
}

impl ToSql for Date {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        self.0.to_sql()
    }
}

impl ToSql for TimeZone {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(Cow::Borrowed(&self.0)))
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::{Date, TimeZone};
    use crate::Email;

    macro_rules! schema {
        ($($name:ident: $shape:tt)*) => {
            $(impl JsonSchema for $name {
                fn inline_schema() -> bool {
                    true
                }
                fn schema_name() -> Cow<'static, str> {
                    stringify!($name).into()
                }
                fn json_schema(_: &mut SchemaGenerator) -> Schema {
                    json_schema!($shape)
                }
            })*
        };
    }

    schema! {
        Date: { "type": "string", "format": "date", "description": "A calendar day between 1900-01-01 and 2200-12-31." }
        Email: { "type": "string", "format": "idn-email", "maxLength": 254 }
        TimeZone: { "type": "string", "maxLength": 64, "description": "A time zone of the IANA list.", "examples": ["Europe/Paris"] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_blank() {
        for text in ["", " \n", "\u{200b}", "\u{feff} \u{2060}", "\u{3164}", "\u{2800}\u{ad}", "\u{202e}"] {
            assert!(not_blank(text).is_err() && one_line(text).is_err(), "{text:?}");
        }
        for text in ["a", "\u{200b}a", "👩\u{200d}🚀", "日本"] {
            assert!(not_blank(text).is_ok() && one_line(text).is_ok(), "{text:?}");
        }
        assert!(not_blank("a\r\nb\tc").is_ok() && not_blank("a\u{7}").is_err());
        for text in ["Ada\r\nBcc: eve@example.org", "a\tb", "a\u{85}b", "a\u{2028}b"] {
            assert!(one_line(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_zone_by_its_old_name_is_the_place_that_it_stands_for() {
        let name = |text: &str| TimeZone::parse(text).map(|zone| zone.0);
        assert_eq!(name("CET").as_deref(), Some("Europe/Brussels"));
        assert_eq!(name("EST5EDT").as_deref(), Some("America/New_York"));
        assert_eq!(name("Europe/Paris").as_deref(), Some("Europe/Paris"));
        assert_eq!((name(""), name("+05:30"), name("Europe/Paris ")), (None, None, None));
        for (old, place) in OLD_ZONES {
            assert!(place.contains('/') || *place == "UTC", "{old}");
        }
    }
}
