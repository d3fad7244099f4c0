edge::function! {
    //! Creations of the Grimoire beside its scenes, poses and sounds: what a person has asked for, and what came of it.

    /// The person's creations, newest first.
    GET    "/creations"             => list,   auth: Person, limit: 300, reads;
    /// One creation. `{id}` is what `POST /generate/audio` or `POST /generate/pose` gave.
    GET    "/creations/{id}"        => read,   auth: Person, limit: 300, reads;
    /// Each change of a creation until its end, as server-sent events whose data is the creation. A connection lasts a minute;
    /// one that names its `Last-Event-ID` goes on after it, and is answered 204 once there is nothing more to come.
    GET    "/creations/{id}/events" => events, auth: Person, limit: 60, reads, reply: 200 or 204;
    /// Gives up a creation that is not finished: RunPod is told, unless somebody else waits for the same. It counts.
    POST   "/creations/{id}/cancel" => cancel, auth: Person, limit: 60, writes;
    /// Asks once more for a creation that has failed or was cancelled. 409 `conflict` for any other.
    POST   "/creations/{id}/retry"  => retry,  auth: Person, limit: 10, writes, reply: 202 or 200, sql: 2;
    uses: [Discord, Links, RunPod, Storage]
}

use chrono::{DateTime, Utc};
use edge::{
    Context, Cursor, Date, Error, Events, FieldError, Page, Path, Person, Place, Query, Reply, Result, Sql, Statement, input,
    messages, output,
};
use grimoire::{Followed, Queued, Status};
use serde_json::{Map, Value};
use storage::Storage;
use uuid::Uuid;

const PAGE: u32 = 20;

#[input]
struct Filter {
    kind: Option<Kind>,
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
struct CreationId {
    id: Uuid,
}

#[output]
enum Kind {
    Pose,
    Audio,
}

#[output]
struct Creation {
    id: Uuid,
    kind: Kind,
    status: Status,
    /// What was asked for.
    input: Map<String, Value>,
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
    #[serde(skip_serializing)]
    version: i32,
}

impl Followed for Creation {
    fn status(&self) -> Status {
        self.status
    }

    fn mark(&self) -> String {
        let number = |number: Option<i32>| number.map_or(String::new(), |number| number.to_string());
        [&self.version.to_string(), ".", &number(self.queue_position), ".", &number(self.progress)].concat()
    }

    fn shown(mut self, ctx: &Context) -> Creation {
        if let Ok(storage) = Storage::new(ctx) {
            self.result_url = self.result_url.map(|url| storage.link(&url));
        }
        self
    }
}

async fn list(ctx: Context, _: Person, Query(filter): Query<Filter>) -> Result<Reply<Page<Creation>>> {
    if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
        return Err(FieldError::new(Place::Query, "to", "from_after_to").into());
    }
    let same = (filter.kind, filter.status, filter.from, filter.to);
    let after: Option<(DateTime<Utc>, Uuid)> = filter.cursor.map(|cursor| cursor.open(&same)).transpose()?;
    let limit = filter.limit.unwrap_or(PAGE);
    let select = SELECT
        .bind(filter.kind.map(Kind::word))
        .bind(filter.status.map(Status::word))
        .bind(filter.from.map(Date::day))
        .bind(filter.to.map(Date::day))
        .bind(after.map(|(time, _)| time))
        .bind(after.map(|(_, id)| id))
        .bind(i64::from(limit) + 1);
    let rows = ctx.sql(select).await?.all::<Creation>()?.into_iter().map(|creation| creation.shown(&ctx)).collect();
    Ok(Reply::new(Page::new(rows, limit, &same, |creation| (creation.created_at, creation.id))))
}

async fn read(ctx: Context, _: Person, Path(creation): Path<CreationId>) -> Result<Reply<Creation>> {
    let found = ctx.sql(look(creation.id)).await?.optional::<Creation>()?;
    let creation = found.ok_or_else(|| Error::not_found(messages::NOT_FOUND))?;
    Ok(Reply::new(creation.shown(&ctx)).etag(|creation| creation.version))
}

async fn events(ctx: Context, _: Person, Path(creation): Path<CreationId>) -> Result<Reply<Events<Creation>>> {
    grimoire::follow(&ctx, move || look(creation.id)).await
}

async fn cancel(ctx: Context, _: Person, Path(creation): Path<CreationId>) -> Result<Reply<Creation>> {
    grimoire::cancel(&ctx, creation.id, look(creation.id)).await
}

async fn retry(ctx: Context, _: Person, Path(creation): Path<CreationId>) -> Result<Reply<Queued>> {
    grimoire::retry(&ctx, "creations", creation.id).await
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Pose => "pose",
            Kind::Audio => "audio",
        }
    }
}

fn look(creation: Uuid) -> Statement {
    SELECT_ONE.bind(creation)
}

const SELECT: Sql = Sql::new(
    "select c.id, c.kind, c.status, c.input, c.result_url, c.licence, c.is_cached,
       case when c.status = 'queued' then edge.queue_position(c.job_id) end as queue_position,
       case when c.status = 'running' then edge.job_progress(c.job_id) end as progress,
       edge.job_attempt(c.job_id) as attempt, c.error, c.created_at, c.updated_at, c.version
     from creations c
     where c.user_id = edge.uid() and ($1::text is null or c.kind = $1) and ($2::text is null or c.status = $2)
       and ($3::date is null or c.created_at >= $3::date) and ($4::date is null or c.created_at < $4::date + 1)
       and ($5::timestamptz is null or (c.created_at, c.id) < ($5, $6::uuid))
     order by c.created_at desc, c.id desc
     limit $7::bigint",
);

const SELECT_ONE: Sql = Sql::new(
    "select c.id, c.kind, c.status, c.input, c.result_url, c.licence, c.is_cached,
       case when c.status = 'queued' then edge.queue_position(c.job_id) end as queue_position,
       case when c.status = 'running' then edge.job_progress(c.job_id) end as progress,
       edge.job_attempt(c.job_id) as attempt, c.error, c.created_at, c.updated_at, c.version
     from creations c
     where c.id = $1::uuid and c.user_id = edge.uid()",
);

#[cfg(test)]
mod tests;
