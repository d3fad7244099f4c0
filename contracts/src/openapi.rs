use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use edge::describe::{Header, Place, Scheme};
use edge::schemars::Schema;
use edge::{Endpoint, Function, Media, Trigger, route};
use serde_json::{Map, Value, json};

use crate::examples::{Example, Examples, file_name};
use crate::responses::{all_refusals, component, components, header_components, refusals, responses};
use crate::schemas::Schemas;
use crate::{FUNCTIONS, area, prose};

/// OpenAPI 3.1 of every endpoint, from contracts and types; examples only illustrate it.
pub fn openapi(examples: &BTreeMap<String, Examples>) -> Value {
    let (mut paths, mut schemas, mut schemes) = (json!({}), Schemas::new(), Map::new());
    for function in FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http) {
        for endpoint in function.endpoints {
            let seen = examples.get(&file_name(function, endpoint)).cloned().unwrap_or_default();
            let described = describe(function, endpoint, &mut schemas, &mut schemes, &seen);
            paths[function.root.path(endpoint.path)][endpoint.method.to_ascii_lowercase()] = described;
        }
    }
    let mut named = schemas.used_by(&paths);
    named.insert("Problem".to_owned(), problem());
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Orée",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "One backend for five products. Every path is also answered below `/api` and `/s2s_api_v1`. \
                Errors are RFC 9457 problems with a stable `code`; sentences are French or English by `Accept-Language`.",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            "contact": { "name": "Orée", "url": "https://oree.example" },
        },
        "servers": [{ "url": "/", "description": "Where this document comes from." }],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": named, "responses": components(), "headers": header_components(), "parameters": header_parameters(),
            "securitySchemes": schemes,
        },
    })
}

/// `signIn`: the name of an operation, for people and for generated clients.
pub(crate) fn operation_id(endpoint: &Endpoint) -> String {
    let mut words = endpoint.operation.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (head, tail) = word.split_at(word.len().min(1));
        [name, head.to_ascii_uppercase(), tail.to_owned()].concat()
    })
}

/// The areas as their READMEs introduce them: title and first paragraph.
fn tags() -> Value {
    let mut areas: Vec<&str> = FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http).map(|f| area(f)).collect();
    areas.dedup();
    let tag = |area: &str| {
        let (title, about) = introduction(area);
        json!({ "name": title, "description": about })
    };
    areas.into_iter().map(tag).collect()
}

fn introduction(area: &str) -> (String, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../functions/{area}/README.md"));
    let text = fs::read_to_string(path).unwrap_or_default();
    let mut paragraphs = text.split("\n\n").map(str::trim);
    let title = paragraphs.next().unwrap_or_default().trim_start_matches('#').trim();
    assert!(!title.is_empty(), "functions/{area}/README.md introduces the area: a title and a paragraph");
    (title.to_owned(), prose(paragraphs.next().unwrap_or_default()))
}

fn describe(
    function: &Function,
    endpoint: &Endpoint,
    schemas: &mut Schemas,
    schemes: &mut Map<String, Value>,
    examples: &Examples,
) -> Value {
    let (input, output) = schemas.shapes(endpoint);
    let example = examples.get(&endpoint.reply.to_string());
    let mut parameters = parameters("path", input.path, schemas, |name| path_example(function, endpoint.path, name, example?));
    parameters.extend(sealed_parameters(endpoint.path, &parameters));
    parameters.extend(self::parameters("query", input.query, schemas, |name| query_example(name, example?)));
    parameters.extend(headers(endpoint));
    let about = prose(if endpoint.about.is_empty() { function.about } else { endpoint.about });
    let summary = about.split(['.', ':', ';']).next().unwrap_or_default().trim().to_owned();
    let security = match input.scheme {
        Scheme::Nobody => json!([]),
        Scheme::By { name, place, about } => {
            schemes.insert(name.to_owned(), security_scheme(place, about));
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            parameters.retain(|parameter| !place.is(&text(&parameter["in"]), &text(&parameter["name"])));
            json!([{ name: [] }])
        }
    };
    let mut described = json!({
        "operationId": operation_id(endpoint),
        "tags": [introduction(area(function)).0],
        "summary": summary,
        "description": format!("{about}\n\n{}{}", terms(endpoint), refusals(endpoint)),
        "security": security,
    });
    if !parameters.is_empty() {
        described["parameters"] = Value::Array(parameters);
    }
    if let Some((_, first)) = input.bodies.first() {
        let about = schemas.resolved(first.clone().to_value())["description"].as_str().map(str::to_owned);
        let is_signed = endpoint.caller.starts_with("Signed");
        let about = about.unwrap_or_else(|| if is_signed { "As it was signed." } else { "As it is sent." }.to_owned());
        let mut content = Map::new();
        for (media, body) in &input.bodies {
            let mut schema = body.clone().to_value();
            crate::schemas::tidy(&mut schema, true);
            let mut described = json!({ "schema": schema });
            // Services sign JSON.
            let is_json = *media == Media::JSON || is_signed;
            if let Some(example) = example.filter(|example| is_json && !example.body.is_null()) {
                described["example"] = example.body.clone();
            }
            let names = media.names().map(|name| if is_signed { "application/json" } else { name });
            content.extend(names.map(|name| (name.to_owned(), described.clone())));
        }
        described["requestBody"] = json!({ "description": about, "required": !input.body_optional, "content": content });
    }
    described["responses"] = responses(endpoint, output, examples);
    described
}

