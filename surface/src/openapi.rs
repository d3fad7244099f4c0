use std::collections::BTreeMap;

use edge::schemars::Schema;
use edge::{Endpoint, Function, Trigger, route};
use serde_json::{Value, json};

use crate::examples::{Example, Examples, operation};
use crate::registry::pretty;
use crate::responses::{has_version, responses};
use crate::schemas::{Definitions, FunctionSchemas};
use crate::{FUNCTIONS, area, prose};

/// `openapi.json`: OpenAPI 3.1, from contracts, types and examples.
pub fn openapi(examples: &BTreeMap<String, Examples>) -> String {
    let (mut paths, mut definitions) = (json!({}), Definitions::default());
    for function in FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http) {
        let mut schemas = FunctionSchemas::new(function);
        for endpoint in function.endpoints {
            let seen = examples.get(&operation(function, endpoint)).cloned().unwrap_or_default();
            let described = describe(function, endpoint, &mut schemas, &seen);
            paths[["/api/v1", endpoint.path].concat()][endpoint.method.to_ascii_lowercase()] = described;
        }
        schemas.add_to(&mut definitions);
    }
    let mut schemas = definitions.name(&mut paths);
    schemas.insert("Problem".to_owned(), problem());
    pretty(&json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Orée",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "One backend for five products. Every path is also answered below `/api` and `/s2s_api_v1`. \
                Errors are RFC 9457 problems with a stable `code`; sentences are French or English by `Accept-Language`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "Where this document comes from." }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    }))
}

fn tags() -> Value {
    let mut areas: Vec<&str> = FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http).map(|f| area(f)).collect();
    areas.dedup();
    areas.into_iter().map(|area| json!({ "name": area, "description": format!("Functions of `functions/{area}`.") })).collect()
}

fn describe(function: &Function, endpoint: &Endpoint, schemas: &mut FunctionSchemas, examples: &Examples) -> Value {
    let (input, output) = schemas.shapes(endpoint);
    let example = examples.get(&endpoint.reply.to_string());
    let mut parameters = parameters("path", input.path, schemas, |name| path_example(endpoint.path, name, example?));
    parameters.extend(sealed_parameters(endpoint.path, &parameters));
    parameters.extend(self::parameters("query", input.query, schemas, |name| query_example(name, example?)));
    parameters.extend(headers(endpoint, examples));
    let about = prose(if endpoint.about.is_empty() { function.about } else { endpoint.about });
    let summary = about.split(['.', ':', ';']).next().unwrap_or_default().trim().to_owned();
    let mut described = json!({
        "operationId": operation(function, endpoint),
        "tags": [area(function)],
        "summary": summary,
        "description": format!("{about}\n\n{}", terms(endpoint)),
        "responses": responses(endpoint, output.reply, output.reply_type, examples),
        "security": if needs_token(endpoint) { json!([{ "token": [] }]) } else { json!([]) },
    });
    if !parameters.is_empty() {
        described["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = input.body {
        // "Anything" may be written as `true`, which few readers of OpenAPI know.
        let schema = if body.as_bool().is_some() { json!({}) } else { body.to_value() };
        let mut content = json!({ "schema": schema });
        if let Some(example) = example.filter(|example| !example.body.is_null()) {
            content["example"] = example.body.clone();
        }
        described["requestBody"] = json!({ "required": !input.body_optional, "content": { "application/json": content } });
    }
    described
}

/// The headers that a caller may send: what the contract says, and what answers show to be understood.
fn headers(endpoint: &Endpoint, examples: &Examples) -> Vec<Value> {
    let header = |name: &str, description: &str, schema: Value| json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema });
    let key = json!({ "type": "string", "minLength": 1, "maxLength": 255 });
    let known = [
        (endpoint.idempotent, "Idempotency-Key", "A repeat under this key within 24 hours gives the first answer again.", key),
        (examples.contains_key("412"), "If-Match", "The version that it must still have.", json!({ "type": "string" })),
        (has_version(endpoint, examples), "If-None-Match", "The version that the caller has.", json!({ "type": "string" })),
    ];
    known.into_iter().filter(|(holds, ..)| *holds).map(|(_, name, about, schema)| header(name, about, schema)).collect()
}

