//! What must reach the outside world was written to `outbox` in the transaction that caused it. Here it is sent and
//! settled, by whoever holds it: the request that caused it, after its answer, or `operations-reconcile-jobs`.
//!
//! A row that is held and never settled is due again a minute later, so nothing here needs to survive a crash.

use discord::Embed;
use edge::small_json::from_str;
use edge::{Context, Result, Sql, SqlJson, Statement};
use futures::future::LocalBoxFuture;
use mail::{Letter, Sent, Words};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use discord::Delivery;

/// What an area has to send. A row holds facts alone; their words, and how an outside service is told, are the area's.
pub trait Sender {
    /// What the team reads in Discord of an event, whose payload is JSON; `None` for one that is not this area's.
    fn notice(&self, ctx: &Context, event: &str, payload: &str) -> Option<Embed> {
        let _ = (ctx, event, payload);
        None
    }

    /// The words of a letter; `None` for one that is not this area's.
    fn letter(&self, template: &str) -> Option<&'static Words> {
        let _ = template;
        None
    }

    /// Sends a row of a kind of the area's own; `None` for any other kind, and for a payload that this release does not know.
    fn order<'a>(&self, ctx: &'a Context, kind: &str, payload: &'a str) -> Option<LocalBoxFuture<'a, Delivery>> {
        let _ = (ctx, kind, payload);
        None
    }
}

/// A row that is claimed for us.
#[derive(Clone, Debug, Deserialize)]
pub struct Entry {
    pub id: i64,
    pub kind: String,
    /// JSON.
    pub payload: Box<RawValue>,
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

/// Sends claimed rows one after the other, each by the first of `senders` that knows it, and settles all in one statement.
/// Makes no SQL call where there are none.
///
/// # Errors
/// Where the database does not take the outcome; the rows are then sent once more, a minute later.
pub async fn deliver(ctx: &Context, senders: &[&dyn Sender], entries: Vec<Entry>) -> Result<Counts> {
    let mut settlements = Vec::new();
    let mut closed: Option<(&str, _)> = None;
    for entry in &entries {
        let started = ctx.clock();
        let delivery = match closed {
            Some((kind, after_s)) if kind == entry.kind => {
                Delivery::Retry { status: None, after_s, reason: "held back after a 429".to_owned() }
            }
            _ => send(ctx, senders, entry).await,
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

/// Sends the messages that a request has caused, after its answer, as [`deliver`] does. Where that fails, they are due again in a
/// minute.
pub fn deliver_later(ctx: &Context, sender: &'static dyn Sender, entries: Vec<Entry>) {
    if entries.is_empty() {
        return;
    }
    let later = ctx.clone();
    ctx.try_later(async move { deliver(&later, &[sender], entries).await });
}

#[derive(Default, Deserialize)]
struct Event {
    event: String,
}

async fn send(ctx: &Context, senders: &[&dyn Sender], entry: &Entry) -> Delivery {
    let unknown = |what: &str| Delivery::Dead { status: None, reason: [what, "_unknown"].concat() };
    let payload = entry.payload.get();
    match entry.kind.as_str() {
        "discord" => {
            let Event { event } = from_str(payload).unwrap_or_default();
            match senders.iter().find_map(|sender| sender.notice(ctx, &event, payload)) {
                Some(embed) => discord::send(ctx, embed).await,
                None => unknown("payload"),
            }
        }
        "mail" => match Letter::read(payload) {
            Some(letter) if letter.is_for_nobody() => Delivery::Delivered { status: 204 },
            Some(letter) => match senders.iter().find_map(|sender| sender.letter(letter.template())) {
                Some(words) => posted(mail::send(ctx, entry.id, &letter, words).await),
                None => unknown("payload"),
            },
            None => unknown("payload"),
        },
        kind => match senders.iter().find_map(|sender| sender.order(ctx, kind, payload)) {
            Some(sent) => sent.await,
            None => unknown("payload"),
        },
    }
}

fn posted(sent: Sent) -> Delivery {
    match sent {
        Sent::Taken { status } => Delivery::Delivered { status },
        Sent::Later { status, after_s, reason } => Delivery::Retry { status, after_s, reason },
        Sent::Refused { status, reason } => Delivery::Dead { status, reason },
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
