//! What tests say to the server as a whole: rules.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::json;

use crate::scenario::{Rule, Scenario};
use crate::{Context, WORLDS};

pub(crate) fn routes(context: &Arc<Context>) -> Router {
    Router::new()
        .route("/", get(|| async { Json(json!({ "worlds": WORLDS.map(|world| world.name) })) }))
        .route("/control/rules", get(list).post(set).delete(remove))
        .with_state(context.clone())
}

async fn list(State(context): State<Arc<Context>>) -> Response {
    Json(json!({ "rules": context.rules.all() })).into_response()
}

async fn set(State(context): State<Arc<Context>>, Json(rule): Json<Rule>) -> Response {
    let Some(world) = WORLDS.iter().find(|world| world.name == rule.world) else {
        return refuse(format!("no world is named {}", rule.world));
    };
    if let Some(name) = (world.unknown_marker)(&Scenario::read(&rule.scenario)) {
        return refuse(format!("no marker is named sim:{name}"));
    }
    match context.rules.set(rule) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => (StatusCode::INSUFFICIENT_STORAGE, Json(json!({ "error": "too many rules" }))).into_response(),
    }
}

#[derive(Deserialize)]
struct JobQuery {
    world: String,
    id: String,
}

async fn remove(State(context): State<Arc<Context>>, Query(which): Query<JobQuery>) -> StatusCode {
    match context.rules.remove(&which.world, &which.id) {
        true => StatusCode::NO_CONTENT,
        false => StatusCode::NOT_FOUND,
    }
}

fn refuse(error: String) -> Response {
    (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response()
}
