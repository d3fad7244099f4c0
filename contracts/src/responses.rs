//! What an endpoint may answer, as its contract says.

use std::collections::BTreeMap;

use edge::describe::{Header, Shape};
use edge::{Endpoint, Function, Refusal, refusal};
use serde_json::{Map, Value, json};

use crate::FUNCTIONS;
use crate::examples::Examples;

/// The answers of an endpoint: those of success with an example that a test has seen, and one for each status of a refusal,
/// which all endpoints share.
pub(crate) fn responses(endpoint: &Endpoint, output: Shape, examples: &Examples) -> Value {
    let kind = output.reply_type.split(';').next().unwrap_or_default();
    let schema = output.reply.map_or_else(|| json!({}), edge::schemars::Schema::to_value);
    let has_body = schema["type"] != "null";
    let mut responses = Map::new();
    for status in [&[endpoint.reply], endpoint.also].concat() {
        let mut response = json!({ "description": about(status) });
        if has_body && status != 204 {
            let mut content = json!({ "schema": schema });
            let example = examples.get(&status.to_string()).map(|example| &example.answer);
            if let Some(example) = example.filter(|answer| !answer.is_null() && kind == "application/json") {
                content["example"] = example.clone();
            }
            response["content"] = json!({ kind: content });
        }
        let sent_headers = headers(endpoint);
        if !sent_headers.is_empty() {
            response["headers"] = Value::Object(sent_headers);
        }
        responses.insert(status.to_string(), response);
    }
    if endpoint.method == "GET" && endpoint.has(Header::ETag) {
        responses.insert("304".to_owned(), json!({ "$ref": "#/components/responses/NotModified" }));
    }
    for refusal in endpoint.refusals() {
        // The fault that nobody means is any other failure.
        if refusal.status != 500 {
            responses.insert(refusal.status.to_string(), reference(refusal.status));
        }
    }
    responses.insert("default".to_owned(), reference(500));
    Value::Object(responses)
}

/// What an endpoint refuses by its own words, a line each.
pub(crate) fn refusals(endpoint: &Endpoint) -> String {
    let lines = endpoint.refuses.iter().map(|refusal| {
        let Refusal { status, message } = refusal;
        format!("\n- {status} `{}`: {}", message.code, message.en)
    });
    let lines: String = lines.collect();
    if lines.is_empty() { lines } else { format!("\n\nRefuses:\n{lines}") }
}

/// Every refusal of the contracts of these functions, by code.
pub(crate) fn all_refusals(functions: &[&'static Function]) -> BTreeMap<&'static str, Refusal> {
    let endpoints = functions.iter().flat_map(|function| function.endpoints);
    let of_endpoints = endpoints.flat_map(Endpoint::refusals);
    let of_none = [refusal::NOT_FOUND, refusal::METHOD_NOT_ALLOWED];
    of_endpoints.chain(of_none).map(|refusal| (refusal.code(), refusal)).collect()
}

/// The answers that endpoints share.
pub(crate) fn components() -> Value {
    let mut components = Map::new();
    components.insert("NotModified".to_owned(), json!({ "description": about(304), "headers": { "etag": header("etag") } }));
    for refusal in all_refusals(FUNCTIONS).values().filter(|refusal| refusal.status != 405) {
        let mut response = json!({
            "description": about(refusal.status),
            "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
        });
        let sent_headers = match refusal.status {
            401 => Some("www-authenticate"),
            429 | 503 => Some("retry-after"),
            _ => None,
        };
        if let Some(name) = sent_headers {
            response["headers"] = json!({ name: header(name) });
        }
        components.insert(title(refusal.status), response);
    }
    Value::Object(components)
}

fn reference(status: u16) -> Value {
    json!({ "$ref": format!("#/components/responses/{}", title(status)) })
}

/// `NotFound`: the name that a status has in its standard.
fn title(status: u16) -> String {
    refusal::title(status).replace(' ', "")
}

/// The headers of a success.
fn headers(endpoint: &Endpoint) -> Map<String, Value> {
    let named = endpoint.headers.iter().filter(|header| **header != Header::Cookie).filter_map(|header| header.sent_name());
    let replayed = endpoint.takes_key().then_some("idempotency-replayed");
    let limited = endpoint.limit.requests().map(|_| "ratelimit-policy");
    named.chain(replayed).chain(limited).map(|name| (name.to_owned(), header(name))).collect()
}

/// Every header that an answer may have: its name, what it tells, its type, and an example.
const HEADERS: [(&str, &str, &str, &str); 9] = [
    ("content-disposition", "The name to save it under.", "string", "attachment; filename=\"oree.json\""),
    ("etag", "The version, for `If-Match` and `If-None-Match`.", "string", "\"3\""),
    ("idempotency-replayed", "`true` where this is the first answer under this `Idempotency-Key`, again.", "string", "true"),
    ("location", "Where it is to be found.", "string", "/api/v1/users/0b9e6f0c-3d0c-4f62-9f3c-6a1f0e5d7c11"),
    (
        "ratelimit-policy",
        "How many calls a minute the caller has (draft-ietf-httpapi-ratelimit-headers).",
        "string",
        "\"minute\";q=60;w=60",
    ),
    ("retry-after", "Seconds to wait.", "integer", "5"),
    ("www-authenticate", "How to authenticate.", "string", "Bearer"),
    ("x-next-cursor", "The `cursor` of the next page; absent on the last.", "string", "WyIyMDI2LTA2LTEwIiw3XQ"),
    ("x-total-count", "Rows in all, on every page together.", "integer", "42"),
];

/// The headers that answers share.
pub(crate) fn header_components() -> Value {
    let described = HEADERS.iter().map(|(name, about, kind, example)| {
        let example = example.parse::<u32>().map_or_else(|_| json!(example), |number| json!(number));
        (component(name), json!({ "description": about, "schema": { "type": kind }, "example": example }))
    });
    Value::Object(described.collect())
}

/// A header of an answer.
fn header(name: &str) -> Value {
    assert!(HEADERS.iter().any(|(known, ..)| *known == name), "{name} is described in {}", file!());
    json!({ "$ref": format!("#/components/headers/{}", component(name)) })
}

/// `XTotalCount`: what a header is called among the components.
pub(crate) fn component(name: &str) -> String {
    let capital = |word: &str| word[..1].to_ascii_uppercase() + &word[1..];
    name.split('-').map(capital).collect()
}

fn about(status: u16) -> &'static str {
    match status {
        200 => "Done.",
        201 => "Created.",
        202 => "Taken in; it is done later.",
        204 => "Done; no body.",
        304 => "Nothing has changed since the version that `If-None-Match` names.",
        400 => "The address or the body cannot be read.",
        401 => "No token or proof, or one that is no longer good.",
        402 => "Needs a subscription.",
        403 => "Not for this caller.",
        404 => "Nothing there that this caller may see.",
        409 => "Conflicts with what is there.",
        410 => "Is there no more.",
        412 => "Has changed since the version that `If-Match` names.",
        413 => "The body is too large.",
        415 => "The body is of another kind.",
        422 => "Some fields are not right; `errors` says which and why.",
        429 => "Too many requests; `Retry-After` says when to come back.",
        502 => "The outside service that this needs refused.",
        503 => "Not available now; `Retry-After`, where given, says when to come back.",
        _ => "Any other failure; `code` says which.",
    }
}
