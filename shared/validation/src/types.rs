use std::any::Any;
use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, SubsecRound, Timelike, Utc};
use postgres_wasm_bindings::{ToSql, Unsendable};
use serde::de::{Deserializer, Error};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use validator::ValidationError;

/// Marks a refusal whose text is a field code; [`crate::json`] and [`crate::text`] read it back.
pub(crate) const REFUSED: &str = "refused:";

/// A deserialisation error with a code of the message table, for types of our own.
pub fn refuse<E: Error>(code: &'static str) -> E {
    E::custom([REFUSED, code].concat())
}

/// For optional fields: absent is `None`, `null` is refused, and so is a moment that the database has no place for. A moment is
/// cut to the microsecond, as the database keeps it, so that it is the same however it gets there.
///
/// # Errors
/// Whatever `T` refuses, null included; `bad_moment` for a leap second, which is another moment once it is stored.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de> + 'static>(deserializer: D) -> Result<Option<T>, D::Error> {
    let mut value = T::deserialize(deserializer)?;
    if let Some(moment) = (&mut value as &mut dyn Any).downcast_mut::<DateTime<Utc>>() {
        if moment.nanosecond() >= 1_000_000_000 {
            return Err(refuse("bad_moment"));
        }
        *moment = moment.trunc_subsecs(6);
    }
    Ok(Some(value))
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
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
        let text = String::deserialize(deserializer)?;
        // chrono also takes `2026-1-2` and `+2026-01-02`.
        let exact = text.len() == 10
            && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
        let day = if exact { text.parse().ok() } else { None };
        day.and_then(Date::new).ok_or_else(|| refuse("bad_date"))
    }
}

impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
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
