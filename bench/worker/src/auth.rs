use std::sync::OnceLock;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use jwt_compact::alg::{Hs256, Hs256Key};
use jwt_compact::{AlgorithmExt, TimeOptions, UntrustedToken, ValidationError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use worker::{Env, Request};

use crate::{Problem, Route};

/// Who calls.
#[derive(Clone, Serialize, Deserialize)]
pub struct Person {
    #[serde(rename = "sub")]
    pub id: Uuid,
    #[serde(rename = "sid")]
    pub session: Uuid,
    pub role: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    #[serde(flatten)]
    person: Person,
}

/// The caller, once the token has been checked and the call counted.
pub async fn person(request: &Request, route: &Route, limit: &str, operation: &str) -> Result<Person, Problem> {
    let me = authenticate(request, route).ok_or_else(|| Problem::new(401, "unauthenticated"))??;
    let outcome = route.env.rate_limiter(limit)?.limit(format!("{operation}:{}", me.id)).await?;
    if outcome.success { Ok(me) } else { Err(Problem::new(429, "rate_limited")) }
}

fn authenticate(request: &Request, route: &Route) -> Option<Result<Person, Problem>> {
    let header = request.headers().get("authorization").ok()??;
    let token = UntrustedToken::new(header.strip_prefix("Bearer ")?).ok()?;
    let id = token.header().key_id.as_deref()?;
    let (_, key) = keys(&route.env).iter().find(|(known, _)| known == id)?;
    let token = Hs256.validator::<Claims>(key).validate(&token).ok()?;
    let claims = token.claims();
    let now = now(route);
    let issued = claims.issued_at.is_some_and(|at| at <= now + TimeDelta::seconds(30));
    if claims.custom.iss != "oree" || claims.custom.aud != "oree" || !issued {
        return None;
    }
    match claims.validate_expiration(&TimeOptions::new(TimeDelta::seconds(30), move || now)) {
        Ok(_) => Some(Ok(claims.custom.person.clone())),
        Err(ValidationError::Expired) => Some(Err(Problem::new(401, "token_expired"))),
        Err(_) => None,
    }
}

pub fn now(route: &Route) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(route.data.now.cast_signed()).unwrap_or_default()
}

fn keys(env: &Env) -> &'static [(String, Hs256Key)] {
    static KEYS: OnceLock<Vec<(String, Hs256Key)>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let text = env.var("JWT_KEYS").map(|keys| keys.to_string()).unwrap_or_default();
        let key = |entry: &str| {
            let (id, key) = entry.trim().split_once(':')?;
            Some((id.to_owned(), Hs256Key::new(BASE64_STANDARD.decode(key).ok()?)))
        };
        text.split(',').filter_map(key).collect()
    })
}
