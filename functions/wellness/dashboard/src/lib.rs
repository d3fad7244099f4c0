edge::function! {
    //! Wellness on one page.

    /// What the person has done and felt, in one look: each number is that of its module's own statistics. An empty one says what to try.
    GET "/wellness/dashboard" => get_wellness_dashboard, auth: Person, limit: 300, reads, headers: [ETag];
}

use chrono::{DateTime, NaiveDate, Utc};
use edge::{Context, Person, Reply, Result, Sql, output};

/// Everything on one page.
#[output(name = "WellnessDashboard")]
struct Dashboard {
    /// The person's own today.
    today: NaiveDate,
    /// Modules that the person has used, the latest first.
    modules: Vec<Module>,
    /// Days in a row with a completed session of any module, up to today or yesterday.
    current_streak: i64,
    longest_streak: i64,
    /// Since Monday.
    week: Week,
    /// Mean mood of the last seven days, 0 to 100, after sessions and in scans; null where none was said.
    mood: Option<f64>,
    /// How many moods that is the mean of.
    moods: i64,
    /// Sessions that go on or are paused, latest first; ten at most.
    open: Vec<Open>,
    achievements: i64,
    badges: i64,
    /// Where there is nothing yet: what to try first.
    try_first: Option<Hint>,
}

/// A module in numbers, as `/wellness/{module}/stats` has them.
#[output(name = "DashboardModule")]
#[serde(rename_all = "camelCase")]
struct Module {
    /// The last part of its path.
    module: String,
    total_sessions: i64,
    started_sessions: i64,
    unfinished_sessions: i64,
    /// Seconds.
    total_duration: i64,
    total_minutes: i64,
    partial_duration: i64,
    average_duration: Option<f64>,
    completion_rate: Option<f64>,
    current_streak: i64,
    longest_streak: i64,
    avg_mood_delta: Option<f64>,
    mood_pairs: i64,
    /// As the module's `favorite…`.
    favorite: Option<String>,
    last_session_at: Option<DateTime<Utc>>,
}

/// A week that is not over.
#[output(name = "DashboardWeek")]
struct Week {
    sessions: i64,
    minutes: i64,
    /// Days with a completed session.
    days: i64,
}

/// A session that goes on.
#[output(name = "OpenSession")]
struct Open {
    module: String,
    id: uuid::Uuid,
    state: String,
    started_at: DateTime<Utc>,
}

/// What to try first.
#[output(name = "DashboardHint")]
struct Hint {
    /// The last part of a module's path.
    module: String,
    /// In the caller's language.
    text: String,
}

const TRY: edge::Message = edge::msg!("",
    fr: "Commencez par cinq minutes de cohérence : cinq secondes d'inspiration, cinq d'expiration.",
    en: "Begin with five minutes of coherence: breathe in for five seconds, out for five.");

async fn get_wellness_dashboard(ctx: Context, _: Person) -> Result<Reply<Dashboard>> {
    let mut dashboard: Dashboard = ctx.sql(DASHBOARD).await?.one()?;
    if dashboard.modules.is_empty() {
        let text = TRY.text(ctx.language()).to_owned();
        dashboard.try_first = Some(Hint { module: "breathing-vr-sessions".to_owned(), text });
    }
    Ok(Reply::new(dashboard).revalidated())
}

const DASHBOARD: Sql = Sql::new(
    "with me as materialized (select edge.uid() as id, edge.today() as today),
     d as materialized (
       select w.date, count(*) as sessions, sum(w.duration_seconds) as seconds, sum(w.mood_after) as mood, count(w.mood_after) as moods
       from wellness_sessions w where w.user_id = edge.uid() and w.state = 'completed' group by w.date),
     runs as (
       select max(r.date) as last, count(*) as length
       from (select d.date, d.date - (row_number() over (order by d.date))::int as run from d) as r group by r.run),
     felt as (
       select coalesce(sum(f.mood), 0) as mood, coalesce(sum(f.moods), 0) as moods from (
         select d.mood, d.moods from d where d.date > (select today - 7 from me)
         union all
         select s.mood, 1 from emotion_scans s where s.user_id = edge.uid() and s.mood is not null and s.date > (select today - 7 from me)
       ) as f)
     select me.today,
       (select coalesce(jsonb_agg(jsonb_build_object('module', replace(s.module, '_', '-'), 'totalSessions', s.total, 'startedSessions', s.started,
           'unfinishedSessions', s.unfinished, 'totalDuration', s.total_seconds, 'totalMinutes', s.total_seconds / 60,
           'partialDuration', s.partial_seconds, 'averageDuration', s.average_seconds, 'completionRate', s.completion_rate,
           'currentStreak', s.current_streak, 'longestStreak', s.longest_streak, 'avgMoodDelta', s.mood_delta, 'moodPairs', s.mood_pairs,
           'favorite', s.favorite, 'lastSessionAt', s.last_at) order by s.last_at desc nulls last, s.module), '[]')
         from edge.session_stats(me.id, me.today) as s) as modules,
       (select coalesce(max(r.length), 0) from runs r where r.last >= me.today - 1) as current_streak,
       (select coalesce(max(r.length), 0) from runs r) as longest_streak,
       (select jsonb_build_object('sessions', coalesce(sum(d.sessions), 0), 'minutes', coalesce(sum(d.seconds), 0)::bigint / 60, 'days', count(*))
         from d where d.date >= edge.week_of(me.today)) as week,
       round(felt.mood / nullif(felt.moods, 0)::numeric, 2)::double precision as mood, felt.moods::bigint as moods,
       (select coalesce(jsonb_agg(to_jsonb(o)), '[]') from (
         select replace(w.module, '_', '-') as module, w.id, w.state, w.started_at
         from wellness_sessions w where w.user_id = edge.uid() and w.state in ('started', 'paused') order by w.started_at desc limit 10) as o) as open,
       (select count(*) from user_achievements u where u.user_id = edge.uid()) as achievements,
       (select count(*) from badges b where b.user_id = edge.uid()) as badges,
       null::jsonb as try_first
     from me, felt",
);

#[cfg(test)]
mod tests;
