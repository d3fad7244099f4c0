//! What must reach the outside world was written to `outbox` in the transaction that caused it. Here it is sent and
//! settled, by whoever holds it: the request that caused it, after its answer, or `operations-reconcile-jobs`.
//!
//! A row that is held and never settled is due again a minute later, so nothing here needs to survive a crash.

mod notice;

use discord::Delivery;
use edge::{Context, HttpAnswer, HttpFailure, Result, Sql, SqlJson, Statement};
use mail::{Letter, Sent};
use runpod::RunPod;
use serde::{Deserialize, Serialize};

/// A row that is claimed for us.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    pub id: i64,
    pub kind: String,
    pub payload: serde_json::Value,
}

/// What RunPod must be told.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Order {
    Cancel { endpoint: String, runpod_job_id: String },
}

/// How many messages came to which end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub delivered: u32,
    /// They will be tried again.
    pub retried: u32,
    /// Given up.
    pub dead: u32,
}

#[derive(Serialize)]
struct Settlement {
    id: i64,
    outcome: &'static str,
    http_status: Option<u16>,
    error: Option<String>,
    retry_after_s: Option<u32>,
    duration_ms: u32,
}

#[derive(Deserialize)]
struct Settled {
    outcome: String,
}

/// Claims up to `most` rows that are due; gives [`Entry`] rows. Only as `service`.
pub fn claim(ctx: &Context, most: u32) -> Statement {
    CLAIM.bind(most).bind(ctx.request_id())
}

/// Sends claimed rows one after the other and settles all in one statement. Makes no SQL call where there are none.
///
/// # Errors
/// Where the database does not take the outcome; the rows are then sent once more, a minute later.
pub async fn deliver(ctx: &Context, entries: Vec<Entry>) -> Result<Counts> {
    let mut settlements = Vec::new();
    let mut closed: Option<(&str, _)> = None;
    for entry in &entries {
        let started = ctx.clock();
        let delivery = match closed {
            Some((kind, after_s)) if kind == entry.kind => {
                Delivery::Retry { status: None, after_s, reason: "held back after a 429".to_owned() }
            }
            _ => send(ctx, entry).await,
        };
        // Discord counts calls per webhook, and bans who calls on.
        if let Delivery::Retry { status: Some(429), after_s, .. } = delivery {
            closed = Some((&entry.kind, after_s));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
        settlements.push(settlement(entry.id, delivery, (ctx.clock() - started) as u32));
    }
    if settlements.is_empty() {
        return Ok(Counts::default());
    }
    let settled: Vec<Settled> = ctx.sql(SETTLE.bind(SqlJson(&settlements))).await?.all()?;
    let count = |outcome| u32::try_from(settled.iter().filter(|row| row.outcome == outcome).count()).unwrap_or(u32::MAX);
    Ok(Counts { delivered: count("delivered"), retried: count("retry"), dead: count("dead") })
}

async fn send(ctx: &Context, entry: &Entry) -> Delivery {
    let dead = |reason: &str| Delivery::Dead { status: None, reason: reason.to_owned() };
    match entry.kind.as_str() {
        "discord" => match notice::embed(ctx, &entry.payload) {
            Some(embed) => discord::send(ctx, embed).await,
            None => dead("payload_unknown"),
        },
        "mail" => match Letter::read(&entry.payload) {
            Some(letter) if letter.is_for_nobody() => Delivery::Delivered { status: 204 },
            Some(letter) => posted(mail::send(ctx, entry.id, &letter).await),
            None => dead("payload_unknown"),
        },
        "runpod" => match Order::deserialize(&entry.payload) {
            Ok(order) => cancel(ctx, &order).await,
            Err(_) => dead("payload_unknown"),
        },
        _ => dead("kind_unknown"),
    }
}

fn posted(sent: Sent) -> Delivery {
    match sent {
        Sent::Taken { status } => Delivery::Delivered { status },
        Sent::Later { status, after_s, reason } => Delivery::Retry { status, after_s, reason },
        Sent::Refused { status, reason } => Delivery::Dead { status, reason },
    }
}

/// Tells RunPod that nobody waits for a job any more. A job that it does not know, or that has ended, needs no telling.
async fn cancel(ctx: &Context, Order::Cancel { endpoint, runpod_job_id }: &Order) -> Delivery {
    let Ok(runpod) = RunPod::new(ctx) else {
        return Delivery::Dead { status: None, reason: "runpod_not_configured".to_owned() };
    };
    let retry = |status, after_s, reason| Delivery::Retry { status, after_s, reason };
    match runpod.cancel(endpoint, runpod_job_id).await {
        Ok(HttpAnswer { status: status @ (200..300 | 400 | 404 | 410), .. }) => Delivery::Delivered { status },
        Ok(HttpAnswer { status: status @ (408 | 429 | 500..), retry_after, .. }) => {
            retry(Some(status), retry_after, ["status ", &status.to_string()].concat())
        }
        Ok(HttpAnswer { status, .. }) => {
            Delivery::Dead { status: Some(status), reason: ["status ", &status.to_string()].concat() }
        }
        Err(HttpFailure::Timeout) => retry(None, None, "timeout".to_owned()),
        Err(HttpFailure::Connection(why)) => retry(None, None, why),
    }
}

fn settlement(id: i64, delivery: Delivery, duration_ms: u32) -> Settlement {
    let (outcome, http_status, error, retry_after_s) = match delivery {
        Delivery::Delivered { status } => ("delivered", Some(status), None, None),
        Delivery::Retry { status, after_s, reason } => ("retry", status, Some(reason), after_s),
        Delivery::Dead { status, reason } => ("dead", status, Some(reason), None),
    };
    Settlement { id, outcome, http_status, error, retry_after_s, duration_ms }
}

const CLAIM: Sql = Sql::new("select id, kind, payload from edge.outbox_claim($1, $2)");

const SETTLE: Sql = Sql::new(
    "select edge.outbox_settle(s.id, s.outcome, s.http_status, s.error, s.retry_after_s, s.duration_ms) ->> 'outcome' as outcome
     from jsonb_to_recordset($1) as s (
       id bigint, outcome text, http_status integer, error text, retry_after_s integer, duration_ms integer)",
);
