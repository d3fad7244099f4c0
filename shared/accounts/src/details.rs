//! Rules for what people say of themselves. An empty text takes the value away.

use edge::validation::{not_blank, one_line};
use validator::ValidationError;

/// On one line: names stand in letters and lists.
///
/// # Errors
/// `blank` or `control_character`.
pub fn name(text: &str) -> Result<(), ValidationError> {
    if text.is_empty() { Ok(()) } else { one_line(text) }
}

/// On as many lines as one likes.
///
/// # Errors
/// `blank` or `control_character`.
pub fn text(text: &str) -> Result<(), ValidationError> {
    if text.is_empty() { Ok(()) } else { not_blank(text) }
}

/// Digits with the signs that people put between them.
///
/// # Errors
/// `not_allowed`.
pub fn phone(text: &str) -> Result<(), ValidationError> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let known = text.bytes().all(|byte| byte.is_ascii_digit() || b"+ ()-./".contains(&byte));
    allow(text.is_empty() || (known && digits >= 3))
}

/// ISO 3166-1 alpha-2, in either case.
///
/// # Errors
/// `not_allowed`.
pub fn country(text: &str) -> Result<(), ValidationError> {
    allow(text.is_empty() || (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic())))
}

fn allow(fits: bool) -> Result<(), ValidationError> {
    if fits { Ok(()) } else { Err(ValidationError::new("not_allowed")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_text_takes_a_value_away_and_is_no_error() {
        assert!(name("").is_ok() && phone("").is_ok() && country("").is_ok());
    }

    #[test]
    fn what_is_no_phone_and_no_country_is_refused() {
        assert!(phone("+33 (0)1 23-45.67").is_ok() && country("FR").is_ok() && country("be").is_ok());
        assert!(phone("allo 123").is_err() && phone("+-").is_err() && country("FRA").is_err() && country("1F").is_err());
        assert!(name(" ").is_err() && name("Ada\r\nBcc: x").is_err() && text("a\r\nb").is_ok());
    }
}
