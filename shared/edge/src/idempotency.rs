//! `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a write that is sent twice happens once, and both get one
//! answer.
//!
//! Every `POST` of a person that writes takes a key, and its handler knows nothing of it. The first batch of the call takes the
//! key in the transaction in which it writes, so that both happen or neither does; the answer is kept after it was given. A
//! repeat in between is told that the first is in progress; if that has died with its answer, the write runs again after a
//! minute.

use std::cell::Cell;

use postgres_wasm_bindings::Sql;
use serde::Deserialize;
use small_json::{Object, from_str, members};
use uuid::Uuid;

use crate::reply::Answer;
use crate::{Context, Error, FieldError, Place, Result, refusal};

const SETTLE: Sql =
    Sql::new("select edge.idempotency_settle(key => $1, status => $2, body => $3::json, headers => $4) ->> 'outcome' as outcome");

const RELEASE: Sql = Sql::new("select edge.idempotency_release($1) ->> 'outcome' as outcome");

const ANSWER: Sql = Sql::new("select status, body::text as body, headers::text as headers from edge.idempotency_answer($1)");

/// What an answer is given again with, beside its body.
const HEADERS: [&str; 4] = ["content-type", "etag", "location", "x-total-count"];

/// The key of one request.
pub(crate) struct Key {
    /// What the database knows it by: clients make keys of what they like, and whoever reads the table must not.
    pub(crate) digest: String,
    /// What tells a repeat from another request: method, address and body. A digest together with the key, so that nobody who
    /// reads the table can try what a body with a secret in it may have been.
    pub(crate) request: String,
    /// The handler answers repeats itself (`idempotent`).
    pub(crate) is_handlers: bool,
    state: Cell<State>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The first batch takes it.
    Open,
    Taken,
    /// The call is over.
    Closed,
}

#[derive(Deserialize)]
struct StoredAnswer {
    status: u16,
    body: Option<String>,
    /// An object of texts.
    headers: String,
}

impl Key {
    /// 1 to 255 visible ASCII characters. `is_handlers` is whether the handler answers repeats.
    pub(crate) fn read(key: &str, method: &str, address: &str, body: &[u8], is_handlers: bool) -> Result<Key> {
        if !(1..=255).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(FieldError::new(Place::Header, "Idempotency-Key", "invalid_value").into());
        }
        let request = [key.as_bytes(), b"\n", method.as_bytes(), b" ", address.as_bytes(), b"\n", body].concat();
        Ok(Key {
            digest: auth::sha256_hex(key.as_bytes()),
            request: auth::sha256_hex(&request),
            is_handlers,
            state: Cell::new(State::Open),
        })
    }

    /// The identity of what is made under this key (RFC 9562, version 8).
    pub(crate) fn client_id(&self) -> Uuid {
        let first = self.digest.get(..32).and_then(|hex| u128::from_str_radix(hex, 16).ok()).unwrap_or_default();
        uuid::Builder::from_custom_bytes(first.to_be_bytes()).into_uuid()
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.is_handlers && self.state.get() == State::Open
    }

    pub(crate) fn take(&self) {
        self.state.set(State::Taken);
    }
}

/// Ends a call: keeps its answer under its key, gives the key back where the call was refused, or answers what was answered
/// before.
///
/// # Errors
/// Those of `outcome`; 409 `idempotency_in_progress` where there is no answer yet.
pub(crate) async fn conclude(ctx: &Context, outcome: Result<Answer>) -> Result<Answer> {
    let Some(key) = ctx.key_of_call() else { return outcome };
    let is_taken = key.state.replace(State::Closed) == State::Taken;
    match &outcome {
        Err(error) if error.code() == refusal::IDEMPOTENCY_REPLAYED.code() => return replay(ctx, key).await,
        Ok(answer) if is_taken && answer.stream.is_none() => settle(ctx, key, answer),
        // After a fault nobody knows what was done: the key stays, and nothing is done twice.
        Err(error) if is_taken && !error.is_fault() => ctx.write_later(RELEASE.bind(&key.digest)),
        _ => {}
    }
    outcome
}

fn settle(ctx: &Context, key: &Key, answer: &Answer) {
    let mut headers = Object::new();
    for name in HEADERS {
        headers.maybe(name, answer.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str()));
    }
    let body = std::str::from_utf8(&answer.body).ok().filter(|body| !body.is_empty());
    ctx.write_later(SETTLE.bind(&key.digest).bind(i32::from(answer.status)).bind(body).bind(headers.end()));
}

async fn replay(ctx: &Context, key: &Key) -> Result<Answer> {
    let stored: Option<StoredAnswer> = ctx.sql(ANSWER.bind(&key.digest)).await?.optional()?;
    let Some(stored) = stored else { return Err(Error::from(refusal::IDEMPOTENCY_IN_PROGRESS).retry_after(1)) };
    let mut answer = Answer::new(stored.status);
    let headers = members(&stored.headers).unwrap_or_default();
    for name in HEADERS {
        let value = headers.iter().find(|(known, _)| known == name).and_then(|(_, value)| from_str::<String>(value).ok());
        if let Some(value) = value {
            answer.header(name, value);
        }
    }
    answer.header("idempotency-replayed", "true");
    answer.body = stored.body.map(String::into_bytes).unwrap_or_default();
    Ok(answer)
}
