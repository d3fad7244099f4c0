//! What comes in: strict JSON bodies, path and query parameters, and the errors that say which field is wrong.
//!
//! A type that derives `Deserialize` and `validator::Validate` is read by [`json`] (a body) or [`text`] (path and
//! query parameters). Both refuse unknown and duplicate fields, nulls where the field is not nullable and NUL
//! characters, and answer with [`FieldError`]s whose sentences exist in French and English.

mod email;
mod field;
mod json;
mod language;
mod moment;
mod text;
mod types;

pub use email::Email;
pub use field::{FieldError, Place, broken, check, has_sentence};
pub use json::{Rejected, json};
pub use language::{Language, Message};
pub use moment::{Written, day, moment, rfc3339, write_day, written, written_or_null};
pub use small_json::number;
pub use text::text;
pub use types::{Date, TimeZone, is_invisible, not_blank, one_line, present, refuse};