/// The parameters of a path that no handler reads: the caller's proof covers them.
fn sealed_parameters(template: &str, known: &[Value]) -> Vec<Value> {
    let names = template.split('/').filter_map(route::parameter).map(|(name, _)| name);
    let sealed = names.filter(|name| !known.iter().any(|parameter| parameter["name"] == *name));
    sealed.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect()
}

/// What stood in a path in the place of a parameter.
fn path_example(template: &str, name: &str, example: &Example) -> Option<String> {
    let sent = example.path.strip_prefix("/api/v1")?.split('?').next()?;
    let (part, value) = template
        .split('/')
        .zip(sent.split('/'))
        .find(|(part, _)| route::parameter(part).is_some_and(|(known, _)| known == name))?;
    let (_, ending) = route::parameter(part)?;
    value.strip_suffix(ending).map(str::to_owned)
}

fn query_example(name: &str, example: &Example) -> Option<String> {
    let (_, query) = example.path.split_once('?')?;
    query.split('&').filter_map(|pair| pair.split_once('=')).find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

pub(crate) fn needs_token(endpoint: &Endpoint) -> bool {
    endpoint.caller != "Public" && !endpoint.caller.starts_with("Signed")
}

/// Who may call it and how often, in words.
fn terms(endpoint: &Endpoint) -> String {
    let caller = match endpoint.caller {
        "Public" => "Anyone may call it",
        "Person" => "Needs an access token",
        "Manager" => "Needs the access token of a manager",
        "Admin" => "Needs the access token of an admin",
        "Privacy" => "Needs the access token of privacy operations or an admin",
        "Qa" => "Needs the access token of a reader of quality reports or an admin",
        "OwnerOrAdmin" => "Needs the access token of the person whom the path names, or of an admin, whose reading is logged",
        _ => "Called by an outside service with a proof of its own",
    };
    let limit = endpoint.limit.requests().map_or("without limit".to_owned(), |limit| format!("{limit} times a minute"));
    format!("{caller}, {limit}.")
}

/// The fields of an input struct, as parameters.
fn parameters(
    place: &str,
    schema: Option<Schema>,
    schemas: &FunctionSchemas,
    example: impl Fn(&str) -> Option<String>,
) -> Vec<Value> {
    let Some(schema) = schema else { return Vec::new() };
    let schema = schemas.resolved(schema.to_value());
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    properties
        .iter()
        .map(|(name, field)| {
            let mut field = field.clone();
            let about = field.as_object_mut().and_then(|field| field.remove("description"));
            let mut parameter = json!({
                "name": name, "in": place, "required": place == "path" || required.contains(&name.as_str()),
                "schema": not_null(field),
            });
            if let Some(about) = about {
                parameter["description"] = about;
            }
            if let Some(example) = example(name) {
                let is_number = matches!(parameter["schema"]["type"].as_str(), Some("integer" | "number"));
                parameter["example"] = if is_number { example.parse().unwrap_or_default() } else { json!(example) };
            }
            parameter
        })
        .collect()
}

/// A parameter is there or not; it is never null.
fn not_null(mut schema: Value) -> Value {
    if let Some(kinds) = schema["type"].as_array() {
        let kinds: Vec<Value> = kinds.iter().filter(|kind| *kind != "null").cloned().collect();
        schema["type"] = if let [kind] = kinds.as_slice() { kind.clone() } else { Value::Array(kinds) };
    }
    if let Some(choices) = schema["anyOf"].as_array()
        && let [choice] = choices.iter().filter(|choice| choice["type"] != "null").collect::<Vec<_>>().as_slice()
    {
        return (*choice).clone();
    }
    schema
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457. `code` is stable and for programs, `detail` is for people. Some problems have members of their \
            own, such as what is left of a quota.",
        "additionalProperties": true,
        "required": ["type", "title", "status", "detail", "code", "request_id"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "In French or English." },
            "code": { "type": "string" },
            "request_id": { "type": "string", "format": "uuid" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["field", "in", "code", "message"],
                    "properties": {
                        "field": { "type": "string", "description": "Dotted path; empty for the whole." },
                        "in": { "type": "string", "enum": ["body", "query", "path", "header"] },
                        "code": { "type": "string" },
                        "message": { "type": "string" },
                    },
                },
            },
        },
    })
}
