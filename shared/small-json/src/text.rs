use std::borrow::Cow;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, EnumAccess, MapAccess, VariantAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::number::number;
use crate::{Error, Why};

/// A single text, read as whatever is wanted: a key of an object, a parameter of a query or a path, a word.
pub struct Text<'de>(pub Cow<'de, str>);

impl<'de> Text<'de> {
    fn is(&self, word: &str) -> bool {
        self.0 == word
    }
}

/// Reads names with texts, such as the parameters of a query, as the members of a struct.
///
/// # Errors
/// What did not fit; its path is the name.
pub fn from_pairs<'de, T: Deserialize<'de>>(pairs: &'de [(String, String)]) -> Result<T, Error> {
    T::deserialize(MapAccessDeserializer::new(Pairs { pairs, value: None }))
}

struct Pairs<'de> {
    pairs: &'de [(String, String)],
    value: Option<&'de (String, String)>,
}

impl<'de> MapAccess<'de> for Pairs<'de> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some((pair, rest)) = self.pairs.split_first() else { return Ok(None) };
        (self.pairs, self.value) = (rest, Some(pair));
        seed.deserialize(Text(Cow::Borrowed(&pair.0))).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let (name, value) = self.value.ok_or_else(unfit)?;
        seed.deserialize(Text(Cow::Borrowed(value))).map_err(|error| error.below(name, 0))
    }
}

fn unfit() -> Error {
    Error::new(Why::Type, 0)
}

macro_rules! numbers {
    ($($method:ident)* => $visit:ident) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.$visit(number(&self.0).ok_or_else(unfit)?)
        })*
    };
}

impl<'de> Deserializer<'de> for Text<'de> {
    type Error = Error;

    // Visitors of narrower integers check the range themselves.
    numbers!(deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 => visit_i64);
    numbers!(deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 => visit_u64);
    forward_to_deserialize_any! {
        char str string bytes byte_buf seq map unit unit_struct tuple tuple_struct struct
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(&self.0)
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let number: Option<f64> = self.0.parse().ok();
        visitor.visit_f64(number.filter(|number| number.is_finite()).ok_or_else(unfit)?)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.is("true") && !self.is("false") {
            return Err(unfit());
        }
        visitor.visit_bool(self.is("true"))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_enum(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_unit()
    }
}

/// A word is a variant that carries nothing.
impl<'de> EnumAccess<'de> for Text<'de> {
    type Error = Error;
    type Variant = Word;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Word), Error> {
        Ok((seed.deserialize(self)?, Word))
    }
}

pub struct Word;

impl<'de> VariantAccess<'de> for Word {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Error> {
        Err(unfit())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        Err(unfit())
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], _: V) -> Result<V::Value, Error> {
        Err(unfit())
    }
}
