//! `POST /sql` of Neon's serverless driver.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use worker::{Fetch, Headers, Method, Request, RequestInit};

use crate::auth::{self, Person};
use crate::{Problem, Route};

const ENTER: &str = include_str!("../../sql/enter.sql");

#[derive(Deserialize)]
struct Results {
    results: Vec<Rows>,
}

#[derive(Deserialize)]
pub struct Rows {
    rows: Vec<Value>,
}

impl Rows {
    pub fn all<T: for<'de> Deserialize<'de>>(self) -> Result<Vec<T>, Problem> {
        Ok(self.rows.into_iter().map(serde_json::from_value).collect::<Result<_, _>>()?)
    }

    pub fn optional<T: for<'de> Deserialize<'de>>(self) -> Result<Option<T>, Problem> {
        Ok(self.all()?.into_iter().next())
    }

    pub fn one<T: for<'de> Deserialize<'de>>(self) -> Result<T, Problem> {
        self.optional()?.ok_or_else(|| Problem::new(500, "internal"))
    }
}

/// `2026-11-21 09:30:00.5+00`
pub fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let moment = DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z").map_err(D::Error::custom)?;
    Ok(moment.to_utc())
}

pub fn optional_timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<Utc>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    let parse = |text: String| DateTime::parse_from_str(&text, "%Y-%m-%d %H:%M:%S%.f%#z").map(|moment| moment.to_utc());
    text.map(parse).transpose().map_err(D::Error::custom)
}

/// A `bigint` comes as text.
pub fn bigint<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => text.parse().map_err(D::Error::custom),
        value => value.as_i64().ok_or_else(|| D::Error::custom("not a number")),
    }
}

#[derive(Deserialize)]
struct Refusal {
    code: Option<String>,
    message: String,
}

/// Runs statements in one transaction and one round trip, as the person; gives each one's rows.
pub async fn query(route: &Route, me: &Person, read_only: bool, statements: &[(&str, Value)]) -> Result<Vec<Rows>, Problem> {
    let claims =
        json!({"sub": me.id, "session": me.session, "role": me.role, "request_id": route.data.request_id, "language": "fr"});
    let now = auth::now(route).to_rfc3339_opts(SecondsFormat::Millis, true);
    let mut queries = vec![json!({"query": ENTER, "params": [claims.to_string(), now, "authenticated"]})];
    queries.extend(statements.iter().map(|(text, parameters)| json!({"query": text, "params": parameters})));

    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    headers.set("neon-connection-string", &route.env.var("SQL_LOGIN_PERSON")?.to_string())?;
    headers.set("neon-batch-read-only", if read_only { "true" } else { "false" })?;
    let mut init = RequestInit::new();
    let body = json!({"queries": queries}).to_string();
    init.with_method(Method::Post).with_headers(headers).with_body(Some(body.into()));
    let request = Request::new_with_init(&route.env.var("SQL_URL")?.to_string(), &init)?;
    let mut answer = Fetch::Request(request).send().await?;
    if answer.status_code() != 200 {
        let refusal: Refusal = answer.json().await?;
        return Err(match refusal.code.as_deref().and_then(|code| code.strip_prefix("OR")?.parse().ok()) {
            Some(status) => Problem::new(status, refusal.message),
            None => Problem::new(500, "internal"),
        });
    }
    let Results { results } = answer.json().await?;
    Ok(results.into_iter().skip(1).collect())
}
