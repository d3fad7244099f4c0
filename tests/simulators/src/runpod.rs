//! RunPod serverless, queue-based endpoints, with the cloud's semantics.
//!
//! `/runpod/v2/{endpoint}/…` answers as `https://api.runpod.ai/v2/{endpoint}/…` does: clients' operations here,
//! workers' in `worker`. Any endpoint id exists, except those that begin with `missing`.

mod callback;
mod control;
mod job;
mod worker;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{Context, Scenario, World, lock, read_body, storage};
use job::{Job, Status, Submission, Upload};

pub(crate) const WORLD: World = World { name: "runpod", unknown_marker, routes };

const RUN_LIMIT_BYTES: usize = 10_000_000;
const RUNSYNC_LIMIT_BYTES: usize = 20_000_000;
const LIMIT_WINDOW: Duration = Duration::from_secs(10);
const MAX_ENDPOINTS: usize = 1000;

/// Markers of jobs, besides faults (`sim:500`, `sim:hang`, …) and faults of one operation (`sim:status-500`, …).
pub const MARKERS: [&str; 28] = [
    "base64",
    "bare-callback",
    "callback-always",
    "cancelled",
    "duplicate",
    "empty",
    "fail",
    "fail-json",
    "file",
    "late",
    "lost-callback",
    "lost-job",
    "no-id",
    "padding",
    "progress",
    "queue",
    "queued",
    "reorder",
    "retention",
    "shape",
    "slow",
    "stale",
    "stream",
    "stuck",
    "timeout",
    "twin",
    "unknown-state",
    "worker",
];
const OPERATIONS: [&str; 7] = ["status", "stream", "cancel", "retry", "purge-queue", "health", "requests"];

fn unknown_marker(scenario: &Scenario) -> Option<String> {
    let known = |name: &str| {
        let fault = |name: &str| Scenario::read(&format!("sim:{name}")).fault().is_some();
        let of_operation = |operation: &&str| {
            let rest = name.strip_prefix(operation).and_then(|rest| rest.strip_prefix('-'));
            rest.is_some_and(fault)
        };
        let of_other_world = crate::WORLDS.iter().any(|world| name.starts_with(&format!("{}-", world.name)));
        MARKERS.contains(&name) || fault(name) || OPERATIONS.iter().any(of_operation) || of_other_world
    };
    scenario.names().find(|name| !known(name)).map(str::to_owned)
}

pub(crate) struct RunPod {
    context: Arc<Context>,
    state: Mutex<Everything>,
    /// Wakes whoever waits for any job: tests, and workers without work.
    changed: watch::Sender<u64>,
}

#[derive(Default)]
struct Everything {
    jobs: HashMap<String, Job>,
    /// Ids, oldest first.
    order: VecDeque<String>,
    endpoints: HashMap<String, Endpoint>,
    bytes: usize,
    forgotten: u64,
}

#[derive(Default)]
struct Endpoint {
    /// By id: when last heard, and the jobs it is to stop.
    workers: HashMap<String, (Option<Instant>, Vec<String>)>,
    calls: HashMap<String, VecDeque<Instant>>,
}

impl RunPod {
    /// The one door to a job; `None` when it is not remembered.
    fn with<T>(&self, id: &str, act: impl FnOnce(&mut Job) -> T) -> Option<T> {
        let mut state = lock(&self.state);
        let job = state.jobs.get_mut(id)?;
        let before = job.bytes();
        let result = act(job);
        let after = job.bytes();
        state.bytes = state.bytes + after - before;
        Some(result)
    }

    /// As `with`, for callers: only jobs of their endpoint whose result is still kept.
    #[expect(clippy::result_large_err, reason = "axum takes the refusal as it is")]
    fn visible<T>(&self, endpoint: &str, id: &str, act: impl FnOnce(&mut Job) -> T) -> Result<T, Response> {
        let found = self.with(id, |job| (job.endpoint == endpoint && job.gone.is_none()).then(|| act(job)));
        found.flatten().ok_or_else(|| refuse(StatusCode::NOT_FOUND, "job not found"))
    }

    fn endpoint<T>(&self, id: &str, act: impl FnOnce(&mut Endpoint) -> T) -> T {
        let mut state = lock(&self.state);
        if state.endpoints.len() >= MAX_ENDPOINTS && !state.endpoints.contains_key(id) {
            state.endpoints.clear();
        }
        act(state.endpoints.entry(id.to_owned()).or_default())
    }

