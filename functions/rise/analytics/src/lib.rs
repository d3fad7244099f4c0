edge::function! {
    //! How a person's practice develops, week by week or month by month.

    /// Periods, the current one first, empty ones too; the same numbers as the lists and `GET /rise/stats/{user_id}` have. A
    /// period is compared with the one before it by the day: where the current one is not over, only its days so far count.
    GET "/rise/analytics/{user_id}" => get_analytics, auth: OwnerOrAdmin, limit: 300, reads, headers: [ETag];
}

use chrono::NaiveDate;
use edge::{Context, OwnerOrAdmin, Path, Query, Reply, Result, Sql, input, output};
use rise::Owner;

const PERIODS: u32 = 12;

#[input]
struct AnalyticsQuery {
    /// `week` where absent.
    by: Option<By>,
    /// How many periods; 12 where absent.
    #[validate(range(min = 1, max = 120))]
    periods: Option<u32>,
}

/// The length of a period.
#[output(name = "AnalyticsGrouping")]
enum By {
    /// From Monday to Sunday.
    Week,
    Month,
}

/// Kaizens and sessions by period, the newest last.
#[output(name = "RiseAnalytics")]
struct Analytics {
    by: By,
    /// In which the person's days are counted now.
    time_zone: String,
    today: NaiveDate,
    periods: Vec<Period>,
}

/// One period.
#[output(name = "AnalyticsPeriod")]
struct Period {
    /// First day, inclusive.
    from: NaiveDate,
    /// Last day, inclusive; today at the latest.
    to: NaiveDate,
    kaizens: i64,
    completed_kaizens: i64,
    /// Completed of all, 0 to 1; 0 where there are none.
    completion_rate: f64,
    /// Days with a completed kaizen.
    days_done: i64,
    zazen_sessions: i64,
    /// Whole minutes of the period's sessions together.
    zazen_minutes: i64,
    /// Share of days done, 0 to 1, less that of the period before: above 0 it goes up.
    change: f64,
}

async fn get_analytics(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    Query(wanted): Query<AnalyticsQuery>,
) -> Result<Reply<Analytics>> {
    let select = ANALYTICS.bind(wanted.by.unwrap_or(By::Week)).bind(wanted.periods.unwrap_or(PERIODS));
    Ok(Reply::new(ctx.sql(select).await?.one::<Analytics>()?).revalidated())
}

/// One period more than is shown, for the comparison.
const ANALYTICS: Sql = Sql::new(
    "with me as materialized (
       select u.time_zone, edge.today() as today, case $1::text when 'month' then interval '1 month' else interval '7 days' end as step
       from users u where u.id = edge.uid()),
     spans as (
       select s.from_day, least((s.from_day + me.step)::date - 1, me.today) as to_day, s.n
       from me, lateral (
         select (date_trunc($1, me.today::timestamp) - n * me.step)::date as from_day, n from generate_series(0, $2::int) as n) as s),
     k as materialized (
       select date, count(*) as entries, count(*) filter (where completed) as completed
       from kaizen
       where user_id = edge.uid() and deleted_at is null and date between (select min(from_day) from spans) and (select today from me)
       group by date),
     z as materialized (
       select date, count(*) as sessions, sum(duration) as seconds
       from zazen_sessions
       where user_id = edge.uid() and deleted_at is null and date between (select min(from_day) from spans) and (select today from me)
       group by date),
     counted as (
       select s.*, c.entries, c.completed, c.done, t.sessions, t.seconds,
         c.done::double precision / (s.to_day - s.from_day + 1) as share
       from spans s,
         lateral (select coalesce(sum(entries), 0)::bigint as entries, coalesce(sum(completed), 0)::bigint as completed,
           count(*) filter (where completed > 0) as done
           from k where k.date between s.from_day and s.to_day) as c,
         lateral (select coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(seconds), 0)::bigint as seconds
           from z where z.date between s.from_day and s.to_day) as t)
     select $1 as \"by\", me.time_zone, me.today,
       (select jsonb_agg(jsonb_build_object('from', c.from_day, 'to', c.to_day, 'kaizens', c.entries,
           'completed_kaizens', c.completed, 'completion_rate', coalesce(c.completed::double precision / nullif(c.entries, 0), 0),
           'days_done', c.done, 'zazen_sessions', c.sessions, 'zazen_minutes', c.seconds / 60,
           'change', round((c.share - before.share)::numeric, 4)) order by c.n)
         from counted c join counted before on before.n = c.n + 1) as periods
     from me",
);

#[cfg(test)]
mod tests;
