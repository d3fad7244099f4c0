//! The webhook call at a job's end: up to three tries until exactly 200, and what can go wrong with it.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::RunPod;
use super::job::{Delivery, Job, Status};
use crate::Scenario;

const TRIES: u64 = 3;
const MAX_COPIES: u64 = 20;
const MAX_DELIVERIES: usize = 200;

pub(super) async fn deliver(world: Arc<RunPod>, id: String) {
    if let Some(Some((url, scenario))) = world.with(&id, destination) {
        sleep(scenario.number("late").unwrap_or(0)).await;
        let copies = copies(&scenario);
        if scenario.has("twin") {
            let twins = (1..=copies).map(|copy| deliver_copy(&world, &id, &url, copy));
            futures::future::join_all(twins).await;
        } else {
            for copy in 1..=copies {
                deliver_copy(&world, &id, &url, copy).await;
            }
        }
        if scenario.has("stale") {
            send(&world, &id, &url, copies + 1, 1, |job| {
                let mut body = job.callback_body();
                body["status"] = json!(Status::Running.word());
                body
            })
            .await;
        }
    }
    world.with(&id, |job| {
        // A retry may have begun meanwhile: its own end settles it.
        job.settled = job.status.is_final();
        job.touch();
    });
    world.notify();
}

/// Where this end is reported, if anywhere. Whether the cloud tells CANCELLED and TIMED_OUT is not documented, so by
/// default it does not.
fn destination(job: &mut Job) -> Option<(String, Scenario)> {
    let is_reported = matches!(job.status, Status::Completed | Status::Failed) || job.scenario.has("callback-always");
    let url = job.submission.webhook.clone().filter(|_| is_reported && !job.scenario.has("lost-callback"))?;
    Some((url, job.scenario.clone()))
}

fn copies(scenario: &Scenario) -> u64 {
    match scenario.has("duplicate") || scenario.has("twin") {
        true => scenario.number("duplicate").or(scenario.number("twin")).unwrap_or(2).min(MAX_COPIES),
        false => 1,
    }
}

async fn deliver_copy(world: &RunPod, id: &str, url: &str, copy: u64) {
    for attempt in 1..=TRIES {
        if attempt > 1 {
            sleep(world.context.config.callback_interval_ms).await;
        }
        if send(world, id, url, copy, attempt, body).await {
            return;
        }
    }
}

fn body(job: &Job) -> Value {
    if job.scenario.has("bare-callback") {
        return json!({ "output": job.output });
    }
    let mut body = job.callback_body();
    if job.scenario.has("no-id") {
        body["id"] = json!("00000000-0000-4000-8000-000000000000-u1");
    }
    body
}

/// One call; true if the receiver answered 200.
pub(super) async fn send(world: &RunPod, id: &str, url: &str, copy: u64, attempt: u64, body: impl FnOnce(&Job) -> Value) -> bool {
    let Some(body) = world.with(id, |job| body(job)) else { return false };
    let reported = body["status"].as_str().unwrap_or_default().to_owned();
    let timeout = Duration::from_millis(world.context.config.callback_timeout_ms);
    let answer = world.context.http.post(url).timeout(timeout).json(&body).send().await;
    let (status, error) = match answer {
        Ok(answer) => (Some(answer.status().as_u16()), None),
        // The URL is the receiver's capability: it stays out of the ledger's error texts.
        Err(error) => (None, Some(error.without_url().to_string())),
    };
    world.with(id, |job| {
        let at_ms = job.now();
        if job.deliveries.len() < MAX_DELIVERIES {
            job.deliveries.push(Delivery { at_ms, copy, attempt, reported, status, error });
        }
        job.touch();
    });
    status == Some(200)
}

async fn sleep(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}
