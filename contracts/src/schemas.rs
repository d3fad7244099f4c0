//! The schemas of all functions in one document, under the names that their authors gave them.

use std::collections::{BTreeMap, BTreeSet};

use edge::schemars::SchemaGenerator;
use edge::schemars::generate::SchemaSettings;
use edge::{Endpoint, describe::Shape};
use serde_json::{Map, Value, json};

/// What goes in and what comes out differ: what may be absent there may be null here.
pub(crate) struct Schemas {
    input: SchemaGenerator,
    output: SchemaGenerator,
}

const COMPONENTS: &str = "#/components/schemas/";
/// Marks a type whose author has named it.
const PUBLISHED: &str = "x-published";

impl Schemas {
    pub(crate) fn new() -> Schemas {
        let settings =
            || SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
        Schemas { input: settings().for_deserialize().into_generator(), output: settings().for_serialize().into_generator() }
    }

    /// What goes into an endpoint, and what comes out.
    pub(crate) fn shapes(&mut self, endpoint: &Endpoint) -> (Shape, Shape) {
        ((endpoint.describe)(&mut self.input), (endpoint.describe)(&mut self.output))
    }

    /// The definition that an input's schema refers to, or the schema itself, as the document has it.
    pub(crate) fn resolved(&self, schema: Value) -> Value {
        let name = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix(COMPONENTS));
        let mut schema = name.and_then(|name| self.input.definitions().get(name).cloned()).unwrap_or(schema);
        tidy(&mut schema, true);
        schema
    }

    /// The definitions that `paths` use.
    ///
    /// # Panics
    /// Where two types are published under one name, or one has no name of its own: a name is a promise to callers.
    pub(crate) fn used_by(mut self, paths: &Value) -> Map<String, Value> {
        let (mut inputs, mut outputs) = (self.input.take_definitions(true), self.output.take_definitions(true));
        inputs.values_mut().for_each(|schema| tidy(schema, true));
        outputs.values_mut().for_each(|schema| tidy(schema, false));
        let (mut of_requests, mut of_answers) = (BTreeSet::new(), BTreeSet::new());
        for operation in paths
            .as_object()
            .into_iter()
            .flat_map(|paths| paths.values())
            .flat_map(|path| path.as_object())
            .flat_map(|path| path.values())
        {
            references(&operation["parameters"], &mut of_requests);
            references(&operation["requestBody"], &mut of_requests);
            references(&operation["responses"], &mut of_answers);
        }
        let (requests, answers) = (with_parts(of_requests, &inputs), with_parts(of_answers, &outputs));
        let mut used = Map::new();
        for (name, mut schema) in answers.iter().chain(&requests).map(|(name, schema)| (name.clone(), (*schema).clone())) {
            let is_one = requests.get(&name).is_none_or(|request| answers.get(&name).is_none_or(|answer| request == answer));
            assert!(is_one, "{name} is another thing in requests than in answers: give the two types names of their own");
            assert!(
                !name.ends_with(|last: char| last.is_ascii_digit()),
                "two types are published as {name}: name one of them otherwise"
            );
            let is_named = schema.as_object_mut().and_then(|schema| schema.remove(PUBLISHED)).is_some();
            assert!(is_named, "{name} has no name of its own: write #[output(name = \"…\")] or #[input(name = \"…\")]");
            assert!(schema["description"].is_string(), "say what {name} is, in a line above it: callers read it");
            used.insert(name, schema);
        }
        used
    }
}

