edge::function! {
    //! Scenes of the Grimoire: what a person has asked for, and what came of it.

    /// The person's scenes, newest first.
    GET    "/scenes"             => list,   auth: Person, limit: 300, reads;
    /// One scene. `{id}` is what `POST /generate/scene` gave.
    GET    "/scenes/{id}"        => read,   auth: Person, limit: 300, reads;
    /// Each change of a scene until its end, as server-sent events whose data is the scene. A connection lasts a minute;
    /// one that names its `Last-Event-ID` goes on after it, and is answered 204 once there is nothing more to come.
    GET    "/scenes/{id}/events" => events, auth: Person, limit: 60, reads, reply: 200 or 204;
    /// Gives up a scene that is not finished: RunPod is told, unless somebody else waits for the same. It counts.
    POST   "/scenes/{id}/cancel" => cancel, auth: Person, limit: 60, writes;
    /// Asks once more for a scene that has failed or was cancelled. 409 `conflict` for any other.
    POST   "/scenes/{id}/retry"  => retry,  auth: Person, limit: 10, writes, reply: 202 or 200, sql: 2;
    uses: [Discord, Links, RunPod, Storage]
}

use chrono::{DateTime, Utc};
use edge::{
    Context, Cursor, Date, Error, Events, FieldError, Page, Path, Person, Place, Query, Reply, Result, Sql, Statement, input,
    messages, output,
};
use grimoire::{Followed, Queued, Status};
use storage::Storage;
use uuid::Uuid;

const PAGE: u32 = 20;

#[input]
struct Filter {
    status: Option<Status>,
    /// First day, inclusive, in UTC.
    from: Option<Date>,
    /// Last day, inclusive, in UTC.
    to: Option<Date>,
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    cursor: Option<Cursor>,
}

#[input]
struct SceneId {
    id: Uuid,
}

#[output]
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
    #[serde(skip_serializing)]
    version: i32,
}

impl Followed for Scene {
    fn status(&self) -> Status {
        self.status
    }

    fn mark(&self) -> String {
        let number = |number: Option<i32>| number.map_or(String::new(), |number| number.to_string());
        [&self.version.to_string(), ".", &number(self.queue_position), ".", &number(self.progress)].concat()
    }

    fn shown(mut self, ctx: &Context) -> Scene {
        if let Ok(storage) = Storage::new(ctx) {
            self.image_url = self.image_url.map(|url| storage.link(&url));
        }
        self
    }
}

async fn list(ctx: Context, _: Person, Query(filter): Query<Filter>) -> Result<Reply<Page<Scene>>> {
    if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
        return Err(FieldError::new(Place::Query, "to", "from_after_to").into());
    }
    let same = (filter.status, filter.from, filter.to);
    let after: Option<(DateTime<Utc>, Uuid)> = filter.cursor.map(|cursor| cursor.open(&same)).transpose()?;
    let limit = filter.limit.unwrap_or(PAGE);
    let select = SELECT
        .bind(filter.status.map(Status::word))
        .bind(filter.from.map(Date::day))
        .bind(filter.to.map(Date::day))
        .bind(after.map(|(time, _)| time))
        .bind(after.map(|(_, id)| id))
        .bind(i64::from(limit) + 1);
    let rows = ctx.sql(select).await?.all::<Scene>()?.into_iter().map(|scene| scene.shown(&ctx)).collect();
    Ok(Reply::new(Page::new(rows, limit, &same, |scene| (scene.created_at, scene.id))))
}

async fn read(ctx: Context, _: Person, Path(scene): Path<SceneId>) -> Result<Reply<Scene>> {
    let found = ctx.sql(look(scene.id)).await?.optional::<Scene>()?;
    let scene = found.ok_or_else(|| Error::not_found(messages::NOT_FOUND))?;
    Ok(Reply::new(scene.shown(&ctx)).etag(|scene| scene.version))
}

async fn events(ctx: Context, _: Person, Path(scene): Path<SceneId>) -> Result<Reply<Events<Scene>>> {
    grimoire::follow(&ctx, move || look(scene.id)).await
}

async fn cancel(ctx: Context, _: Person, Path(scene): Path<SceneId>) -> Result<Reply<Scene>> {
    grimoire::cancel(&ctx, scene.id, look(scene.id)).await
}

async fn retry(ctx: Context, _: Person, Path(scene): Path<SceneId>) -> Result<Reply<Queued>> {
    grimoire::retry(&ctx, "scenes", scene.id).await
}

fn look(scene: Uuid) -> Statement {
    SELECT_ONE.bind(scene)
}

const SELECT: Sql = Sql::new(
    "select s.id, s.status, s.world, s.era, s.class, s.pose, s.decor, s.image_url, s.is_cached,
       case when s.status = 'queued' then edge.queue_position(s.job_id) end as queue_position,
       case when s.status = 'running' then edge.job_progress(s.job_id) end as progress,
       edge.job_attempt(s.job_id) as attempt, s.error, s.created_at, s.updated_at, s.version
     from scenes s
     where s.user_id = edge.uid() and ($1::text is null or s.status = $1)
       and ($2::date is null or s.created_at >= $2::date) and ($3::date is null or s.created_at < $3::date + 1)
       and ($4::timestamptz is null or (s.created_at, s.id) < ($4, $5::uuid))
     order by s.created_at desc, s.id desc
     limit $6::bigint",
);

const SELECT_ONE: Sql = Sql::new(
    "select s.id, s.status, s.world, s.era, s.class, s.pose, s.decor, s.image_url, s.is_cached,
       case when s.status = 'queued' then edge.queue_position(s.job_id) end as queue_position,
       case when s.status = 'running' then edge.job_progress(s.job_id) end as progress,
       edge.job_attempt(s.job_id) as attempt, s.error, s.created_at, s.updated_at, s.version
     from scenes s
     where s.id = $1::uuid and s.user_id = edge.uid()",
);

#[cfg(test)]
mod tests;
