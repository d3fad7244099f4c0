//! The schemas of all functions in one document, under names that stay the same when another function comes along.

use std::collections::{BTreeMap, BTreeSet};

use edge::schemars::SchemaGenerator;
use edge::schemars::generate::SchemaSettings;
use edge::{Endpoint, Function, describe::Shape};
use serde_json::{Map, Value, json};

/// What goes in and what comes out differ: a field that is only read is not part of an answer. Until all are known, a
/// reference says whose it is: `#/rise-kaizen/out/Entry`.
pub(crate) struct FunctionSchemas {
    package: &'static str,
    input: SchemaGenerator,
    output: SchemaGenerator,
}

/// Every definition by its reference.
#[derive(Default)]
pub(crate) struct Definitions(BTreeMap<String, Value>);

impl FunctionSchemas {
    pub(crate) fn new(function: &Function) -> FunctionSchemas {
        let package = function.package;
        let settings = |side: &str| {
            SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = format!("/{package}/{side}").into())
        };
        let (input, output) = (settings("in").for_deserialize(), settings("out").for_serialize());
        FunctionSchemas { package, input: input.into_generator(), output: output.into_generator() }
    }

    /// What goes into an endpoint, and what comes out.
    pub(crate) fn shapes(&mut self, endpoint: &Endpoint) -> (Shape, Shape) {
        ((endpoint.describe)(&mut self.input), (endpoint.describe)(&mut self.output))
    }

    /// The definition that an input's schema refers to, or the schema itself.
    pub(crate) fn resolved(&self, schema: Value) -> Value {
        let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
        name.and_then(|name| self.input.definitions().get(name).cloned()).unwrap_or(schema)
    }

    pub(crate) fn add_to(mut self, definitions: &mut Definitions) {
        for (side, generator) in [("in", &mut self.input), ("out", &mut self.output)] {
            for (name, schema) in generator.take_definitions(true) {
                definitions.0.insert(format!("#/{}/{side}/{name}", self.package), schema);
            }
        }
    }
}

impl Definitions {
    /// Gives every definition that `paths` use its name in the document, there and in `paths`.
    pub(crate) fn name(self, paths: &mut Value) -> Map<String, Value> {
        let names = self.names(&self.used_by(paths));
        rename(paths, &names);
        let named = names.iter().filter_map(|(reference, name)| {
            let mut schema = self.0.get(reference)?.clone();
            rename(&mut schema, &names);
            Some((name.clone(), schema))
        });
        named.collect()
    }

    fn used_by(&self, paths: &Value) -> BTreeSet<String> {
        let (mut used, mut found) = (BTreeSet::new(), Vec::new());
        references(paths, &mut found);
        while let Some(reference) = found.pop() {
            if let Some(schema) = self.0.get(&reference)
                && used.insert(reference)
            {
                references(schema, &mut found);
            }
        }
        used
    }

    /// A name that means the same everywhere is kept, also by the meaning that most functions share; before the others stands
    /// the name of their function.
    fn names(&self, used: &BTreeSet<String>) -> BTreeMap<String, String> {
        let meaning = |reference: &str| self.expanded(reference, &mut Vec::new()).to_string();
        let mut functions: BTreeMap<(&str, String), BTreeSet<&str>> = BTreeMap::new();
        for reference in used {
            functions.entry((own_name(reference), meaning(reference))).or_default().insert(package(reference));
        }
        let name = |reference: &String| {
            let own = own_name(reference);
            let with = |meaning: &str| functions[&(own, meaning.to_owned())].len();
            let (here, most) =
                (meaning(reference), functions.keys().filter(|(name, _)| *name == own).map(|(_, of)| with(of)).max());
            let rivals = functions.keys().filter(|(name, of)| *name == own && *of != here && Some(with(of)) == most).count();
            if rivals == 0 {
                return own.to_owned();
            }
            let twin = reference.replace("/in/", "/out/");
            let is_other = twin != *reference && used.contains(&twin) && meaning(&twin) != here;
            [function_name(reference).as_str(), own, if is_other { "Input" } else { "" }].concat()
        };
        used.iter().map(|reference| (reference.clone(), name(reference))).collect()
    }

    /// A definition with every definition that it refers to in its place.
    fn expanded(&self, reference: &str, within: &mut Vec<String>) -> Value {
        let Some(schema) = self.0.get(reference).filter(|_| !within.iter().any(|outer| outer == reference)) else {
            return json!(own_name(reference));
        };
        within.push(reference.to_owned());
        let expanded = self.expand(schema, within);
        within.pop();
        expanded
    }

    fn expand(&self, schema: &Value, within: &mut Vec<String>) -> Value {
        match schema {
            Value::Object(object) => match object.get("$ref").and_then(Value::as_str) {
                Some(reference) => self.expanded(reference, within),
                None => Value::Object(object.iter().map(|(key, value)| (key.clone(), self.expand(value, within))).collect()),
            },
            Value::Array(items) => items.iter().map(|item| self.expand(item, within)).collect(),
            other => other.clone(),
        }
    }
}

fn own_name(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or_default()
}

fn package(reference: &str) -> &str {
    reference.split('/').nth(1).unwrap_or_default()
}

/// `RiseKaizen` of `#/rise-kaizen/out/Entry`.
fn function_name(reference: &str) -> String {
    package(reference)
        .split('-')
        .flat_map(|word| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)))
        .collect()
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn rename(value: &mut Value, names: &BTreeMap<String, String>) {
    match value {
        Value::Object(object) => {
            if let Some(Value::String(reference)) = object.get_mut("$ref")
                && let Some(name) = names.get(reference)
            {
                *reference = format!("#/components/schemas/{name}");
            }
            object.values_mut().for_each(|value| rename(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, names)),
        _ => {}
    }
}
