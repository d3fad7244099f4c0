//! Discord's webhooks: execute, read, edit and delete messages, with Discord's own checks.
//!
//! `/discord/api/webhooks/{id}/{token}` and `/discord/api/v10/webhooks/{id}/{token}`. Any id and token exist, except ids
//! that begin with `missing` (404) and tokens that begin with `invalid` (401).

mod check;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::scenario::{FaultKind, fingerprint, html};
use crate::{Context, Scenario, World, lock, read_body};

pub(crate) const WORLD: World = World { name: "discord", unknown_marker, routes };

const BODY_LIMIT_BYTES: usize = 10 * 1024 * 1024;
const MAX_WEBHOOKS: usize = 1000;
const MAX_MESSAGES: usize = 1000;
const BUCKET_WINDOW: Duration = Duration::from_secs(2);

/// Markers of messages, all written `sim:discord-…`, besides faults.
pub const MARKERS: [&str; 5] = ["bucket", "cloudflare", "global", "retry-after", "silent"];

fn unknown_marker(scenario: &Scenario) -> Option<String> {
    let own = scenario.within(WORLD.name);
    let known = |name: &str| {
        let own_name = name.strip_prefix("discord-").unwrap_or_default();
        MARKERS.contains(&own_name) || Scenario::read(&format!("sim:{own_name}")).fault().is_some()
    };
    let foreign = scenario.names().find(|name| !name.starts_with("discord-")).map(str::to_owned);
    foreign.or_else(|| own.names().map(|name| format!("discord-{name}")).find(|name| !known(name)))
}

struct Discord {
    context: Arc<Context>,
    webhooks: Mutex<HashMap<String, Webhook>>,
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Webhook {
    messages: VecDeque<Message>,
    attempts: VecDeque<Attempt>,
    /// Accepted calls of the last two seconds.
    calls: VecDeque<Instant>,
    made: u64,
}

#[derive(Clone, serde::Serialize)]
struct Message {
    #[serde(flatten)]
    shown: Value,
    /// As it was last sent.
    sent: Value,
    edits: u32,
    deleted: bool,
}

/// One call, for tests to look at.
#[derive(Clone, serde::Serialize)]
struct Attempt {
    at: String,
    method: &'static str,
    status: Option<u16>,
}

type Shared = State<Arc<Discord>>;

fn routes(context: &Arc<Context>) -> Router {
    let world = Discord { context: context.clone(), webhooks: Mutex::default(), changed: watch::Sender::new(0) };
    let webhook = || get(show).post(execute);
    let message = || get(read).patch(edit).delete(delete);
    Router::new()
        .route("/discord/api/webhooks/{id}/{token}", webhook())
        .route("/discord/api/v10/webhooks/{id}/{token}", webhook())
        .route("/discord/api/webhooks/{id}/{token}/messages/{message}", message())
        .route("/discord/api/v10/webhooks/{id}/{token}/messages/{message}", message())
        .route("/control/discord/{id}/messages", get(messages).delete(forget))
        .route("/control/discord/{id}/attempts", get(attempts))
        .with_state(Arc::new(world))
}

impl Discord {
    fn webhook<T>(&self, id: &str, act: impl FnOnce(&mut Webhook) -> T) -> T {
        let mut webhooks = lock(&self.webhooks);
        if webhooks.len() >= MAX_WEBHOOKS && !webhooks.contains_key(id) {
            webhooks.clear();
        }
        act(webhooks.entry(id.to_owned()).or_default())
    }

