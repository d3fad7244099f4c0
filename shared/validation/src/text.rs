use std::str::FromStr;

use serde::de::value::MapDeserializer;
use serde::de::{DeserializeOwned, Deserializer, IntoDeserializer, Visitor};
use serde::forward_to_deserialize_any;
use validator::Validate;

use crate::json::{field_error, integer};
use crate::{FieldError, Place, check};

/// Reads path or query parameters (already percent-decoded) into `T`, as strictly as a body.
///
/// # Errors
/// One error per wrong parameter that serde or the rules of `T` find; serde stops at its first.
pub fn text<T: DeserializeOwned + Validate>(place: Place, pairs: &[(String, String)]) -> Result<T, Vec<FieldError>> {
    if let Some((name, _)) = pairs.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(vec![FieldError::new(place, name.replace('\0', ""), "nul_character")]);
    }
    let map = MapDeserializer::<_, serde::de::value::Error>::new(pairs.iter().map(|(name, value)| (name.as_str(), Part(value))));
    let input: T = serde_path_to_error::deserialize(map)
        .map_err(|error| vec![field_error(place, &error.path().to_string(), &error.inner().to_string())])?;
    match check(place, &input) {
        errors if errors.is_empty() => Ok(input),
        errors => Err(errors),
    }
}

/// A number as a parameter has it. As in a body, `6.0` and `6e0` are the integer 6 (JSON Schema, 6.1.1).
pub fn number<T: FromStr>(text: &str) -> Option<T> {
    text.parse().ok().or_else(|| integer(text)?.parse().ok())
}

/// One parameter's text, read as whatever type its field has.
struct Part<'a>(&'a str);

impl<'de> IntoDeserializer<'de> for Part<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! number {
    ($($method:ident $visit:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
            match number(self.0) {
                Some(number) => visitor.$visit(number),
                None => Err(serde::de::Error::invalid_type(serde::de::Unexpected::Str(self.0), &visitor)),
            }
        })*
    };
}

impl<'de> Deserializer<'de> for Part<'de> {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    number! {
        deserialize_bool visit_bool
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
        deserialize_f32 visit_f32
        deserialize_f64 visit_f64
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{Date, present};

    #[derive(Debug, Deserialize, Validate)]
    #[serde(deny_unknown_fields)]
    struct Range {
        id: i64,
        #[serde(default, deserialize_with = "present")]
        from: Option<Date>,
        #[serde(default, deserialize_with = "present")]
        #[validate(range(min = 1, max = 100))]
        limit: Option<u32>,
    }

    fn read(pairs: &[(&str, &str)]) -> Result<Range, Vec<FieldError>> {
        let pairs: Vec<_> = pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        text(Place::Query, &pairs)
    }

    #[test]
    fn numbers_and_dates_are_read_from_text() {
        let range = read(&[("id", "-7"), ("from", "2026-01-02"), ("limit", "5")]).unwrap();
        assert_eq!((range.id, range.limit), (-7, Some(5)));
        assert_eq!(range.from.unwrap().to_string(), "2026-01-02");
    }

    #[test]
    fn an_integer_is_one_however_it_is_written() {
        for written in ["6", "6.0", "0.6e1", "60E-1"] {
            assert_eq!(read(&[("id", "-7.0"), ("limit", written)]).unwrap().limit, Some(6), "{written}");
        }
    }

    #[test]
    fn a_wrong_parameter_is_named() {
        let first = |pairs: &[(&str, &str)]| {
            let error = read(pairs).unwrap_err().remove(0);
            (error.field, error.code)
        };
        let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(first(&[("id", "99999999999999999999")]), pair("id", "wrong_type"));
        assert_eq!(first(&[("id", "1"), ("limit", "6.5")]), pair("limit", "wrong_type"));
        assert_eq!(first(&[("id", "1"), ("limit", "0")]), pair("limit", "range"));
        assert_eq!(first(&[("id", "1"), ("limit", "")]), pair("limit", "wrong_type"));
        assert_eq!(first(&[("id", "1"), ("from", "yesterday")]), pair("from", "bad_date"));
        assert_eq!(first(&[("id", "1"), ("sort", "x")]), pair("sort", "unknown_field"));
        assert_eq!(first(&[("id", "1"), ("id", "2")]), pair("id", "duplicate_field"));
        assert_eq!(first(&[("id", "1"), ("from", "\0")]), pair("from", "nul_character"));
    }
}
