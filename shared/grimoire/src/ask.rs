//! Asking for a creation. RunPod has no idempotency key, so `POST /run` is sent once: what its answer leaves unclear is
//! settled by its callback, or by time.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use edge::validation::Written;
use edge::{Context, Error, FieldError, Place, Reply, Result, Sql, SqlJson, Statement, input, output, refusal, refusals};
use outbox::Entry;
use runpod::{RunPod, Submission};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use storage::Storage;
use uuid::Uuid;

/// How long RunPod may take from submission to result, and how long we wait to learn of an unclear submission.
const LIFETIME_S: u32 = 600;
/// How long the link that RunPod calls back is good: RunPod's last try comes some seconds after the job's end.
const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(15);

/// Whether what was made for the same request will do.
#[input(name = "CacheUse")]
pub enum Cache {
    /// What was made for the same request is given.
    Use,
    /// It is made anew.
    Refresh,
}

refusals! {
    pub QUOTA_EXCEEDED: 429 "quota_exceeded", fr: "Le quota du jour est épuisé.", en: "Today's quota is used up.";
    pub BUSY: 503 "runpod_busy", fr: "Trop de demandes en ce moment : réessayez un peu plus tard. Cette demande n'est pas décomptée.", en: "Too much demand right now: try again a little later. This request does not count.";
    pub UNAVAILABLE: 503 "runpod_unavailable", fr: "RunPod ne répond pas : réessayez plus tard. Cette demande n'est pas décomptée.", en: "RunPod is not working: try again later. This request does not count.";
    pub REFUSED: 502 "runpod_refused", fr: "RunPod a refusé cette demande. Elle n'est pas décomptée.", en: "RunPod refused this request. It does not count.";
}

/// What a person wants made.
pub struct Ask<'a, I, G> {
    /// `scene`, `pose` or `audio`.
    pub kind: &'static str,
    /// Below which path it will be read: `scenes` or `creations`.
    pub collection: &'static str,
    /// In the person's words.
    pub input: &'a I,
    /// As the worker is given it. Equal ones of one model version are made once.
    pub worker_input: &'a G,
    /// Made anew, even if there is one.
    pub refresh: bool,
}

/// A creation that was asked for, and where it is to be read.
#[output(name = "QueuedCreation")]
pub struct Queued {
    pub id: Uuid,
    pub status: Status,
    /// Where it is to be read.
    pub status_url: String,
}

/// Where a creation stands.
#[output(name = "CreationStatus")]
pub enum Status {
    /// Asked for; a GPU has not begun.
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

#[edge::outcome]
enum Submitted {
    Created {
        id: Uuid,
        job: Job,
        /// Given where an earlier job's is submitted again.
        input: Option<Box<RawValue>>,
    },
    /// The same is being made, for somebody else or for this person.
    Joined {
        id: Uuid,
        status: Status,
    },
    /// The same was made before.
    Cached {
        id: Uuid,
        status: Status,
    },
    /// The same request came before: its answer was kept, or follows from what it made.
    Replayed {
        status: u16,
        body: Queued,
    },
    InProgress {
        id: Uuid,
        status: Status,
        error: Option<String>,
    },
    Mismatch,
    NotAllowed {
        fields: Vec<String>,
    },
    QuotaExceeded {
        quota: Quota,
    },
}

#[derive(serde::Deserialize)]
struct Job {
    id: Uuid,
    endpoint: String,
}

#[derive(serde::Deserialize)]
struct Quota {
    limit: i32,
    used: i32,
    left: i32,
    #[serde(with = "edge::validation::written")]
    resets_at: DateTime<Utc>,
}

#[derive(serde::Deserialize)]
struct JobMoved {
    outbox: Vec<Entry>,
}

/// Asks for a creation: 202, or 200 where it was made before. One round trip, and a second around the call of RunPod.
///
/// # Errors
/// 409 `idempotency_mismatch`, 422 `not_allowed`, 429 `quota_exceeded`; 503 `runpod_busy`, `runpod_unavailable`,
/// `runpod_not_configured`, `storage_not_configured`; 502 `runpod_refused`.
pub async fn ask(ctx: &Context, ask: Ask<'_, impl Serialize, impl Serialize>) -> Result<Reply<Queued>> {
    let worker_input = to_raw_value(ask.worker_input).map_err(Error::internal)?;
    let endpoint = ready(ctx)?.endpoint(ask.kind)?;
    let submit = SUBMIT
        .bind(ask.kind)
        .bind(SqlJson(ask.input))
        .bind(SqlJson(&worker_input))
        .bind(endpoint)
        .bind(place(ctx, ask.collection))
        .bind(ask.refresh)
        .bind(ctx.idempotency_key())
        .bind(ctx.request_hash())
        .bind(LIFETIME_S);
    conclude(ctx, ask.collection, submit, Some(worker_input)).await
}

pub(crate) async fn retry(ctx: &Context, collection: &str, creation: Uuid) -> Result<Reply<Queued>> {
    let endpoints = ready(ctx)?.endpoints();
    conclude(ctx, collection, RETRY.bind(creation).bind(SqlJson(&endpoints)).bind(collection).bind(LIFETIME_S), None).await
}

/// Everything that a creation will need is there, before any is asked for.
fn ready(ctx: &Context) -> Result<RunPod<'_>> {
    Storage::new(ctx)?;
    RunPod::new(ctx)
}

