//! Numbers and days as each language writes them.

use chrono::{Datelike, NaiveDate};
use edge::{Language, Message, msg};

const MONTHS: [Message; 12] = [
    msg!("", fr: "janv.", en: "Jan"),
    msg!("", fr: "févr.", en: "Feb"),
    msg!("", fr: "mars", en: "Mar"),
    msg!("", fr: "avr.", en: "Apr"),
    msg!("", fr: "mai", en: "May"),
    msg!("", fr: "juin", en: "Jun"),
    msg!("", fr: "juil.", en: "Jul"),
    msg!("", fr: "août", en: "Aug"),
    msg!("", fr: "sept.", en: "Sep"),
    msg!("", fr: "oct.", en: "Oct"),
    msg!("", fr: "nov.", en: "Nov"),
    msg!("", fr: "déc.", en: "Dec"),
];

/// Short, as it stands above a calendar.
pub fn month(day: NaiveDate, language: Language) -> &'static str {
    MONTHS[usize::try_from(day.month0()).unwrap_or_default()].text(language)
}

/// `9 juin 2026`
pub fn date(day: NaiveDate, language: Language) -> String {
    format!("{} {} {}", day.day(), month(day, language), day.year())
}

/// Thousands apart, as the language has it.
pub fn number(number: i64, language: Language) -> String {
    signed(number < 0, number.unsigned_abs(), language)
}

fn signed(is_negative: bool, size: u64, language: Language) -> String {
    let digits = size.to_string();
    let mut text = if is_negative { "-" } else { "" }.to_owned();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(if language == Language::Fr { '\u{202f}' } else { ',' });
        }
        text.push(digit);
    }
    text
}

/// A number rounded to so many places, three at most. What is no number is 0.
pub fn decimal(value: f64, places: u32, language: Language) -> String {
    let unit = 10_i64.pow(places.min(3));
    // Too large a number becomes the largest.
    let scaled = (value * unit as f64).round() as i64;
    let mut text = signed(scaled < 0, (scaled / unit).unsigned_abs(), language);
    if unit > 1 {
        text.push(if language == Language::Fr { ',' } else { '.' });
        let behind = (scaled % unit).unsigned_abs().to_string();
        (behind.len()..usize::try_from(places.min(3)).unwrap_or_default()).for_each(|_| text.push('0'));
        text.push_str(&behind);
    }
    text
}

/// A number of things. In French nothing and one are singular, in English only one is.
pub fn count(amount: i64, one: &str, many: &str, language: Language) -> String {
    let singular = amount == 1 || (amount == 0 && language == Language::Fr);
    [number(amount, language).as_str(), " ", if singular { one } else { many }].concat()
}

/// A colon as it stands behind a word.
pub fn colon(language: Language) -> &'static str {
    if language == Language::Fr { "\u{a0}:" } else { ":" }
}
