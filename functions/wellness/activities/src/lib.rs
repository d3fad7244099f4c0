edge::function! {
    //! What people did: the log of it, how they use modules, and what they have won.

    /// Logs an activity. Completed sessions are logged by themselves. A repeated `client_id` with equal content gives the activity with
    /// status 200.
    POST "/wellness/activities"              => log_activity,      auth: Person, limit: 300, writes, reply: 201 or 200,
        refuses: [refusal::CLIENT_ID_MISMATCH];
    /// The person's activities of the last ninety days, latest first.
    GET  "/wellness/activities"              => list_activities,   auth: Person, limit: 300, reads;
    /// How the person has used modules in the last days, by their own days; beyond ninety days from the totals that are kept.
    GET  "/wellness/activities/usage"        => get_usage,         auth: Person, limit: 300, reads;
    /// What can be won and what was won, each with its conditions and how far the person is. What is hidden is not there until it is won.
    GET  "/wellness/activities/achievements" => list_achievements, auth: Person, limit: 300, reads;
    /// The badges that the person was awarded, latest first.
    GET  "/wellness/activities/badges"       => list_badges,       auth: Person, limit: 300, reads;
}

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use edge::{
    All, At, Context, FieldError, Json, JsonObject, Language, List, Page, Person, Place, Query, Reply, Result, Sql, SqlJson,
    Verbatim, input, output, refusal,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use validator::ValidationError;
use wellness::Sent;

/// How far a device's clock may be ahead of ours.
const AHEAD: TimeDelta = TimeDelta::minutes(5);

/// Something that was done.
#[input(name = "NewActivity")]
#[cfg_attr(not(target_arch = "wasm32"), schemars(extend("examples" = [{"activity_type": "flash_glow", "module_name": "flash-glow", "duration_seconds": 90}])))]
struct NewActivity {
    /// What it was, in a word of the application's.
    #[validate(length(min = 1, max = 60), custom(function = "edge::validation::one_line"))]
    activity_type: String,
    #[validate(length(min = 1, max = 60), custom(function = "edge::validation::one_line"))]
    module_name: String,
    #[validate(range(min = 0, max = 90_000))]
    duration_seconds: Option<i32>,
    /// Whatever the application keeps with it: 4 KiB, four levels, members named by words. Pictures are refused, as files and as text.
    #[validate(custom(function = "is_metadata"))]
    metadata: Option<Sent>,
    /// When; now where absent. At most 30 days back.
    occurred_at: Option<DateTime<Utc>>,
    /// The identity that a device gave it while offline.
    client_id: Option<Uuid>,
}

fn is_metadata(metadata: &Sent) -> std::result::Result<(), ValidationError> {
    if metadata.is_plain(4096) { Ok(()) } else { Err(ValidationError::new("not_allowed")) }
}

#[input]
struct Window {
    /// How many days back; 30 where absent.
    #[validate(range(min = 1, max = 3660))]
    days: Option<i32>,
}

/// Something that was done.
#[output(name = "Activity")]
struct Activity {
    id: Uuid,
    client_id: Option<Uuid>,
    activity_type: String,
    module_name: String,
    activity_data: JsonObject,
    duration_seconds: Option<i32>,
    /// The session that it tells of.
    session_id: Option<Uuid>,
    occurred_at: DateTime<Utc>,
    /// The person's own day.
    date: NaiveDate,
    created_at: DateTime<Utc>,
}

/// What lists are sorted by.
#[output]
struct Key {
    occurred_at: DateTime<Utc>,
    id: Uuid,
}

/// How somebody uses modules.
#[output(name = "UsageStats")]
#[serde(rename_all = "camelCase")]
struct Usage {
    total_activities: i64,
    /// Whole minutes of all together.
    total_minutes: i64,
    /// Activities of each module.
    module_usage: JsonObject,
    /// Days on which there was something, latest first; days without are absent.
    activity_by_day: Vec<Day>,
    /// Minutes, over activities that have a duration; null where none has.
    average_session_duration: Option<f64>,
}

/// A day with activities.
#[output(name = "UsageDay")]
struct Day {
    date: NaiveDate,
    activities: i64,
    minutes: i64,
}

/// What can be won.
#[output(name = "Achievement")]
struct Achievement {
    id: String,
    /// In the caller's language.
    name: String,
    description: String,
    category: String,
    rarity: String,
    icon: Option<String>,
    /// From 0 to 1: the mean of its conditions.
    progress: f64,
    unlocked_at: Option<DateTime<Utc>>,
    /// Why it is won, or not yet.
    conditions: Vec<Condition>,
    /// The badge that comes with it.
    badge: Option<String>,
}

/// What must be reached.
#[output(name = "AchievementCondition")]
struct Condition {
    /// `sessions`, `minutes`, `days`, `streak` or `modules`, of completed sessions.
    metric: String,
    /// Of this module alone.
    #[serde(default)]
    module: Option<String>,
    at_least: i64,
    reached: i64,
    met: bool,
}

/// Everything that can be won, or is.
#[output(name = "Achievements")]
struct Achievements {
    items: Vec<Achievement>,
}

/// What somebody was awarded.
#[output(name = "WellnessBadge")]
struct Badge {
    id: Uuid,
    achievement_id: String,
    name: String,
    description: String,
    image_url: Option<String>,
    awarded_at: DateTime<Utc>,
}

#[derive(Deserialize, Serialize)]
struct BadgeKey {
    awarded_at: At,
    id: Uuid,
}

#[derive(Deserialize)]
struct Known {
    same: bool,
}

async fn log_activity(ctx: Context, _: Person, Json(new): Json<NewActivity>) -> Result<Reply<Activity>> {
    match new.occurred_at {
        Some(at) if at > ctx.now() + AHEAD => return Err(FieldError::new(Place::Body, "occurred_at", "date_in_future").into()),
        // The database cannot even hold the earliest moments that a request can name.
        Some(at) if at < DateTime::UNIX_EPOCH => return Err(FieldError::new(Place::Body, "occurred_at", "date_too_old").into()),
        _ => {}
    }
    let [added, known] = ctx.batch([INSERT.bind(SqlJson(&new)), KNOWN.bind(SqlJson(&new))]).await?;
    if let Some(activity) = added.optional()? {
        return Ok(Reply::new(activity));
    }
    if known.one::<Known>()?.same { Ok(Reply::new(known.one()?).status(200)) } else { Err(refusal::CLIENT_ID_MISMATCH.into()) }
}

async fn list_activities(ctx: Context, _: Person, list: List<All, Key, 100, 100>) -> Result<Reply<Verbatim<Page<Activity>>>> {
    let select = SELECT.bind(list.after(|key| key.occurred_at)).bind(list.after(|key| key.id)).bind(list.fetch());
    Ok(Reply::new(ctx.sql(select).await?.page(&list)?))
}

async fn get_usage(ctx: Context, _: Person, Query(window): Query<Window>) -> Result<Reply<Verbatim<Usage>>> {
    Ok(Reply::new(ctx.sql(USAGE.bind(window.days.unwrap_or(30))).await?.verbatim()?))
}

async fn list_achievements(ctx: Context, _: Person) -> Result<Reply<Achievements>> {
    let items = ctx.sql(ACHIEVEMENTS.bind(ctx.language() == Language::En)).await?.all()?;
    Ok(Reply::new(Achievements { items }))
}

async fn list_badges(ctx: Context, _: Person, list: List<All, BadgeKey>) -> Result<Reply<Verbatim<Page<Badge>>>> {
    let select = BADGES.bind(list.after(|key| key.awarded_at)).bind(list.after(|key| key.id)).bind(list.fetch());
    Ok(Reply::new(ctx.sql(select).await?.page(&list)?))
}

const INSERT: Sql = Sql::new(
    "insert into user_activities (client_id, activity_type, module_name, activity_data, duration_seconds, occurred_at, date, month)
     select n.client_id, n.activity_type, n.module_name, coalesce(n.metadata, '{}'), n.duration_seconds, coalesce(n.occurred_at, edge.now()),
       d.date, extract(month from d.date)
     from jsonb_to_record($1) as n (client_id uuid, activity_type text, module_name text, metadata jsonb, duration_seconds integer,
         occurred_at timestamptz),
       lateral (select edge.day_of(coalesce(edge.writable(n.occurred_at, 'occurred_at'), edge.now())) as date) as d
     where not exists (select from user_activities a where a.user_id = edge.uid() and a.client_id = n.client_id)
     on conflict do nothing
     returning id, client_id, activity_type, module_name, activity_data, duration_seconds, session_id, occurred_at, date, created_at",
);

const KNOWN: Sql = Sql::new(
    "select a.id, a.client_id, a.activity_type, a.module_name, a.activity_data, a.duration_seconds, a.session_id, a.occurred_at, a.date, a.created_at,
       (a.activity_type, a.module_name, a.activity_data, a.duration_seconds)
         is not distinct from (n.activity_type, n.module_name, coalesce(n.metadata, '{}'), n.duration_seconds)
         and (n.occurred_at is null or n.occurred_at = a.occurred_at) as same
     from jsonb_to_record($1) as n (client_id uuid, activity_type text, module_name text, metadata jsonb, duration_seconds integer,
       occurred_at timestamptz)
     join user_activities a on a.user_id = edge.uid() and a.client_id = n.client_id",
);

const SELECT: Sql = Sql::new(
    "select id, client_id, activity_type, module_name, activity_data, duration_seconds, session_id, occurred_at, date, created_at
     from user_activities
     where user_id = edge.uid() and ($1::timestamptz is null or (occurred_at, id) < ($1, $2::uuid))
     order by occurred_at desc, id desc
     limit $3::bigint",
);

const USAGE: Sql = Sql::new(
    "with a as materialized (
       select date, module_name, count(*) as activities, coalesce(sum(duration_seconds), 0) as seconds, count(duration_seconds) as timed
       from user_activities where user_id = edge.uid() and date > edge.today() - $1::int and date <= edge.today() group by 1, 2
       union all
       select date, module_name, activities, duration_seconds, timed
       from user_activity_days where user_id = edge.uid() and date > edge.today() - $1::int and date <= edge.today())
     select coalesce(sum(a.activities), 0)::bigint as \"totalActivities\", coalesce(sum(a.seconds), 0)::bigint / 60 as \"totalMinutes\",
       (select coalesce(jsonb_object_agg(m.module_name, m.activities), '{}')
         from (select module_name, sum(activities) as activities from a group by 1) as m) as \"moduleUsage\",
       (select coalesce(jsonb_agg(jsonb_build_object('date', d.date, 'activities', d.activities, 'minutes', d.seconds / 60) order by d.date desc), '[]')
         from (select date, sum(activities)::bigint as activities, sum(seconds)::bigint as seconds from a group by 1) as d) as \"activityByDay\",
       round(sum(a.seconds) / nullif(sum(a.timed), 0) / 60.0, 2)::double precision as \"averageSessionDuration\"
     from a",
);

const ACHIEVEMENTS: Sql = Sql::new(
    "select id, case when $1 then name_en else name end as name, case when $1 then description_en else description end as description,
       category, rarity, icon, progress, unlocked_at, conditions, badge
     from edge.achievements_of() order by unlocked_at desc nulls last, progress desc, id",
);

const BADGES: Sql = Sql::new(
    "select id, achievement_id, name, description, image_url, awarded_at
     from badges
     where user_id = edge.uid() and ($1::timestamptz is null or (awarded_at, id) < ($1, $2::uuid))
     order by awarded_at desc, id desc
     limit $3::bigint",
);

#[cfg(test)]
mod tests;
