edge::function! {
    //! Scenes of the Grimoire: what a person has asked for, and what came of it.

    /// The person's scenes, newest first. `from` and `to` are days in UTC.
    GET  "/scenes"             => list_scenes,  auth: Person, limit: 300, reads;
    /// One scene. `{id}` is what `POST /generate/scene` gave.
    GET  "/scenes/{id}"        => get_scene,    auth: Person, limit: 300, reads, headers: [ETag], refuses: [refusal::NOT_FOUND];
    /// Each change of a scene until its end, as server-sent events whose data is the scene. A connection lasts a minute;
    /// one that names its `Last-Event-ID` goes on after it, and is answered 204 once there is nothing more to come. While it
    /// lasts, RunPod is asked every ten seconds how far it is.
    GET  "/scenes/{id}/events" => follow_scene, auth: Person, limit: 60,  writes, reply: 200 or 204,
        headers: [LastEventId], refuses: [refusal::NOT_FOUND];
    /// Gives up a scene that is not finished: RunPod is told, unless somebody else waits for the same. It counts.
    POST "/scenes/{id}/cancel" => cancel_scene, auth: Person, limit: 60,  writes,
        refuses: [refusal::CONFLICT, refusal::NOT_FOUND];
    /// Asks once more for a scene that has failed or was cancelled. 409 `conflict` for any other.
    POST "/scenes/{id}/retry"  => retry_scene,  auth: Person, limit: 10,  writes, reply: 202 or 200, sql: 2,
        headers: [Location],
        refuses: [refusal::CONFLICT, refusal::NOT_FOUND, grimoire::BUSY, grimoire::QUOTA_EXCEEDED, grimoire::REFUSED, grimoire::RUNPOD_NOT_CONFIGURED, grimoire::STORAGE_NOT_CONFIGURED,
            grimoire::UNAVAILABLE];
    uses: [edge::LINKS, grimoire::SETTINGS]
}

use chrono::{DateTime, Utc};
use edge::{Context, Days, Events, List, Page, Path, Person, Reply, Result, input, output, refusal};
use grimoire::{Creation, CreationId, Key, Queued, Shown, Status};
use uuid::Uuid;

#[input]
struct Filter {
    /// Only scenes in this state.
    status: Option<Status>,
}

/// A scene, its state and its picture.
#[output(name = "Scene")]
struct Scene {
    id: Uuid,
    status: Status,
    world: String,
    era: String,
    class: String,
    pose: String,
    decor: String,
    /// Given once the scene has succeeded; a link that expires after three quarters of an hour at the earliest.
    image_url: Option<String>,
    /// It was drawn for an earlier request, and cost nothing.
    is_cached: bool,
    /// How many wait before it, itself included; given while it waits for a GPU.
    queue_position: Option<i32>,
    /// Percent; given while it is drawn by a worker that tells.
    progress: Option<i32>,
    /// Which attempt this is, from 1.
    attempt: Option<i32>,
    /// Why the scene has failed: a word such as `timed_out`, `no_output` or `submission_unknown`, or the worker's sentence.
    error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Shown for Scene {
    const COLLECTION: &'static str = "scenes";
}

impl From<Creation> for Scene {
    fn from(creation: Creation) -> Scene {
        Scene {
            id: creation.id,
            status: creation.status,
            world: creation.said("world"),
            era: creation.said("era"),
            class: creation.said("class"),
            pose: creation.said("pose"),
            decor: creation.said("decor"),
            image_url: creation.result_url,
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

async fn list_scenes(ctx: Context, _: Person, list: List<Days<Filter>, Key>) -> Result<Reply<Page<Scene>>> {
    grimoire::list(&ctx, &list, None::<&str>, list.filter.rest.status).await
}

async fn get_scene(ctx: Context, _: Person, Path(scene): Path<CreationId>) -> Result<Reply<Scene>> {
    grimoire::read(&ctx, scene.id).await
}

async fn follow_scene(ctx: Context, _: Person, Path(scene): Path<CreationId>) -> Result<Reply<Events<Scene>>> {
    grimoire::events(&ctx, scene.id).await
}

async fn cancel_scene(ctx: Context, _: Person, Path(scene): Path<CreationId>) -> Result<Reply<Scene>> {
    grimoire::cancel(&ctx, scene.id).await
}

async fn retry_scene(ctx: Context, _: Person, Path(scene): Path<CreationId>) -> Result<Reply<Queued>> {
    grimoire::retry::<Scene>(&ctx, scene.id).await
}

#[cfg(test)]
mod tests;
