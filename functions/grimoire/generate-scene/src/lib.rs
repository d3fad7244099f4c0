edge::function! {
    //! Scenes of the Grimoire, asked for.

    /// Asks for a scene. It is drawn on a GPU within ten minutes: follow `status_url`. A repeated `Idempotency-Key` with
    /// the same body gives the first answer, and draws nothing.
    ///
    /// 429 `quota_exceeded` once the day's scenes are used up. 503 `runpod_busy` or `runpod_unavailable` and 502
    /// `runpod_refused` where RunPod does not take the scene: it stays as `failed` and does not count.
    POST "/generate/scene" => generate, auth: Person, limit: 10, writes, reply: 202, sql: 2, idempotent;
    uses: [Discord, Links, RunPod]
}

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use edge::{Context, Error, Json, Message, Person, Reply, Result, Sql, SqlJson, input, messages, msg, output};
use outbox::Entry;
use runpod::{RunPod, Submission};
use serde::Serialize;
use uuid::Uuid;
use validator::ValidationError;

/// How long RunPod may take from submission to result, and how long we wait to learn of an unclear submission.
const LIFETIME_S: u32 = 600;
/// How long the link that RunPod calls back is good: RunPod's last try comes some seconds after the job's end.
const LINK_LIFETIME: TimeDelta = TimeDelta::minutes(15);

const QUOTA_EXCEEDED: Message =
    msg!("quota_exceeded", fr: "Le quota de scènes du jour est épuisé.", en: "Today's scenes are used up.");
const BUSY: Message = msg!("runpod_busy", fr: "Trop de demandes en ce moment : réessayez un peu plus tard. Cette scène n'est pas décomptée.", en: "Too much demand right now: try again a little later. This scene does not count.");
const UNAVAILABLE: Message = msg!("runpod_unavailable", fr: "RunPod ne répond pas : réessayez plus tard. Cette scène n'est pas décomptée.", en: "RunPod is not working: try again later. This scene does not count.");
const REFUSED: Message = msg!("runpod_refused", fr: "RunPod a refusé cette scène. Elle n'est pas décomptée.", en: "RunPod refused this scene. It does not count.");

#[input]
struct Wanted {
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    world: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    era: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    class: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    pose: String,
    #[validate(length(min = 1, max = 200), custom(function = "one_line"))]
    decor: String,
}

#[output]
struct Queued {
    id: Uuid,
    status: Status,
    /// Where the scene is to be read.
    status_url: String,
}

#[output]
enum Status {
    Queued,
}

/// What RunPod's worker is given.
#[derive(Serialize)]
struct Drawing<'a> {
    /// For the public workers, which read nothing else.
    prompt: String,
    world: &'a str,
    era: &'a str,
    class: &'a str,
    pose: &'a str,
    decor: &'a str,
}

#[derive(serde::Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Submitted {
    Created {
        scene: Scene,
        job: Job,
    },
    /// The same request came before: its answer was kept, or follows from the scene that it made.
    Replayed {
        status: u16,
        body: Queued,
    },
    InProgress {
        scene: Scene,
    },
    Mismatch,
    QuotaExceeded {
        quota: Quota,
    },
}

#[derive(serde::Deserialize)]
struct Scene {
    id: Uuid,
    error: Option<String>,
}

#[derive(serde::Deserialize)]
struct Job {
    id: Uuid,
}

#[derive(serde::Deserialize)]
struct Quota {
    limit: i32,
    used: i32,
    resets_at: DateTime<Utc>,
}

#[derive(serde::Deserialize)]
struct Moved {
    outbox: Option<Entry>,
}

#[derive(serde::Deserialize)]
struct Answer<T> {
    answer: T,
}

async fn generate(ctx: Context, _: Person, Json(wanted): Json<Wanted>) -> Result<Reply<Queued>> {
    let runpod = RunPod::new(&ctx)?;
    let endpoint = runpod.image_endpoint()?;
    let submit = SUBMIT
        .bind(&wanted.world)
        .bind(&wanted.era)
        .bind(&wanted.class)
        .bind(&wanted.pose)
        .bind(&wanted.decor)
        .bind(endpoint)
        .bind(ctx.idempotency_key())
        .bind(ctx.body_hash())
        .bind(LIFETIME_S);
    match ctx.sql(submit).await?.one::<Answer<Submitted>>()?.answer {
        Submitted::Created { scene, job } => {
            let link = runpod::callback_url(ctx.setting("PUBLIC_URL"), &ctx.key("LINK_KEY"), job.id, ctx.now() + LINK_LIFETIME);
            let started = ctx.clock();
            let submission = runpod.run(endpoint, &drawing(&wanted), &link, Duration::from_secs(LIFETIME_S.into())).await;
            #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
            let took_ms = (ctx.clock() - started) as i32;
            conclude(&ctx, scene.id, job.id, submission, took_ms).await
        }
        Submitted::Replayed { status, body } => {
            let location = body.status_url.clone();
            Ok(Reply::new(body).status(status).location(&location).replayed(true))
        }
        Submitted::InProgress { scene } => match scene.error.as_deref().and_then(|code| refusal(code, None)) {
            Some(error) => Err(about(&ctx, error, scene.id).with_header("idempotency-replayed", "true".to_owned())),
            None => Ok(queued(&ctx, scene.id).replayed(true)),
        },
        Submitted::Mismatch => Err(Error::conflict(messages::IDEMPOTENCY_MISMATCH)),
        Submitted::QuotaExceeded { quota } => {
            let seconds = (quota.resets_at - ctx.now()).num_seconds();
            let error = Error::too_many(QUOTA_EXCEEDED, seconds).with("limit", quota.limit).with("used", quota.used);
            Err(error.with("resets_at", quota.resets_at.to_rfc3339()))
        }
    }
}

