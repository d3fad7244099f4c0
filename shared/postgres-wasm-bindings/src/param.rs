//! Statements and their parameters.

use std::borrow::Cow;
use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::Serialize;
use small_json::write_string;
use uuid::Uuid;

use crate::{array, json, time};

/// SQL text. Always a constant, so that no text is ever assembled from strings; values travel as bound parameters.
///
/// ```
/// use postgres_wasm_bindings::Sql;
///
/// const RENAME: Sql = Sql::new("update person set name = $2 where id = $1");
/// let statement = RENAME.bind(7).bind("Zoé");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sql(&'static str);

impl Sql {
    /// One statement; PostgreSQL refuses several in one text.
    pub const fn new(text: &'static str) -> Sql {
        Sql(text)
    }

    /// The text as written.
    pub const fn text(&self) -> &'static str {
        self.0
    }

    /// Binds `$1`. PostgreSQL infers its type, so a cast in the text (`$1::date`) helps where it cannot.
    pub fn bind(self, value: impl ToSql) -> Statement {
        Statement::from(self).bind(value)
    }
}

/// SQL text with the parameters bound so far.
#[derive(Clone)]
pub struct Statement {
    pub(crate) sql: Sql,
    /// The items of a JSON array, without its brackets.
    pub(crate) params: String,
    count: usize,
    /// The first parameter that cannot be sent: its number and why.
    pub(crate) refused: Option<(usize, &'static str)>,
}

impl Statement {
    /// Binds the next parameter. One that cannot be sent is reported when the batch runs.
    pub fn bind(mut self, value: impl ToSql) -> Statement {
        if self.count > 0 {
            self.params.push(',');
        }
        self.count += 1;
        let reason = match value.to_sql() {
            Ok(None) => {
                self.params.push_str("null");
                return self;
            }
            Ok(Some(text)) if !text.as_bytes().contains(&0) => {
                write_string(&mut self.params, &text);
                return self;
            }
            Ok(Some(_)) => Unsendable::NUL.0,
            Err(Unsendable(reason)) => reason,
        };
        self.refused.get_or_insert((self.count, reason));
        self
    }
}

impl From<Sql> for Statement {
    fn from(sql: Sql) -> Statement {
        Statement { sql, params: String::new(), count: 0, refused: None }
    }
}

/// Parameters are personal data: only the text is shown.
impl fmt::Debug for Statement {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Statement").field("sql", &self.sql.0).finish_non_exhaustive()
    }
}

/// Why a value cannot become a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unsendable(pub &'static str);

impl Unsendable {
    const NUL: Unsendable = Unsendable("PostgreSQL cannot store the character NUL in text");
}

/// A value that can be a parameter.
///
/// Parameters travel as text or null only: what a server makes of JSON numbers, arrays and objects differs from vendor to vendor.
pub trait ToSql {
    /// The value in PostgreSQL's text form, `None` for null.
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable>;
}

impl<T: ToSql + ?Sized> ToSql for &T {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        (**self).to_sql()
    }
}

impl<T: ToSql> ToSql for Option<T> {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        match self {
            Some(value) => value.to_sql(),
            None => Ok(None),
        }
    }
}

impl ToSql for str {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(Cow::Borrowed(self)))
    }
}

impl ToSql for String {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(Cow::Borrowed(self)))
    }
}

impl ToSql for Cow<'_, str> {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(Cow::Borrowed(self)))
    }
}

impl ToSql for bool {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(Cow::Borrowed(if *self { "t" } else { "f" })))
    }
}

macro_rules! integers {
    ($($integer:ty)*) => {$(
        impl ToSql for $integer {
            fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
                Ok(Some(self.to_string().into()))
            }
        }
    )*};
}

integers! { i8 i16 i32 i64 u8 u16 u32 }

impl ToSql for f64 {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(match *self {
            f64::INFINITY => "Infinity".into(),
            f64::NEG_INFINITY => "-Infinity".into(),
            _ => self.to_string().into(),
        }))
    }
}

impl ToSql for Uuid {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        let mut buffer = Uuid::encode_buffer();
        let text: &str = self.hyphenated().encode_lower(&mut buffer);
        Ok(Some(text.to_owned().into()))
    }
}

impl ToSql for NaiveDate {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(time::write(Some(*self), None, "").into()))
    }
}

impl ToSql for NaiveTime {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(time::write(None, Some(*self), "").into()))
    }
}

/// For `timestamp` without time zone; microseconds, anything finer is cut off.
impl ToSql for NaiveDateTime {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        Ok(Some(time::write(Some(self.date()), Some(self.time()), "").into()))
    }
}

/// For `timestamptz`; microseconds, anything finer is cut off.
impl ToSql for DateTime<Utc> {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        let local = self.naive_utc();
        Ok(Some(time::write(Some(local.date()), Some(local.time()), "+00").into()))
    }
}

/// A value for a `json` or `jsonb` parameter: `Json(&settings)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(pub T);

impl<T: Serialize> ToSql for Json<T> {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        let text = serde_json::to_string(&self.0).map_err(|_| Unsendable("the value cannot be written as JSON"))?;
        if has_nul_escape(&text) {
            return Err(Unsendable::NUL);
        }
        Ok(Some(text.into()))
    }
}

/// Whether JSON text contains `\u0000`, which `jsonb` refuses and `json` cannot give back as text.
fn has_nul_escape(json: &str) -> bool {
    let mut rest = json.as_bytes();
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        if rest[at..].starts_with(b"\\u0000") {
            return true;
        }
        // The character after a backslash belongs to it.
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    false
}

/// A slice for an array parameter of one dimension: `Array(&ids)`, `$1::uuid[]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Array<'a, T>(pub &'a [T]);

impl<T: ToSql> ToSql for Array<'_, T> {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        array::write(self.0).map(|text| Some(text.into()))
    }
}

/// Bytes for a `bytea` parameter: `Bytea(&bytes)`; `Bytea<Vec<u8>>` also reads one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bytea<T>(pub T);

impl<T: AsRef<[u8]>> ToSql for Bytea<T> {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        let bytes = self.0.as_ref();
        let mut text = String::with_capacity(2 + 2 * bytes.len());
        text.push_str("\\x");
        for byte in bytes {
            text.push(json::hex_digit(byte >> 4));
            text.push(json::hex_digit(byte & 15));
        }
        Ok(Some(text.into()))
    }
}
