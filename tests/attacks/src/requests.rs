//! Requests that are odd as requests: headers, bodies, methods, origins, and fields that are not the caller's to set.

use edge::auth::Role;
use laws::with_query;
use serde_json::{Value, json};
use testing::Call;

use crate::campaign::{Attack, Target};
use crate::verdict::Expect;

/// What somebody would set to have more rights, or somebody else's rows.
const RIGHTS: [&str; 22] = [
    "role",
    "roles",
    "tier",
    "plan",
    "is_admin",
    "admin",
    "is_banned",
    "is_active",
    "user_id",
    "userId",
    "owner_id",
    "id",
    "sub",
    "organisation_id",
    "password_hash",
    "email_verified_at",
    "version",
    "created_at",
    "deleted_at",
    "quota",
    "__proto__",
    "constructor",
];

/// Origins that look like one of ours, or like none.
const ORIGINS: [&str; 10] = [
    "https://evil.example",
    "null",
    "http://localhost:3000.evil.example",
    "http://localhost:30000",
    "https://localhost:3000",
    "http://evil.example#http://localhost:3000",
    "http://localhost:3000@evil.example",
    "file://",
    "*",
    "http://LOCALHOST:3000",
];

pub fn attacks(target: &Target) -> Vec<Attack> {
    let mut attacks = headers(target);
    attacks.extend(origins(target));
    attacks.extend(methods(target));
    if target.subject.takes_body() && !target.subject.is_signed() {
        attacks.extend(bodies(target));
        attacks.extend(rights(target));
    }
    attacks
}

/// A request that is right, by somebody new who may send it.
fn right(target: &Target) -> Call {
    let Target { app, subject, scene } = target;
    let person = scene.somebody(target.role());
    let call = subject.call(app, &person.id.to_string());
    if subject.is_public() || subject.is_signed() { call } else { call.by(&person) }
}

fn headers(target: &Target) -> Vec<Attack> {
    let long = "a".repeat(4000);
    let odd: [(&str, &str); 34] = [
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-for", "' or '1'='1"),
        ("x-forwarded-for", &long),
        ("x-real-ip", "::1"),
        ("true-client-ip", "10.0.0.1"),
        ("forwarded", "for=127.0.0.1;host=evil.example;proto=http"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "javascript"),
        ("x-forwarded-prefix", "//evil.example"),
        ("x-original-url", "/api/v1/health"),
        ("x-rewrite-url", "/api/v1/settings"),
        ("referer", "https://evil.example/'><script>"),
        ("traceparent", "00-evil.example-b7ad6b7169203331-01"),
        ("traceparent", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"),
        ("traceparent", &long),
        ("tracestate", "a='; drop table canary.nest; --"),
        ("x-request-id", "evil.example"),
        ("idempotency-key", "'||nextval('canary.songs')||'"),
        ("idempotency-key", &long),
        ("idempotency-key", "\u{e9}\t"),
        ("accept-language", "'||nextval('canary.songs')||'"),
        ("accept-language", "fr;q=1e999, en;q=NaN, *;q=-1"),
        ("accept-language", &long),
        ("accept", "text/html"),
        ("accept-encoding", "identity;q=0"),
        ("if-match", "\"'||nextval('canary.songs')||'\""),
        ("if-match", &long),
        ("if-none-match", "*, W/\"'\""),
        ("last-event-id", "'||nextval('canary.songs')||'"),
        ("user-agent", "'||nextval('canary.songs')||'\u{e9}"),
        ("range", "bytes=0-18446744073709551615"),
        ("cookie", "session=evil.example; a=b"),
        ("x-oree-scheduled", "9999-12-31T23:59:59Z"),
        ("cf-worker", "evil.example"),
    ];
    let mut attacks: Vec<Attack> = odd
        .into_iter()
        .map(|(name, value)| Attack {
            kind: "header injection",
            label: format!("{name}: {value:.40}"),
            call: right(target).header(name, value),
            expect: target.harmless(),
        })
        .collect();
    for host in ["evil.example", "localhost", "127.0.0.1.evil.example", "localhost:1", "[::1]"] {
        let call = right(target).header("host", host);
        attacks.push(Attack { kind: "foreign host", label: host.to_owned(), call, expect: Expect::Status(&[400]) });
    }
    if target.subject.takes_body() {
        for kind in
            ["", "application/jsonx", "application/json-patch+json", "text/html", "application/xml", "multipart/form-data", "*/*"]
        {
            let is_taken = target.subject.media().declared(kind).is_some();
            let expect = if is_taken || target.subject.is_signed() { target.harmless() } else { Expect::Status(&[415]) };
            let body = target.subject.sample_body().unwrap_or_default().to_string();
            let call = right(target).body(kind, body.as_bytes());
            attacks.push(Attack { kind: "header injection", label: format!("content-type: {kind}"), call, expect });
        }
    }
    for query in ["next", "redirect", "redirect_uri", "return_to", "url", "callback"] {
        for place in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
            let Target { app, subject, scene } = target;
            let path = with_query(&subject.path(&scene.victim.id.to_string()), query, place);
            let label = format!("{query}={place}");
            attacks.push(Attack {
                kind: "open redirect",
                label,
                call: app.call(subject.endpoint.method, &path),
                expect: target.harmless(),
            });
        }
    }
    attacks
}

