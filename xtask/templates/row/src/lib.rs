edge::function! {
    //! __Title__.

    /// Adds one. A repeated `client_id` with equal content gives it with status 200, as it is now; 410 `removed` where it was
    /// removed.
    POST   "__path__"      => create___noun__, auth: Person, limit: 60,  writes, reply: 201 or 200, headers: [ETag],
        refuses: [refusal::CLIENT_ID_MISMATCH, refusal::REMOVED];
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
use edge::{All, Context, Id, Json, List, Page, Path, Person, Reply, Result, Sql, Verbatim, input, output, refusal};
use uuid::Uuid;

/// __Title__ to add.
#[input(name = "New__Noun__")]
struct New__Noun__ {
    /// In the person's words.
    #[validate(length(min = 1, max = 500), custom(function = "edge::validation::not_blank"))]
    text: String,
    /// The identity that a device gave it while offline.
    client_id: Option<Uuid>,
}

/// What changes.
#[input(name = "__Noun__Change")]
struct Change {
    /// In the person's words.
    #[validate(length(min = 1, max = 500), custom(function = "edge::validation::not_blank"))]
    text: String,
}

/// __Title__.
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

async fn create___noun__(ctx: Context, _: Person, Json(new): Json<New__Noun__>) -> Result<Reply<__Noun__>> {
    ctx.add_row(INSERT, FIRST, &new).await
}

async fn list___table__(ctx: Context, _: Person, list: List<All, Id<i64>>) -> Result<Reply<Verbatim<Page<__Noun__>>>> {
    Ok(Reply::new(ctx.sql(SELECT.bind(list.after(|key| key.id)).bind(list.fetch())).await?.page(&list)?))
}

async fn update___noun__(ctx: Context, _: Person, Path(row): Path<Id<i64>>, Json(change): Json<Change>) -> Result<Reply<__Noun__>> {
    ctx.change_row(UPDATE, PRESENT, row.id, &change).await
}

async fn delete___noun__(ctx: Context, _: Person, Path(row): Path<Id<i64>>) -> Result<Reply<()>> {
    ctx.remove_row(DELETE, PRESENT, row.id).await
}

const INSERT: Sql = Sql::new(
    "insert into __table__ (text, client_id, first)
     select text, client_id, case when client_id is not null then $1 end
     from jsonb_to_record($1) as n (text text, client_id uuid)
     on conflict (user_id, client_id) do nothing
     returning *",
);

const FIRST: Sql = Sql::new(
    "select *, (first @> $1) is not false as same
     from __table__ where user_id = edge.uid() and client_id = ($1::jsonb ->> 'client_id')::uuid",
);

const SELECT: Sql = Sql::new(
    "select id, user_id, text, client_id, created_at, updated_at, version
     from __table__
     where user_id = edge.uid() and deleted_at is null and ($1::bigint is null or id < $1)
     order by id desc
     limit $2::bigint",
);

const UPDATE: Sql = Sql::new(
    "update __table__ set text = $2::jsonb ->> 'text'
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $3)
     returning *",
);

const PRESENT: Sql = Sql::new("select version from __table__ where id = $1::bigint and user_id = edge.uid() and deleted_at is null");

const DELETE: Sql = Sql::new(
    "update __table__ set deleted_at = edge.now()
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $2)",
);

#[cfg(test)]
mod tests;
