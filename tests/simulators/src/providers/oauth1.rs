//! The server's side of OAuth 1.0a (RFC 5849), as Garmin had it.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, Mac};
use serde_json::json;
use sha1::Sha1;

use super::{APPLICATION, Asked, Kind, Providers, Word, url_pairs};
use crate::lock;

/// A parameter of an `Authorization: OAuth …` header.
pub fn parameter(header: &str, name: &str) -> Option<String> {
    parameters(header).into_iter().find_map(|(known, value)| (known == name).then_some(value))
}

fn parameters(header: &str) -> Vec<(String, String)> {
    let Some(list) = header.strip_prefix("OAuth ") else { return Vec::new() };
    let text: Vec<String> =
        list.split(',').map(|part| part.trim().replacen("=\"", "=", 1).trim_end_matches('"').to_owned()).collect();
    url_pairs(text.join("&").as_bytes())
}

/// RFC 5849, 3.6.
fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |out, byte| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out + &char::from(byte).to_string(),
        _ => out + &format!("%{byte:02X}"),
    })
}

impl Providers {
    /// Whether a request is signed by our application with this token secret.
    pub(super) fn is_signed(&self, asked: &Asked, secret: &str) -> bool {
        let sent = parameters(asked.header("authorization"));
        let signature = parameter(asked.header("authorization"), "oauth_signature").unwrap_or_default();
        let query = asked.query.iter().map(|(name, value)| (name.clone(), value.clone()));
        let mut all: Vec<(String, String)> = sent
            .into_iter()
            .filter(|(name, _)| name != "oauth_signature")
            .chain(query)
            .map(|(name, value)| (escape(&name), escape(&value)))
            .collect();
        all.sort();
        let all: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let base = format!("{}&{}&{}", asked.method, escape(&asked.url), escape(&all.join("&")));
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(format!("{APPLICATION}&{}", escape(secret)).as_bytes()) else {
            return false;
        };
        mac.update(base.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes()) == signature
    }

    pub(super) fn oauth1(&self, asked: &Asked) -> Response {
        let refuse = || (StatusCode::UNAUTHORIZED, Json(json!({"message": "Invalid signature"}))).into_response();
        let sent = |name: &str| parameter(asked.header("authorization"), name).unwrap_or_default();
        match asked.path.as_str() {
            "/oauth-service/oauth/request_token" => {
                if !self.is_signed(asked, "") {
                    return refuse();
                }
                let mut book = lock(&self.book);
                let secret = book.word("secret");
                let kind = Kind::Request { secret: secret.clone(), callback: sent("oauth_callback"), verifier: None };
                let token = book.give("request", "", kind);
                format!("oauth_token={token}&oauth_token_secret={secret}").into_response()
            }
            "/oauthConfirm" => {
                let mut book = lock(&self.book);
                let verifier = book.word("verifier");
                let account = match asked.asked("sim_account") {
                    "" => "garmin-1",
                    account => account,
                };
                let denied = asked.asked("sim_consent") == "deny";
                let token = asked.asked("oauth_token");
                let Some(Word { key, kind: Kind::Request { callback, verifier: kept, .. } }) = book.words.get_mut(token) else {
                    return refuse();
                };
                *key = format!("garmin-{account}");
                *kept = Some(verifier.clone()).filter(|_| !denied);
                let verifier = if denied { "null" } else { &verifier };
                let joint = if callback.contains('?') { '&' } else { '?' };
                let to = format!("{callback}{joint}oauth_token={token}&oauth_verifier={verifier}");
                (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
            }
            "/oauth-service/oauth/access_token" => {
                let token = sent("oauth_token");
                let word = lock(&self.book).words.get(&token).cloned();
                let Some(Word { key, kind: Kind::Request { secret, verifier: Some(verifier), .. } }) = word else {
                    return refuse();
                };
                if !self.is_signed(asked, &secret) || sent("oauth_verifier") != verifier {
                    return refuse();
                }
                let mut book = lock(&self.book);
                book.words.remove(&token);
                book.count(&key, "exchanges");
                let secret = book.word("secret");
                let token = book.give("pair", &key, Kind::Pair { secret: secret.clone() });
                book.account(&key).access.push(token.clone());
                format!("oauth_token={token}&oauth_token_secret={secret}").into_response()
            }
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }
}
