use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Duration, Utc};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, Claims, Header, TimeOptions, UntrustedToken, ValidationError};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{RefreshToken, Role};

/// How long an access token is good for.
const ACCESS_LIFETIME: Duration = Duration::minutes(15);
/// How long the cookie of an operator's page is good for, and its session.
const PAGE_LIFETIME: Duration = Duration::minutes(30);
/// How long the call of one function by another may take to arrive.
const INTERNAL_LIFETIME: Duration = Duration::minutes(2);
/// How far two clocks may differ.
const LEEWAY: Duration = Duration::seconds(30);
/// The shortest key that HS256 may have (RFC 7518, 3.2).
const SHORTEST_KEY: usize = 32;

const ISSUER: &str = "oree";
const PEOPLE: &str = "oree";
const PAGES: &str = "oree-page";
const INTERNAL: &str = "oree-internal";

/// The signing keys of the variable `JWT_KEYS`, `kid:base64,…`: the first signs, all verify.
pub struct Keys(Vec<(String, Hs256Key)>);

/// Why `JWT_KEYS` cannot be used. Never says what the keys are.
#[derive(Debug, PartialEq, Eq)]
pub enum KeysError {
    Empty,
    NotBase64,
    /// Fewer than 32 bytes.
    TooShort,
    /// Two keys under one id, or a key without one.
    BadId,
}

/// Who holds an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    #[serde(rename = "sub")]
    pub person: Uuid,
    #[serde(rename = "sid")]
    pub session: Uuid,
    pub role: Role,
}

/// Why a token was refused.
#[derive(Debug, PartialEq, Eq)]
pub enum TokenError {
    /// Signed by us for this use, but its time is over.
    Expired,
    /// Anything else.
    Invalid,
}

#[derive(Serialize, Deserialize)]
struct Wire<T> {
    iss: String,
    aud: String,
    #[serde(flatten)]
    custom: T,
}

#[derive(Serialize, Deserialize)]
struct Internal {
    sub: String,
}

/// What a token's header says must be understood. We know no extension, so a token that names one is not for us (RFC 7515,
/// 4.1.11).
#[derive(Clone, Deserialize)]
struct Extensions {
    crit: Option<IgnoredAny>,
}

impl Keys {
    /// # Errors
    /// See [`KeysError`].
    pub fn parse(text: &str) -> Result<Keys, KeysError> {
        let mut keys: Vec<(String, Hs256Key)> = Vec::new();
        for entry in text.split(',').filter(|entry| !entry.trim().is_empty()) {
            let (id, key) = entry.trim().split_once(':').ok_or(KeysError::BadId)?;
            if id.is_empty() || keys.iter().any(|(known, _)| known == id) {
                return Err(KeysError::BadId);
            }
            let key = BASE64_STANDARD.decode(key).map_err(|_| KeysError::NotBase64)?;
            if key.len() < SHORTEST_KEY {
                return Err(KeysError::TooShort);
            }
            keys.push((id.to_owned(), Hs256Key::new(key)));
        }
        if keys.is_empty() { Err(KeysError::Empty) } else { Ok(Keys(keys)) }
    }

    /// An access token for a person's session, and the seconds it is good for.
    pub fn issue(&self, access: Access, now: DateTime<Utc>) -> (String, i64) {
        (self.sign(PEOPLE, access, now, ACCESS_LIFETIME), ACCESS_LIFETIME.num_seconds())
    }

    /// # Errors
    /// See [`TokenError`].
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Access, TokenError> {
        self.check(PEOPLE, token, now)
    }

    /// What the cookie of an operator's pages holds, and the seconds it is good for. No other endpoint takes it.
    pub fn issue_page(&self, access: Access, now: DateTime<Utc>) -> (String, u64) {
        (self.sign(PAGES, access, now, PAGE_LIFETIME), PAGE_LIFETIME.num_seconds().unsigned_abs())
    }

    /// # Errors
    /// See [`TokenError`].
    pub fn verify_page(&self, token: &str, now: DateTime<Utc>) -> Result<Access, TokenError> {
        self.check(PAGES, token, now)
    }

