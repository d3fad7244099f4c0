use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Duration, Utc};
use jwt_compact::alg::{Hs256, Hs256Key, Hs256Signature};
use jwt_compact::{Algorithm, AlgorithmSignature};
use serde::Deserialize;
use serde::de::IgnoredAny;
use small_json::Object;
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
/// Bytes of a signature: those of SHA-256.
const SIGNATURE: usize = 32;

/// The one algorithm that we sign with; a token that names another is not ours.
const ALGORITHM: &str = "HS256";
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    pub person: Uuid,
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

/// What a token's header says (RFC 7515, 4.1). We know no extension, so a token that names one which must be understood is not
/// for us (4.1.11).
#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<IgnoredAny>,
}

/// What a token claims (RFC 7519, 4.1): times are seconds since 1970.
#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: Option<Uuid>,
    role: Option<Role>,
    iat: Option<i64>,
    exp: Option<i64>,
    nbf: Option<i64>,
}

impl Access {
    fn claims(self) -> Object {
        let mut claims = Object::new();
        claims.string("sub", &self.person.to_string()).string("sid", &self.session.to_string());
        claims.string("role", self.role.name());
        claims
    }

    fn of(Claims { sub, sid, role, .. }: Claims) -> Result<Access, TokenError> {
        let read = || Some(Access { person: sub.parse().ok()?, session: sid?, role: role? });
        read().ok_or(TokenError::Invalid)
    }
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
        (self.sign(PEOPLE, access.claims(), now, ACCESS_LIFETIME), ACCESS_LIFETIME.num_seconds())
    }

    /// # Errors
    /// See [`TokenError`].
    pub fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Access, TokenError> {
        self.check(PEOPLE, token, now).and_then(Access::of)
    }

    /// What the cookie of an operator's pages holds, and the seconds it is good for. No other endpoint takes it.
    pub fn issue_page(&self, access: Access, now: DateTime<Utc>) -> (String, u64) {
        (self.sign(PAGES, access.claims(), now, PAGE_LIFETIME), PAGE_LIFETIME.num_seconds().unsigned_abs())
    }

    /// # Errors
    /// See [`TokenError`].
    pub fn verify_page(&self, token: &str, now: DateTime<Utc>) -> Result<Access, TokenError> {
        self.check(PAGES, token, now).and_then(Access::of)
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
        let mut claims = Object::new();
        claims.string("sub", callee);
        self.sign(INTERNAL, claims, now, INTERNAL_LIFETIME)
    }

    /// Whether `token` was issued by [`Keys::issue_internal`] for `callee`.
    pub fn verify_internal(&self, callee: &str, token: &str, now: DateTime<Utc>) -> bool {
        self.check(INTERNAL, token, now).is_ok_and(|claims| claims.sub == callee)
    }

    fn sign(&self, audience: &str, mut claims: Object, now: DateTime<Utc>, lifetime: Duration) -> String {
        let (id, key) = &self.0[0];
        let header = Object::new().string("alg", ALGORITHM).string("kid", id).end();
        claims.string("iss", ISSUER).string("aud", audience);
        claims.number("iat", now.timestamp()).number("exp", (now + lifetime).timestamp());
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let signed = [&encode(&header), ".", &encode(&claims.end())].concat();
        let signature = Hs256.sign(key, signed.as_bytes());
        [&signed, ".", &BASE64_URL_SAFE_NO_PAD.encode(signature.as_bytes())].concat()
    }

    fn check(&self, audience: &str, token: &str, now: DateTime<Utc>) -> Result<Claims, TokenError> {
        let claims = self.opened(token).ok_or(TokenError::Invalid)?;
        let (now, leeway) = (now.timestamp(), LEEWAY.num_seconds());
        // What is no moment at all is none of ours, however late it would be.
        let is_moment = |at: Option<i64>| at.is_none_or(|at| DateTime::from_timestamp(at, 0).is_some());
        let is_sound = [claims.iat, claims.exp, claims.nbf].into_iter().all(is_moment);
        let is_ours =
            is_sound && claims.iss == ISSUER && claims.aud == audience && claims.iat.is_some_and(|at| at <= now + leeway);
        match claims.exp {
            Some(until) if is_ours && now > until.saturating_add(leeway) => Err(TokenError::Expired),
            Some(_) if is_ours && claims.nbf.is_none_or(|from| from <= now + leeway) => Ok(claims),
            _ => Err(TokenError::Invalid),
        }
    }

    /// What a token claims that one of our keys has signed (RFC 7515, 5.2): nothing in it is read before, but its header.
    fn opened(&self, token: &str) -> Option<Claims> {
        let (signed, signature) = token.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
        let header: Header = small_json::from_slice(&decode(header)?).ok()?;
        let id = header.kid.filter(|_| header.alg == ALGORITHM && header.crit.is_none())?;
        let (_, key) = self.0.iter().find(|(known, _)| *known == id)?;
        // `try_from_slice` takes no other length.
        let signature = decode(signature).filter(|signature| signature.len() == SIGNATURE)?;
        let signature = Hs256Signature::try_from_slice(&signature).ok()?;
        let is_ours = Hs256.verify_signature(&signature, key, signed.as_bytes());
        if is_ours { small_json::from_slice(&decode(claims)?).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use jwt_compact::AlgorithmExt;

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
        let sign = |fields: serde_json::Value| {
            Hs256.token(&jwt_compact::Header::new(fields).with_key_id("a"), &claims(0, 900), &Hs256Key::new([1; 32])).unwrap()
        };
        assert_eq!(one().verify(&sign(serde_json::json!({"jwk": {"kty": "oct"}})), noon()), Ok(ada()));
        for crit in [serde_json::json!(["exp"]), serde_json::json!(["b64"]), serde_json::json!([]), serde_json::json!("x")] {
            let token = sign(serde_json::json!({"crit": crit, "b64": true}));
            assert_eq!(one().verify(&token, noon()), Err(TokenError::Invalid), "{crit}");
        }
    }

    /// Claims of ours as `jwt-compact` has them, from and until seconds after noon.
    fn claims(from: i64, until: i64) -> jwt_compact::Claims<serde_json::Value> {
        let Access { person, session, role } = ada();
        let custom = serde_json::json!({"iss": ISSUER, "aud": PEOPLE, "sub": person, "sid": session, "role": role.name()});
        let mut claims = jwt_compact::Claims::new(custom);
        (claims.issued_at, claims.expiration) = (Some(noon() + Duration::seconds(from)), Some(noon() + Duration::seconds(until)));
        claims
    }

    proptest::proptest! {
        /// The oracle of the form of tokens, and of their times, is `jwt-compact`.
        #[test]
        fn a_token_is_what_others_sign_and_read(from in -100i64..100, until in -100i64..100, person: u128, bytes: [u8; 32]) {
            let key = Hs256Key::new(bytes);
            let ours = keys(&["k:", &BASE64_STANDARD.encode(bytes)].concat());
            let theirs = Hs256.token(&jwt_compact::Header::empty().with_key_id("k"), &claims(from, until), &key).unwrap();
            let expected = match claims(from, until).validate_expiration(&jwt_compact::TimeOptions::new(LEEWAY, noon)) {
                _ if from > 30 => Err(TokenError::Invalid),
                Ok(_) => Ok(ada()),
                Err(_) => Err(TokenError::Expired),
            };
            proptest::prop_assert_eq!(ours.verify(&theirs, noon()), expected);

            let access = Access { person: Uuid::from_u128(person), ..ada() };
            let (token, _) = ours.issue(access, noon());
            let token = jwt_compact::UntrustedToken::new(&token).unwrap();
            let token = Hs256.validator::<serde_json::Value>(&key).validate(&token).unwrap();
            proptest::prop_assert_eq!(token.claims().issued_at, Some(noon()));
            proptest::prop_assert_eq!(token.claims().expiration, Some(noon() + ACCESS_LIFETIME));
            let custom = serde_json::json!({"iss": ISSUER, "aud": PEOPLE, "sub": access.person, "sid": access.session, "role": "user"});
            proptest::prop_assert_eq!(&token.claims().custom, &custom);
        }

        /// As `jwt-compact`, which reads no such token either.
        #[test]
        fn what_is_no_moment_is_in_no_token(after in 8_300_000_000_000_i64..i64::MAX, name in "iat|exp|nbf") {
            let custom = [("iat", noon().timestamp()), ("exp", noon().timestamp() + 900), ("nbf", noon().timestamp())];
            let mut claims = ada().claims();
            claims.string("iss", ISSUER).string("aud", PEOPLE);
            for (known, at) in custom {
                claims.number(known, if known == name { after } else { at });
            }
            let (header, claims) = (Object::new().string("alg", ALGORITHM).string("kid", "a").end(), claims.end());
            let signed = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).join(".");
            let signature = Hs256.sign(&Hs256Key::new([1; 32]), signed.as_bytes());
            let token = [&signed, ".", &BASE64_URL_SAFE_NO_PAD.encode(signature.as_bytes())].concat();
            proptest::prop_assert_eq!(one().verify(&token, noon()), Err(TokenError::Invalid));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text: String, parts in "[A-Za-z0-9_=-]{0,12}(\\.[A-Za-z0-9_=-]{0,12}){0,4}") {
            proptest::prop_assert_eq!(one().verify(&text, noon()), Err(TokenError::Invalid));
            proptest::prop_assert_eq!(one().verify(&parts, noon()), Err(TokenError::Invalid));
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
