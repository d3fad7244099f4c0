//! Days and moments in the one form that callers and the database write them in: `YYYY-MM-DD`, and RFC 3339.
//!
//! chrono reads forms of many kinds, and its parser and formatter are larger than most handlers.

use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, SubsecRound, TimeZone, Timelike, Utc};
use serde::de::{Deserializer, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};

use crate::refuse;

/// What is written as a text of one form. `#[input]` and `#[output]` have fields of such types read and written by
/// [`written`] and [`written_or_null`], in place of chrono's own `Deserialize` and `Serialize`.
pub trait Written: Sized {
    /// What a text of another form is refused with.
    const CODE: &'static str;

    fn read(text: &str) -> Option<Self>;

    fn write(&self) -> String;
}

impl Written for NaiveDate {
    const CODE: &'static str = "bad_date";

    fn read(text: &str) -> Option<NaiveDate> {
        day(text)
    }

    fn write(&self) -> String {
        write_day(*self)
    }
}

/// Cut to the microsecond, as the database keeps it, so that a moment is the same however it gets there.
impl Written for DateTime<Utc> {
    const CODE: &'static str = "bad_moment";

    fn read(text: &str) -> Option<DateTime<Utc>> {
        moment(text).map(|moment| moment.trunc_subsecs(6))
    }

    fn write(&self) -> String {
        shortest(*self)
    }
}

struct Reading<T>(PhantomData<T>);

impl<T: Written> Visitor<'_> for Reading<T> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(T::CODE)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
        T::read(text).ok_or_else(|| refuse(T::CODE))
    }
}

/// For `Option`.
struct OrNull<T>(T);

impl<'de, T: Written> Deserialize<'de> for OrNull<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OrNull<T>, D::Error> {
        written::deserialize(deserializer).map(OrNull)
    }
}

/// `#[serde(with)]` of a field of a [`Written`] type.
pub mod written {
    use super::*;

    /// # Errors
    /// The serializer's.
    pub fn serialize<T: Written, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&value.write())
    }

    /// # Errors
    /// [`Written::CODE`].
    pub fn deserialize<'de, T: Written, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_str(Reading(PhantomData))
    }

    /// As [`present`](crate::present).
    ///
    /// # Errors
    /// [`Written::CODE`]; null is refused.
    pub fn present<'de, T: Written, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        deserialize(deserializer).map(Some)
    }
}

/// `#[serde(with)]` of an `Option` of a [`Written`] type.
pub mod written_or_null {
    use super::*;

    /// # Errors
    /// The serializer's.
    pub fn serialize<T: Written, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Written::write).serialize(serializer)
    }

    /// # Errors
    /// [`Written::CODE`].
    pub fn deserialize<'de, T: Written, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        Ok(Option::<OrNull<T>>::deserialize(deserializer)?.map(|OrNull(value)| value))
    }
}

/// A day, `YYYY-MM-DD`, years 0000 to 9999.
pub fn day(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    NaiveDate::from_ymd_opt(digits(&bytes[..4])?.cast_signed(), digits(&bytes[5..7])?, digits(&bytes[8..])?)
}

/// A moment as RFC 3339 has it: `YYYY-MM-DDThh:mm:ss`, any decimals, and `Z` or an offset. Finer than a nanosecond is cut off; a
/// leap second is none.
pub fn moment(text: &str) -> Option<DateTime<Utc>> {
    let bytes = text.as_bytes();
    let day = day(text.get(..10)?)?;
    let (b'T' | b't', b':', b':') = (*bytes.get(10)?, *bytes.get(13)?, *bytes.get(16)?) else { return None };
    let (hour, minute, second) = (digits(bytes.get(11..13)?)?, digits(bytes.get(14..16)?)?, digits(bytes.get(17..19)?)?);
    let rest = bytes.get(19..)?;
    let (nanos, zone) = match rest.split_first()? {
        (b'.', decimals) => {
            let count = decimals.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let kept = digits(decimals.get(..count.min(9)).filter(|kept| !kept.is_empty())?)?;
            (kept * 10_u32.pow(9 - u32::try_from(count.min(9)).ok()?), decimals.get(count..)?)
        }
        _ => (0, rest),
    };
    let offset = match zone {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (digits(&[*h1, *h2])?, digits(&[*m1, *m2])?);
            let seconds = (hours * 3600 + minutes * 60).cast_signed();
            if hours > 23 || minutes > 59 {
                return None;
            }
            if *sign == b'-' { -seconds } else { seconds }
        }
        _ => return None,
    };
    let local = NaiveDateTime::new(day, NaiveTime::from_hms_nano_opt(hour, minute, second, nanos)?);
    FixedOffset::east_opt(offset)?
        .from_local_datetime(&local)
        .single()
        .map(|moment| moment.to_utc())
        .filter(|moment| (0..=9999).contains(&moment.year()))
}

