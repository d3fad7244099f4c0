//! The side of workers, as the official Python SDK speaks it: `job-take`, `job-done`, `job-stream`, `job-stop`, `ping`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::job::{Job, Status};
use super::{RUNSYNC_LIMIT_BYTES, RunPod, Shared, refuse};
use crate::{lock, read_body};

pub(super) fn routes() -> Router<Arc<RunPod>> {
    Router::new()
        .route("/runpod/v2/{endpoint}/job-take/{worker}", get(take_one))
        .route("/runpod/v2/{endpoint}/job-take-batch/{worker}", get(take_batch))
        .route("/runpod/v2/{endpoint}/job-stop/{worker}", get(stops))
        .route("/runpod/v2/{endpoint}/job-done/{worker}/{job}", post(done))
        .route("/runpod/v2/{endpoint}/job-stream/{worker}/{job}", post(chunk))
        .route("/runpod/v2/{endpoint}/ping/{worker}", get(ping))
}

async fn take_one(State(world): Shared, Path((endpoint, worker)): Path<(String, String)>) -> Response {
    match held(&world, || take(&world, &endpoint, &worker, 1)).await {
        Some(jobs) => Json(jobs.into_iter().next()).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

#[derive(Deserialize)]
struct Batch {
    batch_size: usize,
}

async fn take_batch(
    State(world): Shared,
    Path((endpoint, worker)): Path<(String, String)>,
    Query(batch): Query<Batch>,
) -> Response {
    match held(&world, || take(&world, &endpoint, &worker, batch.batch_size)).await {
        Some(jobs) => Json(jobs).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

async fn stops(State(world): Shared, Path((endpoint, worker)): Path<(String, String)>) -> Response {
    let ids = held(&world, || {
        world.endpoint(&endpoint, |endpoint| {
            let ids = std::mem::take(&mut endpoint.workers.entry(worker.clone()).or_default().1);
            (!ids.is_empty()).then_some(ids)
        })
    });
    match ids.await {
        Some(ids) => Json(json!({ "jobsToStop": ids })).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Asks again at every change, for as long as a worker's call is held open.
async fn held<T>(world: &RunPod, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let mut changes = world.changed.subscribe();
    let found = async {
        loop {
            changes.mark_unchanged();
            if let Some(found) = ask() {
                return found;
            }
            // The sender lives as long as the world.
            changes.changed().await.unwrap_or_default();
        }
    };
    tokio::time::timeout(Duration::from_millis(world.context.config.hold_ms), found).await.ok()
}

/// Starts up to `count` queued jobs, oldest first.
fn take(world: &RunPod, endpoint: &str, worker: &str, count: usize) -> Option<Vec<Value>> {
    hear(world, endpoint, worker);
    let mut state = lock(&world.state);
    let state = &mut *state;
    let mut taken = Vec::new();
    for id in &state.order {
        let waiting =
            |job: &&mut Job| job.endpoint == endpoint && job.external && job.gone.is_none() && job.status == Status::Queued;
        if taken.len() < count
            && let Some(job) = state.jobs.get_mut(id).filter(waiting)
        {
            job.start(worker);
            taken.push(handed_over(job));
        }
    }
    (!taken.is_empty()).then_some(taken)
}

fn handed_over(job: &Job) -> Value {
    let mut handed = json!({ "id": job.id, "input": job.submission.input });
    if let Some(webhook) = &job.submission.webhook {
        handed["webhook"] = json!(webhook);
    }
    if let Some(s3_config) = &job.submission.s3_config {
        handed["s3Config"] = s3_config.clone();
    }
    handed
}

fn hear(world: &RunPod, endpoint: &str, worker: &str) {
    world.endpoint(endpoint, |endpoint| {
        endpoint.workers.entry(worker.to_owned()).or_default().0 = Some(Instant::now());
    });
}

/// A result, an error or progress. The SDK calls the body a form, but it is JSON.
async fn done(
    State(world): Shared,
    Path((endpoint, worker, id)): Path<(String, String, String)>,
    body: Body,
) -> Result<StatusCode, Response> {
    let mut result = read_result(body).await?;
    hear(&world, &endpoint, &worker);
    world.visible(&endpoint, &id, |job| {
        job.hear_worker();
        let output = result.get_mut("output").map(Value::take);
        // What comes after a cancellation or a timeout is too late to count.
        if job.status == Status::Running {
            match (result["status"].as_str(), &result["error"]) {
                (Some("IN_PROGRESS"), _) => job.show_progress(output),
                (_, Value::Null) => job.end(Status::Completed, output, None),
                (_, Value::String(error)) => job.end(Status::Failed, output, Some(error.clone())),
                (_, error) => job.end(Status::Failed, output, Some(error.to_string())),
            }
        }
        StatusCode::OK
    })
}

async fn chunk(
    State(world): Shared,
    Path((endpoint, worker, id)): Path<(String, String, String)>,
    body: Body,
) -> Result<StatusCode, Response> {
    let result = read_result(body).await?;
    hear(&world, &endpoint, &worker);
    world.visible(&endpoint, &id, |job| {
        job.hear_worker();
        if job.status == Status::Running {
            job.push_chunk(result);
        }
        StatusCode::OK
    })
}

async fn read_result(body: Body) -> Result<Value, Response> {
    let bad = |reason: &str| refuse(StatusCode::BAD_REQUEST, reason);
    let body = read_body(body, RUNSYNC_LIMIT_BYTES).await.ok_or_else(|| bad("result too large"))?;
    let result: Value = serde_json::from_slice(&body).map_err(|error| bad(&error.to_string()))?;
    result.is_object().then_some(result).ok_or_else(|| bad("a result is a JSON object"))
}

#[derive(Deserialize)]
struct Ping {
    /// Ids of running jobs, separated by commas.
    job_id: Option<String>,
}

async fn ping(State(world): Shared, Path((endpoint, worker)): Path<(String, String)>, Query(ping): Query<Ping>) -> StatusCode {
    hear(&world, &endpoint, &worker);
    for id in ping.job_id.unwrap_or_default().split(',') {
        world.with(id, |job| job.hear_worker());
    }
    StatusCode::OK
}
