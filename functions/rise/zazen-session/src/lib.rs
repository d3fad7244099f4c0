edge::function! {
    //! Zazen: recording sessions of meditation.

    /// Records a session. Two of `timestamp`, `ended_at` and `duration` fix it; a `duration` alone has ended now. A repeated
    /// `client_id` with equal content gives the first session with status 200. 409 `session_overlaps` where the person
    /// already sat at that time: nobody sits twice at once.
    POST   "/rise/zazen-session"      => create, auth: Person, limit: 60, writes, reply: 201 or 200;
    /// Changes what a session was about: trigger, notes and moods. An empty text removes one.
    PUT    "/rise/zazen-session/{id}" => update, auth: Person, limit: 60, writes;
    /// Removes a session.
    DELETE "/rise/zazen-session/{id}" => delete, auth: Person, limit: 60, writes, reply: 204;
}

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use edge::{Context, Error, FieldError, Json, Message, Path, Person, Place, Reply, Result, Sql, input, messages, msg, output};
use rise::Session;
use uuid::Uuid;

const DAY: i64 = 86_400;

/// How far a device's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

const SESSION_OVERLAPS: Message =
    msg!("session_overlaps", fr: "Une autre séance couvre déjà ce moment.", en: "Another session already covers that time.");

#[input]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"duration": 600, "triggered_by": "stress"}])))]
struct NewSession {
    /// When it began.
    timestamp: Option<DateTime<Utc>>,
    /// When it ended; now, where neither this nor `timestamp` is given.
    ended_at: Option<DateTime<Utc>>,
    /// Seconds, less than a day.
    #[validate(range(min = 1, max = 86_399))]
    duration: Option<i64>,
    /// What led to it, in a word: `stress`, `decision`, or any other. `GET /rise/zazen/triggers` suggests some.
    #[validate(length(min = 1, max = 40), custom(function = "edge::validation::not_blank"))]
    triggered_by: Option<String>,
    #[validate(length(min = 1, max = 2000), custom(function = "edge::validation::not_blank"))]
    notes: Option<String>,
    /// How the person felt, from 1 (bad) to 5 (good).
    #[validate(range(min = 1, max = 5))]
    mood_before: Option<i32>,
    #[validate(range(min = 1, max = 5))]
    mood_after: Option<i32>,
    /// The identity that a device gave the session while offline.
    client_id: Option<Uuid>,
}

#[input]
struct Change {
    #[validate(length(max = 40))]
    triggered_by: Option<String>,
    #[validate(length(max = 2000))]
    notes: Option<String>,
    #[validate(range(min = 1, max = 5))]
    mood_before: Option<i32>,
    #[validate(range(min = 1, max = 5))]
    mood_after: Option<i32>,
}

#[input]
struct SessionId {
    id: i64,
}

/// What the database knows when it has written nothing.
#[output]
struct Refusal {
    oldest: NaiveDate,
    existing: Option<Session>,
    overlapping: Option<i64>,
}

async fn create(ctx: Context, _: Person, Json(mut new): Json<NewSession>) -> Result<Reply<Session>> {
    new.triggered_by = new.triggered_by.as_deref().map(rise::trigger);
    let (from, to) = span(&new, ctx.now())?;
    let insert = INSERT
        .bind(from)
        .bind(to)
        .bind(&new.triggered_by)
        .bind(&new.notes)
        .bind(new.mood_before)
        .bind(new.mood_after)
        .bind(new.client_id);
    let why_not = WHY_NOT_INSERTED.bind(new.client_id).bind(from).bind(to);
    let [inserted, refusal] = ctx.batch([insert, why_not]).await?;
    if let Some(session) = inserted.optional::<Session>()? {
        return Ok(Reply::new(session).etag(|session| session.version));
    }
    let refusal: Refusal = refusal.one()?;
    match (refusal.existing, refusal.overlapping) {
        (Some(first), _) if is_same(&new, &first) => Ok(Reply::new(first).etag(|session| session.version).status(200)),
        (Some(_), _) => Err(Error::conflict(messages::CLIENT_ID_MISMATCH)),
        (None, Some(other)) => Err(Error::conflict(SESSION_OVERLAPS).with("session_id", other)),
        (None, None) => {
            let error = FieldError::new(Place::Body, "timestamp", "date_too_old");
            Err(Error::from(error).with("oldest", refusal.oldest.to_string()))
        }
    }
}

async fn update(ctx: Context, _: Person, Path(session): Path<SessionId>, Json(change): Json<Change>) -> Result<Reply<Session>> {
    let given =
        [change.triggered_by.is_some(), change.notes.is_some(), change.mood_before.is_some(), change.mood_after.is_some()];
    if !given.contains(&true) {
        return Err(FieldError::new(Place::Body, "", "nothing_to_change").into());
    }
    let update = UPDATE
        .bind(session.id)
        .bind(change.triggered_by.as_deref().map(rise::trigger))
        .bind(change.notes.as_deref().map(str::trim))
        .bind(change.mood_before)
        .bind(change.mood_after)
        .bind(ctx.if_match());
    let [updated, present] = ctx.batch([update, PRESENT.bind(session.id)]).await?;
    match updated.optional::<Session>()? {
        Some(session) => Ok(Reply::new(session).etag(|session| session.version)),
        None if present.all::<Version>()?.is_empty() => Err(Error::not_found(messages::NOT_FOUND)),
        None => Err(Error::precondition_failed(messages::PRECONDITION_FAILED)),
    }
}

