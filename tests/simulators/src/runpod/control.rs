//! What tests see of jobs, and how they move a job's time or repeat its webhook call.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::job::Job;
use super::{RunPod, Shared, callback, refuse};
use crate::lock;

pub(super) fn routes() -> Router<Arc<RunPod>> {
    Router::new()
        .route("/control/runpod/jobs", get(jobs))
        .route("/control/runpod/jobs/{id}/callback", post(call_back))
        .route("/control/advance", post(advance))
}

/// Every part given must hold.
#[derive(Deserialize)]
struct Filter {
    id: Option<String>,
    endpoint: Option<String>,
    status: Option<String>,
    /// A piece of the input's JSON text.
    contains: Option<String>,
    /// A piece of the webhook URL.
    webhook: Option<String>,
    /// Waits up to so many milliseconds until `count` jobs match and all that match are settled.
    wait: Option<u64>,
    count: Option<usize>,
    /// At most so many jobs, the newest; 100 unless told.
    limit: Option<usize>,
}

impl Filter {
    fn admits(&self, job: &Job) -> bool {
        let holds = |wanted: &Option<String>, test: &dyn Fn(&str) -> bool| wanted.as_deref().is_none_or(test);
        holds(&self.id, &|id| job.id == id)
            && holds(&self.endpoint, &|endpoint| job.endpoint == endpoint)
            && holds(&self.status, &|status| job.status.word() == status)
            && holds(&self.webhook, &|part| job.submission.webhook.as_ref().is_some_and(|url| url.contains(part)))
            && holds(&self.contains, &|part| job.input_text().contains(part))
    }
}

async fn jobs(State(world): Shared, Query(filter): Query<Filter>) -> Json<Value> {
    if let Some(wait) = filter.wait {
        let settle = async {
            let mut changes = world.changed.subscribe();
            while !settled(&world, &filter) {
                changes.changed().await.unwrap_or_default();
            }
        };
        // Running out of time is an ordinary outcome: the answer shows what there is.
        tokio::time::timeout(Duration::from_millis(wait.min(60_000)), settle).await.unwrap_or_default();
    }
    Json(found(&world, &filter))
}

fn settled(world: &RunPod, filter: &Filter) -> bool {
    let state = lock(&world.state);
    let matching: Vec<&Job> = state.jobs.values().filter(|job| filter.admits(job)).collect();
    matching.len() >= filter.count.unwrap_or(1) && matching.iter().all(|job| job.settled)
}

fn found(world: &RunPod, filter: &Filter) -> Value {
    let state = lock(&world.state);
    let newest = state.order.iter().rev().filter_map(|id| state.jobs.get(id));
    let matching: Vec<&Job> = newest.filter(|job| filter.admits(job)).collect();
    let shown = matching.iter().take(filter.limit.unwrap_or(100)).map(|job| job.ledger());
    json!({
        "total": matching.len(),
        "executions": matching.iter().map(|job| job.executions).sum::<u32>(),
        "forgotten": state.forgotten,
        "jobs": shown.collect::<Vec<_>>(),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    ms: u64,
    /// One job, or …
    job: Option<String>,
    /// … all jobs of an endpoint. One of the two must be given: the server is shared.
    endpoint: Option<String>,
}

async fn advance(State(world): Shared, Json(advance): Json<Advance>) -> Response {
    if advance.job.is_none() && advance.endpoint.is_none() {
        return refuse(StatusCode::BAD_REQUEST, "say which job or endpoint");
    }
    let mut state = lock(&world.state);
    let concerned = state.jobs.values_mut().filter(|job| {
        advance.job.as_ref().is_none_or(|id| *id == job.id)
            && advance.endpoint.as_ref().is_none_or(|endpoint| *endpoint == job.endpoint)
    });
    let advanced = concerned.map(|job| job.skip(advance.ms)).count();
    Json(json!({ "advanced": advanced })).into_response()
}

/// Calls the job's webhook once more, now; members of the given object replace those of the body.
async fn call_back(State(world): Shared, Path(id): Path<String>, changes: Option<Json<Map<String, Value>>>) -> Response {
    let Some(Some(url)) = world.with(&id, |job| job.submission.webhook.clone()) else {
        return refuse(StatusCode::NOT_FOUND, "no such job, or it has no webhook");
    };
    let Json(changes) = changes.unwrap_or_default();
    callback::send(&world, &id, &url, 0, 1, |job| {
        let mut body = job.callback_body();
        for (name, value) in changes {
            body[name] = value;
        }
        body
    })
    .await;
    let delivery = world.with(&id, |job| json!(job.deliveries.last()));
    Json(delivery).into_response()
}