    fn log(&self, id: &str, method: &'static str, status: Option<u16>) {
        self.webhook(id, |webhook| {
            push_bounded(&mut webhook.attempts, Attempt { at: timestamp(), method, status });
        });
        self.changed.send_modify(|version| *version += 1);
    }
}

fn push_bounded<T>(list: &mut VecDeque<T>, item: T) {
    if list.len() == MAX_MESSAGES {
        list.pop_front();
    }
    list.push_back(item);
}

#[expect(clippy::disallowed_methods, reason = "the outside world has a clock of its own")]
fn timestamp() -> String {
    DateTime::<Utc>::from(SystemTime::now()).to_rfc3339_opts(SecondsFormat::Micros, false)
}

#[derive(Deserialize)]
struct Options {
    #[serde(default)]
    wait: bool,
}

async fn execute(
    State(world): Shared,
    Path((id, token)): Path<(String, String)>,
    Query(options): Query<Options>,
    body: Body,
) -> Response {
    let answer = take_message(&world, "POST", &id, &token, body, |sent| {
        world.webhook(&id, |webhook| {
            let message = webhook.new_message(&id, sent);
            let shown = message.shown.clone();
            push_bounded(&mut webhook.messages, message);
            shown
        })
    });
    let mut answer = answer.await;
    if answer.status() == StatusCode::OK && !options.wait {
        answer = with_bucket(StatusCode::NO_CONTENT.into_response());
    }
    world.log(&id, "POST", Some(answer.status().as_u16()));
    answer
}

async fn edit(State(world): Shared, Path((id, token, message)): Path<(String, String, String)>, body: Body) -> Response {
    if find(&world, &id, &message).is_none() {
        return unknown_message();
    }
    let answer = take_message(&world, "PATCH", &id, &token, body, |sent| {
        world.webhook(&id, |webhook| {
            let found = webhook.messages.iter_mut().find(|present| present.shown["id"] == message.as_str());
            found.map_or(Value::Null, |present| present.edit(sent))
        })
    });
    let answer = answer.await;
    world.log(&id, "PATCH", Some(answer.status().as_u16()));
    answer
}

/// Checks a sent message and hands it to `keep`, unless its scenario wants otherwise.
async fn take_message(
    world: &Discord,
    method: &'static str,
    id: &str,
    token: &str,
    body: Body,
    keep: impl FnOnce(Value) -> Value,
) -> Response {
    if let Some(refusal) = refuse_credentials(id, token) {
        return refusal;
    }
    let Some(body) = read_body(body, BODY_LIMIT_BYTES).await else {
        return refuse(StatusCode::PAYLOAD_TOO_LARGE, 40005, "Request entity too large");
    };
    let text = String::from_utf8_lossy(&body);
    let scenario = Scenario::read(&text).over(world.context.rules.take(WORLD.name, id)).within(WORLD.name);
    if let Some(wait) = scenario.number("bucket").and_then(|size| world.webhook(id, |webhook| webhook.overflow(size))) {
        return rate_limited(wait, &scenario);
    }
    if scenario.has("cloudflare") {
        return html(StatusCode::TOO_MANY_REQUESTS, "Error 1015: You are being rate limited");
    }
    // A message that is sent again may carry a link that was signed anew.
    let unsigned: Vec<&str> = text.split('"').map(|part| part.split('?').next().unwrap_or_default()).collect();
    let subject = format!("discord {id} {:x}", fingerprint(&unsigned.join("\"")));
    let fault = scenario.fault().filter(|fault| fault.strikes(&world.context, &subject));
    if let Some(fault) = fault.filter(|fault| !fault.after) {
        // Logged first: a sender that gives up takes the hanging answer with it.
        if fault.kind == FaultKind::Hang {
            world.log(id, method, None);
        }
        return match fault.kind {
            FaultKind::Status(429) => rate_limited(0.3, &scenario),
            _ => fault.answer(&world.context).await,
        };
    }
    let Ok(sent) = serde_json::from_slice::<Value>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, 50109, "The request body contains invalid JSON.");
    };
    if let Some(problem) = check::problem(&sent) {
        return (StatusCode::BAD_REQUEST, Json(problem)).into_response();
    }
    let shown = if scenario.has("silent") { sent } else { keep(sent) };
    world.changed.send_modify(|version| *version += 1);
    match fault {
        Some(fault) => fault.answer(&world.context).await,
        None => with_bucket(Json(shown).into_response()),
    }
}

fn refuse_credentials(id: &str, token: &str) -> Option<Response> {
    if id.starts_with("missing") {
        return Some(refuse(StatusCode::NOT_FOUND, 10015, "Unknown Webhook"));
    }
    token.starts_with("invalid").then(|| refuse(StatusCode::UNAUTHORIZED, 50027, "Invalid Webhook Token"))
}

fn refuse(status: StatusCode, code: u32, message: &str) -> Response {
    (status, Json(json!({ "message": message, "code": code }))).into_response()
}

fn unknown_message() -> Response {
    refuse(StatusCode::NOT_FOUND, 10008, "Unknown Message")
}

/// `wait` in seconds, as in the body; the header `Retry-After` has whole seconds.
fn rate_limited(wait: f64, scenario: &Scenario) -> Response {
    let wait = scenario.number("retry-after").map_or(wait, |ms| ms as f64 / 1000.0);
    let global = scenario.has("global");
    let body = json!({ "message": "You are being rate limited.", "retry_after": wait, "global": global });
    let mut answer = (StatusCode::TOO_MANY_REQUESTS, Json(body)).into_response();
    let headers = answer.headers_mut();
    put(headers, "retry-after", &wait.ceil().to_string());
    put(headers, "x-ratelimit-scope", if global { "global" } else { "user" });
    if global {
        put(headers, "x-ratelimit-global", "true");
    } else {
        put_bucket(headers, "0", &wait.to_string());
    }
    answer
}

fn with_bucket(mut answer: Response) -> Response {
    put_bucket(answer.headers_mut(), "4", "2");
    answer
}