/// The definitions of these names and of what they refer to.
fn with_parts(names: BTreeSet<String>, definitions: &Map<String, Value>) -> BTreeMap<String, &Value> {
    let mut found = BTreeMap::new();
    let mut names: Vec<String> = names.into_iter().collect();
    while let Some(name) = names.pop() {
        if let Some(schema) = definitions.get(&name)
            && found.insert(name, schema).is_none()
        {
            let mut more = BTreeSet::new();
            references(schema, &mut more);
            names.extend(more);
        }
    }
    found
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).and_then(|r| r.strip_prefix(COMPONENTS)).map(str::to_owned));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Writes a schema as generators of clients read it: words as an `enum`, anything as `{}`, and in what comes in no null, which
/// every optional field refuses.
pub(crate) fn tidy(schema: &mut Value, is_input: bool) {
    if let Value::Bool(true) = schema {
        *schema = json!({});
    }
    let Value::Object(object) = schema else { return };
    if is_input && object.get("default") == Some(&Value::Null) {
        object.remove("default");
        if let Some(Value::Array(kinds)) = object.get_mut("type") {
            kinds.retain(|kind| kind != "null");
            if let [kind] = kinds.as_slice() {
                let kind = kind.clone();
                object.insert("type".to_owned(), kind);
            }
        }
        if let Some(Value::Array(words)) = object.get_mut("enum") {
            words.retain(|word| !word.is_null());
        }
        if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
            choices.retain(|choice| choice["type"] != "null");
            if let [Value::Object(choice)] = choices.as_slice() {
                let choice = choice.clone();
                object.remove("anyOf");
                // What is said about the field goes before what is said about its type.
                for (key, value) in choice {
                    object.entry(key).or_insert(value);
                }
            }
        }
    }
    words(object);
    for (key, member) in object.iter_mut() {
        match (key.as_str(), member) {
            ("properties" | "$defs" | "patternProperties", Value::Object(members)) => {
                members.values_mut().for_each(|member| tidy(member, is_input));
            }
            // That there may be others says nothing of them.
            ("additionalProperties", Value::Bool(_)) => {}
            ("items" | "additionalProperties" | "contains" | "not", member) => tidy(member, is_input),
            ("anyOf" | "allOf" | "oneOf" | "prefixItems", Value::Array(members)) => {
                members.iter_mut().for_each(|member| tidy(member, is_input));
            }
            _ => {}
        }
    }
}

/// A choice of words that are each explained becomes an `enum`; the explanations become a list in the description.
fn words(object: &mut Map<String, Value>) {
    if let Some(word) = object.remove("const") {
        object.insert("enum".to_owned(), json!([word]));
    }
    let Some(Value::Array(choices)) = object.get("oneOf") else { return };
    let mut explained = String::new();
    let mut known = Vec::new();
    for choice in choices {
        let words = match (choice.get("const"), choice.get("enum")) {
            (Some(word), _) => vec![word.clone()],
            (None, Some(Value::Array(words))) => words.clone(),
            _ => return,
        };
        for word in words {
            if let (Some(about), Some(text)) = (choice["description"].as_str(), word.as_str()) {
                explained.push_str(&format!("\n- `{text}`: {}", about.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
            known.push(word);
        }
    }
    object.remove("oneOf");
    object.insert("type".to_owned(), json!("string"));
    object.insert("enum".to_owned(), Value::Array(known));
    if !explained.is_empty() {
        let about = object.get("description").and_then(Value::as_str).unwrap_or_default();
        let about = if about.is_empty() { explained.trim_start().to_owned() } else { format!("{about}\n{explained}") };
        object.insert("description".to_owned(), json!(about));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(mut schema: Value, is_input: bool) -> Value {
        tidy(&mut schema, is_input);
        schema
    }

    #[test]
    fn an_optional_field_of_a_request_is_never_null() {
        let field = json!({ "properties": {
            "name": { "type": ["string", "null"], "default": null, "maxLength": 5 },
            "tier": { "anyOf": [{ "$ref": "#/components/schemas/Tier" }, { "type": "null" }], "default": null, "description": "Theirs." },
        } });
        let there = json!({ "properties": {
            "name": { "type": "string", "maxLength": 5 },
            "tier": { "$ref": "#/components/schemas/Tier", "description": "Theirs." },
        } });
        assert_eq!(tidied(field.clone(), true), there);
        assert_eq!(tidied(field.clone(), false), field);
    }

    #[test]
    fn explained_words_are_an_enum_with_a_list() {
        let choice = json!({ "description": "How.", "oneOf": [
            { "const": "use", "type": "string", "description": "As it\n is." }, { "enum": ["a", "b"], "type": "string" },
        ] });
        assert_eq!(
            tidied(choice, false),
            json!({ "description": "How.\n\n- `use`: As it is.", "type": "string", "enum": ["use", "a", "b"] })
        );
    }

    #[test]
    fn anything_is_an_empty_schema() {
        assert_eq!(tidied(json!({ "properties": { "value": true } }), true), json!({ "properties": { "value": {} } }));
    }
}
