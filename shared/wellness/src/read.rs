//! Whether what was sent is as declared.

use edge::chrono::{DateTime, Datelike, Utc};
use edge::validation::Written;
use edge::{FieldError, Place};
use uuid::Uuid;

use crate::{Field, Given, Kind, REQUIRED, Sent};

/// Reads what was sent as the fields that may be sent `when`; `must` is whether those that are [`REQUIRED`] must be there. Moments,
/// ids and whole numbers are written in one way afterwards, so that two that are the same compare as such.
///
/// # Errors
/// One for each wrong, missing or unknown field.
pub fn read(fields: &[&[Field]], when: u8, must: bool, mut sent: Sent) -> Result<Sent, Vec<FieldError>> {
    let mut errors = Vec::new();
    object(fields, when, must, &mut sent, "", &mut errors);
    if errors.is_empty() { Ok(sent) } else { Err(errors) }
}

/// Moods of a request on the scale 0 to 100: with `mood_scale` 10 they were given as 0 to 10.
///
/// # Errors
/// `range` of a mood that the scale does not have.
pub fn scaled(mut sent: Sent) -> Result<Sent, Vec<FieldError>> {
    let mut errors = Vec::new();
    if sent.take("mood_scale") == Some(Given::Whole(10)) {
        for (name, value) in &mut sent.0 {
            if let ("mood" | "mood_before" | "mood_after", Given::Whole(mood)) = (name.as_str(), value) {
                if *mood > 10 {
                    errors.push(out_of_range(name, "0", "10"));
                }
                *mood *= 10;
            }
        }
    }
    if errors.is_empty() { Ok(sent) } else { Err(errors) }
}

fn object(fields: &[&[Field]], when: u8, must: bool, sent: &mut Sent, path: &str, errors: &mut Vec<FieldError>) {
    let known = |name: &str| fields.iter().flat_map(|part| part.iter()).find(|field| field.name == name && field.is(when));
    for (name, value) in &mut sent.0 {
        let path = below(path, name);
        match known(name) {
            Some(field) => check(&field.kind, value, &path, errors),
            None => errors.push(FieldError::new(Place::Body, path, "unknown_field")),
        }
    }
    if must {
        let required = fields.iter().flat_map(|part| part.iter()).filter(|field| field.is(REQUIRED) && field.is(when));
        for field in required.filter(|field| sent.get(field.name).is_none()) {
            errors.push(FieldError::new(Place::Body, below(path, field.name), "required"));
        }
    }
}

fn below(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { [path, ".", name].concat() }
}