    fn notify(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    fn submit(self: &Arc<Self>, mut job: Job) -> String {
        let silence = Duration::from_millis(self.context.config.worker_silence_ms);
        job.external |= self.endpoint(&job.endpoint, |endpoint| endpoint.has_worker(silence));
        let id = job.id.clone();
        self.remember(job);
        self.notify();
        tokio::spawn(live(self.clone(), id.clone()));
        id
    }

    fn remember(&self, job: Job) {
        let mut state = lock(&self.state);
        state.bytes += job.bytes();
        state.order.push_back(job.id.clone());
        state.jobs.insert(job.id.clone(), job);
        let config = &self.context.config;
        while state.order.len() > config.max_jobs.max(1) || (state.bytes > config.max_bytes && state.order.len() > 1) {
            let Some(oldest) = state.order.pop_front() else { break };
            state.bytes -= state.jobs.remove(&oldest).map_or(0, |job| job.bytes());
            state.forgotten += 1;
        }
    }

    /// Waits until `done` holds for the job, it is gone, or the time is over.
    async fn wait_for(&self, id: &str, limit: Duration, done: impl Fn(&Job) -> bool) {
        let Some(mut changes) = self.with(id, |job| job.watch()) else { return };
        let settle = async {
            while !self.with(id, |job| done(job) || job.gone.is_some()).unwrap_or(true) {
                if changes.changed().await.is_err() {
                    return;
                }
            }
        };
        // Running out of time is an ordinary outcome: the caller looks at the job itself.
        tokio::time::timeout(limit, settle).await.unwrap_or_default();
    }
}

impl Endpoint {
    fn has_worker(&self, silence: Duration) -> bool {
        self.workers.values().any(|(heard, _)| heard.is_some_and(|at| at.elapsed() < silence))
    }

    /// Counts a call; false when it is one too many within ten seconds.
    fn admit(&mut self, operation: &str, limit: usize) -> bool {
        let calls = self.calls.entry(operation.to_owned()).or_default();
        while calls.front().is_some_and(|at| at.elapsed() > LIMIT_WINDOW) {
            calls.pop_front();
        }
        let admitted = calls.len() < limit;
        if admitted {
            calls.push_back(Instant::now());
        }
        admitted
    }
}

/// Moves a job through its states as their times come, and starts its webhook calls.
async fn live(world: Arc<RunPod>, id: String) {
    let Some(mut changes) = world.with(&id, |job| job.watch()) else { return };
    loop {
        let Some((wait, ended, upload)) = world.with(&id, |job| {
            let wait = job.proceed();
            changes.mark_unchanged();
            (wait, job.take_announcement(), job.upload())
        }) else {
            return;
        };
        if let Some(upload) = upload {
            let refusal = put(&world, &upload).await.err();
            world.with(&id, |job| job.conclude_upload(upload.url, refusal));
            continue;
        }
        if ended {
            tokio::spawn(callback::deliver(world.clone(), id.clone()));
        }
        world.notify();
        let Some(wait) = wait else { return };
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            // An error means that the job was forgotten; the next turn sees it.
            _ = changes.changed() => {}
        }
    }
}

/// Puts a file where the caller wants it, as the SDK's `bucket_upload` does.
async fn put(world: &RunPod, upload: &Upload) -> Result<(), String> {
    let url = upload.url.parse().map_err(|_| "s3Config has no endpoint".to_owned())?;
    let headers = storage::sign_put(&url, &upload.access, &upload.secret, &upload.file);
    let request = world.context.http.put(url).body(upload.file.clone());
    let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
    match request.send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("upload: status {}", answer.status().as_u16())),
        Err(error) => Err(format!("upload: {}", error.without_url())),
    }
}

fn routes(context: &Arc<Context>) -> Router {
    let world = Arc::new(RunPod { context: context.clone(), state: Mutex::default(), changed: watch::Sender::new(0) });
    let v2 = Router::new()
        .route("/runpod/v2/{endpoint}/run", post(run))
        .route("/runpod/v2/{endpoint}/runsync", post(runsync))
        .route("/runpod/v2/{endpoint}/status/{job}", get(status).post(status))
        .route("/runpod/v2/{endpoint}/stream/{job}", get(stream).post(stream))
        .route("/runpod/v2/{endpoint}/cancel/{job}", post(cancel))
        .route("/runpod/v2/{endpoint}/retry/{job}", post(retry))
        .route("/runpod/v2/{endpoint}/purge-queue", post(purge_queue))
        .route("/runpod/v2/{endpoint}/health", get(health))
        .route("/runpod/v2/{endpoint}/requests", get(requests))
        .merge(worker::routes())
        .route_layer(middleware::from_fn_with_state(world.clone(), guard));
    v2.merge(control::routes()).with_state(world)
}

