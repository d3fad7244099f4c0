use std::borrow::Cow;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};

use crate::escape::escape;
use crate::number::integer;
use crate::{Error, Text, Why};

/// How deep arrays and objects may be nested.
pub const DEPTH: u32 = 64;

/// Reads a document of one value.
///
/// # Errors
/// What did not fit, and where.
pub fn from_str<'de, T: Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    let mut reader = Reader::new(text);
    let value = T::deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// As [`from_str`].
///
/// # Errors
/// As [`from_str`]; [`Why::Malformed`] where it is not UTF-8.
pub fn from_slice<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    from_str(std::str::from_utf8(bytes).map_err(|error| Error::new(Why::Malformed, error.valid_up_to()))?)
}

/// The members of an object, each value as the JSON that it is.
///
/// # Errors
/// [`Why::Malformed`], or [`Why::Type`] where it is no object.
pub fn members(text: &str) -> Result<Vec<(Cow<'_, str>, &str)>, Error> {
    let mut reader = Reader::new(text);
    let mut found = Vec::new();
    let mut list = reader.open(b'{')?;
    while reader.next(&mut list)? {
        let name = reader.key()?;
        found.push((name, reader.raw()?));
    }
    reader.end()?;
    Ok(found)
}

/// Reads a document front to back.
pub struct Reader<'de> {
    text: &'de str,
    at: usize,
    depth: u32,
}

/// Where an array or an object stands that is being read.
struct List {
    close: u8,
    count: usize,
    is_done: bool,
}

