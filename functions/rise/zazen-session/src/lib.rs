edge::function! {
    //! Zazen: recording sessions of meditation.

    /// Records a session. Two of `timestamp`, `ended_at` and `duration` fix it; a `duration` alone has ended now. A repeated
    /// `client_id` with equal content gives the session with status 200, however it has been changed since; 410 `removed`
    /// where it was removed. 409 `session_overlaps` where the person already sat at that time: nobody sits twice at once.
    POST   "/rise/zazen-session"      => create_zazen_session, auth: Person, limit: 60, writes, reply: 201 or 200,
        headers: [ETag],
        refuses: [refusal::CLIENT_ID_MISMATCH, rise::REMOVED, SESSION_OVERLAPS];
    /// Changes what a session was about: trigger, notes and moods. An empty text removes one.
    PUT    "/rise/zazen-session/{id}" => update_zazen_session, auth: Person, limit: 60, writes, headers: [ETag, IfMatch],
        refuses: [refusal::NOT_FOUND];
    /// Removes a session; with `If-Match`, only in that version.
    DELETE "/rise/zazen-session/{id}" => delete_zazen_session, auth: Person, limit: 60, writes, reply: 204, headers: [IfMatch],
        refuses: [refusal::NOT_FOUND];
}

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use edge::{
    Context, Error, FieldError, Json, Message, Path, Person, Place, Reply, Result, Sql, input, msg, output, refusal, refusals,
};
use rise::Session;
use uuid::Uuid;

const DAY: i64 = 86_400;

/// How far a device's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

refusals! {
    SESSION_OVERLAPS: 409 "session_overlaps", fr: "Une autre séance couvre déjà ce moment.", en: "Another session already covers that time.";
}

#[input(name = "NewZazenSession")]
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

#[input(name = "ZazenSessionChange")]
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
    /// The session.
    id: i64,
}

/// What the database knows when it has written nothing.
#[output]
struct Refusal {
    oldest: NaiveDate,
    existing: Option<Session>,
    /// Whether the first request under this `client_id` asked for the same.
    same: bool,
    removed: bool,
    overlapping: Option<i64>,
}

async fn create_zazen_session(ctx: Context, _: Person, Json(mut new): Json<NewSession>) -> Result<Reply<Session>> {
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
    let why_not = WHY_NOT_INSERTED
        .bind(new.client_id)
        .bind(from)
        .bind(to)
        .bind(&new.triggered_by)
        .bind(&new.notes)
        .bind(new.mood_before)
        .bind(new.mood_after)
        .bind(new.timestamp.is_some())
        .bind(new.ended_at.is_some());
    let [inserted, refusal] = ctx.batch([insert, why_not]).await?;
    if let Some(session) = inserted.optional::<Session>()? {
        return Ok(Reply::new(session).etag(|session| session.version));
    }
    let refusal: Refusal = refusal.one()?;
    match (refusal.existing, refusal.overlapping) {
        (Some(_), _) if !refusal.same => Err(refusal::CLIENT_ID_MISMATCH.into()),
        (Some(_), _) if refusal.removed => Err(rise::REMOVED.into()),
        (Some(session), _) => Ok(Reply::new(session).etag(|session| session.version).status(200)),
        (None, Some(other)) => Err(Error::from(SESSION_OVERLAPS).with("session_id", other)),
        (None, None) => {
            let error = FieldError::new(Place::Body, "timestamp", "date_too_old");
            Err(Error::from(error).with("oldest", refusal.oldest.to_string()))
        }
    }
}

async fn update_zazen_session(
    ctx: Context,
    _: Person,
    Path(session): Path<SessionId>,
    Json(change): Json<Change>,
) -> Result<Reply<Session>> {
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
        None if present.all::<Version>()?.is_empty() => Err(refusal::NOT_FOUND.into()),
        None => Err(refusal::PRECONDITION_FAILED.into()),
    }
}