async fn conclude(
    ctx: &Context,
    collection: &str,
    statement: Statement,
    worker_input: Option<Box<RawValue>>,
) -> Result<Reply<Queued>> {
    let queued = |id: Uuid, status: Status| {
        let status_url = [place(ctx, collection), id.to_string()].concat();
        Reply::new(Queued { id, status, status_url: status_url.clone() }).location(&status_url)
    };
    match ctx.sql(statement).await?.value()? {
        Submitted::Created { id, job, input } => {
            let worker_input = worker_input.or(input).unwrap_or_default();
            let answer = Queued { id, status: Status::Queued, status_url: [place(ctx, collection), id.to_string()].concat() };
            submit(ctx, &job, &worker_input, &answer).await.map_err(|error| about(ctx, error, collection, id))?;
            Ok(queued(id, Status::Queued))
        }
        Submitted::Joined { id, status } => Ok(queued(id, status)),
        Submitted::Cached { id, status } => Ok(queued(id, status).status(200)),
        Submitted::Replayed { status, body } => {
            let location = body.status_url.clone();
            Ok(Reply::new(body).status(status).location(&location).replayed(true))
        }
        Submitted::InProgress { id, status, error } => match error.as_deref().and_then(refused) {
            Some(error) => {
                let error = about(ctx, error, collection, id);
                Err(error.with_header("idempotency-replayed", "true".to_owned()))
            }
            None => Ok(queued(id, status).replayed(true)),
        },
        Submitted::Mismatch => Err(refusal::IDEMPOTENCY_MISMATCH.into()),
        Submitted::NotAllowed { fields } => {
            Err(Error::invalid(fields.into_iter().map(|field| FieldError::new(Place::Body, field, "not_allowed")).collect()))
        }
        Submitted::QuotaExceeded { quota } => {
            let seconds = (quota.resets_at - ctx.now()).num_seconds();
            let error = Error::from(QUOTA_EXCEEDED).retry_after(seconds).with("limit", quota.limit).with("used", quota.used);
            Err(error.with("left", quota.left).with("resets_at", quota.resets_at.write()))
        }
    }
}

