use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;
use validator::{Validate, ValidationError};
use worker::{Date, Fetch, Headers, Method, Request, RequestInit, Response};

use crate::auth::Person;
use crate::{Problem, Route, auth, database};

const SUBMIT: &str = include_str!("../../sql/submit.sql");
const SUBMITTED: &str = include_str!("../../sql/submitted.sql");
const SETTLE: &str = include_str!("../../sql/settle.sql");

const LIFETIME_S: u32 = 600;

#[derive(Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    world: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    era: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    class: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    pose: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    decor: String,
    #[serde(skip_serializing)]
    cache: Option<Cache>,
}

#[derive(Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Cache {
    Use,
    Refresh,
}

#[derive(Deserialize)]
struct Row {
    answer: Submitted,
}

#[derive(Deserialize)]
struct Submitted {
    outcome: String,
    id: Option<Uuid>,
    status: Option<String>,
    job: Option<Job>,
}

#[derive(Deserialize)]
struct Job {
    id: Uuid,
    endpoint: String,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

fn one_line(text: &str) -> Result<(), ValidationError> {
    let good = !text.trim().is_empty() && !text.chars().any(char::is_control);
    if good { Ok(()) } else { Err(ValidationError::new("one_line")) }
}

pub async fn generate(mut request: Request, route: &Route) -> Result<Response, Problem> {
    let me = auth::person(&request, route, "LIMIT_10", "scene.generate").await?;
    let body = request.bytes().await?;
    let wanted: Wanted = serde_json::from_slice(&body)?;
    wanted.validate()?;
    let [world, era, class, pose, decor] =
        [&wanted.world, &wanted.era, &wanted.class, &wanted.pose, &wanted.decor].map(|words| neutral(words));
    let prompt = format!("{world}, {era}, {class}, {pose}, {decor}");
    let given = json!({"prompt": prompt, "world": world, "era": era, "class": class, "pose": pose, "decor": decor});
    let place = format!("{}/api/v1/scenes/", variable(route, "PUBLIC_URL")?);
    let key = request.headers().get("idempotency-key")?;
    let hash: String = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect();
    let endpoint = variable(route, "RUNPOD_ENDPOINT_ID_IMAGE")?;
    let refresh = wanted.cache == Some(Cache::Refresh);
    let parameters =
        json!(["scene", json!(wanted).to_string(), given.to_string(), endpoint, place, refresh, key, hash, LIFETIME_S]);
    let rows = database::query(route, &me, false, &[(SUBMIT, parameters)]).await?;
    let row = rows.into_iter().next().ok_or_else(|| Problem::new(500, "internal"))?.one::<Row>()?;
    let Submitted { outcome, id: Some(id), status, job } = row.answer else {
        return Err(Problem::new(409, row.answer.outcome));
    };
    let status_url = format!("{place}{id}");
    let queued = json!({"id": id, "status": "queued", "status_url": status_url});
    let status = json!({"id": id, "status": status, "status_url": status_url});
    match (outcome.as_str(), job) {
        ("created", Some(job)) => {
            submit(route, &me, &job, &given, key, &queued).await?;
            reply(&queued, &status_url, 202)
        }
        ("joined", _) => reply(&status, &status_url, 202),
        ("cached", _) => reply(&status, &status_url, 200),
        _ => Err(Problem::new(409, outcome)),
    }
}

fn reply(queued: &Value, status_url: &str, status: u16) -> Result<Response, Problem> {
    let mut answer = Response::from_json(queued)?.with_status(status);
    answer.headers_mut().set("location", status_url)?;
    Ok(answer)
}

async fn submit(
    route: &Route,
    me: &Person,
    job: &Job,
    given: &Value,
    key: Option<String>,
    queued: &Value,
) -> Result<(), Problem> {
    let expires = auth::now(route).timestamp() + 900;
    let link_key = BASE64_STANDARD.decode(variable(route, "LINK_KEY")?).unwrap_or_default();
    let mut mac = Hmac::<Sha256>::new_from_slice(&link_key).map_err(|_| Problem::new(500, "internal"))?;
    mac.update(format!("runpod:{}:{expires}", job.id).as_bytes());
    let proof = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    let public = variable(route, "PUBLIC_URL")?;
    let webhook = format!("{public}/api/v1/webhooks/runpod/{}?expires={expires}&proof={proof}", job.id);
    let body = json!({"input": given, "webhook": webhook, "policy": {"ttl": LIFETIME_S * 1000}}).to_string();
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    headers.set("authorization", &format!("Bearer {}", variable(route, "RUNPOD_API_KEY")?))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_headers(headers).with_body(Some(body.into()));
    let url = format!("{}/{}/run", variable(route, "RUNPOD_BASE_URL")?, job.endpoint);
    let started = Date::now().as_millis();
    let mut answer = Fetch::Request(Request::new_with_init(&url, &init)?).send().await?;
    if answer.status_code() != 200 {
        return Err(Problem::new(503, "runpod_unavailable"));
    }
    let Accepted { id } = answer.json().await?;
    let took = Date::now().as_millis() - started;
    let settle = (SETTLE, json!([key, queued.to_string()]));
    database::query(route, me, false, &[(SUBMITTED, json!([job.id, id, took])), settle]).await?;
    Ok(())
}

fn variable(route: &Route, name: &str) -> Result<String, Problem> {
    Ok(route.env.var(name)?.to_string())
}

const ORDERS: [&str; 14] = [
    "ignore previous",
    "ignore all previous",
    "ignore the above",
    "ignore all instructions",
    "disregard previous",
    "disregard all",
    "forget previous",
    "system prompt",
    "you are now",
    "new instructions",
    "ignore les instructions",
    "ignore toutes les instructions",
    "oublie les instructions",
    "negative prompt",
];

/// What could steer the model is made plain text.
fn neutral(text: &str) -> String {
    let plain = |c: char| if c.is_control() || c.is_whitespace() || "<>{}[]|\\`#*$^~".contains(c) { ' ' } else { c };
    let mut words = single_spaced(&text.chars().map(plain).collect::<String>());
    for order in ORDERS {
        while let Some(at) = words.to_ascii_lowercase().find(order) {
            words.replace_range(at..at + order.len(), "");
        }
    }
    single_spaced(&words)
}

fn single_spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
