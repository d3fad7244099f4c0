use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Result as Start;
use axum::{
    Extension, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use deadpool_postgres::{Object, Transaction};
use hmac::{Hmac, Mac};
use regex::Regex;
use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_postgres::types;
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::{
    App,
    http::{Call, Checked, Problem},
    person::Person,
    variable,
};

const LIFETIME_S: i32 = 600;

#[derive(Debug, Serialize, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
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

#[derive(Debug, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Cache {
    Use,
    Refresh,
}

#[derive(Deserialize)]
struct Submitted {
    outcome: String,
    id: Option<Uuid>,
    /// The creation's; a number where it is that of an earlier answer.
    status: Option<Value>,
    job: Option<Job>,
}

#[derive(Deserialize)]
struct Job {
    id: Uuid,
    endpoint: String,
}

#[derive(Debug, Serialize)]
struct Queued {
    id: Uuid,
    status: Value,
    status_url: String,
}

fn one_line(text: &str) -> Result<(), ValidationError> {
    let good = !text.trim().is_empty() && !text.chars().any(char::is_control);
    if good { Ok(()) } else { Err(ValidationError::new("one_line")) }
}

pub async fn generate(
    State(app): State<Arc<App>>,
    Extension(call): Extension<Call>,
    Extension(me): Extension<Person>,
    headers: HeaderMap,
    Checked(wanted, bytes): Checked<Wanted>,
) -> Result<impl IntoResponse, Problem> {
    let given = app.neutral.given(&wanted);
    let place = format!("{}/api/v1/scenes/", app.public_url);
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok());
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let refresh = wanted.cache == Some(Cache::Refresh);
    let input = types::Json(&wanted);
    let mut database = app.pool.get().await?;
    let transaction = begin(&mut database, &me, call).await?;
    let statement = transaction.prepare_cached(include_str!("../../sql/submit.sql")).await?;
    let values: [&(dyn types::ToSql + Sync); 9] =
        [&"scene", &input, &given, &app.runpod.endpoint, &place, &refresh, &key, &hash, &LIFETIME_S];
    let types::Json(answer): types::Json<Submitted> = transaction.query_one(&statement, &values).await?.try_get("answer")?;
    transaction.commit().await?;
    // The connection is others' while RunPod is asked.
    drop(database);

    let status = match answer.outcome.as_str() {
        "created" | "joined" => StatusCode::ACCEPTED,
        "cached" => StatusCode::OK,
        _ => return Err(Problem::new(409, answer.outcome)),
    };
    let id = answer.id.ok_or(Problem::new(500, "internal"))?;
    let created = answer.outcome == "created";
    let state = if created { "queued".into() } else { json!(answer.status) };
    let queued = Queued { id, status: state, status_url: format!("{place}{id}") };
    if let Some(job) = answer.job.filter(|_| created) {
        let (runpod_id, took) = submit(&app, call, &job, &given).await?;
        let mut database = app.pool.get().await?;
        let transaction = begin(&mut database, &me, call).await?;
        let statement = transaction.prepare_cached(include_str!("../../sql/submitted.sql")).await?;
        transaction.execute(&statement, &[&job.id, &runpod_id, &took]).await?;
        let statement = transaction.prepare_cached(include_str!("../../sql/settle.sql")).await?;
        transaction.execute(&statement, &[&key, &types::Json(&queued)]).await?;
        transaction.commit().await?;
    }
    Ok((status, [(header::LOCATION, queued.status_url.clone())], Json(queued)))
}

async fn begin<'a>(database: &'a mut Object, me: &Person, call: Call) -> Result<Transaction<'a>, Problem> {
    let transaction = database.transaction().await?;
    let claims = json!({"sub": me.id, "session": me.session, "role": me.role, "request_id": call.request_id,
        "operation": "grimoire-generate-scene.generate", "language": "fr"});
    let statement = transaction.prepare_cached(include_str!("../../sql/enter.sql")).await?;
    transaction.execute(&statement, &[&claims, &call.now, &"authenticated"]).await?;
    Ok(transaction)
}

pub struct RunPod {
    http: Client,
    url: String,
    key: String,
    endpoint: String,
}

impl RunPod {
    pub fn from_environment() -> Start<RunPod> {
        Ok(RunPod {
            http: Client::builder().timeout(Duration::from_secs(10)).build()?,
            url: variable("RUNPOD_BASE_URL")?,
            key: variable("RUNPOD_API_KEY")?,
            endpoint: variable("RUNPOD_ENDPOINT_ID_IMAGE")?,
        })
    }
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

/// RunPod's id of the job, and how many milliseconds it took to answer.
async fn submit(app: &App, call: Call, job: &Job, given: &Value) -> Result<(String, i32), Problem> {
    let expires = call.now.timestamp() + 900;
    let mut mac = Hmac::<Sha256>::new_from_slice(&app.link_key)?;
    mac.update(format!("runpod:{}:{expires}", job.id).as_bytes());
    let proof = BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes());
    let webhook = format!("{}/api/v1/webhooks/runpod/{}?expires={expires}&proof={proof}", app.public_url, job.id);
    let body = json!({"input": given, "webhook": webhook, "policy": {"ttl": LIFETIME_S * 1000}});
    let RunPod { http, url, key, .. } = &app.runpod;
    let started = Instant::now();
    let answer = http.post(format!("{url}/{}/run", job.endpoint)).bearer_auth(key).json(&body).send().await?;
    if answer.status() != StatusCode::OK {
        return Err(Problem::new(503, "runpod_unavailable"));
    }
    let Accepted { id } = answer.json().await?;
    Ok((id, i32::try_from(started.elapsed().as_millis())?))
}

/// What could steer the model is made plain text.
pub struct Neutral {
    marks: Regex,
    orders: Regex,
}

impl Neutral {
    pub fn new() -> Start<Neutral> {
        Ok(Neutral {
            marks: Regex::new(r"[\p{Cc}\s<>{}\[\]|\\`#*$^~]+")?,
            orders: Regex::new(
                "(?i)ignore previous|ignore all previous|ignore the above|ignore all instructions|disregard previous|disregard all|\
                 forget previous|system prompt|you are now|new instructions|ignore les instructions|ignore toutes les instructions|\
                 oublie les instructions|negative prompt",
            )?,
        })
    }

    fn given(&self, wanted: &Wanted) -> Value {
        let Wanted { world, era, class, pose, decor, .. } = wanted;
        let [world, era, class, pose, decor] = [world, era, class, pose, decor].map(|words| self.words(words));
        let prompt = format!("{world}, {era}, {class}, {pose}, {decor}");
        json!({"prompt": prompt, "world": world, "era": era, "class": class, "pose": pose, "decor": decor})
    }

    fn words(&self, text: &str) -> String {
        let plain = self.marks.replace_all(text, " ");
        let plain = self.orders.replace_all(&plain, "");
        plain.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}
