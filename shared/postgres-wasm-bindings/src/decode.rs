//! Rows and cells as serde deserializers.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected, Visitor};
use small_json::Reader;

use crate::Bytea;
use crate::array::{Item, Items};
use crate::json::Span;
use crate::results::Column;
use crate::time;

/// A type's object id, fixed in PostgreSQL's `pg_type.dat`.
pub(crate) mod oid {
    pub(crate) const BOOL: u32 = 16;
    pub(crate) const BYTEA: u32 = 17;
    pub(crate) const INT8: u32 = 20;
    pub(crate) const INT2: u32 = 21;
    pub(crate) const INT4: u32 = 23;
    pub(crate) const OID: u32 = 26;
    pub(crate) const JSON: u32 = 114;
    pub(crate) const FLOAT4: u32 = 700;
    pub(crate) const FLOAT8: u32 = 701;
    pub(crate) const DATE: u32 = 1082;
    pub(crate) const TIMESTAMP: u32 = 1114;
    pub(crate) const TIMESTAMPTZ: u32 = 1184;
    pub(crate) const UUID: u32 = 2950;
    pub(crate) const JSONB: u32 = 3802;
    /// A type whose text is taken as it is.
    pub(crate) const TEXT: u32 = 25;

    /// The type of an array's elements, for the array types whose elements are not read as plain text.
    pub(crate) fn element(array: u32) -> Option<u32> {
        Some(match array {
            199 => JSON,
            1000 => BOOL,
            1001 => BYTEA,
            1005 => INT2,
            1007 => INT4,
            1016 => INT8,
            1021 => FLOAT4,
            1022 => FLOAT8,
            1028 => OID,
            1115 => TIMESTAMP,
            1182 => DATE,
            1185 => TIMESTAMPTZ,
            3807 => JSONB,
            1002 | 1003 | 1009 | 1014 | 1015 | 1183 | 1187 | 1231 | 1270 | 2951 => TEXT,
            _ => return None,
        })
    }
}

/// A cell that does not fit. Never quotes the cell. Boxed, because it is part of every result on the way.
#[derive(Debug)]
pub(crate) struct Mismatch(Box<Unfit>);

#[derive(Debug)]
struct Unfit {
    column: String,
    expected: String,
}

impl Mismatch {
    pub(crate) fn expected(what: impl Into<String>) -> Mismatch {
        Mismatch(Box::new(Unfit { column: String::new(), expected: what.into() }))
    }

    #[cold]
    fn wanted(wanted: &dyn Expected) -> Mismatch {
        Mismatch::expected(wanted.to_string())
    }

    #[cold]
    fn null(wanted: &dyn Expected) -> Mismatch {
        Mismatch::expected(format!("{wanted}, found null"))
    }

    #[cold]
    pub(crate) fn in_column(mut self, name: &str) -> Mismatch {
        if self.0.column.is_empty() {
            self.0.column.push_str(name);
        }
        self
    }

    #[cold]
    pub(crate) fn in_statement(self, statement: usize) -> crate::Error {
        crate::Error::Decode { statement, column: self.0.column, expected: self.0.expected }
    }
}

impl std::error::Error for Mismatch {}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "expected {}", self.0.expected)
    }
}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Mismatch {
        Mismatch::expected(message.to_string())
    }

    fn invalid_type(_: Unexpected<'_>, wanted: &dyn Expected) -> Mismatch {
        Mismatch::wanted(wanted)
    }

    fn invalid_value(_: Unexpected<'_>, wanted: &dyn Expected) -> Mismatch {
        Mismatch::wanted(wanted)
    }

    fn invalid_length(length: usize, wanted: &dyn Expected) -> Mismatch {
        Mismatch::expected(format!("{wanted}, found {length}"))
    }

    fn unknown_variant(_: &str, variants: &'static [&'static str]) -> Mismatch {
        Mismatch::expected(format!("one of {}", variants.join(", ")))
    }

    fn unknown_field(name: &str, _: &'static [&'static str]) -> Mismatch {
        Mismatch::expected("no such column").in_column(name)
    }

    fn missing_field(name: &'static str) -> Mismatch {
        Mismatch::expected("a column of that name").in_column(name)
    }

    fn duplicate_field(name: &'static str) -> Mismatch {
        Mismatch::expected("one column of that name").in_column(name)
    }
}

/// A row. Structs and maps read its columns by name, tuples by position, all other types its only column.
#[derive(Clone, Copy)]
pub(crate) struct Row<'de> {
    pub(crate) text: &'de str,
    pub(crate) columns: &'de [Column],
    pub(crate) cells: &'de [Span],
}