async fn delete(ctx: Context, _: Person, Path(session): Path<SessionId>) -> Result<Reply<()>> {
    match ctx.sql(DELETE.bind(session.id)).await?.affected()? {
        0 => Err(Error::not_found(messages::NOT_FOUND)),
        _ => Ok(Reply::new(())),
    }
}

#[output]
struct Version {
    version: i32,
}

/// When a session began and ended.
fn span(new: &NewSession, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    let refuse = |field: &str, code: &str| Err(FieldError::new(Place::Body, field, code).into());
    let given = new.duration.map(TimeDelta::seconds);
    let (from, to) = match (new.timestamp, new.ended_at, given) {
        (Some(from), Some(to), _) => (from, to),
        // At the ends of time there is no other moment: a span of nothing, which is refused.
        (Some(from), None, Some(duration)) => (from, from.checked_add_signed(duration).unwrap_or(from)),
        (None, to, Some(duration)) => {
            let to = to.unwrap_or(now);
            (to.checked_sub_signed(duration).unwrap_or(to), to)
        }
        (_, _, None) => return refuse("duration", "required"),
    };
    let seconds = (to - from).num_seconds();
    if !(1..DAY).contains(&seconds) {
        return refuse("ended_at", "bad_span");
    }
    if new.duration.is_some_and(|duration| duration != seconds) {
        return refuse("duration", "bad_span");
    }
    // The database cannot even hold the earliest moments that a request can name.
    if from < DateTime::UNIX_EPOCH {
        return refuse("timestamp", "date_too_old");
    }
    if to > now + AHEAD {
        return refuse(if new.ended_at.is_some() { "ended_at" } else { "timestamp" }, "date_in_future");
    }
    Ok((from, from + TimeDelta::seconds(seconds)))
}

/// Whether a repeated request asks for what is there; what it left open agrees with anything.
fn is_same(new: &NewSession, first: &Session) -> bool {
    new.timestamp.is_none_or(|from| from == first.timestamp)
        && new.ended_at.is_none_or(|to| (to - first.timestamp).num_seconds() == first.duration || to == first.ended_at)
        && new.duration.is_none_or(|duration| duration == first.duration)
        && new.triggered_by == first.triggered_by
        && new.notes == first.notes
        && (new.mood_before, new.mood_after) == (first.mood_before, first.mood_after)
}

/// Whatever is in the way, a `client_id` or another session, the database judges it.
const INSERT: Sql = Sql::new(
    "insert into zazen_sessions
       (\"timestamp\", ended_at, date, triggered_by, notes, mood_before, mood_after, client_id)
     select $1::timestamptz, $2::timestamptz, edge.day_of($1::timestamptz), $3, $4, $5::int, $6::int, $7::uuid
     where edge.day_of($1::timestamptz) >= edge.kaizen_oldest()
     on conflict do nothing
     returning id, user_id, \"timestamp\", ended_at, duration, date, triggered_by, notes, mood_before, mood_after, client_id,
       created_at, updated_at, version",
);

const WHY_NOT_INSERTED: Sql = Sql::new(
    "select edge.kaizen_oldest() as oldest,
       (select to_jsonb(z) from zazen_sessions z where z.user_id = edge.uid() and z.client_id = $1::uuid) as existing,
       (select z.id from zazen_sessions z
        where z.user_id = edge.uid() and z.deleted_at is null
          and tstzrange(z.\"timestamp\", z.ended_at) && tstzrange($2::timestamptz, $3::timestamptz)
        order by z.\"timestamp\" limit 1) as overlapping",
);

const UPDATE: Sql = Sql::new(
    "update zazen_sessions
     set triggered_by = nullif(coalesce($2, triggered_by), ''), notes = nullif(coalesce($3, notes), ''),
       mood_before = coalesce($4::int, mood_before), mood_after = coalesce($5::int, mood_after)
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and ($6::text is null or version::text = $6)
     returning id, user_id, \"timestamp\", ended_at, duration, date, triggered_by, notes, mood_before, mood_after, client_id,
       created_at, updated_at, version",
);

const PRESENT: Sql =
    Sql::new("select version from zazen_sessions where id = $1::bigint and user_id = edge.uid() and deleted_at is null");

const DELETE: Sql = Sql::new(
    "update zazen_sessions set deleted_at = edge.now() where id = $1::bigint and user_id = edge.uid() and deleted_at is null",
);

#[cfg(test)]
mod tests;
