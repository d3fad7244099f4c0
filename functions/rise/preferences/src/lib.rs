edge::function! {
    //! How a person's days and weeks are counted.

    /// The person's clock and weekly target, and what follows from them today.
    GET "/rise/preferences" => get_preferences,    auth: Person, limit: 300, reads;
    /// Changes them. A new time zone or day-end hour never changes which day today is, only when it ends; a new target holds
    /// from this week on, and weeks that are over keep theirs.
    PUT "/rise/preferences" => update_preferences, auth: Person, limit: 60,  writes;
}

use chrono::{DateTime, NaiveDate, Utc};
use edge::{Context, Json, OnConstraint, Person, Reply, Result, Sql, TimeZone, input, output};

/// What changes; absent fields stay.
#[input(name = "RisePreferencesChange", change)]
struct Change {
    time_zone: Option<TimeZone>,
    /// What is done before this hour of the night still belongs to the day before.
    #[validate(range(min = 0, max = 6))]
    day_end_hour: Option<i32>,
    /// Days a week with a kaizen; 7 is every day.
    #[validate(range(min = 1, max = 7))]
    weekly_target: Option<i32>,
}

/// When a person's day ends, and their weekly targets.
#[output(name = "RisePreferences")]
struct Preferences {
    /// A name of the IANA list.
    time_zone: String,
    day_end_hour: i32,
    weekly_target: i32,
    /// Freezes that every month brings.
    freezes_per_month: i32,
    /// Those of this month that are not yet placed.
    freezes_left: i32,
    today: NaiveDate,
    day_ends_at: DateTime<Utc>,
}

async fn get_preferences(ctx: Context, _: Person) -> Result<Reply<Preferences>> {
    Ok(Reply::new(ctx.sql(SELECT).await?.one()?))
}

async fn update_preferences(ctx: Context, _: Person, Json(change): Json<Change>) -> Result<Reply<Preferences>> {
    let clock = SET_CLOCK.bind(&change.time_zone).bind(change.day_end_hour);
    let target = SET_TARGET.bind(change.weekly_target);
    let written = ctx.batch([clock, target, SELECT.into()]).await;
    let [_, _, preferences] = written.on_field("users_time_zone_known", "time_zone", "bad_time_zone")?;
    Ok(Reply::new(preferences.one()?))
}

const SET_CLOCK: Sql = Sql::new(
    "update users set time_zone = coalesce($1, time_zone), day_end_hour = coalesce($2, day_end_hour)
     where id = edge.uid() and ($1::text is not null or $2::int is not null)",
);

const SET_TARGET: Sql = Sql::new(
    "insert into weekly_targets (week, target)
     select edge.week_of(edge.today()), $1::int where $1::int is not null
     on conflict (user_id, week) do update set target = excluded.target",
);

const SELECT: Sql = Sql::new(
    "select u.time_zone, u.day_end_hour::int as day_end_hour,
       edge.weekly_target(u.id, edge.week_of(edge.today())) as weekly_target,
       edge.freezes_per_month() as freezes_per_month, edge.freezes_left(edge.today()) as freezes_left, edge.today() as today,
       edge.day_end(edge.now(), u.time_zone, u.day_end_hour, u.held_day, u.held_until) as day_ends_at
     from users u where u.id = edge.uid()",
);

#[cfg(test)]
mod tests;
