edge::function! {
    //! Kaizen: one small improvement a day.

    /// Adds an entry. A repeated `client_id` with equal content gives the entry with status 200, however it has been changed
    /// since; 410 `removed` where it was removed.
    POST   "/rise/kaizen"      => create_kaizen, auth: Person,       limit: 60,  writes, reply: 201 or 200, headers: [ETag],
        refuses: [refusal::CLIENT_ID_MISMATCH, refusal::REMOVED];
    /// A person's entries, newest day first. `{id}` is the person.
    GET    "/rise/kaizen/{id}" => list_kaizens,  auth: OwnerOrAdmin, limit: 300, reads;
    /// Changes an entry: completes it, takes that back, words it anew, moves it to another day. `{id}` is the entry.
    PUT    "/rise/kaizen/{id}" => update_kaizen, auth: Person,       limit: 60,  writes, headers: [ETag, IfMatch],
        refuses: [refusal::NOT_FOUND];
    /// Removes an entry. `{id}` is the entry; with `If-Match`, only in that version.
    DELETE "/rise/kaizen/{id}" => delete_kaizen, auth: Person,       limit: 60,  writes, reply: 204, headers: [IfMatch],
        refuses: [refusal::NOT_FOUND];
}

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use edge::{
    Context, Date, Days, FieldError, Id, Json, List, OwnerOrAdmin, Page, Path, Person, Place, Reply, Result, Sql, Verbatim,
    input, output, refusal,
};
use uuid::Uuid;

/// How far a device's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// A kaizen to add.
#[input(name = "NewKaizen")]
struct NewEntry {
    /// What to do better, in the person's words.
    #[validate(length(min = 1, max = 500), custom(function = "edge::validation::not_blank"))]
    action: String,
    /// The person's own day; where absent, the day of `completed_at`, or today. At most 30 days back.
    date: Option<Date>,
    completed: Option<bool>,
    /// When it was completed, for a device that was offline then; now where absent. Only with `completed: true`.
    completed_at: Option<DateTime<Utc>>,
    /// The identity that a device gave the entry while offline.
    client_id: Option<Uuid>,
}

/// What changes; absent fields stay.
#[input(name = "KaizenChange", change)]
struct Change {
    /// An entry can be completed for as long as one may be added for its day, and be taken back at any time.
    completed: Option<bool>,
    /// When it was completed, for a device that was offline then; now where absent. Only with `completed: true`.
    completed_at: Option<DateTime<Utc>>,
    #[validate(length(min = 1, max = 500), custom(function = "edge::validation::not_blank"))]
    action: Option<String>,
    date: Option<Date>,
}

/// Whose entries; [`OwnerOrAdmin`] has seen to it.
#[input]
pub struct Owner {
    /// Whose entries.
    pub id: Uuid,
}

/// One small improvement of one day.
#[output(name = "Kaizen")]
struct Entry {
    id: i64,
    user_id: Uuid,
    action: String,
    date: NaiveDate,
    completed: bool,
    completed_at: Option<DateTime<Utc>>,
    client_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What `If-Match` names, in quotes.
    version: i32,
}

/// What a list is sorted by.
#[output]
struct Key {
    date: NaiveDate,
    id: i64,
}

async fn create_kaizen(ctx: Context, _: Person, Json(new): Json<NewEntry>) -> Result<Reply<Entry>> {
    completion(&ctx, new.completed, new.completed_at)?;
    ctx.add_row(INSERT, FIRST, &new).await
}

async fn list_kaizens(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    list: List<Days, Key>,
) -> Result<Reply<Verbatim<Page<Entry>>>> {
    let select = SELECT.bind(list.filter.from).bind(list.filter.to);
    let select = select.bind(list.after(|key| key.date)).bind(list.after(|key| key.id)).bind(list.fetch());
    Ok(Reply::new(ctx.sql(select).await?.page(&list)?))
}

async fn update_kaizen(ctx: Context, _: Person, Path(entry): Path<Id<i64>>, Json(change): Json<Change>) -> Result<Reply<Entry>> {
    completion(&ctx, change.completed, change.completed_at)?;
    ctx.change_row(UPDATE, PRESENT, entry.id, &change).await
}

async fn delete_kaizen(ctx: Context, _: Person, Path(entry): Path<Id<i64>>) -> Result<Reply<()>> {
    ctx.remove_row(DELETE, PRESENT, entry.id).await
}

/// A moment of completion is one of something completed, and has been. How long ago it may have been the database knows.
fn completion(ctx: &Context, completed: Option<bool>, moment: Option<DateTime<Utc>>) -> Result<()> {
    let refuse = |code: &str| Err(FieldError::new(Place::Body, "completed_at", code).into());
    match moment {
        Some(_) if completed != Some(true) => refuse("not_allowed"),
        Some(moment) if moment > ctx.now() + AHEAD => refuse("date_in_future"),
        // The database cannot even hold the earliest moments that a request can name.
        Some(moment) if moment < DateTime::UNIX_EPOCH => refuse("date_too_old"),
        _ => Ok(()),
    }
}

/// What is there already under the same `client_id` is neither judged by today's days nor added again.
const INSERT: Sql = Sql::new(
    "insert into kaizen (action, date, completed, client_id, completed_at, first)
     select action, edge.writable(day, case when date is null then 'completed_at' else 'date' end), completed is true, client_id,
       edge.writable(completed_at, 'completed_at'),
       case when client_id is not null then $1 || jsonb_build_object('date', day, 'completed', completed is true) end
     from jsonb_to_record($1) as n (action text, date date, completed boolean, client_id uuid, completed_at timestamptz),
       lateral (select coalesce(date, edge.day_of(completed_at), edge.today()) as day) as d
     where not exists (select from kaizen k where k.user_id = edge.uid() and k.client_id = n.client_id)
     on conflict (user_id, client_id) do nothing
     returning *",
);

/// Entries older than `first` are not judged.
const FIRST: Sql = Sql::new(
    "select *, (first @> $1) is not false as same from kaizen where user_id = edge.uid() and client_id = ($1::jsonb ->> 'client_id')::uuid",
);

const SELECT: Sql = Sql::new(
    "select id, user_id, action, date, completed, completed_at, client_id, created_at, updated_at, version
     from kaizen
     where user_id = edge.uid() and deleted_at is null
       and ($1::date is null or date >= $1) and ($2::date is null or date <= $2)
       and ($3::date is null or (date, id) < ($3, $4::bigint))
     order by date desc, id desc
     limit $5::bigint",
);

/// To complete an entry is to write it for its day, to move it for the new one.
const UPDATE: Sql = Sql::new(
    "update kaizen k
     set completed = coalesce(c.completed, k.completed), action = coalesce(c.action, k.action),
       completed_at = coalesce(edge.writable(c.completed_at, 'completed_at'), k.completed_at),
       date = case
         when c.date <> k.date then edge.writable(c.date, 'date')
         when c.completed and not k.completed then edge.writable(k.date,
           case when c.date is not null then 'date' when c.completed_at is not null then 'completed_at' else 'completed' end)
         else k.date end
     from jsonb_to_record($2) as c (completed boolean, action text, date date, completed_at timestamptz)
     where k.id = $1::bigint and k.user_id = edge.uid() and k.deleted_at is null and edge.is_version(k.version, $3)
     returning k.*",
);

const PRESENT: Sql = Sql::new("select version from kaizen where id = $1::bigint and user_id = edge.uid() and deleted_at is null");

const DELETE: Sql = Sql::new(
    "update kaizen set deleted_at = edge.now()
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $2)",
);

#[cfg(test)]
mod tests;
