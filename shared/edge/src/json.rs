use std::borrow::Cow;

use chrono::{DateTime, Utc};
use postgres_wasm_bindings::{ToSql, Unsendable};
use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON object that is only handed on: in a type that is read and written again, and in few bytes of wasm, where a map of values
/// would bring what reads and writes every kind of value.
#[derive(Clone, Debug)]
pub struct JsonObject(Box<RawValue>);

impl JsonObject {
    /// The text that the member `name` is; `None` where it is none.
    pub fn get(&self, name: &str) -> Option<String> {
        let members = small_json::members(self.0.get()).ok()?;
        members.iter().find(|(known, _)| known == name).and_then(|(_, value)| small_json::from_str(value).ok())
    }
}

impl<'de> Deserialize<'de> for JsonObject {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<JsonObject, D::Error> {
        let value = Box::<RawValue>::deserialize(deserializer)?;
        if value.get().trim_start().starts_with('{') { Ok(JsonObject(value)) } else { Err(D::Error::custom("no JSON object")) }
    }
}

impl Serialize for JsonObject {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

#[cfg(not(target_arch = "wasm32"))]
impl schemars::JsonSchema for JsonObject {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "JsonObject".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        serde_json::Map::<String, serde_json::Value>::json_schema(generator)
    }
}

/// A moment as a part of what a list is sorted by, `List<All, (At, Uuid)>`: written and read in the one form of
/// [`validation::Written`], not by chrono.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At(pub DateTime<Utc>);

impl<'de> Deserialize<'de> for At {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<At, D::Error> {
        validation::written::deserialize(deserializer).map(At)
    }
}

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        validation::written::serialize(&self.0, serializer)
    }
}

impl ToSql for At {
    fn to_sql(&self) -> Result<Option<Cow<'_, str>>, Unsendable> {
        self.0.to_sql()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_handed_on_as_it_is_and_nothing_else_is_one() {
        let text = r#"{"b":1.50,"a":{"x":[null]},"word":"\u00e9"}"#;
        let object: JsonObject = small_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&object).unwrap(), text);
        assert_eq!((object.get("word").as_deref(), object.get("b"), object.get("c")), (Some("\u{e9}"), None, None));
        for other in ["[]", "null", "1", "\"{\"", "{"] {
            assert!(small_json::from_str::<JsonObject>(other).is_err(), "{other}");
        }
    }
}
