//! Access tokens (JWT, RFC 7519) that we never issued, or not for this.

use auth::Keys;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::digest::KeyInit;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::{Sha256, Sha384, Sha512};
use testing::{Person, now, variable};

use crate::campaign::{Attack, Target, with_body};
use crate::verdict::Expect;

const KIND: &str = "token confusion";
const REFUSED: Expect = Expect::Status(&[401]);
/// The runtime has limits of its own on headers, and may answer before us.
const REFUSED_OR_TOO_LARGE: Expect = Expect::Status(&[400, 401, 413, 431]);

pub fn attacks(target: &Target) -> Vec<Attack> {
    let Target { app, subject, scene } = target;
    if subject.is_public() || subject.is_signed() {
        return Vec::new();
    }
    let own = scene.victim.id.to_string();
    let path = subject.path(&own);
    let call = || with_body(subject, app.call(subject.endpoint.method, &path), subject.sample_body());
    let mut attacks = Vec::new();
    let mut add = |label: String, call, expect| attacks.push(Attack { kind: KIND, label, call, expect });
    let forger = Forger::new(&scene.victim);
    for (label, token) in forger.tokens() {
        // Signed by us for a person or a session that is nobody's: refused as a stranger's, where the path names an owner.
        let expect = if label.contains("\"0000") { Expect::Status(&[401, 403]) } else { REFUSED };
        add(label, call().token(&token), expect);
    }
    add("64 KiB of token".to_owned(), call().token(&"a.".repeat(32_768)), REFUSED_OR_TOO_LARGE);
    add(
        "8 KiB of key id".to_owned(),
        call().token(&forger.header(&json!({"alg": "HS256", "kid": "k".repeat(6000)}))),
        REFUSED_OR_TOO_LARGE,
    );

    // A good token that is not where it belongs.
    let good = scene.victim.token(now());
    for scheme in ["Basic", "Token", "JWT", "BearerX", ""] {
        add(format!("scheme {scheme:?}"), call().header("authorization", &format!("{scheme} {good}")), REFUSED);
    }
    for value in
        [good.clone(), format!("Bearer{good}"), format!("Bearer {good} x"), format!("Bearer {good},{good}"), "Bearer".to_owned()]
    {
        add(format!("authorization {value:.12}"), call().header("authorization", &value), REFUSED);
    }
    for header in [
        "cookie",
        "x-authorization",
        "x-access-token",
        "proxy-authorization",
        "x-forwarded-authorization",
        "x-user-id",
        "x-forwarded-user",
    ] {
        let value = if header == "cookie" { format!("access_token={good}; session={good}") } else { format!("Bearer {good}") };
        add(header.to_owned(), call().header(header, &value), REFUSED);
    }
    let query = |name: &str| [&path, "?", name, "=", &good].concat();
    for name in ["access_token", "token", "jwt", "authorization"] {
        let call = with_body(subject, app.call(subject.endpoint.method, &query(name)), subject.sample_body());
        add(format!("query {name}"), call, REFUSED);
    }
    attacks
}

/// Somebody who wants to be the victim. They do not have the key; where a token below is signed with it, it is one that we
/// might have issued for another purpose, or what an implementation that checks too little would take.
struct Forger {
    key_id: String,
    key: Vec<u8>,
    claims: Value,
    good: String,
    internal: String,
}

