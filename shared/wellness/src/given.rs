//! JSON as it was sent, with whole numbers apart from others and members in their order.

use std::fmt;

use serde::de::{DeserializeOwned, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Deserializer, Serialize};
use validator::{Validate, ValidationErrors};

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    Null,
    Flag(bool),
    Whole(i64),
    Number(f64),
    Text(String),
    List(Vec<Given>),
    Object(Sent),
}

/// A JSON object: no member comes twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sent(pub Vec<(String, Given)>);

impl Sent {
    pub fn get(&self, name: &str) -> Option<&Given> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Takes a member out.
    pub fn take(&mut self, name: &str) -> Option<Given> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    pub fn set(&mut self, name: &str, value: Given) {
        self.take(name);
        self.0.push((name.to_owned(), value));
    }
}

/// Its rules are the declaration's: see [`read`](crate::read).
impl Validate for Sent {
    fn validate(&self) -> Result<(), ValidationErrors> {
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Sent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Sent;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sent, A::Error> {
        members(map)
    }
}

fn members<'de, A: MapAccess<'de>>(mut map: A) -> Result<Sent, A::Error> {
    let mut sent = Sent::default();
    while let Some(name) = map.next_key::<String>()? {
        if sent.get(&name).is_some() {
            return Err(A::Error::custom(["duplicate field `", &name, "`"].concat()));
        }
        let value = map.next_value()?;
        sent.0.push((name, value));
    }
    Ok(sent)
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Anything)
    }
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Flag(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Given, E> {
        Ok(Given::Whole(value))
    }

    #[expect(clippy::cast_precision_loss, reason = "beyond 64 bits it is no whole number of ours, and out of every range")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Given, E> {
        Ok(i64::try_from(value).map_or(Given::Number(value as f64), Given::Whole))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Given, E> {
        Ok(Given::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Given, E> {
        Ok(Given::Text(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Given, E> {
        Ok(Given::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Given, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Given::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Given, A::Error> {
        members(map).map(Given::Object)
    }
}

impl Serialize for Given {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Given::Null => serializer.serialize_unit(),
            Given::Flag(value) => serializer.serialize_bool(*value),
            Given::Whole(value) => serializer.serialize_i64(*value),
            Given::Number(value) => serializer.serialize_f64(*value),
            Given::Text(value) => serializer.serialize_str(value),
            Given::List(items) => serializer.collect_seq(items),
            Given::Object(members) => members.serialize(serializer),
        }
    }
}

impl Serialize for Sent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl edge::schemars::JsonSchema for Sent {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Sent".into()
    }

    fn json_schema(_: &mut edge::schemars::SchemaGenerator) -> edge::schemars::Schema {
        edge::schemars::json_schema!({ "type": "object", "additionalProperties": true })
    }
}

/// What [`read`](crate::read) takes is what a body is read as.
const _: fn() = || {
    fn is_read<T: DeserializeOwned + Validate>() {}
    is_read::<Sent>();
};
