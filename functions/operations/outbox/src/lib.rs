edge::function! {
    //! What is sent to the outside world: what waits, what has arrived, what was given up.

    /// Messages, newest first, without what they say.
    GET  "/outbox"             => list_outbox,           auth: Admin, limit: 60, reads;
    /// One message with what it says and every attempt to deliver it. Written to the audit log.
    GET  "/outbox/{id}"        => get_outbox_message,    auth: Admin, limit: 60, writes, refuses: [refusal::NOT_FOUND];
    /// Sends once more what was given up, at the next tick of the clock. 409 `conflict` for any other message.
    POST "/outbox/{id}/replay" => replay_outbox_message, auth: Admin, limit: 60, writes, reply: 202,
        refuses: [refusal::CONFLICT, refusal::NOT_FOUND];
}

use chrono::{DateTime, Utc};
use edge::{Admin, Context, Cursor, Error, Page, Path, Query, Reply, Result, Sql, input, output, refusal};
use serde_json::{Map, Value};

const PAGE: u32 = 20;

#[input]
struct Filter {
    /// Only messages in this state.
    state: Option<State>,
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[input]
struct MessageId {
    /// The message.
    id: i64,
}

#[output(name = "OutboxState")]
enum State {
    Waiting,
    Delivered,
    /// Given up.
    Dead,
}

#[output(name = "OutboxMessage")]
struct Message {
    id: i64,
    /// Who it is for: `discord`, `runpod`, …
    kind: String,
    /// What it is about; one message per kind and subject.
    subject: Option<String>,
    state: State,
    attempts: i32,
    last_error: Option<String>,
    next_attempt_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    delivered_at: Option<DateTime<Utc>>,
    dead_at: Option<DateTime<Utc>>,
}

#[output(name = "OutboxMessageDetails")]
struct MessageDetails {
    id: i64,
    kind: String,
    subject: Option<String>,
    state: State,
    attempts: i32,
    last_error: Option<String>,
    created_at: DateTime<Utc>,
    delivered_at: Option<DateTime<Utc>>,
    dead_at: Option<DateTime<Utc>>,
    payload: Map<String, Value>,
    deliveries: Vec<Delivery>,
}

#[output(name = "OutboxDelivery")]
struct Delivery {
    attempt: i32,
    /// `delivered`, `retry` or `dead`.
    outcome: String,
    http_status: Option<i32>,
    error: Option<String>,
    duration_ms: Option<i32>,
    created_at: DateTime<Utc>,
}

#[output(name = "OutboxReplay")]
struct Replayed {
    state: State,
}

#[derive(serde::Deserialize)]
struct MessageRow {
    answer: Option<MessageDetails>,
}

#[derive(serde::Deserialize)]
struct ReplayOutcome {
    outcome: String,
}

async fn list_outbox(ctx: Context, _: Admin, Query(filter): Query<Filter>) -> Result<Reply<Page<Message>>> {
    let before: Option<i64> = filter.cursor.map(|cursor| cursor.open(&filter.state)).transpose()?;
    let limit = filter.limit.unwrap_or(PAGE);
    let state = filter.state.map(|state| match state {
        State::Waiting => "waiting",
        State::Delivered => "delivered",
        State::Dead => "dead",
    });
    let rows = ctx.sql(LIST.bind(state).bind(before).bind(limit + 1)).await?.all::<Message>()?;
    Ok(Reply::new(Page::new(rows, limit, &filter.state, |message| message.id)))
}

async fn get_outbox_message(ctx: Context, _: Admin, Path(message): Path<MessageId>) -> Result<Reply<MessageDetails>> {
    let found = ctx.sql(READ.bind(message.id)).await?.one::<MessageRow>()?.answer;
    found.map(Reply::new).ok_or_else(|| Error::from(refusal::NOT_FOUND))
}

async fn replay_outbox_message(ctx: Context, _: Admin, Path(message): Path<MessageId>) -> Result<Reply<Replayed>> {
    match ctx.sql(REPLAY.bind(message.id)).await?.one::<ReplayOutcome>()?.outcome.as_str() {
        "replayed" => Ok(Reply::new(Replayed { state: State::Waiting })),
        "conflict" => Err(refusal::CONFLICT.into()),
        _ => Err(refusal::NOT_FOUND.into()),
    }
}

const LIST: Sql = Sql::new(
    "select id, kind, subject, state, attempts, last_error, next_attempt_at, created_at, delivered_at, dead_at
     from edge.outbox_list($1, $2, $3)",
);

const READ: Sql = Sql::new("select edge.outbox_read($1) as answer");

const REPLAY: Sql = Sql::new("select edge.outbox_replay($1) ->> 'outcome' as outcome");

#[cfg(test)]
mod tests;