impl<'de> Row<'de> {
    fn only(self) -> Result<(&'de str, Cell<'de>), Mismatch> {
        let mut columns = Columns { row: self, at: 0 };
        match self.columns.len() {
            1 => columns.next().ok_or_else(|| Mismatch::expected("one column")),
            found => Err(Mismatch::expected(format!("one column, found {found}"))),
        }
    }

    fn positions<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Mismatch> {
        if self.columns.len() != len {
            return Err(Mismatch::expected(format!("{len} columns, found {}", self.columns.len())));
        }
        visitor.visit_seq(Columns { row: self, at: 0 })
    }
}

/// Walks over the cells of a row.
struct Columns<'de> {
    row: Row<'de>,
    at: usize,
}

impl<'de> Columns<'de> {
    fn name(&self) -> Option<&'de str> {
        Some(self.row.columns.get(self.at)?.name.of(self.row.text).unwrap_or_default())
    }

    fn next(&mut self) -> Option<(&'de str, Cell<'de>)> {
        let name = self.name()?;
        let oid = self.row.columns.get(self.at)?.oid;
        let text = self.row.cells.get(self.at)?.of(self.row.text);
        self.at += 1;
        Some((name, Cell { text: text.map(Cow::Borrowed), oid }))
    }
}

impl<'de> MapAccess<'de> for Columns<'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        self.name().map(|name| seed.deserialize(BorrowedStrDeserializer::new(name))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mismatch> {
        let (name, cell) = self.next().ok_or_else(|| Mismatch::expected("a column"))?;
        seed.deserialize(cell).map_err(|error| error.in_column(name))
    }
}

impl<'de> SeqAccess<'de> for Columns<'de> {
    type Error = Mismatch;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        let Some((name, cell)) = self.next() else { return Ok(None) };
        seed.deserialize(cell).map_err(|error| error.in_column(name)).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.row.columns.len() - self.at)
    }
}

macro_rules! only_column {
    ($($method:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            let (name, cell) = self.only()?;
            cell.$method(visitor).map_err(|error| error.in_column(name))
        }
    )*};
}