fn check(kind: &Kind, value: &mut Given, path: &str, errors: &mut Vec<FieldError>) {
    let code = match (kind, &mut *value) {
        (_, Given::Null) => "not_nullable",
        (Kind::Flag, Given::Flag(_)) => return,
        (Kind::Whole(least, most), Given::Whole(number)) if (*least..=*most).contains(number) => return,
        (Kind::Whole(least, most), Given::Whole(_)) => {
            return errors.push(out_of_range(path, &least.to_string(), &most.to_string()));
        }
        // 6.0 is the whole number 6 (JSON Schema, 6.1.1).
        (Kind::Whole(..) | Kind::OneOf(_), Given::Number(number)) if number.fract() == 0.0 && number.abs() < 9e15 => {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and below 2⁵³")]
            let whole = *number as i64;
            *value = Given::Whole(whole);
            return check(kind, value, path, errors);
        }
        (Kind::Whole(least, most), Given::Number(number)) if number.fract() == 0.0 => {
            return errors.push(out_of_range(path, &least.to_string(), &most.to_string()));
        }
        (Kind::Number(least, most), Given::Number(number)) if (*least..=*most).contains(number) => return,
        #[expect(clippy::cast_precision_loss, reason = "bounds are small")]
        (Kind::Number(least, most), Given::Whole(number)) if (*least..=*most).contains(&(*number as f64)) => return,
        (Kind::Number(least, most), Given::Number(_) | Given::Whole(_)) => {
            return errors.push(out_of_range(path, &short(*least), &short(*most)));
        }
        (Kind::Text(least, most), Given::Text(text)) => {
            let length = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
            if (*least..=*most).contains(&length) {
                match *least > 0 && text.trim().is_empty() {
                    true => "blank",
                    false => return,
                }
            } else {
                let mut error = FieldError::new(Place::Body, path, if *least == 0 { "too_long" } else { "length" });
                error.params = vec![("max".to_owned(), most.to_string()), ("min".to_owned(), least.to_string())];
                return errors.push(error);
            }
        }
        (Kind::Words(words), Given::Text(word)) if words.contains(&word.as_str()) => return,
        (Kind::Words(_), Given::Text(_)) => "not_allowed",
        (Kind::OneOf(numbers), Given::Whole(number)) if numbers.contains(number) => return,
        (Kind::OneOf(_), Given::Whole(_)) => "not_allowed",
        (Kind::Moment, Given::Text(text)) => {
            match DateTime::<Utc>::read(text).filter(|moment| (1900..2200).contains(&moment.year())) {
                Some(moment) => {
                    *text = moment.write();
                    return;
                }
                None => "bad_moment",
            }
        }
        (Kind::Id, Given::Text(text)) => match Uuid::try_parse(text) {
            Ok(id) => {
                *text = id.to_string();
                return;
            }
            Err(_) => "bad_uuid",
        },
        (Kind::List(most, kind), Given::List(items)) => {
            if items.len() > *most as usize {
                let mut error = FieldError::new(Place::Body, path, "length");
                error.params = vec![("max".to_owned(), most.to_string()), ("min".to_owned(), "0".to_owned())];
                return errors.push(error);
            }
            for (at, item) in items.iter_mut().enumerate() {
                check(kind, item, &below(path, &at.to_string()), errors);
            }
            return;
        }
        (Kind::Object(shape), Given::Object(members)) => {
            return object(&[shape.fields], !REQUIRED, true, members, path, errors);
        }
        (Kind::Free(most), Given::Object(members)) => match members.is_plain(*most) {
            true => return,
            false => "not_allowed",
        },
        _ => "wrong_type",
    };
    errors.push(FieldError::new(Place::Body, path, code));
}

impl Sent {
    /// Whether it is what an application may keep with us: so many bytes of JSON and four levels at most, members named by words, no
    /// picture.
    pub fn is_plain(&self, most: usize) -> bool {
        let size = serde_json::to_vec(self).map_or(usize::MAX, |text| text.len());
        size <= most && are_plain(self, 4)
    }
}

fn are_plain(members: &Sent, depth: usize) -> bool {
    depth > 0 && members.0.iter().all(|(name, value)| is_word(name) && is_plain(value, depth - 1))
}

/// No deeper than that, its members named by words, and nothing that is a picture.
fn is_plain(value: &Given, depth: usize) -> bool {
    match value {
        Given::List(items) => depth > 0 && items.iter().all(|item| is_plain(item, depth - 1)),
        Given::Object(members) => are_plain(members, depth),
        Given::Text(text) => !text.trim_start().get(..11).is_some_and(|start| start.eq_ignore_ascii_case("data:image/")),
        // Of an integer beyond 64 bits only the first digits would be kept.
        Given::Number(number) => number.abs() < 9_223_372_036_854_775_808.0,
        _ => true,
    }
}

fn is_word(name: &str) -> bool {
    (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'))
}

fn out_of_range(path: &str, least: &str, most: &str) -> FieldError {
    let mut error = FieldError::new(Place::Body, path, "range");
    error.params = vec![("max".to_owned(), most.to_owned()), ("min".to_owned(), least.to_owned())];
    error
}

/// A bound as people write it.
fn short(bound: f64) -> String {
    bound.to_string()
}