type Shared = State<Arc<RunPod>>;

/// Key, endpoint, rate limit and faults of operations, before any handler.
async fn guard(State(world): Shared, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let mut parts = path.split('/').skip(3);
    let (endpoint, operation) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let job = parts.next().unwrap_or_default();
    if !has_key(&request) {
        return refuse(StatusCode::UNAUTHORIZED, "unauthorized");
    }
    if endpoint.starts_with("missing") {
        return refuse(StatusCode::NOT_FOUND, "endpoint not found");
    }
    if !world.context.config.no_limits
        && let Some(limit) = calls_per_window(operation)
        && !world.endpoint(endpoint, |endpoint| endpoint.admit(operation, limit))
    {
        return refuse(StatusCode::TOO_MANY_REQUESTS, "too many requests");
    }
    let own = world.with(job, |job| job.scenario.clone()).unwrap_or_default();
    let scenario = own.over(world.context.rules.peek(WORLD.name, endpoint)).within(operation);
    match scenario.fault().filter(|fault| fault.strikes(&world.context, &path)) {
        Some(fault) if fault.after => {
            next.run(request).await;
            fault.answer(&world.context).await
        }
        Some(fault) => fault.answer(&world.context).await,
        None => next.run(request).await,
    }
}

/// The documentation also shows the bare key, and the official worker sends it so.
fn has_key(request: &Request) -> bool {
    let value = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = value.map(|value| value.strip_prefix("Bearer ").unwrap_or(value).trim());
    key.is_some_and(|key| !key.is_empty() && key != "Bearer" && !key.starts_with("invalid"))
}

/// Documented limits per endpoint and ten seconds.
fn calls_per_window(operation: &str) -> Option<usize> {
    match operation {
        "run" => Some(1000),
        "runsync" | "status" | "stream" => Some(2000),
        "cancel" => Some(100),
        "requests" => Some(10),
        "purge-queue" => Some(2),
        _ => None,
    }
}

fn refuse(status: StatusCode, error: &str) -> Response {
    (status, Json(json!({ "error": error }))).into_response()
}

async fn run(State(world): Shared, Path(endpoint): Path<String>, body: Body) -> Response {
    let job = match receive(&world, &endpoint, false, body).await {
        Ok(job) => job,
        Err(answer) => return answer,
    };
    let (scenario, subject) = (job.scenario.clone(), format!("{endpoint} {}", job.input_text()));
    let fault = scenario.fault().filter(|fault| fault.strikes(&world.context, &subject));
    if let Some(fault) = fault.filter(|fault| !fault.after) {
        return fault.answer(&world.context).await;
    }
    let id = world.submit(job);
    if scenario.has("reorder") {
        world.wait_for(&id, Duration::from_secs(5), |job| job.settled).await;
    }
    match fault {
        Some(fault) => fault.answer(&world.context).await,
        None => Json(json!({ "id": id, "status": Status::Queued.word() })).into_response(),
    }
}

#[derive(Deserialize)]
struct Wait {
    wait: Option<u64>,
}

async fn runsync(State(world): Shared, Path(endpoint): Path<String>, Query(query): Query<Wait>, body: Body) -> Response {
    let job = match receive(&world, &endpoint, true, body).await {
        Ok(job) => job,
        Err(answer) => return answer,
    };
    let subject = format!("{endpoint} {}", job.input_text());
    let fault = job.scenario.fault().filter(|fault| fault.strikes(&world.context, &subject));
    if let Some(fault) = fault.filter(|fault| !fault.after) {
        return fault.answer(&world.context).await;
    }
    let id = world.submit(job);
    let wait = Duration::from_millis(query.wait.unwrap_or(90_000).clamp(1_000, 300_000));
    world.wait_for(&id, wait, |job| job.status.is_final()).await;
    match fault {
        Some(fault) => fault.answer(&world.context).await,
        None => world.visible(&endpoint, &id, |job| job.view()).map_or_else(|answer| answer, |view| Json(view).into_response()),
    }
}

