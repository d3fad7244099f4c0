edge::function! {
    //! Zazen: recording sessions of meditation.

    /// Records a session. Two of `timestamp`, `ended_at` and `duration` fix it; a `duration` alone has ended now. A repeated
    /// `client_id` with equal content gives the session with status 200, however it has been changed since; 410 `removed`
    /// where it was removed. 409 `session_overlaps` where the person already sat at that time: nobody sits twice at once.
    POST   "/rise/zazen-session"      => create_zazen_session, auth: Person, limit: 60, writes, reply: 201 or 200,
        headers: [ETag],
        refuses: [refusal::CLIENT_ID_MISMATCH, refusal::REMOVED, SESSION_OVERLAPS];
    /// Changes what a session was about: trigger, notes and moods. An empty text removes one.
    PUT    "/rise/zazen-session/{id}" => update_zazen_session, auth: Person, limit: 60, writes, headers: [ETag, IfMatch],
        refuses: [refusal::NOT_FOUND];
    /// Removes a session; with `If-Match`, only in that version.
    DELETE "/rise/zazen-session/{id}" => delete_zazen_session, auth: Person, limit: 60, writes, reply: 204, headers: [IfMatch],
        refuses: [refusal::NOT_FOUND];
}

use chrono::{DateTime, TimeDelta, Utc};
use edge::{
    Context, Error, FieldError, Id, Json, Message, Path, Person, Place, Reply, Result, Sql, SqlJson, input, msg, refusal,
    refusals,
};
use rise::Session;
use uuid::Uuid;

const DAY: i64 = 86_400;

/// How far a device's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

refusals! {
    SESSION_OVERLAPS: 409 "session_overlaps", fr: "Une autre séance couvre déjà ce moment.", en: "Another session already covers that time.";
}

/// A session of sitting.
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

/// What changes; absent fields stay.
#[input(name = "ZazenSessionChange", change)]
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

async fn create_zazen_session(ctx: Context, _: Person, Json(mut new): Json<NewSession>) -> Result<Reply<Session>> {
    new.triggered_by = new.triggered_by.as_deref().map(rise::trigger);
    let (from, to) = span(&new, ctx.now())?;
    let first = FIRST.bind(SqlJson(&new));
    let whole = NewSession { timestamp: Some(from), ended_at: Some(to), duration: Some((to - from).num_seconds()), ..new };
    let [inserted, first, other] = ctx.batch([INSERT.bind(SqlJson(&whole)), first, OVERLAPPING.bind(from).bind(to)]).await?;
    if inserted.is_empty()? && first.is_empty()? {
        return Err(Error::from(SESSION_OVERLAPS).with("session_id", other.value::<i64>()?));
    }
    inserted.or_first(&first)
}

async fn update_zazen_session(
    ctx: Context,
    _: Person,
    Path(session): Path<Id<i64>>,
    Json(mut change): Json<Change>,
) -> Result<Reply<Session>> {
    change.triggered_by = change.triggered_by.as_deref().map(rise::trigger);
    change.notes = change.notes.map(|notes| notes.trim().to_owned());
    ctx.change_row(UPDATE, PRESENT, session.id, &change).await
}

async fn delete_zazen_session(ctx: Context, _: Person, Path(session): Path<Id<i64>>) -> Result<Reply<()>> {
    ctx.remove_row(DELETE, PRESENT, session.id).await
}

const BAD_SPAN: Message = msg!("bad_span",
    fr: "Début, fin et durée ne s'accordent pas : de 1 seconde à moins d'un jour.",
    en: "Start, end and duration do not fit: between 1 second and less than a day.");

/// When a session began and ended.
fn span(new: &NewSession, now: DateTime<Utc>) -> Result<(DateTime<Utc>, DateTime<Utc>)> {
    let refuse = |field: &str, code: &str| Err(FieldError::new(Place::Body, field, code).into());
    let bad_span = |field: &str| Err(FieldError::says(Place::Body, field, BAD_SPAN).into());
    let duration_sent = new.duration.map(TimeDelta::seconds);
    let (from, to) = match (new.timestamp, new.ended_at, duration_sent) {
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
     select edge.writable(\"timestamp\", 'timestamp'), ended_at, edge.day_of(\"timestamp\"), normalize(triggered_by, nfc), notes,
       mood_before, mood_after, client_id, case when client_id is not null then $1 end
     from jsonb_to_record($1) as n (\"timestamp\" timestamptz, ended_at timestamptz, triggered_by text, notes text,
       mood_before int, mood_after int, client_id uuid)
     where not exists (select from zazen_sessions z where z.user_id = edge.uid() and z.client_id = n.client_id)
     on conflict do nothing
     returning *",
);

/// Sessions older than `first` are not judged. Of start, end and duration only those count that were sent: the others follow
/// from the moment of the request.
const FIRST: Sql = Sql::new(
    "select *, (first @> $1) is not false as same
     from zazen_sessions where user_id = edge.uid() and client_id = ($1::jsonb ->> 'client_id')::uuid",
);

const OVERLAPPING: Sql = Sql::new(
    "select id from zazen_sessions
     where user_id = edge.uid() and deleted_at is null
       and tstzrange(\"timestamp\", ended_at) && tstzrange($1::timestamptz, $2::timestamptz)
     order by \"timestamp\" limit 1",
);

/// An empty text takes what is there away.
const UPDATE: Sql = Sql::new(
    "update zazen_sessions z
     set triggered_by = nullif(coalesce(normalize(c.triggered_by, nfc), z.triggered_by), ''),
       notes = nullif(coalesce(c.notes, z.notes), ''), mood_before = coalesce(c.mood_before, z.mood_before),
       mood_after = coalesce(c.mood_after, z.mood_after)
     from jsonb_to_record($2) as c (triggered_by text, notes text, mood_before int, mood_after int)
     where z.id = $1::bigint and z.user_id = edge.uid() and z.deleted_at is null and edge.is_version(z.version, $3)
     returning z.*",
);

const PRESENT: Sql =
    Sql::new("select version from zazen_sessions where id = $1::bigint and user_id = edge.uid() and deleted_at is null");

const DELETE: Sql = Sql::new(
    "update zazen_sessions set deleted_at = edge.now()
     where id = $1::bigint and user_id = edge.uid() and deleted_at is null and edge.is_version(version, $2)",
);

#[cfg(test)]
mod tests;