/// Records what RunPod answered. Where that fails, the scene is still right: it is awaited until RunPod calls back or its
/// time is up.
async fn conclude(ctx: &Context, scene: Uuid, job: Uuid, submission: Submission, took_ms: i32) -> Result<Reply<Queued>> {
    let answer = queued(ctx, scene);
    let settle = || SETTLE.bind(ctx.idempotency_key()).bind(SqlJson(&body(ctx, scene)));
    let recorded = match submission {
        Submission::Accepted { id } => ctx.batch([SUBMITTED.bind(job).bind(id).bind(took_ms), settle()]).await.map(|_| ()),
        Submission::Unclear { reason } => {
            ctx.warn(&Error::unavailable(reason));
            if ctx.idempotency_key().is_some() { ctx.sql(settle()).await.map(|_| ()) } else { Ok(()) }
        }
        Submission::Refused { status, retry_after_s } => {
            let code = match status {
                429 => BUSY.code,
                500.. => UNAVAILABLE.code,
                _ => REFUSED.code,
            };
            match ctx.sql(NOT_SUBMITTED.bind(job).bind(code).bind(took_ms)).await.and_then(|rows| rows.one::<Answer<Moved>>()) {
                Ok(moved) => tell(ctx, moved.answer.outbox),
                Err(error) => ctx.warn(&error),
            }
            let error = refusal(code, retry_after_s).unwrap_or_else(|| Error::internal(code));
            return Err(about(ctx, error, scene).because(["runpod: status ", &status.to_string()].concat()));
        }
    };
    if let Err(error) = recorded {
        ctx.warn(&error);
    }
    Ok(answer)
}

/// Sends the message that a failure has caused, after the answer. Should that not work, the outbox keeps it.
fn tell(ctx: &Context, entry: Option<Entry>) {
    let Some(entry) = entry else { return };
    let later = ctx.clone();
    ctx.later(async move {
        if let Err(error) = outbox::deliver(&later, vec![entry]).await {
            later.warn(&error);
        }
    });
}

/// The answer to a scene that RunPod did not take, by the word that the scene keeps.
fn refusal(code: &str, retry_after_s: Option<u32>) -> Option<Error> {
    let wait = retry_after_s.unwrap_or(10).clamp(1, 3600).to_string();
    match code {
        _ if code == BUSY.code => Some(Error::service_unavailable(BUSY).with_header("retry-after", wait)),
        _ if code == UNAVAILABLE.code => Some(Error::service_unavailable(UNAVAILABLE).with_header("retry-after", wait)),
        _ if code == REFUSED.code => Some(Error::bad_gateway(REFUSED)),
        _ => None,
    }
}

/// Names the scene that was kept as failed, so that its owner can find it.
fn about(ctx: &Context, error: Error, scene: Uuid) -> Error {
    error.with("id", scene.to_string()).with("status_url", status_url(ctx, scene))
}

fn queued(ctx: &Context, scene: Uuid) -> Reply<Queued> {
    Reply::new(body(ctx, scene)).location(&status_url(ctx, scene))
}

fn body(ctx: &Context, scene: Uuid) -> Queued {
    Queued { id: scene, status: Status::Queued, status_url: status_url(ctx, scene) }
}

fn status_url(ctx: &Context, scene: Uuid) -> String {
    [ctx.setting("PUBLIC_URL").trim_end_matches('/'), "/api/v1/scenes/", &scene.to_string()].concat()
}

fn drawing(wanted: &Wanted) -> Drawing<'_> {
    let Wanted { world, era, class, pose, decor } = wanted;
    let prompt = [world.as_str(), era, class, pose, decor].join(", ");
    Drawing { prompt, world, era, class, pose, decor }
}

/// Something to see, on one line.
fn one_line(text: &str) -> Result<(), ValidationError> {
    if text.chars().any(char::is_control) {
        return Err(ValidationError::new("control_character"));
    }
    edge::validation::not_blank(text)
}

const SUBMIT: Sql = Sql::new(
    "select edge.submit_scene(
       world => $1, era => $2, class => $3, pose => $4, decor => $5, endpoint => $6,
       idempotency_key => $7, request_hash => $8, ttl_s => $9) as answer",
);

const SUBMITTED: Sql =
    Sql::new("select edge.job_submitted(job => $1, runpod_job_id => $2, response_time_ms => $3) ->> 'outcome' as outcome");

const NOT_SUBMITTED: Sql =
    Sql::new("select edge.job_submission_failed(job => $1, error => $2, response_time_ms => $3) as answer");

const SETTLE: Sql = Sql::new("select edge.idempotency_settle(key => $1, status => 202, body => $2) ->> 'outcome' as outcome");

#[cfg(test)]
mod tests;