impl<'de> Deserializer<'de> for Row<'de> {
    type Error = Mismatch;

    only_column! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8
        deserialize_u16 deserialize_u32 deserialize_u64 deserialize_f32 deserialize_f64 deserialize_char deserialize_str
        deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option deserialize_seq deserialize_identifier
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        let (column, cell) = self.only()?;
        cell.deserialize_enum(name, variants, visitor).map_err(|error| error.in_column(column))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        match self.only() {
            Ok((column, cell)) if name == RAW_VALUE => {
                cell.deserialize_newtype_struct(name, visitor).map_err(|error| error.in_column(column))
            }
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_map(Columns { row: self, at: 0 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.deserialize_map(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Mismatch> {
        self.positions(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, len: usize, visitor: V) -> Result<V::Value, Mismatch> {
        self.positions(len, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }
}

/// One cell, or one element of an array.
pub(crate) struct Cell<'de> {
    pub(crate) text: Option<Cow<'de, str>>,
    pub(crate) oid: u32,
}

impl<'de> Cell<'de> {
    fn is_json(&self) -> bool {
        matches!(self.oid, oid::JSON | oid::JSONB)
    }

    /// JSON has a null of its own.
    fn is_null(&self) -> bool {
        self.text.as_ref().is_none_or(|text| self.is_json() && text.trim_ascii() == "null")
    }

    /// The text, or what `wanted` says about a null.
    fn text(self, wanted: &dyn Expected) -> Result<Cow<'de, str>, Mismatch> {
        self.text.ok_or_else(|| Mismatch::null(wanted))
    }

    /// A JSON scalar as the cell it would be outside of JSON; any other cell as it is.
    fn plain(self) -> Result<Cell<'de>, Mismatch> {
        let is_json = self.is_json();
        let text = match self.text {
            // Type `json` keeps the blanks around a document.
            Some(Cow::Borrowed(text)) if is_json => Cow::Borrowed(text.trim_ascii()),
            Some(text) if is_json => text,
            text => return Ok(Cell { text, ..self }),
        };
        match text.as_bytes() {
            b"null" => Ok(Cell { text: None, oid: oid::TEXT }),
            [b'"', ..] => {
                let string: String = small_json::from_str(&text).map_err(|_| Mismatch::expected("a JSON string"))?;
                Ok(Cell { text: Some(Cow::Owned(string)), oid: oid::TEXT })
            }
            [b'{' | b'[', ..] => Err(Mismatch::expected("a JSON scalar")),
            _ => Ok(Cell { text: Some(text), oid: oid::FLOAT8 }),
        }
    }

    /// An integer; also a numeric whose decimals are all zero.
    fn integer<T: FromStr>(self, wanted: &dyn Expected) -> Result<T, Mismatch> {
        let text = self.plain()?.text(wanted)?;
        let whole = match text.split_once('.') {
            Some((whole, decimals)) if decimals.bytes().all(|digit| digit == b'0') => whole,
            _ => &text,
        };
        whole.parse().map_err(|_| Mismatch::wanted(wanted))
    }

    fn float4(self, wanted: &dyn Expected) -> Result<f32, Mismatch> {
        self.float(&[oid::FLOAT4], 6, wanted)
    }

    fn float8(self, wanted: &dyn Expected) -> Result<f64, Mismatch> {
        self.float(&[oid::FLOAT4, oid::FLOAT8], 15, wanted)
    }

    /// A float of the column's own width; any other number only if it has few enough digits that none is lost.
    fn float<T: FromStr>(self, own: &[u32], digits: usize, wanted: &dyn Expected) -> Result<T, Mismatch> {
        let Cell { text, oid } = self.plain()?;
        let text = text.ok_or_else(|| Mismatch::null(wanted))?;
        if !own.contains(&oid) && significant(&text) > digits {
            return Err(Mismatch::expected(format!("{wanted}, found more digits than it holds")));
        }
        text.parse().map_err(|_| Mismatch::wanted(wanted))
    }

    fn bool(self, wanted: &dyn Expected) -> Result<bool, Mismatch> {
        match self.plain()?.text(wanted)?.as_ref() {
            "t" | "true" => Ok(true),
            "f" | "false" => Ok(false),
            _ => Err(Mismatch::wanted(wanted)),
        }
    }

    /// Text as chrono and others who read themselves from text want it.
    fn written(self, wanted: &dyn Expected) -> Result<Cow<'de, str>, Mismatch> {
        let is_date = matches!(self.oid, oid::DATE | oid::TIMESTAMP | oid::TIMESTAMPTZ);
        Ok(match self.plain()?.text(wanted)? {
            Cow::Borrowed(text) if is_date => time::rfc3339(text),
            Cow::Owned(text) if is_date => Cow::Owned(time::rfc3339(&text).into_owned()),
            text => text,
        })
    }

    /// The cell as a JSON document.
    fn json<T>(self, read: impl FnOnce(&mut Reader<'de>) -> Result<T, small_json::Error>) -> Result<T, Mismatch> {
        let text = self.document()?;
        let mut document = Reader::new(text);
        let value = read(&mut document).and_then(|value| document.end().map(|()| value));
        value.map_err(|error| json_mismatch(text, &error))
    }

    fn document(self) -> Result<&'de str, Mismatch> {
        match self.text {
            Some(Cow::Borrowed(text)) => Ok(text),
            Some(Cow::Owned(_)) => Err(Mismatch::expected("JSON that is not in an array (to_jsonb makes it so)")),
            None => Err(Mismatch::expected("a JSON document, found null")),
        }
    }

    /// The cell as an array of any dimension.
    fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        let array = self.oid;
        let items = match self.text {
            None => return Err(Mismatch::null(&visitor)),
            Some(Cow::Borrowed(text)) => Items::of(text),
            Some(Cow::Owned(_)) => None,
        };
        let Some(items) = items else { return Err(Mismatch::wanted(&visitor)) };
        let mut elements = Elements { items, array };
        let value = visitor.visit_seq(&mut elements)?;
        match elements.items.next() {
            Ok(None) => Ok(value),
            _ => Err(Mismatch::expected("an array of fewer elements")),
        }
    }

    fn bytea(self, wanted: &dyn Expected) -> Result<Vec<u8>, Mismatch> {
        let text = self.text(wanted)?;
        let digits = text.strip_prefix("\\x").filter(|digits| digits.len() % 2 == 0);
        let bytes = digits.and_then(|digits| digits.as_bytes().chunks_exact(2).map(byte).collect());
        bytes.ok_or_else(|| Mismatch::wanted(wanted))
    }
}

/// A path may hold keys that are data.
#[cold]
fn json_mismatch(text: &str, error: &small_json::Error) -> Mismatch {
    let (line, column) = error.position(text.as_bytes());
    Mismatch::expected(format!("JSON of another shape at line {line} column {column}"))
}