async fn delete_zazen_session(ctx: Context, _: Person, Path(session): Path<SessionId>) -> Result<Reply<()>> {
    let delete = DELETE.bind(session.id).bind(ctx.if_match());
    let [deleted, present] = ctx.batch([delete, PRESENT.bind(session.id)]).await?;
    match (deleted.affected()?, present.all::<Version>()?.is_empty()) {
        (0, true) => Err(refusal::NOT_FOUND.into()),
        (0, false) => Err(refusal::PRECONDITION_FAILED.into()),
        _ => Ok(Reply::new(())),
    }
}

#[output]
struct Version {
    version: i32,
}

const BAD_SPAN: Message = msg!("bad_span",
    fr: "Début, fin et durée ne s'accordent pas : de 1 seconde à moins d'un jour.",
    en: "Start, end and duration do not fit: between 1 second and less than a day.");

/// When a session began and ended.
fn span(new: &NewSession, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    let refuse = |field: &str, code: &str| Err(FieldError::new(Place::Body, field, code).into());
    let bad_span = |field: &str| Err(FieldError::says(Place::Body, field, BAD_SPAN).into());
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
        return bad_span("ended_at");
    }
    if new.duration.is_some_and(|duration| duration != seconds) {
        return bad_span("duration");
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

/// Whatever is in the way, a `client_id` or another session, the database judges it.
const INSERT: Sql = Sql::new(
    "insert into zazen_sessions
       (\"timestamp\", ended_at, date, triggered_by, notes, mood_before, mood_after, client_id, first)
     select $1::timestamptz, $2::timestamptz, edge.day_of($1::timestamptz), normalize($3, nfc), $4::text, $5::int, $6::int, $7::uuid,
       case when $7::uuid is not null then jsonb_build_object(
         'timestamp', extract(epoch from $1::timestamptz), 'ended_at', extract(epoch from $2::timestamptz),
         'duration', extract(epoch from $2::timestamptz - $1::timestamptz), 'triggered_by', normalize($3, nfc),
         'notes', $4::text, 'moods', jsonb_build_array($5::int, $6::int)) end
     where edge.day_of($1::timestamptz) >= edge.kaizen_oldest()
     on conflict do nothing
     returning id, user_id, \"timestamp\", ended_at, duration, date, triggered_by, notes, mood_before, mood_after, client_id,
       created_at, updated_at, version",
);

/// A repeat is the same where what it says was said at first; sessions older than `first` are not judged. Start and end that
/// follow from the moment of the request are not compared.
const WHY_NOT_INSERTED: Sql = Sql::new(
    "select edge.kaizen_oldest() as oldest, to_jsonb(z) as existing, z.deleted_at is not null as removed,
       coalesce(z.first @> (jsonb_build_object('duration', extract(epoch from $3::timestamptz - $2::timestamptz),
           'triggered_by', normalize($4, nfc), 'notes', $5::text, 'moods', jsonb_build_array($6::int, $7::int))
         || jsonb_strip_nulls(jsonb_build_object(
           'timestamp', case when $8::boolean then extract(epoch from $2::timestamptz) end,
           'ended_at', case when $9::boolean then extract(epoch from $3::timestamptz) end))), true) as same,
       (select o.id from zazen_sessions o
        where o.user_id = edge.uid() and o.deleted_at is null
          and tstzrange(o.\"timestamp\", o.ended_at) && tstzrange($2::timestamptz, $3::timestamptz)
        order by o.\"timestamp\" limit 1) as overlapping
     from (values (true)) as one
     left join zazen_sessions z on z.user_id = edge.uid() and z.client_id = $1::uuid",
);

const UPDATE: Sql = Sql::new(
    "update zazen_sessions
     set triggered_by = nullif(coalesce(normalize($2, nfc), triggered_by), ''), notes = nullif(coalesce($3, notes), ''),
       mood_before = coalesce($4::int, mood_before), mood_after = coalesce($5::int, mood_after)
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $6)
     returning id, user_id, \"timestamp\", ended_at, duration, date, triggered_by, notes, mood_before, mood_after, client_id,
       created_at, updated_at, version",
);

const PRESENT: Sql =
    Sql::new("select version from zazen_sessions where id = $1::bigint and user_id = edge.uid() and deleted_at is null");

const DELETE: Sql = Sql::new(
    "update zazen_sessions set deleted_at = edge.now()
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $2)",
);

#[cfg(test)]
mod tests;
