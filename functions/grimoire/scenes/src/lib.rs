edge::function! {
    //! Scenes of the Grimoire: what a person has asked for, and what came of it.

    /// The person's scenes, newest first.
    GET "/scenes"      => list, auth: Person, limit: 300, reads;
    /// One scene. `{id}` is what `POST /generate/scene` gave.
    GET "/scenes/{id}" => read, auth: Person, limit: 300, reads;
}

use chrono::{DateTime, Utc};
use edge::{Context, Cursor, Error, Page, Path, Person, Query, Reply, Result, Sql, input, messages, output};
use uuid::Uuid;

const PAGE: u32 = 20;

#[input]
struct Filter {
    status: Option<Status>,
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
enum Status {
    /// Asked for; a GPU has not begun.
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
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
    /// Given once the scene has succeeded.
    image_url: Option<String>,
    /// Why the scene has failed: a word such as `timed_out`, `no_image` or `submission_unknown`, or the worker's sentence.
    error: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    #[serde(skip_serializing)]
    version: i32,
}

async fn list(ctx: Context, _: Person, Query(filter): Query<Filter>) -> Result<Reply<Page<Scene>>> {
    let after: Option<(DateTime<Utc>, Uuid)> = filter.cursor.map(|cursor| cursor.open(&filter.status)).transpose()?;
    let limit = filter.limit.unwrap_or(PAGE);
    let select = SELECT
        .bind(filter.status.map(Status::word))
        .bind(after.map(|(time, _)| time))
        .bind(after.map(|(_, id)| id))
        .bind(i64::from(limit) + 1);
    let rows = ctx.sql(select).await?.all::<Scene>()?;
    Ok(Reply::new(Page::new(rows, limit, &filter.status, |scene| (scene.created_at, scene.id))))
}

async fn read(ctx: Context, _: Person, Path(scene): Path<SceneId>) -> Result<Reply<Scene>> {
    let found = ctx.sql(SELECT_ONE.bind(scene.id)).await?.optional::<Scene>()?;
    let scene = found.ok_or_else(|| Error::not_found(messages::NOT_FOUND))?;
    Ok(Reply::new(scene).etag(|scene| scene.version))
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Status::Queued => "queued",
            Status::Running => "running",
            Status::Succeeded => "succeeded",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
        }
    }
}

const SELECT: Sql = Sql::new(
    "select id, status, world, era, class, pose, decor, image_url, error, created_at, updated_at, version
     from scenes
     where user_id = edge.uid() and ($1::text is null or status = $1)
       and ($2::timestamptz is null or (created_at, id) < ($2, $3::uuid))
     order by created_at desc, id desc
     limit $4::bigint",
);

const SELECT_ONE: Sql = Sql::new(
    "select id, status, world, era, class, pose, decor, image_url, error, created_at, updated_at, version
     from scenes
     where id = $1::uuid and user_id = edge.uid()",
);

#[cfg(test)]
mod tests;
