//! The career diagnostic of Aube: [`questions`], the [`score`] of answers, [`occupations`] and their [`ranking`], and the
//! [`result`] that people see. Pure functions of the answers: no clock, no chance, no language in any number.
//!
//! Formulas and bounds are those of `functions/aube/README.md`.

pub mod html;
pub mod occupations;
pub mod questions;
pub mod ranking;
pub mod recommend;
pub mod result;
pub mod score;
mod stored;
pub mod words;

pub use questions::Answers;
pub use result::{Analysis, DiagnosticResult};
pub use stored::{LATEST, ONE, Owner, RETIRED, Stored, found, stored};

/// The form of an occupation's code and of a recommendation's id: letters, digits, dots and hyphens, with a hyphen.
///
/// # Errors
/// `not_allowed`.
pub fn is_id(id: &str) -> Result<(), validator::ValidationError> {
    let known = id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    if known && id.contains('-') { Ok(()) } else { Err(validator::ValidationError::new("not_allowed")) }
}

#[cfg(test)]
mod tests;
