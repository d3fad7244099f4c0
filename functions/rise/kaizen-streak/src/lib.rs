edge::function! {
    //! The streak: how many days a person has done their kaizen without missing one.

    /// The streak, and why it is what it is: `days` gives each of the last days with its reason. Lengths are numbers of days
    /// done; frozen, skipped and rest days hold a streak together without lengthening it.
    GET "/rise/kaizen/streak/{user_id}" => get_streak, auth: OwnerOrAdmin, limit: 300, reads;
}

use chrono::{DateTime, NaiveDate, Utc};
use edge::{Context, OwnerOrAdmin, Path, Query, Reply, Result, Sql, Verbatim, input, output};
use rise::Owner;

const SHOWN: u32 = 14;

#[input]
struct Shown {
    /// How many days to show, today included; 14 where absent.
    #[validate(range(min = 1, max = 366))]
    days: Option<u32>,
}

/// Days in a row on which a kaizen was completed.
#[output(name = "KaizenStreak")]
struct Streak {
    /// The run that ends today; 0 while today's kaizen is still asked for.
    current: i32,
    /// The run that is not broken: doing today's kaizen continues it.
    alive: i32,
    /// The longest run ever.
    best: i32,
    /// The first day done of the run that is alive.
    since: Option<NaiveDate>,
    today_done: bool,
    /// There is a run, and it ends unless today's kaizen is done before `day_ends_at`.
    at_risk: bool,
    /// When the person's own day ends, by their time zone and day-end hour.
    day_ends_at: DateTime<Utc>,
    /// Hours until then, to the hundredth.
    hours_left: f64,
    /// Freezes that can still be placed this month.
    freezes_left: i32,
    /// Days a week that the person means to do; 7 is every day.
    weekly_target: i32,
    /// Days of this week that are done, frozen or skipped.
    week_kept: i32,
    /// How well the habit holds, 0 to 1: a moving average that a missed day lowers and never resets.
    strength: f64,
    /// Newest first, back to the first day that was kept.
    days: Vec<Day>,
}

/// What one day does to the streak.
#[output(name = "StreakDay")]
struct Day {
    date: NaiveDate,
    reason: Reason,
}

/// Why a day counts as it does.
#[output(name = "StreakReason")]
enum Reason {
    Done,
    /// Saved by a freeze.
    Frozen,
    /// In a planned pause, or lost to a flight.
    Skipped,
    /// Not needed for the weekly target.
    Rest,
    Missed,
    /// Today, while there is still time.
    NotYet,
}

async fn get_streak(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    Query(shown): Query<Shown>,
) -> Result<Reply<Verbatim<Streak>>> {
    let days = shown.days.unwrap_or(SHOWN);
    Ok(Reply::new(ctx.sql(STREAK.bind(days)).await?.verbatim()?))
}

/// The rule itself is `edge.streak`, which the planner puts in its place.
const STREAK: Sql = Sql::new(
    "with me as materialized (
       select u.id, edge.today() as today,
         edge.day_end(edge.now(), u.time_zone, u.day_end_hour, u.held_day, u.held_until) as day_ends_at
       from users u where u.id = edge.uid())
     select s.current, s.alive, s.best, s.since, s.today_done, s.at_risk, me.day_ends_at,
       floor(extract(epoch from me.day_ends_at - edge.now()) / 36)::double precision / 100 as hours_left,
       edge.freezes_left(me.today) as freezes_left, s.weekly_target, s.week_kept,
       round(s.strength::numeric, 4)::double precision as strength, s.days
     from me, edge.streak(me.id, me.today, $1::int) as s",
);

#[cfg(test)]
mod tests;