/// Calls RunPod and records what it answered. Where that fails, the job is still right: it is awaited until RunPod calls
/// back or its time is up.
async fn submit(ctx: &Context, Job { id: job, endpoint }: &Job, worker_input: &RawValue, answer: &Queued) -> Result<()> {
    let link = runpod::callback_url(ctx.setting("PUBLIC_URL"), &ctx.key("LINK_KEY"), *job, ctx.now() + LINK_LIFETIME);
    let started = ctx.clock();
    let submission = RunPod::new(ctx)?.run(endpoint, &worker_input, &link, Duration::from_secs(LIFETIME_S.into())).await;
    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    let took_ms = (ctx.clock() - started) as i32;
    let settle = || SETTLE.bind(ctx.idempotency_key()).bind(SqlJson(answer));
    let recorded = match submission {
        Submission::Accepted { id } => ctx
            .batch([SUBMITTED.bind(job).bind(id).bind(took_ms), settle()])
            .await
            .and_then(|[moved, _]| moved.value::<JobMoved>()),
        Submission::Unclear { reason } => {
            ctx.warn(&Error::unavailable(reason));
            if ctx.idempotency_key().is_none() {
                return Ok(());
            }
            ctx.sql(settle()).await.map(|_| JobMoved { outbox: Vec::new() })
        }
        Submission::Refused { status, retry_after_s } => {
            let code = match status {
                429 => BUSY.code(),
                500.. => UNAVAILABLE.code(),
                _ => REFUSED.code(),
            };
            let settled = NOT_SUBMITTED.bind(job).bind(code).bind(took_ms);
            // What may pass is asked anew under the same key.
            let release = RELEASE.bind(ctx.idempotency_key().filter(|_| code != REFUSED.code()));
            record(ctx, ctx.batch([settled, release]).await.and_then(|[moved, _]| moved.value::<JobMoved>()));
            let mut error = refused(code).unwrap_or_else(|| Error::internal(code));
            if code != REFUSED.code() {
                error = error.with_header("retry-after", retry_after_s.unwrap_or(10).clamp(1, 3600).to_string());
            }
            return Err(error.because(["runpod: status ", &status.to_string()].concat()));
        }
    };
    record(ctx, recorded);
    Ok(())
}

fn record(ctx: &Context, recorded: Result<JobMoved>) {
    match recorded {
        Ok(moved) => tell(ctx, moved.outbox),
        Err(error) => ctx.warn(&error),
    }
}

/// Sends the messages that a move has caused, after the answer. Should that not work, the outbox keeps them.
pub fn tell(ctx: &Context, entries: Vec<Entry>) {
    outbox::deliver_later(ctx, &crate::Messages, entries);
}

/// The answer to what RunPod did not take, by the word that the creation keeps.
fn refused(code: &str) -> Option<Error> {
    match code {
        _ if code == BUSY.code() => Some(Error::from(BUSY)),
        _ if code == UNAVAILABLE.code() => Some(Error::from(UNAVAILABLE)),
        _ if code == REFUSED.code() => Some(Error::from(REFUSED)),
        _ => None,
    }
}

/// Names the creation that was kept as failed, so that its owner can find it.
fn about(ctx: &Context, error: Error, collection: &str, creation: Uuid) -> Error {
    error.with("id", creation.to_string()).with("status_url", [place(ctx, collection), creation.to_string()].concat())
}

fn place(ctx: &Context, collection: &str) -> String {
    [ctx.setting("PUBLIC_URL").trim_end_matches('/'), "/api/v1/", collection, "/"].concat()
}

const SUBMIT: Sql = Sql::new(
    "select edge.submit_creation(
       kind => $1, input => $2, given => $3, endpoint => $4, place => $5, refresh => $6,
       idempotency_key => $7, request_hash => $8, ttl_s => $9)",
);

const RETRY: Sql = Sql::new("select edge.retry_creation(creation => $1, endpoints => $2, collection => $3, ttl_s => $4)");

const SUBMITTED: Sql = Sql::new("select edge.job_submitted(job => $1, runpod_job_id => $2, response_time_ms => $3)");

const NOT_SUBMITTED: Sql = Sql::new("select edge.job_submission_failed(job => $1, error => $2, response_time_ms => $3)");

const SETTLE: Sql =
    Sql::new("select edge.idempotency_settle(key => $1, status => 202, body => $2::json) ->> 'outcome' as outcome");

const RELEASE: Sql = Sql::new("select edge.idempotency_release($1) ->> 'outcome' as outcome");