/// A moment in UTC as RFC 3339 has it, with this many decimals, at most 9; years 0000 to 9999.
pub fn rfc3339(moment: DateTime<Utc>, decimals: u32) -> String {
    let mut text = write_day(moment.date_naive());
    text.push('T');
    let time = moment.time();
    push(&mut text, time.hour(), 2);
    text.push(':');
    push(&mut text, time.minute(), 2);
    text.push(':');
    // In a leap second chrono counts on within second 59.
    push(&mut text, time.second() + time.nanosecond() / 1_000_000_000, 2);
    if decimals > 0 {
        text.push('.');
        push(&mut text, time.nanosecond() % 1_000_000_000 / 10_u32.pow(9 - decimals), decimals);
    }
    text.push('Z');
    text
}

/// A day as [`day`] reads it.
pub fn write_day(day: NaiveDate) -> String {
    let mut text = String::with_capacity(32);
    push(&mut text, day.year().unsigned_abs(), 4);
    text.push('-');
    push(&mut text, day.month(), 2);
    text.push('-');
    push(&mut text, day.day(), 2);
    text
}

/// As few decimals as say it, in threes.
pub(crate) fn shortest(moment: DateTime<Utc>) -> String {
    let nanos = moment.nanosecond();
    let decimals = match nanos {
        _ if nanos.is_multiple_of(1_000_000_000) => 0,
        _ if nanos.is_multiple_of(1_000_000) => 3,
        _ if nanos.is_multiple_of(1000) => 6,
        _ => 9,
    };
    rfc3339(moment, decimals)
}

fn push(text: &mut String, number: u32, width: u32) {
    for place in (0..width).rev() {
        text.push(char::from_digit(number / 10_u32.pow(place) % 10, 10).unwrap_or('0'));
    }
}

fn digits(bytes: &[u8]) -> Option<u32> {
    bytes.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0')))
}

#[cfg(test)]
mod tests {
    use chrono::SecondsFormat;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn other_forms_are_none() {
        for text in ["2026-1-2", "+2026-01-02", "2026-02-30", "2026-01-02 ", "20260102", "2026-W01-1", "\u{e9}26-01-02", ""] {
            assert_eq!(day(text), None, "{text}");
        }
        for text in [
            "2026-06-01",
            "2026-06-01T12:00",
            "2026-06-01T12:00Z",
            "2026-06-01 12:00:00Z",
            "2026-06-01T12:00:00",
            "2026-06-01T12:00:00+2",
            "2026-06-01T12:00:00+0200",
            "2026-06-01T12:00:00 Z",
            "2026-06-01T12:00:00.Z",
            "2026-06-01T24:00:00Z",
            "2026-06-01T12:60:00Z",
            "2026-06-30T23:59:60Z",
            "2026-06-01T12:00:00+24:00",
            "2026-06-01T12:00:00+02:60",
            "2026-06-01T12:00:00Zx",
            "1780315200",
            "",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_chrono_writes_is_read_and_what_is_written_chrono_reads(seconds in -62_000_000_000i64..253_000_000_000, nanos in 0u32..1_000_000_000, offset in -1439i32..1440, places in 0u32..10) {
            let exact = nanos / 10_u32.pow(9 - places) * 10_u32.pow(9 - places);
            let at = DateTime::from_timestamp(seconds, exact).unwrap();
            prop_assert_eq!(moment(&at.to_rfc3339()), Some(at));
            prop_assert_eq!(moment(&at.with_timezone(&FixedOffset::east_opt(offset * 60).unwrap()).to_rfc3339()), Some(at));
            prop_assert_eq!(rfc3339(at, places).parse::<DateTime<Utc>>().unwrap(), at);
            prop_assert_eq!(shortest(at), at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            prop_assert_eq!(day(&at.date_naive().to_string()), Some(at.date_naive()));
            prop_assert_eq!(write_day(at.date_naive()), at.date_naive().to_string());
        }

        #[test]
        fn whatever_is_read_chrono_reads_alike(text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ]?[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,12})?([Zz]|[+-][0-2][0-9]:?[0-6][0-9])?") {
            if let Some(at) = moment(&text) {
                prop_assert_eq!(DateTime::parse_from_rfc3339(&text).unwrap().to_utc(), at, "{}", text);
            }
        }

        #[test]
        fn nothing_panics(text: String, near in "[0-9T:.Z+\\-\u{e9}]{0,30}") {
            let _ = (day(&text), moment(&text), day(&near), moment(&near));
        }
    }
}