impl Forger {
    fn new(victim: &Person) -> Forger {
        let keys = variable("JWT_KEYS");
        let (key_id, key) = keys.split(',').next().and_then(|first| first.split_once(':')).expect("JWT_KEYS has a key");
        let good = victim.token(now());
        let claims = good.split('.').nth(1).expect("a token has claims");
        let internal = Keys::parse(&keys).expect("JWT_KEYS is usable").issue_internal("operations-purge", now());
        Forger {
            key_id: key_id.to_owned(),
            key: BASE64_STANDARD.decode(key).expect("a key is base64"),
            claims: serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).expect("claims are base64"))
                .expect("claims are JSON"),
            good,
            internal,
        }
    }

    fn tokens(&self) -> Vec<(String, String)> {
        let mut tokens = Vec::new();
        let mut add = |label: String, token: String| tokens.push((label, token));
        let (head, rest) = self.good.split_once('.').expect("a token has three parts");
        let (claims, signature) = rest.split_once('.').expect("a token has three parts");
        let now = now().timestamp();

        for algorithm in
            ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "PS256", "ES256", "EdDSA", "hs256", "HS256 ", "dir"]
        {
            let header = json!({"alg": algorithm, "typ": "JWT", "kid": self.key_id});
            let unsigned = format!("{}.{claims}", encode(&header));
            add(format!("alg {algorithm:?}, unsigned"), format!("{unsigned}."));
            add(format!("alg {algorithm:?}, signature of another"), format!("{unsigned}.{signature}"));
            add(
                format!("alg {algorithm:?}, signed with our key"),
                format!("{unsigned}.{}", mac::<Hmac<Sha256>>(&self.key, &unsigned)),
            );
        }
        for (algorithm, sign) in [("HS384", mac::<Hmac<Sha384>> as fn(&[u8], &str) -> String), ("HS512", mac::<Hmac<Sha512>>)] {
            let unsigned = format!("{}.{claims}", encode(&json!({"alg": algorithm, "kid": self.key_id})));
            add(format!("{algorithm} with our key"), format!("{unsigned}.{}", sign(&self.key, &unsigned)));
        }
        for key in [
            "",
            "secret",
            "a",
            "null",
            &self.key_id,
            &BASE64_STANDARD.encode(&self.key),
            "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        ] {
            let label = format!("signed with {:?}", &key[..key.len().min(4)]);
            add(label, signed(key.as_bytes(), &json!({"alg": "HS256", "kid": self.key_id}), &self.claims));
        }
        for kid in [
            json!(null),
            json!(""),
            json!("other"),
            json!(0),
            json!([&self.key_id]),
            json!({"a": 1}),
            json!(true),
            json!("../../../../dev/null"),
            json!("/dev/null"),
            json!("file:///dev/null"),
            json!("http://evil.example/keys"),
            json!("' or '1'='1"),
            json!("x' union select '' --"),
            json!(format!("{}\0", self.key_id)),
            json!(format!(" {}", self.key_id)),
            json!(format!("{},x", self.key_id)),
            json!(self.key_id.to_uppercase()),
            json!("|id"),
            json!("__proto__"),
        ] {
            add(format!("kid {kid}, empty key"), signed(b"", &json!({"alg": "HS256", "kid": kid}), &self.claims));
        }
        for more in [
            json!({"jwk": {"kty": "oct", "k": "AAAA"}}),
            json!({"jku": "http://evil.example/keys"}),
            json!({"x5u": "http://evil.example/cert"}),
            json!({"x5c": ["AAAA"]}),
            json!({"enc": "none"}),
        ] {
            let mut header = json!({"alg": "HS256", "kid": self.key_id});
            header.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            add(format!("header {more}, their key"), signed(b"\0\0\0", &header, &self.claims));
        }
        add("no kid".to_owned(), signed(&self.key, &json!({"alg": "HS256"}), &self.claims));
        let twice = format!(r#"{{"alg":"HS256","alg":"none","kid":"{}"}}"#, self.key_id);
        add("alg twice".to_owned(), format!("{}.{claims}.", BASE64_URL_SAFE_NO_PAD.encode(twice)));

        for (claim, values) in [
            (
                "exp",
                vec![
                    json!(now - 31),
                    json!(0),
                    json!(-1),
                    json!("9999999999"),
                    json!(1e30),
                    json!(i64::MAX),
                    json!(null),
                    json!([]),
                ],
            ),
            ("iat", vec![json!(now + 120), json!("now"), json!(null)]),
            ("nbf", vec![json!(now + 120)]),
            ("iss", vec![json!("other"), json!(""), json!(["oree"]), json!(null)]),
            (
                "aud",
                vec![json!("other"), json!("oree-internal"), json!(["oree"]), json!(["oree", "other"]), json!(""), json!(null)],
            ),
            ("sub", vec![json!("00000000-0000-0000-0000-000000000000"), json!("admin"), json!([]), json!(1), json!(null)]),
            ("sid", vec![json!("00000000-0000-0000-0000-000000000000"), json!(""), json!(null)]),
            (
                "role",
                vec![json!("superuser"), json!("service"), json!("postgres"), json!("ADMIN"), json!(["admin"]), json!(null)],
            ),
        ] {
            for value in values {
                let mut claims = self.claims.clone();
                claims[claim] = value.clone();
                add(format!("{claim} {value}, signed by us"), self.signed(&claims));
            }
            let mut claims = self.claims.clone();
            if claims.as_object_mut().expect("claims are an object").remove(claim).is_some() {
                add(format!("no {claim}, signed by us"), self.signed(&claims));
            }
        }
        // Raised in the token alone: the database knows better. Where the role would suffice this is the only guard.
        for role in ["manager", "admin"] {
            let mut claims = self.claims.clone();
            claims["role"] = json!(role);
            let forged = format!("{head}.{}.{signature}", encode(&claims));
            add(format!("role {role}, signature of another"), forged);
        }
        let text = self.claims.to_string();
        for more in [r#","role":"admin"}"#, r#","sub":"00000000-0000-4000-8000-000000000000"}"#, r#","exp":99999999999}"#] {
            let claims = text.trim_end_matches('}').to_owned() + more;
            let unsigned = format!("{head}.{}", BASE64_URL_SAFE_NO_PAD.encode(&claims));
            add(format!("claim twice{more}, signature of another"), format!("{unsigned}.{signature}"));
            add(format!("claim twice{more}, signed by us"), format!("{unsigned}.{}", mac::<Hmac<Sha256>>(&self.key, &unsigned)));
        }

        for length in [0, 1, 10, 21, 42] {
            add(format!("{length} characters of signature"), format!("{head}.{claims}.{}", &signature[..length]));
        }
        let zero = BASE64_URL_SAFE_NO_PAD.encode([0; 32]);
        for wrong in [format!("{signature}A"), format!("{signature}=="), format!("{signature}."), zero, signature.to_lowercase()]
        {
            add(format!("signature {wrong:.8}"), format!("{head}.{claims}.{wrong}"));
        }
        for wrong in [
            String::new(),
            ".".to_owned(),
            "..".to_owned(),
            "...".to_owned(),
            head.to_owned(),
            format!("{head}.{claims}"),
            format!(".{claims}.{signature}"),
            format!("{head}..{signature}"),
            format!("{head}.{claims}.{signature}.{signature}"),
            format!("{head}.{claims}.{signature}.x.y"),
            "null".to_owned(),
            "undefined".to_owned(),
            "' or '1'='1".to_owned(),
            "\u{e9}".to_owned(),
            format!("{}.{claims}.{signature}", BASE64_URL_SAFE_NO_PAD.encode("[]")),
            format!("{}.{claims}.{signature}", BASE64_URL_SAFE_NO_PAD.encode("{")),
            format!("{head}.{}.{signature}", BASE64_URL_SAFE_NO_PAD.encode("null")),
            self.internal.clone(),
        ] {
            add(format!("shape {wrong:.16}"), wrong);
        }
        tokens
    }

    fn signed(&self, claims: &Value) -> String {
        signed(&self.key, &json!({"alg": "HS256", "typ": "JWT", "kid": self.key_id}), claims)
    }

    fn header(&self, header: &Value) -> String {
        signed(&self.key, header, &self.claims)
    }
}

fn signed(key: &[u8], header: &Value, claims: &Value) -> String {
    let unsigned = format!("{}.{}", encode(header), encode(claims));
    format!("{unsigned}.{}", mac::<Hmac<Sha256>>(key, &unsigned))
}

fn encode(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

fn mac<M: Mac + KeyInit>(key: &[u8], text: &str) -> String {
    let mut mac = <M as Mac>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
}