fn origins(target: &Target) -> Vec<Attack> {
    let Target { app, subject, scene } = target;
    let path = subject.path(&scene.victim.id.to_string());
    let of = |origin: &str| {
        let asks = app.call("OPTIONS", &path).header("origin", origin);
        let asks = asks.header("access-control-request-method", subject.endpoint.method);
        let asks = asks.header("access-control-request-headers", "authorization, x-injected");
        [("request", right(target).header("origin", origin)), ("preflight", asks)].map(|(what, call)| Attack {
            kind: "foreign origin",
            label: format!("{what} from {origin}"),
            call,
            expect: target.harmless(),
        })
    };
    ORIGINS.into_iter().flat_map(of).collect()
}

fn methods(target: &Target) -> Vec<Attack> {
    const NEVER: Expect = Expect::Status(&[400, 401, 404, 405, 501]);
    let Target { app, subject, scene } = target;
    let own = scene.victim.id.to_string();
    let path = subject.path(&own);
    let person = scene.somebody(Role::User);
    let mut attacks = Vec::new();
    let mut add = |label: String, call: Call, expect| attacks.push(Attack { kind: "method and path", label, call, expect });
    for method in ["TRACE", "PATCH", "PROPFIND", "GETT", "get", "PURGE"] {
        add(method.to_owned(), app.call(method, &path).by(&person), NEVER);
    }
    if subject.is_public() {
        return attacks;
    }
    // Nobody is signed in: nothing may come of it, whatever the method is said to be.
    for (name, method) in [("x-http-method-override", "DELETE"), ("x-http-method", "GET"), ("x-method-override", "PUT")] {
        for sent in ["GET", "POST"] {
            add(format!("{sent} {name}: {method}"), app.call(sent, &path).header(name, method), NEVER);
        }
    }
    add("HEAD".to_owned(), app.call("HEAD", &path), NEVER);
    add("_method".to_owned(), app.call("POST", &format!("{path}?_method={}", subject.endpoint.method)), NEVER);
    for odd in [
        format!("/api/v1/{path}"),
        format!("/api/v1//{}", path.trim_start_matches('/')),
        format!("/api/v1/health/..{path}"),
        format!("/api/v1/health/%2e%2e{path}"),
        format!("/api/v1/health%2f..{path}"),
        format!("/api/v1{path}/"),
        format!("/api/v1{path}%00"),
        format!("/api/v1{path};a=b"),
        format!("/api/v1{path}.json"),
        format!("/api/v1{}", path.to_uppercase()),
        format!("/api/v1{path}%20"),
        format!("/api/v1/.{path}"),
        format!("/api/v1{path}?x=/api/v1/health"),
        format!("/api/v1{}", path.replace('/', "%2F")),
        format!("/api/v1{}", path.replace('/', "\\")),
    ] {
        add(odd.clone(), app.call(subject.endpoint.method, &odd), NEVER);
    }
    attacks
}