    /// The refresh token that replaces `old`.
    ///
    /// It is derived, not random, so that two tabs which present the same token at the same moment, or one that asks again
    /// because the answer was lost, get the same successor and all stay signed in. Without the key an old token says nothing
    /// about its successor; who has the key can sign access tokens as well. While the first key changes, whoever asks
    /// again is refused.
    pub fn successor(&self, old: &str) -> RefreshToken {
        let (_, key) = &self.0[0];
        RefreshToken::derive(key.as_ref(), old)
    }

    /// A token by which one of our functions calls another, by its name.
    pub fn issue_internal(&self, callee: &str, now: DateTime<Utc>) -> String {
        self.sign(INTERNAL, Internal { sub: callee.to_owned() }, now, INTERNAL_LIFETIME)
    }

    /// Whether `token` was issued by [`Keys::issue_internal`] for `callee`.
    pub fn verify_internal(&self, callee: &str, token: &str, now: DateTime<Utc>) -> bool {
        self.check::<Internal>(INTERNAL, token, now).is_ok_and(|internal| internal.sub == callee)
    }

    fn sign<T: Serialize>(&self, audience: &str, custom: T, now: DateTime<Utc>, lifetime: Duration) -> String {
        let (id, key) = &self.0[0];
        let wire = Wire { iss: ISSUER.to_owned(), aud: audience.to_owned(), custom };
        let claims = Claims::new(wire).set_duration_and_issuance(&clock(now), lifetime);
        // Serialising these claims cannot fail: they are strings and ids.
        Hs256.token(&Header::empty().with_key_id(id.clone()), &claims, key).unwrap_or_default()
    }

    fn check<T: for<'de> Deserialize<'de>>(&self, audience: &str, token: &str, now: DateTime<Utc>) -> Result<T, TokenError> {
        let token = UntrustedToken::<Extensions>::try_from(token).map_err(|_| TokenError::Invalid)?;
        if token.header().other_fields.crit.is_some() {
            return Err(TokenError::Invalid);
        }
        let id = token.header().key_id.as_deref();
        let (_, key) = self.0.iter().find(|(known, _)| Some(known.as_str()) == id).ok_or(TokenError::Invalid)?;
        let token = Hs256.validator::<Wire<T>>(key).validate(&token).map_err(|_| TokenError::Invalid)?;
        let claims = token.claims();
        if claims.custom.iss != ISSUER || claims.custom.aud != audience || claims.issued_at.is_none_or(|at| at > now + LEEWAY) {
            return Err(TokenError::Invalid);
        }
        match claims.validate_expiration(&clock(now)) {
            Ok(_) => {}
            Err(ValidationError::Expired) => return Err(TokenError::Expired),
            Err(_) => return Err(TokenError::Invalid),
        }
        if claims.not_before.is_some_and(|from| from > now + LEEWAY) {
            return Err(TokenError::Invalid);
        }
        let (_, claims) = token.into_parts();
        Ok(claims.custom.custom)
    }
}

