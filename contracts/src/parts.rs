//! The OpenAPI document in parts, one for each area, in the files that are committed.

use std::collections::BTreeSet;

use edge::{Endpoint, Function, Trigger};
use serde_json::{Map, Value, json};

use crate::responses::all_refusals;
use crate::{FUNCTIONS, area};

/// The part of each area with its path in the project. Each is a document by itself: it has all that its operations refer to, so
/// what two areas refer to stands in both.
pub fn parts(document: &Value) -> Vec<(String, Value)> {
    let mut areas: Vec<&str> = FUNCTIONS.iter().map(|function| area(function)).collect();
    areas.dedup();
    areas.into_iter().map(|area| (format!("functions/{area}/openapi.json"), part(document, area))).collect()
}

fn part(document: &Value, of: &str) -> Value {
    let functions: Vec<&Function> = FUNCTIONS.iter().copied().filter(|function| area(function) == of).collect();
    let (mut paths, mut used) = (json!({}), BTreeSet::new());
    for (function, endpoint) in endpoints(&functions) {
        let path = function.root.path(endpoint.path);
        let method = endpoint.method.to_ascii_lowercase();
        let operation = &document["paths"][&path][&method];
        refer(document, operation, &mut used);
        let schemes = operation["security"].as_array().into_iter().flatten().filter_map(Value::as_object);
        used.extend(schemes.flat_map(Map::keys).map(|name| ("securitySchemes".to_owned(), name.clone())));
        paths[path][method] = operation.clone();
    }
    let mut components = json!({});
    for (kind, name) in used {
        components[&kind][&name] = document["components"][&kind][&name].clone();
    }
    if let Some(codes) = components.pointer_mut("/schemas/Problem/properties/code/enum") {
        *codes = all_refusals(&functions).into_keys().collect();
    }
    let operations = paths.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_object).flat_map(Map::values);
    let names: Vec<&Value> = operations.filter_map(|operation| operation["tags"].as_array()).flatten().collect();
    let tags = document["tags"].as_array().into_iter().flatten().filter(|tag| names.contains(&&tag["name"]));
    let mut part = document.clone();
    part["tags"] = tags.cloned().collect();
    part["paths"] = paths;
    part["components"] = components;
    part
}

fn endpoints<'a>(functions: &'a [&'static Function]) -> impl Iterator<Item = (&'static Function, &'static Endpoint)> + 'a {
    let http = functions.iter().filter(|function| function.trigger == Trigger::Http);
    http.flat_map(|function| function.endpoints.iter().map(|endpoint| (*function, endpoint)))
}

/// The components, by kind and name, that a value refers to, and those that these refer to.
fn refer(document: &Value, value: &Value, used: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix("#/components/"));
            if let Some((kind, name)) = reference.and_then(|path| path.split_once('/'))
                && used.insert((kind.to_owned(), name.to_owned()))
            {
                refer(document, &document["components"][kind][name], used);
            }
            members.values().for_each(|member| refer(document, member, used));
        }
        Value::Array(items) => items.iter().for_each(|item| refer(document, item, used)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::join::join;

    use super::*;

    #[test]
    fn the_parts_make_the_whole_and_no_more() {
        let document = crate::openapi(&crate::examples(false));
        let parts = parts(&document);
        assert!(parts.len() > 1);
        assert_eq!(join(parts.into_iter().map(|(_, part)| part)), document);
    }

    #[test]
    fn a_part_has_everything_that_it_refers_to_and_nothing_else() {
        let document = crate::openapi(&crate::examples(false));
        for (path, part) in parts(&document) {
            let mut used = BTreeSet::new();
            refer(&part, &part["paths"], &mut used);
            let kinds = part["components"].as_object().into_iter().flatten().filter(|(kind, _)| *kind != "securitySchemes");
            let there: BTreeSet<(String, String)> = kinds
                .flat_map(|(kind, members)| {
                    members.as_object().into_iter().flat_map(|m| m.keys().map(|name| (kind.clone(), name.clone())))
                })
                .collect();
            assert_eq!(there, used, "{path}");
            assert!(there.iter().all(|(kind, name)| part["components"][kind][name].is_object()), "{path}");
        }
    }

    #[test]
    fn lists_have_what_any_part_has() {
        let parts = [json!({"a": {"x": ["c", "a"]}, "n": 1}), json!({"a": {"x": ["b", "a"], "y": 2}, "n": 2})];
        assert_eq!(join(parts), json!({"a": {"x": ["a", "b", "c"], "y": 2}, "n": 1}));
    }
}
