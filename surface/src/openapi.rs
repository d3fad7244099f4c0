use edge::schemars::generate::SchemaSettings;
use edge::schemars::{Schema, SchemaGenerator};
use edge::{Access, Endpoint, Function, Trigger};
use serde_json::{Map, Value, json};

use crate::registry::pretty;
use crate::{FUNCTIONS, area, prose};

/// `openapi.json`: OpenAPI 3.1, from contracts and types.
pub fn openapi() -> String {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for function in FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http) {
        for endpoint in function.endpoints {
            let operation = operation(function, endpoint, &mut generator);
            let path = paths.entry(["/api/v1", endpoint.path].concat()).or_insert_with(|| json!({}));
            path[endpoint.method.to_ascii_lowercase()] = operation;
        }
    }
    let mut schemas: Map<String, Value> = generator.take_definitions(true);
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
        "servers": [{ "url": "http://localhost:8787", "description": "`cargo xtask dev`" }],
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
    areas.into_iter().map(|area| json!({ "name": area })).collect()
}

fn operation(function: &Function, endpoint: &Endpoint, generator: &mut SchemaGenerator) -> Value {
    let shape = (endpoint.describe)(generator);
    let mut parameters = parameters("path", shape.path, generator);
    parameters.extend(self::parameters("query", shape.query, generator));
    if endpoint.idempotent {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Repeating the request under this key within 24 hours gives the first answer again.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
        }));
    }
    let about = prose(if endpoint.about.is_empty() { function.about } else { endpoint.about });
    let summary = about.split(['.', ':', ';']).next().unwrap_or_default().trim().to_owned();
    let mut operation = json!({
        "operationId": format!("{}.{}", function.package, endpoint.operation),
        "tags": [area(function)],
        "summary": summary,
        "description": format!("{about}\n\n{}", terms(endpoint)),
        "responses": responses(endpoint, shape.reply, shape.reply_type),
        "security": if needs_token(endpoint) { json!([{ "token": [] }]) } else { json!([]) },
    });
    if !parameters.is_empty() {
        operation["parameters"] = Value::Array(parameters);
    }
    if let Some(body) = shape.body {
        operation["requestBody"] =
            json!({ "required": !shape.body_optional, "content": { "application/json": { "schema": body } } });
    }
    operation
}

fn needs_token(endpoint: &Endpoint) -> bool {
    endpoint.caller != "Public" && !endpoint.caller.starts_with("Signed")
}

/// Who may call it and how often, in words.
fn terms(endpoint: &Endpoint) -> String {
    let caller = match endpoint.caller {
        "Public" => "Anyone may call it",
        "Person" => "Needs an access token",
        "Manager" => "Needs the access token of a manager",
        "Admin" => "Needs the access token of an admin",
        _ => "Called by an outside service with a proof of its own",
    };
    let limit = endpoint.limit.requests().map_or("without limit".to_owned(), |limit| format!("{limit} times a minute"));
    format!("{caller}, {limit}.")
}

fn responses(endpoint: &Endpoint, reply: Option<Schema>, kind: &str) -> Value {
    let problem = |description: &str| {
        json!({
            "description": description,
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        })
    };
    let mut responses = Map::new();
    let success = match reply {
        Some(schema) if endpoint.reply != 204 => {
            let kind = kind.split(';').next().unwrap_or_default();
            json!({ "description": "Done.", "content": { kind: { "schema": schema } } })
        }
        _ => json!({ "description": "Done; no body." }),
    };
    responses.insert(endpoint.reply.to_string(), success);
    let takes_input = endpoint.method != "GET" || endpoint.path.contains('{');
    if takes_input {
        responses.insert("422".to_owned(), problem("Some fields are not right; `errors` says which and why."));
    }
    if endpoint.method != "GET" {
        responses.insert("400".to_owned(), problem("The body is not JSON."));
        responses.insert("413".to_owned(), problem("The body is too large."));
    }
    if needs_token(endpoint) || endpoint.caller.starts_with("Signed") {
        responses.insert("401".to_owned(), problem("No token or proof, or one that is no longer good."));
    }
    if endpoint.caller != "Public" && endpoint.path.contains('{') {
        responses.insert("403".to_owned(), problem("Not for this caller."));
        responses.insert("404".to_owned(), problem("Nothing there that this caller may see."));
    }
    if endpoint.access == Access::Writes && takes_input {
        responses.insert("409".to_owned(), problem("Conflicts with what is there."));
    }
    if endpoint.limit.requests().is_some() {
        responses.insert("429".to_owned(), problem("Too many requests; `Retry-After` says when to come back."));
    }
    responses.insert("default".to_owned(), problem("Any other failure."));
    Value::Object(responses)
}

/// The fields of an input struct, as parameters.
fn parameters(place: &str, schema: Option<Schema>, generator: &SchemaGenerator) -> Vec<Value> {
    let Some(schema) = schema else { return Vec::new() };
    let schema = resolve(schema.to_value(), generator);
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

fn resolve(schema: Value, generator: &SchemaGenerator) -> Value {
    let name = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
    name.and_then(|name| generator.definitions().get(name).cloned()).unwrap_or(schema)
}

fn problem() -> Value {
    json!({
        "type": "object",
        "description": "RFC 9457. `code` is stable and for programs, `detail` is for people.",
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