fn bodies(target: &Target) -> Vec<Attack> {
    // What is nonsense as JSON may be a good text.
    let refused = if target.subject.takes_json() { Expect::Status(&[400, 413, 422]) } else { target.harmless() };
    let kind = target.subject.media().names().next().unwrap_or("application/json");
    let sample = target.subject.sample_body().unwrap_or_default();
    let text = sample.to_string();
    let members = text.trim_start_matches('{');
    let deep = |open: &str, close: &str, depth: usize| [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
    let mut odd: Vec<(String, Vec<u8>)> = vec![
        ("30,000 arrays".to_owned(), deep("[", "]", 30_000).into_bytes()),
        ("10,000 objects".to_owned(), deep("{\"a\":", "}", 10_000).into_bytes()),
        ("2 MB of spaces".to_owned(), " ".repeat(2_000_000).into_bytes()),
        ("2 MB of text".to_owned(), format!("{{\"a\":\"{}\"}}", "x".repeat(2_000_000)).into_bytes()),
        (
            "6,000 fields".to_owned(),
            format!("{{{}\"z\":1}}", (0..6000).map(|n| format!("\"a{n}\":1,")).collect::<String>()).into_bytes(),
        ),
        ("UTF-16".to_owned(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("not UTF-8".to_owned(), [b"{\"a\":\"".as_slice(), b"\xff\xfe\"}"].concat()),
        ("a lone surrogate".to_owned(), b"{\"a\":\"\\udfff\"}".to_vec()),
        ("two documents".to_owned(), [&text, " ", &text].concat().into_bytes()),
        ("a comment".to_owned(), ["/* */", &text].concat().into_bytes()),
        ("NaN".to_owned(), b"{\"a\":NaN}".to_vec()),
        (
            "an unknown field named like a prototype".to_owned(),
            format!("{{\"__proto__\":{{\"role\":\"admin\"}},{members}").into_bytes(),
        ),
    ];
    for field in target.subject.all_fields() {
        for (what, value) in [
            ("1e400", "1e400".to_owned()),
            ("a huge integer", "9".repeat(400)),
            ("a long text", format!("\"{}\"", "\u{1d11e}".repeat(15_000))),
            ("deep arrays", deep("[", "]", 120)),
            ("an operator", "{\"$gt\":\"\"}".to_owned()),
        ] {
            let mut parts: Vec<String> = vec![format!("\"{field}\":{value}")];
            let others = sample.as_object().into_iter().flatten().filter(|(name, _)| **name != field);
            parts.extend(others.map(|(name, value)| format!("\"{name}\":{value}")));
            odd.push((format!("{field} is {what}"), format!("{{{}}}", parts.join(",")).into_bytes()));
        }
        if let Some(value) = sample.get(&field) {
            odd.push((format!("{field} twice"), format!("{{\"{field}\":{value},{members}").into_bytes()));
        }
    }
    odd.into_iter()
        .map(|(label, body)| {
            let twice = label.ends_with("twice");
            let expect = if twice || label.ends_with("long text") || label.ends_with("operator") || label.ends_with("deep arrays")
            {
                target.harmless()
            } else {
                refused
            };
            Attack { kind: "body", label, call: right(target).body(kind, &body).header("connection", "close"), expect }
        })
        .collect()
}

fn rights(target: &Target) -> Vec<Attack> {
    let Target { app, subject, scene } = target;
    let own = subject.all_fields();
    let mut attacks = Vec::new();
    for field in RIGHTS {
        let value: Value = match field {
            "role" => json!("admin"),
            "tier" | "plan" => json!("PREMIUM"),
            "roles" => json!(["admin"]),
            "is_admin" | "admin" | "is_active" => json!(true),
            "version" | "quota" => json!(1_000_000),
            "created_at" | "deleted_at" | "email_verified_at" => json!("2000-01-01T00:00:00Z"),
            _ => json!(scene.victim.id),
        };
        let mut body = subject.sample_body().unwrap_or_default();
        body[field] = value;
        // Where an endpoint has a field of that name, only the database can say whether it did harm.
        let expect = if own.iter().any(|name| name == field) { target.harmless() } else { Expect::Status(&[422]) };
        // As an ordinary person, and for an administrator's endpoint as one who lets it in.
        let label = format!("{field} in the body");
        attacks.push(Attack { kind: "mass assignment", label, call: subject.with_body(right(target), body.clone()), expect });
        let person = scene.somebody(Role::User);
        let value = body[field].to_string().replace(['"', '[', ']'], "");
        let path = with_query(&subject.path(&person.id.to_string()), field, &value);
        let call = app.call(subject.endpoint.method, &path).by(&person);
        let call = subject.with_body(call, subject.sample_body().unwrap_or_default());
        attacks.push(Attack { kind: "mass assignment", label: format!("{field} in the query"), call, expect: Expect::Harmless });
    }
    attacks
}
