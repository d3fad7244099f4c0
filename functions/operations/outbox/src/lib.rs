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
use edge::{Admin, Context, Error, Id, JsonObject, List, Page, Path, Reply, Result, Sql, Verbatim, input, output, refusal};

#[input]
struct Filter {
    /// Only messages in this state.
    state: Option<State>,
}

/// Where a message stands.
#[output(name = "OutboxState")]
enum State {
    Waiting,
    Delivered,
    /// Given up.
    Dead,
}

/// A message to an outside service.
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

/// A message with what it says and each attempt to deliver it.
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
    payload: JsonObject,
    deliveries: Vec<Delivery>,
}

/// One attempt to deliver a message.
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

/// A message that is sent once more.
#[output(name = "OutboxReplay")]
struct Replayed {
    state: State,
}

#[output]
struct Key {
    id: i64,
}

async fn list_outbox(ctx: Context, _: Admin, list: List<Filter, Key>) -> Result<Reply<Verbatim<Page<Message>>>> {
    let select = LIST.bind(list.filter.state).bind(list.after(|key| key.id)).bind(list.fetch());
    Ok(Reply::new(ctx.sql(select).await?.page(&list)?))
}

async fn get_outbox_message(ctx: Context, _: Admin, Path(message): Path<Id<i64>>) -> Result<Reply<MessageDetails>> {
    let found: Option<MessageDetails> = ctx.sql(READ.bind(message.id)).await?.value()?;
    found.map(Reply::new).ok_or_else(|| Error::from(refusal::NOT_FOUND))
}

async fn replay_outbox_message(ctx: Context, _: Admin, Path(message): Path<Id<i64>>) -> Result<Reply<Replayed>> {
    ctx.sql(REPLAY.bind(message.id)).await?;
    Ok(Reply::new(Replayed { state: State::Waiting }))
}

const LIST: Sql = Sql::new(
    "select id, kind, subject, state, attempts, last_error, next_attempt_at, created_at, delivered_at, dead_at
     from edge.outbox_list($1, $2, $3::integer)",
);

const READ: Sql = Sql::new("select edge.outbox_read($1)");

const REPLAY: Sql = Sql::new("select edge.outbox_replay($1)");

#[cfg(test)]
mod tests;