impl<'de> Reader<'de> {
    pub fn new(text: &'de str) -> Reader<'de> {
        Reader { text, at: 0, depth: 0 }
    }

    /// Nothing but white space is left.
    ///
    /// # Errors
    /// [`Why::Malformed`].
    pub fn end(&mut self) -> Result<(), Error> {
        if self.peek() == 0 && self.at == self.text.len() { Ok(()) } else { Err(self.malformed()) }
    }

    fn byte(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// The next byte that is not white space; 0 at the end.
    #[inline(never)]
    fn peek(&mut self) -> u8 {
        while let b' ' | b'\t' | b'\n' | b'\r' = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    #[cold]
    fn malformed(&self) -> Error {
        Error::new(Why::Malformed, self.at)
    }

    /// The value that stands here is another one than is wanted.
    #[cold]
    #[inline(never)]
    fn unfit(&mut self) -> Error {
        let start = self.at;
        if let Err(error) = self.skip() {
            return error;
        }
        Error::new(if self.text[start..].starts_with("null") { Why::Null } else { Why::Type }, start)
    }

    /// Takes a literal that begins here.
    #[inline(never)]
    fn literal(&mut self, word: &str) -> Result<(), Error> {
        if !self.text[self.at..].starts_with(word) {
            return Err(self.malformed());
        }
        self.at += word.len();
        Ok(())
    }

    /// Takes null, if it is one.
    #[inline(never)]
    fn null(&mut self) -> Result<bool, Error> {
        if self.peek() != b'n' {
            return Ok(false);
        }
        self.literal("null").map(|()| true)
    }

    #[inline(never)]
    fn bool(&mut self) -> Result<bool, Error> {
        match self.peek() {
            b't' => self.literal("true").map(|()| true),
            b'f' => self.literal("false").map(|()| false),
            _ => Err(self.unfit()),
        }
    }

    /// The text of a number.
    #[inline(never)]
    fn number(&mut self) -> Result<&'de str, Error> {
        if !matches!(self.peek(), b'-' | b'0'..=b'9') {
            return Err(self.unfit());
        }
        let start = self.at;
        self.at += usize::from(self.byte() == b'-');
        let zero = self.byte() == b'0';
        if self.digits()? > 1 && zero {
            return Err(self.malformed());
        }
        if self.byte() == b'.' {
            self.at += 1;
            self.digits()?;
        }
        if let b'e' | b'E' = self.byte() {
            self.at += 1;
            self.at += usize::from(matches!(self.byte(), b'+' | b'-'));
            self.digits()?;
        }
        Ok(&self.text[start..self.at])
    }

    fn digits(&mut self) -> Result<usize, Error> {
        let start = self.at;
        while self.byte().is_ascii_digit() {
            self.at += 1;
        }
        if self.at == start { Err(self.malformed()) } else { Ok(self.at - start) }
    }

    /// An integer, by its sign and what it is without.
    #[inline(never)]
    fn integer(&mut self) -> Result<(bool, u64), Error> {
        let text = self.number()?;
        let written = integer(text);
        let text = written.as_deref().unwrap_or(text);
        let (negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
        match digits.parse() {
            Ok(number) if !negative || number <= i64::MIN.unsigned_abs() => Ok((negative, number)),
            _ => Err(Error::new(Why::Type, self.at)),
        }
    }

    #[inline(never)]
    fn float(&mut self) -> Result<f64, Error> {
        let number: f64 = self.number()?.parse().unwrap_or(f64::INFINITY);
        if number.is_finite() { Ok(number) } else { Err(self.malformed()) }
    }

    /// A string, unescaped.
    #[inline(never)]
    fn string(&mut self) -> Result<Cow<'de, str>, Error> {
        if self.peek() != b'"' {
            return Err(self.unfit());
        }
        self.at += 1;
        let mut start = self.at;
        let mut text = String::new();
        loop {
            match self.byte() {
                b'"' => {
                    let rest = &self.text[start..self.at];
                    self.at += 1;
                    if text.is_empty() {
                        return Ok(Cow::Borrowed(rest));
                    }
                    text.push_str(rest);
                    return Ok(Cow::Owned(text));
                }
                b'\\' => {
                    text.push_str(&self.text[start..self.at]);
                    self.at += 1;
                    let char = escape(self.text.as_bytes(), &mut self.at);
                    text.push(char.ok_or_else(|| self.malformed())?);
                    start = self.at;
                }
                0..0x20 => return Err(self.malformed()),
                _ => self.at += 1,
            }
        }
    }

    /// Enters an array or an object.
    #[inline(never)]
    fn open(&mut self, bracket: u8) -> Result<List, Error> {
        if self.peek() != bracket {
            return Err(self.unfit());
        }
        if self.depth == DEPTH {
            return Err(self.malformed());
        }
        self.depth += 1;
        self.at += 1;
        // In ASCII a closing bracket stands two behind its opening one.
        Ok(List { close: bracket + 2, count: 0, is_done: false })
    }

    /// Whether there is another item or member.
    #[inline(never)]
    fn next(&mut self, list: &mut List) -> Result<bool, Error> {
        if list.is_done {
            return Ok(false);
        }
        let found = self.peek();
        if found == list.close {
            self.at += 1;
            self.depth -= 1;
            list.is_done = true;
            return Ok(false);
        }
        if list.count > 0 {
            if found != b',' {
                return Err(self.malformed());
            }
            self.at += 1;
        }
        list.count += 1;
        Ok(true)
    }

    /// After what was wanted of it nothing is left of a list.
    #[inline(never)]
    fn close(&mut self, mut list: List) -> Result<(), Error> {
        if self.next(&mut list)? { Err(Error::new(Why::Value, self.at)) } else { Ok(()) }
    }

    /// A member's name and the colon after it.
    #[inline(never)]
    fn key(&mut self) -> Result<Cow<'de, str>, Error> {
        if self.peek() != b'"' {
            return Err(self.malformed());
        }
        let key = self.string()?;
        if self.peek() != b':' {
            return Err(self.malformed());
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads over a value.
    #[inline(never)]
    fn skip(&mut self) -> Result<(), Error> {
        match self.peek() {
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number().map(drop),
            b't' | b'f' => self.bool().map(drop),
            b'n' => self.literal("null"),
            bracket @ (b'[' | b'{') => {
                let mut list = self.open(bracket)?;
                while self.next(&mut list)? {
                    if bracket == b'{' {
                        self.key()?;
                    }
                    self.skip()?;
                }
                Ok(())
            }
            _ => Err(self.malformed()),
        }
    }

    /// A value as the JSON that it is.
    fn raw(&mut self) -> Result<&'de str, Error> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }
}

macro_rules! same {
    ($($method:ident)* => $as:ident) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.$as(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Error;

    // Visitors of narrower integers check the range themselves.
    same!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 => deserialize_i64);
    same!(deserialize_char deserialize_string deserialize_identifier deserialize_bytes deserialize_byte_buf => deserialize_str);
    same!(deserialize_f32 => deserialize_f64);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.peek() {
            b'"' => self.deserialize_str(visitor),
            b'[' => self.deserialize_seq(visitor),
            b'{' => self.deserialize_map(visitor),
            b't' | b'f' => self.deserialize_bool(visitor),
            b'n' => self.deserialize_unit(visitor),
            _ => {
                let start = self.at;
                let text = self.number()?;
                let is_integer = !text.contains(['.', 'e', 'E']);
                match text.parse() {
                    Ok(number) if is_integer => return visitor.visit_u64(number),
                    _ => {}
                }
                match text.parse() {
                    // JSON's -0 is no integer.
                    Ok(number) if is_integer && number != 0 => visitor.visit_i64(number),
                    _ => {
                        self.at = start;
                        self.deserialize_f64(visitor)
                    }
                }
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let value = self.bool()?;
        visitor.visit_bool(value)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.integer()? {
            (true, number) => visitor.visit_i64((number as i64).wrapping_neg()),
            (false, number) => visitor.visit_u64(number),
        }
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number = self.float()?;
        visitor.visit_f64(number)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        Text(self.string()?).deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.null()? { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.null()? { visitor.visit_unit() } else { Err(self.unfit()) }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        if name == RAW_VALUE { visitor.visit_map(Raw(Some(self.raw()?))) } else { visitor.visit_newtype_struct(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let list = self.open(b'[')?;
        let mut items = Items { reader: self, list };
        let value = visitor.visit_seq(&mut items)?;
        let Items { reader, list } = items;
        reader.close(list)?;
        Ok(value)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(self, _: &'static str, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let list = self.open(b'{')?;
        let mut members = Members { reader: self, list, key: Cow::Borrowed("") };
        let value = visitor.visit_map(&mut members)?;
        let Members { reader, list, .. } = members;
        reader.close(list)?;
        Ok(value)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }

    /// A word, or an object of one member that is called so.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.peek() == b'"' {
            return visitor.visit_enum(Text(self.string()?));
        }
        let mut list = self.open(b'{')?;
        if !self.next(&mut list)? {
            return Err(Error::new(Why::Value, self.at));
        }
        let name = self.key()?;
        let value = visitor.visit_enum(Variant { reader: self, name })?;
        self.close(list)?;
        Ok(value)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.skip()?;
        visitor.visit_unit()
    }
}

struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    list: List,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if !self.reader.next(&mut self.list)? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some).map_err(|error| error.below_index(self.list.count - 1, self.reader.at))
    }
}

struct Members<'a, 'de> {
    reader: &'a mut Reader<'de>,
    list: List,
    key: Cow<'de, str>,
}

impl<'de> MapAccess<'de> for Members<'_, 'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if !self.reader.next(&mut self.list)? {
            return Ok(None);
        }
        self.key = self.reader.key()?;
        seed.deserialize(Text(self.key.clone())).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(&mut *self.reader).map_err(|error| error.below(&self.key, self.reader.at))
    }
}

/// A variant that carries a value.
struct Variant<'a, 'de> {
    reader: &'a mut Reader<'de>,
    name: Cow<'de, str>,
}

impl<'a, 'de> EnumAccess<'de> for Variant<'a, 'de> {
    type Error = Error;
    type Variant = &'a mut Reader<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), Error> {
        Ok((seed.deserialize(Text(self.name))?, self.reader))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        if self.null()? { Ok(()) } else { Err(self.unfit()) }
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.deserialize_map(visitor)
    }
}

/// serde_json's RawValue asks for a newtype of this name, and takes a map with this key and the document as a string.
const RAW_VALUE: &str = "$serde_json::private::RawValue";

/// A value on its way into a RawValue, unread.
struct Raw<'de>(Option<&'de str>);

impl<'de> MapAccess<'de> for Raw<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.0.map(|_| seed.deserialize(Text(Cow::Borrowed(RAW_VALUE)))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Text(Cow::Borrowed(self.0.take().unwrap_or_default())))
    }
}
