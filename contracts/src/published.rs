//! `docs/published.txt`: every name that callers rely on. It only grows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use edge::Trigger;
use serde_json::Value;

use crate::openapi::{openapi, operation_id};
use crate::responses::all_refusals;
use crate::{Examples, FUNCTIONS};

pub const PUBLISHED: &str = "docs/published.txt";

/// The names that are published today, a line each: types with their fields and words, operations with verb,
/// path and statuses of success, refusals.
pub fn published() -> BTreeSet<String> {
    let document = openapi(&BTreeMap::<String, Examples>::new());
    let schemas = document["components"]["schemas"].as_object().into_iter().flatten();
    let mut names: BTreeSet<String> = schemas.flat_map(|(name, schema)| type_lines(name, schema)).collect();
    for function in FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http) {
        for endpoint in function.endpoints {
            let statuses = [&[endpoint.reply], endpoint.also].concat();
            for status in statuses {
                names.insert(format!("operation {} {} {} {status}", operation_id(endpoint), endpoint.method, endpoint.path));
            }
        }
    }
    names.extend(all_refusals(FUNCTIONS).values().map(|refusal| format!("refusal {} {}", refusal.code(), refusal.status)));
    names
}

/// A type, its fields and its words.
fn type_lines(name: &str, schema: &Value) -> Vec<String> {
    // What it shares with others stands under the name of that.
    let parts = schema["allOf"].as_array().into_iter().flatten().chain([schema]);
    let fields =
        parts.flat_map(|part| part["properties"].as_object()).flatten().map(|(field, _)| format!("field {name}.{field}"));
    let words =
        schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str).map(|word| format!("word {name}.{word}"));
    let codes = name == "Problem";
    [format!("type {name}")].into_iter().chain(fields).chain(words.filter(|_| !codes)).collect()
}

/// The names that were ever published.
pub fn promised() -> BTreeSet<String> {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PUBLISHED)).unwrap_or_default();
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(str::to_owned).collect()
}

/// The file with what is new; nothing leaves it by itself.
pub fn published_file() -> String {
    let names: Vec<String> = promised().union(&published()).cloned().collect();
    format!(
        "# Names that callers rely on. `cargo xtask sync` adds new ones; a law fails where one is no longer there. Whoever takes \
         one back\n# deletes its line and writes a line into CHANGELOG.md.\n{}\n",
        names.join("\n")
    )
}
