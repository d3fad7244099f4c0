//! Text that means something to SQL, to a header or to a path.

use laws::with_query;
use serde_json::{Value, json};

use crate::campaign::{Attack, Target, with_body};
use crate::verdict::Expect;

/// Each would use the canary's sequence, break the statement, or make a condition true, were it more than text.
const TEXTS: [&str; 20] = [
    "'; drop table canary.nest; --",
    "' or '1'='1",
    "') or ('1'='1' --",
    "'||nextval('canary.songs')||'",
    "\\'; select nextval('canary.songs'); --",
    "1; select nextval('canary.songs')",
    "(select nextval('canary.songs'))",
    "$$||nextval('canary.songs')||$$",
    "\"; select nextval('canary.songs'); --",
    "{\"a\",nextval('canary.songs')}",
    "%' union select email from users --",
    "%s %I %L %1$s",
    "$1",
    "x'::regclass::text||'",
    "\u{2019} or 1=1 --",
    "E'\\x27' or 1=1 --",
    "'; set role edge_owner; update users set role = 'admin'; --",
    "a\\",
    "'/*",
    "\u{feff}\u{202e}'--",
];

/// What would make a line of its own of a header.
const LINES: [&str; 3] = ["a\r\nx-injected: 1", "a\nset-cookie: a=b", "a\u{2028}x-injected: 1"];

/// For paths and queries, as they are sent.
const ENCODED: [&str; 6] = ["%0d%0ax-injected:%201", "%00", "..%2f..%2fhealth", "%c0%af", "%2527%20or%201=1", "%ff%fe"];

pub fn attacks(target: &Target) -> Vec<Attack> {
    let Target { app, subject, scene } = target;
    let mut attacks = Vec::new();
    let mut add = |kind, label: String, path: Option<String>, body: Option<Value>, expect| {
        let person = scene.somebody(target.role());
        let own = subject.path(&person.id.to_string());
        let path = match path.as_deref().map(|path| path.strip_prefix('?').and_then(|pair| pair.split_once('=')).ok_or(path)) {
            Some(Ok((name, value))) => with_query(&own, name, value),
            Some(Err(path)) => path.to_owned(),
            None => own,
        };
        let call = with_body(subject, app.call(subject.endpoint.method, &path), body.or_else(|| subject.sample_body()));
        let call = if subject.is_public() || subject.is_signed() { call } else { call.by(&person) };
        attacks.push(Attack { kind, label, call, expect });
    };

    for field in subject.fields("string") {
        for text in TEXTS.into_iter().chain(LINES) {
            let mut body = subject.sample_body().unwrap_or_default();
            body[&field] = json!(text);
            let kind =
                if text.contains("\r\n") || text.contains('\u{2028}') { "header injection" } else { "SQL injection, body" };
            add(kind, format!("{field} = {text:?}"), None, Some(body), target.harmless());
        }
    }
    if subject.has_path_parameters() {
        for text in TEXTS.iter().map(|text| encode(text)).chain(ENCODED.map(str::to_owned)) {
            let path = subject.path_with(|_| text.clone());
            // The entry of the edge may find no function for it at all.
            let expect =
                if subject.is_signed() { Expect::Status(&[400, 401, 404]) } else { Expect::Status(&[400, 404, 405, 422]) };
            add("SQL injection, path", text, Some(path), None, expect);
        }
    }
    for field in subject.query_fields() {
        for text in TEXTS.iter().map(|text| encode(text)).chain(ENCODED.map(str::to_owned)) {
            let query = format!("?{field}={text}");
            add("SQL injection, query", query.clone(), Some(query), None, target.harmless());
        }
    }
    attacks
}

fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
