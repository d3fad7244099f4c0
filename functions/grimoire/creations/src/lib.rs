edge::function! {
    //! Creations of the Grimoire beside its scenes, poses and sounds: what a person has asked for, and what came of it.

    /// The person's creations, newest first. `from` and `to` are days in UTC.
    GET  "/creations"             => list_creations,  auth: Person, limit: 300, reads;
    /// One creation. `{id}` is what `POST /generate/audio` or `POST /generate/pose` gave.
    GET  "/creations/{id}"        => get_creation,    auth: Person, limit: 300, reads,
        headers: [ETag], refuses: [refusal::NOT_FOUND];
    /// Each change of a creation until its end, as server-sent events whose data is the creation. A connection lasts a minute;
    /// one that names its `Last-Event-ID` goes on after it, and is answered 204 once there is nothing more to come. While it
    /// lasts, RunPod is asked every ten seconds how far it is.
    GET  "/creations/{id}/events" => follow_creation, auth: Person, limit: 60,  writes, reply: 200 or 204,
        headers: [LastEventId], refuses: [refusal::NOT_FOUND];
    /// Gives up a creation that is not finished: RunPod is told, unless somebody else waits for the same. It counts.
    POST "/creations/{id}/cancel" => cancel_creation, auth: Person, limit: 60,  writes,
        refuses: [refusal::CONFLICT, refusal::NOT_FOUND];
    /// Asks once more for a creation that has failed or was cancelled. 409 `conflict` for any other.
    POST "/creations/{id}/retry"  => retry_creation,  auth: Person, limit: 10,  writes, reply: 202 or 200, sql: 2,
        headers: [Location],
        refuses: [refusal::CONFLICT, refusal::NOT_FOUND, grimoire::BUSY, grimoire::QUOTA_EXCEEDED, grimoire::REFUSED, grimoire::RUNPOD_NOT_CONFIGURED, grimoire::STORAGE_NOT_CONFIGURED,
            grimoire::UNAVAILABLE];
    uses: [edge::LINKS, grimoire::SETTINGS]
}

use chrono::{DateTime, Utc};
use edge::{Context, Days, Events, JsonObject, List, Page, Path, Person, Reply, Result, input, output, refusal};
use grimoire::{CreationId, Key, Queued, Shown, Status};
use uuid::Uuid;

#[input]
struct Filter {
    /// Only creations of this kind.
    kind: Option<Kind>,
    /// Only creations in this state.
    status: Option<Status>,
}

/// What a creation is.
#[output(name = "CreationKind")]
enum Kind {
    Pose,
    Audio,
}

/// A creation, its state and its result.
#[output(name = "Creation")]
struct Creation {
    id: Uuid,
    kind: Kind,
    status: Status,
    /// What was asked for.
    input: JsonObject,
    /// Given once it has succeeded; a link that expires after three quarters of an hour at the earliest.
    result_url: Option<String>,
    /// Under which terms a sound may be used.
    licence: Option<String>,
    /// It was made for an earlier request, and cost nothing.
    is_cached: bool,
    /// How many wait before it, itself included; given while it waits for a GPU.
    queue_position: Option<i32>,
    /// Percent; given while it is made by a worker that tells.
    progress: Option<i32>,
    /// Which attempt this is, from 1.
    attempt: Option<i32>,
    /// Why it has failed: a word such as `timed_out`, `no_output` or `submission_unknown`, or the worker's sentence.
    error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Shown for Creation {
    const COLLECTION: &'static str = "creations";
}

impl From<grimoire::Creation> for Creation {
    fn from(creation: grimoire::Creation) -> Creation {
        Creation {
            id: creation.id,
            kind: if creation.kind == "pose" { Kind::Pose } else { Kind::Audio },
            status: creation.status,
            input: creation.input,
            result_url: creation.result_url,
            licence: creation.licence,
            is_cached: creation.is_cached,
            queue_position: creation.queue_position,
            progress: creation.progress,
            attempt: creation.attempt,
            error: creation.error,
            created_at: creation.created_at,
            updated_at: creation.updated_at,
        }
    }
}

async fn list_creations(ctx: Context, _: Person, list: List<Days<Filter>, Key>) -> Result<Reply<Page<Creation>>> {
    grimoire::list(&ctx, &list, list.filter.rest.kind, list.filter.rest.status).await
}

async fn get_creation(ctx: Context, _: Person, Path(creation): Path<CreationId>) -> Result<Reply<Creation>> {
    grimoire::read(&ctx, creation.id).await
}

async fn follow_creation(ctx: Context, _: Person, Path(creation): Path<CreationId>) -> Result<Reply<Events<Creation>>> {
    grimoire::events(&ctx, creation.id).await
}

async fn cancel_creation(ctx: Context, _: Person, Path(creation): Path<CreationId>) -> Result<Reply<Creation>> {
    grimoire::cancel(&ctx, creation.id).await
}

async fn retry_creation(ctx: Context, _: Person, Path(creation): Path<CreationId>) -> Result<Reply<Queued>> {
    grimoire::retry::<Creation>(&ctx, creation.id).await
}

#[cfg(test)]
mod tests;
