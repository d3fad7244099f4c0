//! What an endpoint may answer.

use edge::schemars::Schema;
use edge::{Access, Endpoint};
use serde_json::{Map, Value, json};

use crate::examples::Examples;
use crate::openapi::needs_token;

/// The answers of an endpoint: those that its contract names or implies, and every refusal that a test has seen.
pub(crate) fn responses(endpoint: &Endpoint, reply: Option<Schema>, kind: &str, examples: &Examples) -> Value {
    let mut statuses: Vec<u16> = examples.keys().filter_map(|status| status.parse().ok()).chain(implied(endpoint)).collect();
    statuses.extend(has_version(endpoint, examples).then_some(304));
    statuses.extend(endpoint.also);
    statuses.sort_unstable();
    statuses.dedup();
    let reply = reply.map(Schema::to_value);
    let mut responses = Map::new();
    for status in statuses {
        let is_success = status == endpoint.reply || endpoint.also.contains(&status);
        let mut response = match &reply {
            _ if status == 304 => json!({ "description": about(status) }),
            Some(schema) if is_success && status != 204 => {
                let kind = kind.split(';').next().unwrap_or_default();
                json!({ "description": about(status), "content": { kind: { "schema": schema } } })
            }
            _ if is_success => json!({ "description": "Done; no body." }),
            _ => problem(about(status)),
        };
        let answer = examples.get(&status.to_string()).map(|example| &example.answer).filter(|answer| !answer.is_null());
        if let (Some(answer), Some(content)) = (answer, response.get_mut("content").and_then(Value::as_object_mut)) {
            content.values_mut().for_each(|content| content["example"] = answer.clone());
        }
        let told = examples.get(&status.to_string()).map(|example| &example.headers).filter(|headers| !headers.is_empty());
        if let Some(headers) = told {
            response["headers"] = headers.iter().map(|name| (name.clone(), header(name))).collect::<Map<_, _>>().into();
        }
        responses.insert(status.to_string(), response);
    }
    responses.insert("default".to_owned(), problem("Any other failure."));
    Value::Object(responses)
}

/// What follows from the verb, the caller and the limit.
fn implied(endpoint: &Endpoint) -> Vec<u16> {
    let takes_body = matches!(endpoint.method, "POST" | "PUT" | "PATCH");
    let takes_input = takes_body || endpoint.path.contains('{');
    let is_guarded = endpoint.caller != "Public";
    let cases = [
        (endpoint.reply, true),
        (400, true),
        (401, needs_token(endpoint) || endpoint.caller.starts_with("Signed")),
        (403, is_guarded && endpoint.path.contains('{')),
        (404, is_guarded && endpoint.path.contains('{')),
        (409, endpoint.access == Access::Writes && takes_input),
        (413, takes_body),
        (415, takes_body),
        (422, takes_input),
        (429, endpoint.limit.requests().is_some()),
    ];
    cases.into_iter().filter(|(_, holds)| *holds).map(|(status, _)| status).collect()
}

/// Whether its answers carry a version, so that one that the caller has need not be sent again.
pub(crate) fn has_version(endpoint: &Endpoint, examples: &Examples) -> bool {
    let answer = examples.get(&endpoint.reply.to_string());
    endpoint.method == "GET" && answer.is_some_and(|example| example.headers.contains("etag"))
}

/// A header of an answer.
fn header(name: &str) -> Value {
    let (about, kind) = match name {
        "content-disposition" => ("The name to save it under.", "string"),
        "etag" => ("The version, for `If-Match` and `If-None-Match`.", "string"),
        "idempotency-replayed" => ("This is the first answer under this `Idempotency-Key`, again.", "string"),
        "location" => ("Where it is to be found.", "string"),
        "retry-after" => ("Seconds to wait.", "integer"),
        "x-next-cursor" => ("The `cursor` of the next page; absent on the last.", "string"),
        "x-total-count" => ("Rows in all, on every page together.", "integer"),
        _ => ("", "string"),
    };
    json!({ "description": about, "schema": { "type": kind } })
}

fn problem(description: &str) -> Value {
    json!({
        "description": description,
        "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } },
    })
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
        _ => "As `code` says.",
    }
}
