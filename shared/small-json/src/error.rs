use std::fmt::{self, Display};

use serde::de::{self, Expected, Unexpected};

/// What was read that did not fit. Never quotes what was read, but for names of members.
///
/// Boxed, because every step of reading may return it.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    why: Why,
    path: String,
    at: usize,
}

/// Why something did not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is no JSON, or nested too deep.
    Malformed,
    /// A member is not there.
    Missing,
    /// There may be no such member.
    Unknown,
    /// A member is there twice.
    Duplicate,
    /// It is null.
    Null,
    /// It is of another type.
    Type,
    /// It is none of the words that are allowed.
    Word,
    /// It is of the right type, and out of range.
    Value,
    /// What the type itself says that reads it.
    Said(String),
}

impl Error {
    #[cold]
    pub(crate) fn new(why: Why, at: usize) -> Error {
        Error(Box::new(Inner { why, path: String::new(), at }))
    }

    #[cold]
    fn of(why: Why, name: &str) -> Error {
        Error(Box::new(Inner { why, path: name.to_owned(), at: 0 }))
    }

    /// One level further out; it has been read to `at`.
    #[cold]
    pub(crate) fn below(mut self, name: &str, at: usize) -> Error {
        if self.0.at == 0 {
            self.0.at = at;
        }
        let path = &mut self.0.path;
        if !path.is_empty() {
            path.insert(0, '.');
        }
        path.insert_str(0, name);
        self
    }

    #[cold]
    pub(crate) fn below_index(self, index: usize, at: usize) -> Error {
        self.below(&index.to_string(), at)
    }

    pub fn why(&self) -> &Why {
        &self.0.why
    }

    /// The members and places that lead to it, with dots between them: `items.0.name`. Empty for the document as a whole.
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Line and column, from 1, where reading `text` ended; of what is no JSON, where it ceases to be.
    pub fn position(&self, text: &[u8]) -> (usize, usize) {
        let read = text.get(..self.0.at).unwrap_or(text);
        let line = read.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = read.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        (line, column)
    }
}

impl Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match &self.0.why {
            Why::Malformed => "not JSON",
            Why::Missing => "missing",
            Why::Unknown => "unknown",
            Why::Duplicate => "twice",
            Why::Null => "null",
            Why::Type => "of another type",
            Why::Word => "another word",
            Why::Value => "out of range",
            Why::Said(what) => what,
        })?;
        if self.0.path.is_empty() {
            return Ok(());
        }
        out.write_str(": ")?;
        out.write_str(&self.0.path)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    #[cold]
    fn custom<T: Display>(what: T) -> Error {
        Error::new(Why::Said(what.to_string()), 0)
    }

    fn invalid_type(found: Unexpected<'_>, _: &dyn Expected) -> Error {
        let is_null = matches!(found, Unexpected::Unit | Unexpected::Option);
        Error::new(if is_null { Why::Null } else { Why::Type }, 0)
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Error {
        Error::new(Why::Value, 0)
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Error {
        Error::new(Why::Value, 0)
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Error {
        Error::new(Why::Word, 0)
    }

    fn unknown_field(name: &str, _: &'static [&'static str]) -> Error {
        Error::of(Why::Unknown, name)
    }

    fn missing_field(name: &'static str) -> Error {
        Error::of(Why::Missing, name)
    }

    fn duplicate_field(name: &'static str) -> Error {
        Error::of(Why::Duplicate, name)
    }
}