fn clock(now: DateTime<Utc>) -> TimeOptions<impl Fn() -> DateTime<Utc>> {
    TimeOptions::new(LEEWAY, move || now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Keys {
        Keys::parse(text).unwrap()
    }

    fn one() -> Keys {
        keys(&["a:", &BASE64_STANDARD.encode([1; 32])].concat())
    }

    fn two_then_one() -> Keys {
        keys(&["b:", &BASE64_STANDARD.encode([2; 32]), ",a:", &BASE64_STANDARD.encode([1; 32])].concat())
    }

    fn ada() -> Access {
        Access { person: Uuid::from_u128(1), session: Uuid::from_u128(2), role: Role::User }
    }

    fn noon() -> DateTime<Utc> {
        "2026-06-01T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_token_says_who_holds_it_until_it_expires() {
        let (token, seconds) = one().issue(ada(), noon());
        assert_eq!(seconds, 900);
        assert_eq!(one().verify(&token, noon()), Ok(ada()));
        assert_eq!(one().verify(&token, noon() + Duration::minutes(16)), Err(TokenError::Expired));
        assert_eq!(one().verify(&token, noon() - Duration::minutes(1)), Err(TokenError::Invalid));
    }

    #[test]
    fn a_token_of_the_former_key_is_good_while_the_key_is_listed() {
        let (token, _) = one().issue(ada(), noon());
        assert_eq!(two_then_one().verify(&token, noon()), Ok(ada()));
        let (token, _) = two_then_one().issue(ada(), noon());
        assert_eq!(one().verify(&token, noon()), Err(TokenError::Invalid));
    }

    #[test]
    fn a_changed_unsigned_or_foreign_token_is_refused() {
        let (token, _) = one().issue(ada(), noon());
        let (head, rest) = token.split_once('.').unwrap();
        let (body, signature) = rest.split_once('.').unwrap();
        let none = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"a"}"#);
        let hs512 = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS512","kid":"a"}"#);
        let internal = one().issue_internal("operations-purge", noon());
        for wrong in [
            "".to_owned(),
            "a.b.c".to_owned(),
            format!("{head}.{body}."),
            format!("{none}.{body}."),
            format!("{none}.{body}.{signature}"),
            format!("{hs512}.{body}.{signature}"),
            format!("{head}.{body}x.{signature}"),
            internal,
        ] {
            assert_eq!(one().verify(&wrong, noon()), Err(TokenError::Invalid), "{wrong}");
        }
    }

    #[test]
    fn a_rightly_signed_token_with_an_extension_that_must_be_understood_is_refused() {
        let key = Hs256Key::new([1; 32]);
        let sign = |fields: serde_json::Value| {
            let wire = Wire { iss: ISSUER.to_owned(), aud: PEOPLE.to_owned(), custom: ada() };
            let claims = Claims::new(wire).set_duration_and_issuance(&clock(noon()), ACCESS_LIFETIME);
            Hs256.token(&Header::new(fields).with_key_id("a"), &claims, &key).unwrap()
        };
        assert_eq!(one().verify(&sign(serde_json::json!({"jwk": {"kty": "oct"}})), noon()), Ok(ada()));
        for crit in [serde_json::json!(["exp"]), serde_json::json!(["b64"]), serde_json::json!([]), serde_json::json!("x")] {
            let token = sign(serde_json::json!({"crit": crit, "b64": true}));
            assert_eq!(one().verify(&token, noon()), Err(TokenError::Invalid), "{crit}");
        }
    }

    #[test]
    fn a_refresh_token_has_one_successor_under_each_key() {
        let first = one().successor("old");
        assert_eq!(first.text(), one().successor("old").text());
        assert_eq!(first.text().len(), 43);
        assert_ne!(first.text(), one().successor("other").text());
        assert_ne!(first.text(), one().successor(first.text()).text());
        assert_ne!(first.text(), two_then_one().successor("old").text());
        assert_ne!(first.text(), crate::seal(&[1; 32], "old"), "a seal of the same text is another thing");
    }

    #[test]
    fn an_internal_token_opens_one_function_only() {
        let token = one().issue_internal("operations-purge", noon());
        assert!(one().verify_internal("operations-purge", &token, noon()));
        assert!(!one().verify_internal("operations-tick", &token, noon()));
        assert!(!one().verify_internal("operations-purge", &one().issue(ada(), noon()).0, noon()));
    }

    #[test]
    fn weak_or_ambiguous_keys_are_refused() {
        let good = BASE64_STANDARD.encode([1; 32]);
        assert_eq!(Keys::parse("").err(), Some(KeysError::Empty));
        assert_eq!(Keys::parse("a:!").err(), Some(KeysError::NotBase64));
        assert_eq!(Keys::parse("a:c2hvcnQ=").err(), Some(KeysError::TooShort));
        assert_eq!(Keys::parse(&format!("a:{good},a:{good}")).err(), Some(KeysError::BadId));
        assert_eq!(Keys::parse(&good).err(), Some(KeysError::BadId));
    }
}
