//! Who calls, how often, and whether they are signed in.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Extension,
    extract::{Request, State},
    http::{HeaderMap, header},
    middleware::Next,
    response::Response,
};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use deadpool_postgres::Object;
use jwt_compact::{
    AlgorithmExt, TimeOptions, UntrustedToken,
    alg::{Hs256, Hs256Key},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    App,
    http::{Call, Problem},
};

#[derive(Clone, Serialize, Deserialize)]
pub struct Person {
    #[serde(rename = "sub")]
    pub id: Uuid,
    #[serde(rename = "sid")]
    pub session: Uuid,
    pub role: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    #[serde(flatten)]
    person: Person,
}

/// Calls per minute and person of one operation.
pub struct Limit {
    most: u32,
    counts: Mutex<(i64, HashMap<Uuid, u32>)>,
}

impl Limit {
    pub fn new(most: u32) -> Limit {
        Limit { most, counts: Mutex::default() }
    }

    fn allows(&self, person: Uuid, now: DateTime<Utc>) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let minute = now.timestamp() / 60;
        if counts.0 != minute {
            *counts = (minute, HashMap::new());
        }
        let count = counts.1.entry(person).or_default();
        *count += 1;
        *count <= self.most
    }
}

/// Lets through whoever has a good token and has not called too often.
pub async fn limited(
    State((app, limit)): State<(Arc<App>, Arc<Limit>)>,
    Extension(call): Extension<Call>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let me = authenticate(request.headers(), &app.keys, call.now).ok_or(Problem::new(401, "unauthenticated"))?;
    if !limit.allows(me.id, call.now) {
        return Err(Problem::new(429, "rate_limited"));
    }
    request.extensions_mut().insert(me);
    Ok(next.run(request).await)
}

fn authenticate(headers: &HeaderMap, keys: &HashMap<String, Hs256Key>, now: DateTime<Utc>) -> Option<Person> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let token = UntrustedToken::new(token).ok().filter(|_| scheme.eq_ignore_ascii_case("bearer"))?;
    let key = keys.get(token.header().key_id.as_deref()?)?;
    let token = Hs256.validator::<Claims>(key).validate(&token).ok()?;
    let leeway = TimeDelta::seconds(30);
    let claims = token.claims().validate_expiration(&TimeOptions::new(leeway, move || now)).ok()?;
    let issued = claims.issued_at.is_some_and(|at| at <= now + leeway);
    let ours = claims.custom.iss == "oree" && claims.custom.aud == "oree";
    (issued && ours).then(|| claims.custom.person.clone())
}

/// The person's day, if the session is still alive.
pub async fn signed_in(database: &Object, me: &Person, now: DateTime<Utc>) -> Result<NaiveDate, Problem> {
    let statement = database.prepare_cached(include_str!("../../sql/session_of.sql")).await?;
    let row = database.query_opt(&statement, &[&me.id, &me.session, &now]).await?;
    let row = row.filter(|row| row.get("is_alive") && !row.get::<_, bool>("is_banned"));
    Ok(row.ok_or(Problem::new(401, "session_revoked"))?.get("today"))
}