fn put_bucket(headers: &mut HeaderMap, remaining: &str, reset_after: &str) {
    put(headers, "x-ratelimit-limit", "5");
    put(headers, "x-ratelimit-remaining", remaining);
    put(headers, "x-ratelimit-reset-after", reset_after);
    put(headers, "x-ratelimit-bucket", "simulated");
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

impl Webhook {
    fn new_message(&mut self, id: &str, sent: Value) -> Message {
        self.made += 1;
        let shown = json!({
            "id": format!("{}", (fingerprint(id) >> 8) + self.made),
            "type": 0,
            "channel_id": "1",
            "webhook_id": id,
            "author": { "id": id, "username": sent.get("username").unwrap_or(&json!("webhook")), "bot": true },
            "timestamp": timestamp(),
            "edited_timestamp": null,
            "content": sent.get("content").and_then(Value::as_str).unwrap_or_default(),
            "embeds": sent.get("embeds").unwrap_or(&json!([])),
            "mention_everyone": mentions_everyone(&sent),
            "pinned": false,
            "tts": false,
            "flags": sent.get("flags").unwrap_or(&json!(0)),
        });
        Message { shown, sent, edits: 0, deleted: false }
    }

    /// Counts a call in a bucket of `size` per two seconds; seconds to wait if it is full.
    fn overflow(&mut self, size: u64) -> Option<f64> {
        while self.calls.front().is_some_and(|at| at.elapsed() > BUCKET_WINDOW) {
            self.calls.pop_front();
        }
        if (self.calls.len() as u64) < size {
            self.calls.push_back(Instant::now());
            return None;
        }
        let oldest = self.calls.front().map_or(Duration::ZERO, Instant::elapsed);
        Some(BUCKET_WINDOW.saturating_sub(oldest).as_secs_f64())
    }
}

impl Message {
    fn edit(&mut self, sent: Value) -> Value {
        for name in ["content", "embeds"] {
            if let Some(value) = sent.get(name) {
                self.shown[name] = value.clone();
            }
        }
        self.shown["edited_timestamp"] = json!(timestamp());
        self.sent = sent;
        self.edits += 1;
        self.shown.clone()
    }
}

/// Whether the message would have rung everyone's bell: said in the content and not forbidden by `allowed_mentions`.
fn mentions_everyone(sent: &Value) -> bool {
    let content = sent.get("content").and_then(Value::as_str).unwrap_or_default();
    let said = content.contains("@everyone") || content.contains("@here");
    let allowed = sent.get("allowed_mentions").is_none_or(|allowed| {
        let parse = allowed.get("parse").and_then(Value::as_array);
        parse.is_some_and(|parse| parse.contains(&json!("everyone")))
    });
    said && allowed
}

async fn show(Path((id, token)): Path<(String, String)>) -> Response {
    let webhook = json!({ "id": id, "type": 1, "name": "simulated", "channel_id": "1", "guild_id": "1", "token": token });
    refuse_credentials(&id, &token).unwrap_or_else(|| Json(webhook).into_response())
}

fn find(world: &Discord, id: &str, message: &str) -> Option<Value> {
    world.webhook(id, |webhook| {
        let mut present = webhook.messages.iter().filter(|present| !present.deleted);
        present.find(|present| present.shown["id"] == message).map(|present| present.shown.clone())
    })
}

async fn read(State(world): Shared, Path((id, token, message)): Path<(String, String, String)>) -> Response {
    if let Some(refusal) = refuse_credentials(&id, &token) {
        return refusal;
    }
    find(&world, &id, &message).map_or_else(unknown_message, |shown| Json(shown).into_response())
}

async fn delete(State(world): Shared, Path((id, token, message)): Path<(String, String, String)>) -> Response {
    if let Some(refusal) = refuse_credentials(&id, &token) {
        return refusal;
    }
    let deleted = world.webhook(&id, |webhook| {
        let mut present = webhook.messages.iter_mut().filter(|present| !present.deleted);
        present.find(|present| present.shown["id"] == message.as_str()).map(|present| present.deleted = true)
    });
    deleted.map_or_else(unknown_message, |()| StatusCode::NO_CONTENT.into_response())
}

#[derive(Deserialize)]
struct Filter {
    /// A piece of the message's JSON text.
    contains: Option<String>,
    /// Waits up to so many milliseconds until `count` messages match.
    wait: Option<u64>,
    count: Option<usize>,
}

async fn messages(State(world): Shared, Path(id): Path<String>, Query(filter): Query<Filter>) -> Json<Value> {
    let matching = || {
        let matches = |message: &&Message| filter.contains.as_ref().is_none_or(|part| message.sent.to_string().contains(part));
        world.webhook(&id, |webhook| webhook.messages.iter().filter(matches).cloned().collect::<Vec<_>>())
    };
    let arrive = async {
        let mut changes = world.changed.subscribe();
        while matching().len() < filter.count.unwrap_or(1) {
            changes.changed().await.unwrap_or_default();
        }
    };
    // Running out of time is an ordinary outcome: the answer shows what there is.
    tokio::time::timeout(Duration::from_millis(filter.wait.unwrap_or(0).min(60_000)), arrive).await.unwrap_or_default();
    Json(json!({ "messages": matching() }))
}

async fn attempts(State(world): Shared, Path(id): Path<String>) -> Json<Value> {
    Json(world.webhook(&id, |webhook| json!({ "attempts": webhook.attempts })))
}

async fn forget(State(world): Shared, Path(id): Path<String>) -> StatusCode {
    lock(&world.webhooks).remove(&id);
    StatusCode::NO_CONTENT
}
