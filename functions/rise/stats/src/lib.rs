edge::function! {
    //! Rise at a glance: a person's kaizens, sessions and streak in numbers, and as a picture.

    /// The six numbers of the dashboard and the trend of the last weeks. A caller may keep the answer: `ETag` and
    /// `If-None-Match`.
    GET "/rise/stats/{user_id}"     => get_rise_stats,   auth: OwnerOrAdmin, limit: 300, reads, headers: [ETag];
    /// A year as a picture: a calendar of kaizens and bars of minutes of zazen, in the caller's language. Without `theme` it
    /// follows what the reader prefers.
    GET "/rise/stats/{user_id}.svg" => get_rise_picture, auth: OwnerOrAdmin, limit: 300, reads, headers: [ETag];
}

mod picture;

use chart::Theme;
use chrono::NaiveDate;
use edge::{Context, OwnerOrAdmin, Path, Query, Reply, Result, Sql, Svg, input, output};
use rise::Owner;

const WEEKS: u32 = 12;

#[input]
struct Trend {
    /// How many weeks the trend shows; 12 where absent.
    #[validate(range(min = 1, max = 53))]
    weeks: Option<u32>,
}

#[input]
struct Look {
    /// What the reader prefers, where absent.
    theme: Option<Theme>,
}

/// A person's kaizens and sessions, by week.
#[output(name = "RiseStats")]
#[serde(rename_all = "camelCase")]
struct UserStats {
    total_kaizens: i64,
    completed_kaizens: i64,
    /// Completed of all, 0 to 1; 0 where there are none.
    completion_rate: f64,
    /// Whole minutes of all sessions together.
    total_zazen_minutes: i64,
    /// As `current` of the streak: 0 while today's kaizen is still asked for.
    current_streak: i32,
    /// Seconds, to the hundredth; 0 where there are no sessions.
    average_session_duration: f64,
    /// The last weeks, newest first, empty ones too.
    weekly_trend: Vec<Week>,
    /// The picture greets the morning with what is still to be kept, not with a zero.
    #[serde(skip_serializing)]
    alive_streak: i32,
    #[serde(skip_serializing)]
    best_streak: i32,
    #[serde(skip_serializing)]
    today: NaiveDate,
    /// Seconds of which no minute has come yet are something all the same.
    #[serde(skip_serializing)]
    total_zazen_seconds: i64,
}

/// One ISO week of a person.
#[output(name = "RiseWeek")]
#[serde(rename_all = "camelCase")]
struct Week {
    /// Its Monday.
    week: NaiveDate,
    kaizens: i64,
    completed_kaizens: i64,
    zazen_minutes: i64,
}

/// A day with something on it.
#[output]
struct Day {
    day: NaiveDate,
    completed: i64,
    /// Of zazen.
    seconds: i64,
    /// Frozen or skipped, and nothing done.
    excused: bool,
}

async fn get_rise_stats(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    Query(trend): Query<Trend>,
) -> Result<Reply<UserStats>> {
    Ok(Reply::new(ctx.sql(STATS.bind(trend.weeks.unwrap_or(WEEKS))).await?.one::<UserStats>()?).revalidated())
}

async fn get_rise_picture(ctx: Context, _: OwnerOrAdmin, Path(_): Path<Owner>, Query(look): Query<Look>) -> Result<Reply<Svg>> {
    let [stats, days] = ctx.batch([STATS.bind(picture::WEEKS), DAYS.bind(picture::WEEKS)]).await?;
    let text = picture::draw(&stats.one()?, &days.all()?, look.theme, ctx.language());
    Ok(Reply::new(Svg(text)).revalidated())
}

const STATS: Sql = Sql::new(
    "with me as materialized (select edge.uid() as id, edge.today() as today),
     k as materialized (
       select date, count(*) as entries, count(*) filter (where completed) as completed
       from kaizen where user_id = edge.uid() and deleted_at is null group by date),
     z as materialized (
       select date, count(*) as sessions, sum(duration) as seconds
       from zazen_sessions where user_id = edge.uid() and deleted_at is null group by date),
     weeks as (
       select edge.week_of(me.today) - 7 * n as week from me, generate_series(0, $1::int - 1) as n),
     trend as (
       select w.week,
         (select coalesce(sum(k.entries), 0) from k where k.date between w.week and w.week + 6) as kaizens,
         (select coalesce(sum(k.completed), 0) from k where k.date between w.week and w.week + 6) as \"completedKaizens\",
         (select coalesce(sum(z.seconds), 0)::bigint / 60 from z where z.date between w.week and w.week + 6) as \"zazenMinutes\"
       from weeks w),
     kaizens as (
       select coalesce(sum(entries), 0)::bigint as entries, coalesce(sum(completed), 0)::bigint as completed from k),
     sessions as (
       select coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(seconds), 0)::bigint as seconds from z)
     select k.entries as \"totalKaizens\", k.completed as \"completedKaizens\",
       coalesce(k.completed::double precision / nullif(k.entries, 0), 0) as \"completionRate\",
       z.seconds / 60 as \"totalZazenMinutes\", z.seconds as \"totalZazenSeconds\", s.current as \"currentStreak\",
       coalesce(round(z.seconds::numeric / nullif(z.sessions, 0), 2), 0)::double precision as \"averageSessionDuration\",
       (select jsonb_agg(to_jsonb(t) order by t.week desc) from trend t) as \"weeklyTrend\",
       s.alive as \"aliveStreak\", s.best as \"bestStreak\", me.today
     from me, kaizens k, sessions z, edge.streak(me.id, me.today) as s",
);

const DAYS: Sql = Sql::new(
    "with me as materialized (
       select edge.uid() as id, edge.today() as today, edge.week_of(edge.today()) - 7 * ($1::int - 1) as first)
     select d.day, sum(d.completed)::bigint as completed, sum(d.seconds)::bigint as seconds,
       bool_or(d.excused) and sum(d.completed) = 0 as excused
     from me, lateral (
       select k.date as day, 1 as completed, 0 as seconds, false as excused
       from kaizen k
       where k.user_id = edge.uid() and k.deleted_at is null and k.completed and k.date between me.first and me.today
       union all
       select z.date, 0, z.duration, false
       from zazen_sessions z
       where z.user_id = edge.uid() and z.deleted_at is null and z.date between me.first and me.today
       union all
       select f.day, 0, 0, true
       from edge.kept_days(me.id, me.today) as f
       where f.reason in ('frozen', 'skipped') and f.day >= me.first
     ) as d
     group by d.day
     order by d.day",
);

#[cfg(test)]
mod tests;
