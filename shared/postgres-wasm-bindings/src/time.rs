//! Dates and times between PostgreSQL's ISO style and what chrono reads and writes.
//!
//! They differ in the separator (blank or `T`), the offset (`+00` or `Z`), years above 9999 (chrono wants a sign) and years
//! before 1 (PostgreSQL writes `0044-03-15 BC`, chrono `-0043-03-15`).

use std::borrow::Cow;

use chrono::{Datelike, NaiveDate, NaiveTime, Timelike};

/// PostgreSQL's text for a date, a time or both, with `zone` after the time.
pub(crate) fn write(date: Option<NaiveDate>, time: Option<NaiveTime>, zone: &str) -> String {
    let mut out = String::with_capacity(32);
    // Year 0 of the calendar that chrono counts in is 1 BC.
    let year = date.map_or(1, |date| date.year());
    if let Some(date) = date {
        digits(&mut out, if year > 0 { year } else { 1 - year } as u32, 4);
        out.push('-');
        digits(&mut out, date.month(), 2);
        out.push('-');
        digits(&mut out, date.day(), 2);
    }
    if let Some(time) = time {
        if date.is_some() {
            out.push(' ');
        }
        digits(&mut out, time.hour(), 2);
        out.push(':');
        digits(&mut out, time.minute(), 2);
        out.push(':');
        // In a leap second chrono counts on within second 59.
        let micros = time.nanosecond() / 1000;
        digits(&mut out, time.second() + micros / 1_000_000, 2);
        if micros % 1_000_000 > 0 {
            out.push('.');
            digits(&mut out, micros % 1_000_000, 6);
        }
        out.push_str(zone);
    }
    if year <= 0 {
        out.push_str(" BC");
    }
    out
}

fn digits(out: &mut String, number: u32, width: u32) {
    for place in (0..width.max(number.checked_ilog10().unwrap_or(0) + 1)).rev() {
        out.push((b'0' + (number / 10u32.pow(place) % 10) as u8) as char);
    }
}

/// As [`rfc3339`], with decimals in threes, as chrono writes them.
pub(crate) fn write_rfc3339(text: &str, out: &mut String) {
    // What nearly every row has: a day of four digits for the year, and a moment in UTC.
    match (text.get(..10), text.get(10..).and_then(|rest| rest.strip_suffix("+00")?.strip_prefix(' '))) {
        (Some(day), None) if text.len() == 10 => return out.push_str(day),
        (Some(day), Some(clock)) if day.as_bytes()[4] == b'-' => {
            out.push_str(day);
            out.push('T');
            out.push_str(clock);
            let decimals = clock.len().saturating_sub("03:04:05.".len());
            (decimals..decimals.next_multiple_of(3)).for_each(|_| out.push('0'));
            return out.push('Z');
        }
        _ => {}
    }
    let text = rfc3339(text);
    let Some(point) = text.find('.') else { return out.push_str(&text) };
    let rest = &text[point + 1..];
    let decimals = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (head, zone) = text.split_at(point + 1 + decimals);
    out.push_str(head);
    (decimals..decimals.next_multiple_of(3)).for_each(|_| out.push('0'));
    out.push_str(zone);
}

/// PostgreSQL's `date`, `timestamp` or `timestamptz` as RFC 3339 has it. `infinity` and what is not ISO style stay as they are.
pub(crate) fn rfc3339(text: &str) -> Cow<'_, str> {
    let (ad, before_christ) = match text.strip_suffix(" BC") {
        Some(ad) => (ad, true),
        None => (text, false),
    };
    let Some((year, rest)) = ad.split_once('-') else { return text.into() };
    let Some(number) = year.parse::<u32>().ok().filter(|year| *year > 0) else { return text.into() };
    let (day, time) = rest.split_once(' ').map_or((rest, None), |(day, time)| (day, Some(time)));
    if time.is_none() && !before_christ && year.len() == 4 {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 5);
    match (before_christ, number) {
        (true, 1) => out.push_str("0000"),
        (true, _) => {
            out.push('-');
            digits(&mut out, number - 1, 4);
        }
        (false, _) => {
            out.push_str(if year.len() > 4 { "+" } else { "" });
            out.push_str(year);
        }
    }
    out.push('-');
    out.push_str(day);
    if let Some(time) = time {
        out.push('T');
        push_time(&mut out, time);
    }
    out.into()
}

fn push_time(out: &mut String, time: &str) {
    let Some(sign) = time.find(['+', '-']) else { return out.push_str(time) };
    let (clock, offset) = time.split_at(sign);
    out.push_str(clock);
    match offset {
        "+00" => out.push('Z'),
        _ if offset.len() == 3 => {
            out.push_str(offset);
            out.push_str(":00");
        }
        _ => out.push_str(offset),
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDateTime, Utc};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_postgresql_writes_becomes_rfc_3339() {
        for (postgresql, rfc) in [
            ("2026-01-02 03:04:05.123456+00", "2026-01-02T03:04:05.123456Z"),
            ("2026-01-02 03:04:05+05:30", "2026-01-02T03:04:05+05:30"),
            ("2026-01-02 03:04:05-08", "2026-01-02T03:04:05-08:00"),
            ("2026-01-02 03:04:05", "2026-01-02T03:04:05"),
            ("2026-01-02", "2026-01-02"),
            ("10000-01-02", "+10000-01-02"),
            ("0044-03-15 BC", "-0043-03-15"),
            ("0001-12-31 23:59:59+00 BC", "0000-12-31T23:59:59Z"),
            ("infinity", "infinity"),
            ("-infinity", "-infinity"),
            ("02/01/2026", "02/01/2026"),
        ] {
            assert_eq!(rfc3339(postgresql), rfc);
        }
    }

    #[test]
    fn a_leap_second_is_second_60() {
        let time = NaiveTime::from_hms_nano_opt(23, 59, 59, 1_500_000_000);
        assert_eq!(write(None, time, ""), "23:59:60.500000");
    }

    proptest! {
        #[test]
        fn every_moment_reads_as_it_was_written(seconds in -210_000_000_000i64..8_200_000_000_000, micros in 0u32..1_000_000) {
            let moment = DateTime::<Utc>::from_timestamp(seconds, micros * 1000).unwrap();
            let local = moment.naive_utc();
            let text = write(Some(local.date()), Some(local.time()), "+00");
            prop_assert_eq!(rfc3339(&text).parse::<DateTime<Utc>>().unwrap(), moment, "{}", text);
            let text = write(Some(local.date()), Some(local.time()), "");
            prop_assert_eq!(rfc3339(&text).parse::<NaiveDateTime>().unwrap(), local, "{}", text);
            let text = write(Some(local.date()), None, "");
            prop_assert_eq!(rfc3339(&text).parse::<NaiveDate>().unwrap(), local.date(), "{}", text);
            let text = write(None, Some(local.time()), "");
            prop_assert_eq!(text.parse::<NaiveTime>().unwrap(), local.time(), "{}", text);
        }

        #[test]
        fn arbitrary_text_never_panics(text in r"[0-9é:+\- .BC]{0,30}") {
            drop(rfc3339(&text));
        }
    }
}