fn byte(digits: &[u8]) -> Option<u8> {
    let value = |digit: &u8| (*digit as char).to_digit(16);
    match digits {
        [high, low] => u8::try_from(value(high)? * 16 + value(low)?).ok(),
        _ => None,
    }
}

/// How many digits a decimal number needs: without sign, point, and the zeros at either end.
fn significant(number: &str) -> usize {
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let digits = || mantissa.bytes().filter(u8::is_ascii_digit);
    let zero = |digit: &u8| *digit == b'0';
    let all = digits().count();
    let leading = digits().take_while(zero).count();
    if leading == all { 0 } else { all - leading - digits().rev().take_while(zero).count() }
}

/// Walks over the elements of an array.
struct Elements<'de> {
    items: Items<'de>,
    /// The array's type.
    array: u32,
}

impl<'de> SeqAccess<'de> for Elements<'de> {
    type Error = Mismatch;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Mismatch> {
        let element = oid::element(self.array).unwrap_or(oid::TEXT);
        let cell = match self.items.next() {
            Err(()) => return Err(Mismatch::expected("an array literal")),
            Ok(None) => return Ok(None),
            Ok(Some(Item::Null)) => Cell { text: None, oid: element },
            Ok(Some(Item::Text(text))) => Cell { text: Some(text), oid: element },
            // All dimensions of an array have the one type.
            Ok(Some(Item::Array(text))) => Cell { text: Some(text.into()), oid: self.array },
        };
        seed.deserialize(cell).map(Some)
    }
}

/// serde_json's RawValue asks for a newtype of this name, and takes a map with this key and the document as a string.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// A JSON document on its way into a RawValue, unread.
struct Raw<'de>(Option<&'de str>);

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        self.0.map(|_| seed.deserialize(BorrowedStrDeserializer::new(RAW_VALUE))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Mismatch> {
        seed.deserialize(BorrowedStrDeserializer::new(self.0.take().unwrap_or_default()))
    }
}

macro_rules! scalars {
    ($($($method:ident)* => $visit:ident $read:ident;)*) => {$($(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            let value = self.$read(&visitor)?;
            visitor.$visit(value)
        }
    )*)*};
}

impl<'de> Deserializer<'de> for Cell<'de> {
    type Error = Mismatch;

    // Visitors of narrower integers check the range themselves.
    scalars! {
        deserialize_bool => visit_bool bool;
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 => visit_i64 integer;
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 => visit_u64 integer;
        deserialize_f32 => visit_f32 float4;
        deserialize_f64 => visit_f64 float8;
        deserialize_bytes deserialize_byte_buf => visit_byte_buf bytea;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.oid {
            _ if self.text.is_none() => visitor.visit_none(),
            oid::JSON | oid::JSONB => self.json(|json| json.deserialize_any(visitor)),
            oid::BOOL => self.deserialize_bool(visitor),
            oid::INT2 | oid::INT4 | oid::INT8 | oid::OID => self.deserialize_i64(visitor),
            oid::FLOAT4 | oid::FLOAT8 => self.deserialize_f64(visitor),
            array if oid::element(array).is_some() => self.array(visitor),
            _ => self.deserialize_str(visitor),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.written(&visitor)? {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        if name != RAW_VALUE {
            return visitor.visit_newtype_struct(self);
        }
        if !self.is_json() {
            return Err(Mismatch::expected("a column of type json or jsonb"));
        }
        visitor.visit_map(Raw(Some(self.document()?)))
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.is_json() { self.json(|json| json.deserialize_seq(visitor)) } else { self.array(visitor) }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.json(|json| json.deserialize_map(visitor))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.json(|json| json.deserialize_struct(name, fields, visitor))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        if self.is_json() {
            return self.json(|json| json.deserialize_enum(name, variants, visitor));
        }
        let text = self.text(&visitor)?;
        visitor.visit_enum(IntoDeserializer::<Mismatch>::into_deserializer(text.as_ref()))
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_str(visitor)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_str(visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_seq(visitor)
    }
}

impl<'de> de::Deserialize<'de> for Bytea<Vec<u8>> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytea<Vec<u8>>, D::Error> {
        struct Bytes;

        impl Visitor<'_> for Bytes {
            type Value = Vec<u8>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("bytes")
            }

            fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }

        deserializer.deserialize_byte_buf(Bytes).map(Bytea)
    }
}
