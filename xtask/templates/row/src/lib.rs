edge::function! {
    //! __Title__.

    /// Adds one. A repeated `client_id` with equal content gives it with status 200, as it is now; 409 `conflict` where it was
    /// removed.
    POST   "__path__"      => create___noun__, auth: Person, limit: 60,  writes, reply: 201 or 200, headers: [ETag],
        refuses: [refusal::CLIENT_ID_MISMATCH, refusal::CONFLICT];
    /// The person's own, newest first.
    GET    "__path__"      => list___table__, auth: Person, limit: 300, reads;
    /// Changes one; with `If-Match`, only in that version.
    PUT    "__path__/{id}" => update___noun__, auth: Person, limit: 60,  writes, headers: [ETag, IfMatch],
        refuses: [refusal::NOT_FOUND];
    /// Removes one; with `If-Match`, only in that version.
    DELETE "__path__/{id}" => delete___noun__, auth: Person, limit: 60,  writes, reply: 204, headers: [IfMatch],
        refuses: [refusal::NOT_FOUND];
}

use chrono::{DateTime, Utc};
use edge::{Context, Cursor, Json, Page, Verbatim, Path, Person, Query, Reply, Result, Sql, input, output, refusal};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const PAGE: u32 = 20;

#[input(name = "New__Noun__")]
struct New__Noun__ {
    /// In the person's words.
    #[validate(length(min = 1, max = 500), custom(function = "edge::validation::not_blank"))]
    text: String,
    /// The identity that a device gave it while offline.
    client_id: Option<Uuid>,
}

#[input(name = "__Noun__Change")]
struct Change {
    /// In the person's words.
    #[validate(length(min = 1, max = 500), custom(function = "edge::validation::not_blank"))]
    text: String,
}

#[input]
struct __Noun__Path {
    /// Which one.
    id: i64,
}

#[input]
struct Paging {
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[output(name = "__Noun__")]
struct __Noun__ {
    id: i64,
    user_id: Uuid,
    text: String,
    client_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What `If-Match` names, in quotes.
    version: i32,
}

/// What a list is sorted by.
#[derive(Serialize, Deserialize)]
struct Key {
    id: i64,
}

/// What is there where nothing was written.
#[output]
struct Present {
    row: __Noun__,
    /// The first request under this `client_id` asked for the same.
    #[serde(default)]
    same: bool,
    #[serde(default)]
    removed: bool,
}

async fn create___noun__(ctx: Context, _: Person, Json(new): Json<New__Noun__>) -> Result<Reply<__Noun__>> {
    let (insert, first) = (INSERT.bind(&new.text).bind(new.client_id), FIRST.bind(&new.text).bind(new.client_id));
    let [inserted, first] = ctx.batch([insert, first]).await?;
    if let Some(row) = inserted.optional::<__Noun__>()? {
        return Ok(Reply::new(row).etag(|row| row.version));
    }
    match first.one()? {
        Present { same: false, .. } => Err(refusal::CLIENT_ID_MISMATCH.into()),
        Present { removed: true, .. } => Err(refusal::CONFLICT.into()),
        Present { row, .. } => Ok(Reply::new(row).etag(|row| row.version).status(200)),
    }
}

async fn list___table__(ctx: Context, _: Person, Query(paging): Query<Paging>) -> Result<Reply<Verbatim<Page<__Noun__>>>> {
    let after: Option<Key> = paging.cursor.map(|cursor| cursor.open(&())).transpose()?;
    let limit = paging.limit.unwrap_or(PAGE);
    let select = SELECT.bind(after.map(|key| key.id)).bind(i64::from(limit) + 1);
    Ok(Reply::new(ctx.sql(select).await?.page::<__Noun__, Key>(limit, &())?))
}

async fn update___noun__(
    ctx: Context,
    _: Person,
    Path(path): Path<__Noun__Path>,
    Json(change): Json<Change>,
) -> Result<Reply<__Noun__>> {
    let update = UPDATE.bind(path.id).bind(&change.text).bind(ctx.if_match());
    let [updated, present] = ctx.batch([update, PRESENT.bind(path.id)]).await?;
    match (updated.optional::<__Noun__>()?, present.optional::<Present>()?) {
        (Some(row), _) => Ok(Reply::new(row).etag(|row| row.version)),
        (None, Some(_)) => Err(refusal::PRECONDITION_FAILED.into()),
        (None, None) => Err(refusal::NOT_FOUND.into()),
    }
}

async fn delete___noun__(ctx: Context, _: Person, Path(path): Path<__Noun__Path>) -> Result<Reply<()>> {
    let [present, deleted] = ctx.batch([PRESENT.bind(path.id), DELETE.bind(path.id).bind(ctx.if_match())]).await?;
    match (deleted.affected()?, present.optional::<Present>()?) {
        (0, Some(_)) => Err(refusal::PRECONDITION_FAILED.into()),
        (0, None) => Err(refusal::NOT_FOUND.into()),
        _ => Ok(Reply::new(())),
    }
}

/// Whoever repeats a `client_id` is not added again.
const INSERT: Sql = Sql::new(
    "insert into __table__ (text, client_id, first)
     values ($1::text, $2::uuid, case when $2::uuid is not null then jsonb_build_object('text', $1::text) end)
     on conflict (user_id, client_id) do nothing
     returning id, user_id, text, client_id, created_at, updated_at, version",
);

/// A repeat is the same where what it says was said at first.
const FIRST: Sql = Sql::new(
    "select to_jsonb(t) as row, t.first = jsonb_build_object('text', $1::text) as same, t.deleted_at is not null as removed
     from __table__ t where t.user_id = edge.uid() and t.client_id = $2::uuid",
);

const SELECT: Sql = Sql::new(
    "select id, user_id, text, client_id, created_at, updated_at, version
     from __table__
     where user_id = edge.uid() and deleted_at is null and ($1::bigint is null or id < $1)
     order by id desc
     limit $2::bigint",
);

const UPDATE: Sql = Sql::new(
    "update __table__ set text = $2::text
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $3)
     returning id, user_id, text, client_id, created_at, updated_at, version",
);

const PRESENT: Sql = Sql::new(
    "select to_jsonb(t) as row from __table__ t where t.id = $1::bigint and t.user_id = edge.uid() and t.deleted_at is null",
);

const DELETE: Sql = Sql::new(
    "update __table__ set deleted_at = edge.now()
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $2)",
);

#[cfg(test)]
mod tests;
