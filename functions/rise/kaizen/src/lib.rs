edge::function! {
    //! Kaizen: one small improvement a day.

    /// Adds an entry. A repeated `client_id` with equal content gives the entry with status 200, however it has been changed
    /// since; 410 `removed` where it was removed.
    POST   "/rise/kaizen"      => create_kaizen, auth: Person,       limit: 60,  writes, reply: 201 or 200, headers: [ETag],
        refuses: [refusal::CLIENT_ID_MISMATCH, rise::REMOVED];
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
    Context, Cursor, Date, Error, FieldError, Json, OwnerOrAdmin, Page, Path, Person, Place, Query, Reply, Result, Sql, Verbatim,
    input, output, refusal,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const PAGE: u32 = 20;

/// How far a device's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

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

#[input(name = "KaizenChange")]
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

#[input]
struct EntryId {
    /// The entry.
    id: i64,
}

#[input]
struct Range {
    /// First day, inclusive.
    from: Option<Date>,
    /// Last day, inclusive.
    to: Option<Date>,
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

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
#[derive(Serialize, Deserialize)]
struct Key {
    date: NaiveDate,
    id: i64,
}

/// What the database knows when it has written nothing.
#[output]
struct Refusal {
    today: NaiveDate,
    oldest: NaiveDate,
    existing: Option<Entry>,
    /// Whether the first request under this `client_id` asked for the same.
    #[serde(default)]
    same: bool,
    #[serde(default)]
    removed: bool,
}

async fn create_kaizen(ctx: Context, _: Person, Json(new): Json<NewEntry>) -> Result<Reply<Entry>> {
    completion(&ctx, new.completed, new.completed_at)?;
    let insert =
        INSERT.bind(&new.action).bind(new.date.map(Date::day)).bind(new.completed).bind(new.client_id).bind(new.completed_at);
    let why_not = WHY_NOT_INSERTED
        .bind(new.client_id)
        .bind(&new.action)
        .bind(new.date.map(Date::day))
        .bind(new.completed)
        .bind(new.completed_at);
    let [inserted, refusal] = ctx.batch([insert, why_not]).await?;
    if let Some(entry) = inserted.optional::<Entry>()? {
        return Ok(Reply::new(entry).etag(|entry| entry.version));
    }
    let refusal: Refusal = refusal.one()?;
    match refusal.existing {
        None => Err(out_of_range(new.date, new.completed_at, &refusal)),
        Some(_) if !refusal.same => Err(refusal::CLIENT_ID_MISMATCH.into()),
        Some(_) if refusal.removed => Err(rise::REMOVED.into()),
        Some(entry) => Ok(Reply::new(entry).etag(|entry| entry.version).status(200)),
    }
}

async fn list_kaizens(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    Query(range): Query<Range>,
) -> Result<Reply<Verbatim<Page<Entry>>>> {
    if range.from.zip(range.to).is_some_and(|(from, to)| from > to) {
        return Err(FieldError::new(Place::Query, "from", "from_after_to").into());
    }
    let filters = (range.from, range.to);
    let after: Option<Key> = range.cursor.map(|cursor| cursor.open(&filters)).transpose()?;
    let limit = range.limit.unwrap_or(PAGE);
    let select = SELECT
        .bind(range.from.map(Date::day))
        .bind(range.to.map(Date::day))
        .bind(after.as_ref().map(|key| key.date))
        .bind(after.as_ref().map(|key| key.id))
        .bind(i64::from(limit) + 1);
    Ok(Reply::new(ctx.sql(select).await?.page::<Entry, Key>(limit, &filters)?))
}

async fn update_kaizen(ctx: Context, _: Person, Path(entry): Path<EntryId>, Json(change): Json<Change>) -> Result<Reply<Entry>> {
    if change.completed.is_none() && change.completed_at.is_none() && change.action.is_none() && change.date.is_none() {
        return Err(FieldError::new(Place::Body, "", "nothing_to_change").into());
    }
    completion(&ctx, change.completed, change.completed_at)?;
    let update = UPDATE
        .bind(entry.id)
        .bind(change.completed)
        .bind(&change.action)
        .bind(change.date.map(Date::day))
        .bind(ctx.if_match())
        .bind(change.completed_at);
    let [updated, refusal] = ctx.batch([update, WHY_NOT_UPDATED.bind(entry.id)]).await?;
    if let Some(entry) = updated.optional::<Entry>()? {
        return Ok(Reply::new(entry).etag(|entry| entry.version));
    }
    let refusal: Refusal = refusal.one()?;
    match &refusal.existing {
        None => Err(refusal::NOT_FOUND.into()),
        Some(present) if !ctx.matches(present.version) => Err(refusal::PRECONDITION_FAILED.into()),
        Some(_) => Err(out_of_range(change.date, change.completed_at, &refusal)),
    }
}

async fn delete_kaizen(ctx: Context, _: Person, Path(entry): Path<EntryId>) -> Result<Reply<()>> {
    let delete = DELETE.bind(entry.id).bind(ctx.if_match());
    let [deleted, refusal] = ctx.batch([delete, WHY_NOT_UPDATED.bind(entry.id)]).await?;
    match (deleted.affected()?, refusal.one::<Refusal>()?.existing) {
        (0, None) => Err(refusal::NOT_FOUND.into()),
        (0, Some(_)) => Err(refusal::PRECONDITION_FAILED.into()),
        _ => Ok(Reply::new(())),
    }
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

/// The only reason that is left: a day that may not be written, that of a completion too.
fn out_of_range(date: Option<Date>, completed_at: Option<DateTime<Utc>>, refusal: &Refusal) -> Error {
    let error = match date {
        Some(date) if date.day() > refusal.today => FieldError::new(Place::Body, "date", "date_in_future"),
        Some(date) if date.day() < refusal.oldest => FieldError::new(Place::Body, "date", "date_too_old"),
        _ if completed_at.is_some() => FieldError::new(Place::Body, "completed_at", "date_too_old"),
        _ => FieldError::new(Place::Body, "completed", "date_too_old"),
    };
    Error::from(error).with("today", refusal.today.to_string()).with("oldest", refusal.oldest.to_string())
}

const INSERT: Sql = Sql::new(
    "insert into kaizen (action, date, completed, client_id, completed_at, first)
     select $1::text, day, coalesce($3::boolean, false), $4::uuid, $5::timestamptz,
       case when $4::uuid is not null then jsonb_build_object('action', $1::text, 'date', day,
         'completed', coalesce($3::boolean, false), 'completed_at', extract(epoch from $5::timestamptz)) end
     from (select coalesce($2::date, edge.day_of($5::timestamptz), edge.today()) as day) as asked
     where day between edge.kaizen_oldest() and edge.today()
       and ($5::timestamptz is null or edge.day_of($5::timestamptz) >= edge.kaizen_oldest())
     on conflict (user_id, client_id) do nothing
     returning id, user_id, action, date, completed, completed_at, client_id, created_at, updated_at, version",
);

/// A repeat is the same where what it says was said at first; entries older than `first` are not judged.
const WHY_NOT_INSERTED: Sql = Sql::new(
    "select edge.today() as today, edge.kaizen_oldest() as oldest, to_jsonb(k) as existing, k.deleted_at is not null as removed,
       coalesce(k.first @> jsonb_strip_nulls(jsonb_build_object('action', $2::text, 'date', $3::date,
         'completed', $4::boolean, 'completed_at', extract(epoch from $5::timestamptz))), true) as same
     from (values (true)) as one
     left join kaizen k on k.user_id = edge.uid() and k.client_id = $1::uuid",
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

const UPDATE: Sql = Sql::new(
    "update kaizen
     set completed = coalesce($2::boolean, completed), action = coalesce($3, action), date = coalesce($4::date, date),
       completed_at = coalesce($6::timestamptz, completed_at)
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null
       and ($4::date is null or $4 = date or $4 between edge.kaizen_oldest() and edge.today())
       and (completed or not coalesce($2::boolean, false) or coalesce($4::date, date) >= edge.kaizen_oldest())
       and ($6::timestamptz is null or edge.day_of($6::timestamptz) >= edge.kaizen_oldest())
       and edge.is_version(version, $5)
     returning id, user_id, action, date, completed, completed_at, client_id, created_at, updated_at, version",
);

const WHY_NOT_UPDATED: Sql = Sql::new(
    "select edge.today() as today, edge.kaizen_oldest() as oldest,
       (select to_jsonb(k) from kaizen k where k.user_id = edge.uid() and k.id = $1::bigint and k.deleted_at is null) as existing",
);

const DELETE: Sql = Sql::new(
    "update kaizen set deleted_at = edge.now()
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $2)",
);

#[cfg(test)]
mod tests;