/// Reads and checks a submission, and finds its scenario.
async fn receive(world: &RunPod, endpoint: &str, sync: bool, body: Body) -> Result<Job, Response> {
    let (limit, too_large) = match sync {
        true => (RUNSYNC_LIMIT_BYTES, "exceeded max body size of 20MB"),
        false => (RUN_LIMIT_BYTES, "exceeded max body size of 10MB"),
    };
    let bad = |reason: &str| refuse(StatusCode::BAD_REQUEST, reason);
    let body = read_body(body, limit).await.ok_or_else(|| bad(too_large))?;
    let submission: Submission = serde_json::from_slice(&body).map_err(|error| bad(&error.to_string()))?;
    if let Some(reason) = submission.policy.refusal() {
        return Err(bad(reason));
    }
    let own = Scenario::read(&Value::Object(submission.input.clone()).to_string());
    if let Some(name) = unknown_marker(&own) {
        return Err(bad(&format!("no marker is named sim:{name}")));
    }
    let scenario = own.over(world.context.rules.take(WORLD.name, endpoint));
    Ok(Job::new(&world.context, endpoint, sync, submission, scenario))
}

async fn status(State(world): Shared, Path((endpoint, id)): Path<(String, String)>) -> Result<Json<Value>, Response> {
    world.visible(&endpoint, &id, |job| {
        job.status_reads += 1;
        Json(job.view())
    })
}

/// Chunks that nobody has read yet, each once.
async fn stream(State(world): Shared, Path((endpoint, id)): Path<(String, String)>) -> Result<Json<Value>, Response> {
    world.visible(&endpoint, &id, |job| {
        let chunks = std::mem::take(&mut job.chunks);
        let mut view = job.view();
        view["stream"] = Value::Array(chunks);
        Json(view)
    })
}

async fn cancel(State(world): Shared, Path((endpoint, id)): Path<(String, String)>) -> Result<Json<Value>, Response> {
    let (view, worker) = world.visible(&endpoint, &id, |job| {
        let running = job.status == Status::Running && job.external;
        if !job.status.is_final() {
            job.end(Status::Cancelled, None, None);
        }
        let view = json!({ "id": job.id, "status": job.status.word() });
        (Json(view), job.worker.clone().filter(|_| running))
    })?;
    if let Some(worker) = worker {
        world.endpoint(&endpoint, |endpoint| endpoint.workers.entry(worker).or_default().1.push(id));
        world.notify();
    }
    Ok(view)
}

async fn retry(State(world): Shared, Path((endpoint, id)): Path<(String, String)>) -> Result<Json<Value>, Response> {
    let retried = world.visible(&endpoint, &id, |job| {
        let may = matches!(job.status, Status::Failed | Status::TimedOut);
        may.then(|| {
            job.retry();
            Json(json!({ "id": job.id, "status": job.status.word() }))
        })
    })?;
    retried.ok_or_else(|| refuse(StatusCode::BAD_REQUEST, "only a FAILED or TIMED_OUT job can be retried"))
}

async fn purge_queue(State(world): Shared, Path(endpoint): Path<String>) -> Json<Value> {
    let mut state = lock(&world.state);
    let queued = state.jobs.values_mut().filter(|job| is_shown(job, &endpoint) && job.status == Status::Queued);
    let removed = queued.map(|job| job.vanish("purged")).count();
    Json(json!({ "removed": removed, "status": "completed" }))
}

async fn health(State(world): Shared, Path(endpoint): Path<String>) -> Json<Value> {
    let state = lock(&world.state);
    let count = |status| state.jobs.values().filter(|job| is_shown(job, &endpoint) && job.status == status).count();
    let retried: u32 = state.jobs.values().filter(|job| job.endpoint == endpoint).map(|job| job.retries).sum();
    let running = count(Status::Running);
    let workers = state.endpoints.get(&endpoint).map_or(1, |endpoint| endpoint.workers.len().max(1)).max(running);
    Json(json!({
        "jobs": {
            "completed": count(Status::Completed),
            "failed": count(Status::Failed),
            "inProgress": running,
            "inQueue": count(Status::Queued),
            "retried": retried,
        },
        "workers": {
            "idle": workers - running,
            "initializing": 0,
            "ready": workers - running,
            "running": running,
            "throttled": 0,
            "unhealthy": 0,
        },
    }))
}

async fn requests(State(world): Shared, Path(endpoint): Path<String>) -> Json<Value> {
    let state = lock(&world.state);
    let newest = state.order.iter().rev().filter_map(|id| state.jobs.get(id));
    let shown = newest.filter(|job| is_shown(job, &endpoint)).take(100).map(Job::view);
    Json(json!({ "requests": shown.collect::<Vec<_>>() }))
}

fn is_shown(job: &Job, endpoint: &str) -> bool {
    job.endpoint == endpoint && job.gone.is_none()
}
