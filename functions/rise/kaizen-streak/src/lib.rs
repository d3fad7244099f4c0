edge::function! {
    //! The streak: how many days in a row a person has done their kaizen.

    /// All numbers are days, in the person's time zone.
    GET "/rise/kaizen/streak/{user_id}" => streak, auth: Person, limit: 300, reads;
}

use edge::{Context, Path, Person, Reply, Result, Sql, input, output};
use uuid::Uuid;

#[input]
struct Owner {
    user_id: Uuid,
}

#[output]
struct Streak {
    /// Consecutive days ending today; 0 until today's kaizen is done.
    current: i32,
    /// The run that doing today's kaizen keeps: it ends today or yesterday.
    alive: i32,
    /// The longest run ever.
    best: i32,
    today_done: bool,
    /// There is a run, and today's kaizen is what it still needs.
    at_risk: bool,
}

async fn streak(ctx: Context, me: Person, Path(owner): Path<Owner>) -> Result<Reply<Streak>> {
    me.owns(owner.user_id)?;
    Ok(Reply::new(ctx.sql(STREAK).await?.one()?))
}

/// Days of one run differ from their rank by the same number.
const STREAK: Sql = Sql::new(
    "with days as (
       select distinct date from kaizen
       where user_id = edge.uid() and deleted_at is null and completed and date <= edge.today()),
     ranked as (select date, date - (row_number() over (order by date))::int as run from days),
     runs as (select max(date) as last, count(*)::int as length from ranked group by run),
     latest as (select last, length from runs where last >= edge.today() - 1)
     select
       coalesce((select length from latest where last = edge.today()), 0) as current,
       coalesce((select length from latest), 0) as alive,
       coalesce((select max(length) from runs), 0) as best,
       exists (select from latest where last = edge.today()) as today_done,
       exists (select from latest where last < edge.today()) as at_risk",
);

#[cfg(test)]
mod tests;