/// The headers that callers may send beside their proof: to which endpoints, name, pattern, what they are for, and
/// an example.
type Sent = (fn(&Endpoint) -> bool, &'static str, &'static str, &'static str, &'static str);

const SENT: [Sent; 4] = [
    (
        Endpoint::takes_key,
        "Idempotency-Key",
        "^[!-~]{1,255}$",
        "Up to 255 visible ASCII characters, such as a UUID. A repeat under this key within 24 hours does nothing again and gives \
         the first answer; a refused request leaves its key free.",
        "9d2f6c1e-58b3-4c0e-8a67-1d6f0b8f2a35",
    ),
    (|endpoint| endpoint.has(Header::IfMatch), "If-Match", ".*", "The version that it must still have.", "\"3\""),
    (
        |endpoint| endpoint.method == "GET" && endpoint.has(Header::ETag),
        "If-None-Match",
        ".*",
        "The version that the caller has.",
        "\"3\"",
    ),
    (
        |endpoint| endpoint.has(Header::LastEventId),
        "Last-Event-ID",
        ".*",
        "The last event that the caller has seen.",
        "running-40",
    ),
];

fn headers(endpoint: &Endpoint) -> impl Iterator<Item = Value> {
    let sent = SENT.iter().filter(|(takes, ..)| takes(endpoint));
    sent.map(|(_, name, ..)| json!({ "$ref": format!("#/components/parameters/{}", component(name)) }))
}

fn header_parameters() -> Value {
    let described = SENT.iter().map(|(_, name, pattern, about, example)| {
        let schema = json!({ "type": "string", "pattern": pattern });
        let parameter = json!({
            "name": name, "in": "header", "required": false, "description": about, "schema": schema, "example": example,
        });
        (component(name), parameter)
    });
    Value::Object(described.collect())
}

fn security_scheme(place: Place, about: &str) -> Value {
    match place {
        Place::Token => json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": about }),
        Place::Secret => json!({ "type": "http", "scheme": "bearer", "description": about }),
        Place::Header(name) => json!({ "type": "apiKey", "in": "header", "name": name, "description": about }),
        Place::Query(name) => json!({ "type": "apiKey", "in": "query", "name": name, "description": about }),
        Place::Cookie(name) => json!({ "type": "apiKey", "in": "cookie", "name": name, "description": about }),
    }
}

/// The parameters of a path that no handler reads: the caller's proof covers them.
fn sealed_parameters(template: &str, known: &[Value]) -> Vec<Value> {
    let names = template.split('/').filter_map(route::parameter).map(|(name, _)| name);
    let sealed = names.filter(|name| !known.iter().any(|parameter| parameter["name"] == *name));
    let parameter = |name| {
        let about = "Part of the link that was given out; the proof covers it.";
        json!({ "name": name, "in": "path", "required": true, "description": about, "schema": { "type": "string" } })
    };
    sealed.map(parameter).collect()
}

/// What stood in a path in the place of a parameter.
fn path_example(function: &Function, template: &str, name: &str, example: &Example) -> Option<String> {
    let sent = example.path.strip_prefix(function.root.prefix())?.split('?').next()?;
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
    let gate = if endpoint.is_gated { " Words that tell of danger are answered at once, and not counted." } else { "" };
    format!("{caller}, {limit}.{gate}")
}

/// The fields of an input struct, as parameters.
///
/// # Panics
/// Where one has no description: callers have nothing but its name otherwise.
fn parameters(place: &str, schema: Option<Schema>, schemas: &Schemas, example: impl Fn(&str) -> Option<String>) -> Vec<Value> {
    let Some(schema) = schema else { return Vec::new() };
    let schema = schemas.resolved(schema.to_value());
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let Some(properties) = schema["properties"].as_object() else { return Vec::new() };
    let parameter = |(name, field): (&String, &Value)| {
        let mut field = field.clone();
        let about = field.as_object_mut().and_then(|field| field.remove("description"));
        assert!(about.is_some(), "the parameter {name} of {} has no description: write `///` above the field", schema["title"]);
        let mut parameter = json!({
            "name": name, "in": place, "required": place == "path" || required.contains(&name.as_str()),
            "description": about, "schema": field,
        });
        if let Some(example) = example(name) {
            let is_text = !matches!(parameter["schema"]["type"].as_str(), Some("integer" | "number" | "boolean"));
            parameter["example"] = if is_text { json!(example) } else { example.parse().unwrap_or_default() };
        }
        parameter
    };
    properties.iter().map(parameter).collect()
}

fn problem() -> Value {
    let codes: Vec<&str> = all_refusals(FUNCTIONS).into_keys().collect();
    json!({
        "type": "object",
        "description": "RFC 9457. `code` is stable and for programs, `detail` is for people. Some problems have members of their \
            own, such as what is left of a quota.",
        "additionalProperties": true,
        "required": ["type", "title", "status", "detail", "code", "request_id", "error"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string", "description": "The status in words." },
            "status": { "type": "integer" },
            "detail": { "type": "string", "description": "In French or English." },
            "code": { "type": "string", "enum": codes },
            "request_id": { "type": "string", "format": "uuid", "description": "By which the log finds the request." },
            "error": {
                "type": "object",
                "description": "The same, as OpenAI's clients read it.",
                "required": ["message", "type", "param", "code"],
                "properties": {
                    "message": { "type": "string" },
                    "type": { "type": "string" },
                    "param": { "type": ["string", "null"], "description": "The first wrong field." },
                    "code": { "type": "string" },
                },
            },
            "errors": {
                "type": "array",
                "description": "With `invalid`: one entry per wrong field.",
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
