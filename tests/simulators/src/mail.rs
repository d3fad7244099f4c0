//! A mail provider that takes JSON over HTTP, as `shared/mail` describes it: `POST /mail/send`.
//!
//! Any key exists, except those that begin with `invalid` (401); addresses that begin with `refused` are refused (422).
//! Faults come by rules for an address (`{"world":"mail","id":"ada@example.org","scenario":"sim:503"}`). Letters are read
//! at `/control/mail?to=…`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{Context, Scenario, World, lock, read_body};

pub(crate) const WORLD: World = World { name: "mail", unknown_marker, routes };

const BODY_LIMIT_BYTES: usize = 1024 * 1024;
const MAX_LETTERS: usize = 20_000;

fn unknown_marker(scenario: &Scenario) -> Option<String> {
    scenario.names().find(|name| Scenario::read(&format!("sim:{name}")).fault().is_none()).map(str::to_owned)
}

struct Mail {
    context: Arc<Context>,
    letters: Mutex<VecDeque<StoredMail>>,
    changed: watch::Sender<u64>,
}

#[derive(Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Letter {
    from: String,
    to: String,
    subject: String,
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    html: Option<String>,
}

#[derive(Clone, Serialize)]
struct StoredMail {
    #[serde(flatten)]
    letter: Letter,
    #[serde(skip)]
    key: Option<String>,
}

type Shared = State<Arc<Mail>>;

fn routes(context: &Arc<Context>) -> Router {
    let world = Mail { context: context.clone(), letters: Mutex::default(), changed: watch::Sender::new(0) };
    Router::new().route("/mail/send", post(send)).route("/control/mail", get(letters)).with_state(Arc::new(world))
}

async fn send(State(world): Shared, headers: HeaderMap, body: Body) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let key = header("authorization").and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if key.is_empty() || key.starts_with("invalid") {
        return refuse(StatusCode::UNAUTHORIZED, "unknown key");
    }
    let Some(body) = read_body(body, BODY_LIMIT_BYTES).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, "too large");
    };
    let Ok(letter) = serde_json::from_slice::<Letter>(&body) else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "from, to, subject and text are needed, html may be added");
    };
    let whole = [&letter.from, &letter.to, &letter.subject, &letter.text].iter().all(|field| !field.trim().is_empty());
    if !whole || !letter.to.contains('@') || letter.to.starts_with("refused") {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "this letter cannot be sent");
    }
    let scenario = Scenario::default().over(world.context.rules.take(WORLD.name, &letter.to));
    let subject = format!("mail {}", letter.to);
    let fault = scenario.fault().filter(|fault| fault.strikes(&world.context, &subject));
    if let Some(fault) = fault.filter(|fault| !fault.after) {
        return fault.answer(&world.context).await;
    }
    world.keep(letter, header("idempotency-key").map(str::to_owned));
    match fault {
        Some(fault) => fault.answer(&world.context).await,
        None => (StatusCode::ACCEPTED, Json(json!({ "status": "queued" }))).into_response(),
    }
}

impl Mail {
    /// Equal keys are one letter.
    fn keep(&self, letter: Letter, key: Option<String>) {
        let mut letters = lock(&self.letters);
        if key.is_some() && letters.iter().any(|stored| stored.key == key) {
            return;
        }
        if letters.len() == MAX_LETTERS {
            letters.pop_front();
        }
        letters.push_back(StoredMail { letter, key });
        self.changed.send_modify(|version| *version += 1);
    }
}

fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "message": message }))).into_response()
}

#[derive(Deserialize)]
struct Filter {
    to: String,
    /// Waits up to so many milliseconds until `count` letters are there.
    wait: Option<u64>,
    count: Option<usize>,
}

async fn letters(State(world): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    let found = || lock(&world.letters).iter().filter(|stored| stored.letter.to == filter.to).cloned().collect::<Vec<_>>();
    let arrive = async {
        let mut changes = world.changed.subscribe();
        while found().len() < filter.count.unwrap_or(1) {
            changes.changed().await.unwrap_or_default();
        }
    };
    // Running out of time is an ordinary outcome: the answer shows what there is.
    tokio::time::timeout(Duration::from_millis(filter.wait.unwrap_or(0).min(60_000)), arrive).await.unwrap_or_default();
    Json(json!({ "letters": found() }))
}
