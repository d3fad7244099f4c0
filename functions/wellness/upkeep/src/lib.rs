edge::function! {
    //! What time does to wellness: sessions that were not heard expire, rooms close, weeks are kept, old activities become totals.

    CRON "wellness-upkeep" every "1h" => run, budget: 20;
    purpose: Upkeep;
}

use edge::{Context, Reply, Result, Sql, Tick, output, rounds};
use serde::Deserialize;
use uuid::Uuid;

/// Rows of each table in a round trip, which takes some tenths of a second.
const BATCH: u32 = 10_000;
/// People whose weeks are kept in a round trip.
const PEOPLE: u32 = 500;
/// Of either kind; together they are the contract's budget.
const MOST_ROUNDS: u32 = 10;

#[output]
struct Report {
    /// Sessions that have expired.
    expired: i64,
    /// Rooms of domes that were closed a day after they were opened.
    closed: i64,
    /// Activities that have become totals.
    rolled_up: i64,
    /// Weeks that were other than kept.
    weeks: i64,
    /// The budget of this run is used up: the next tick goes on.
    more: bool,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let mut report = Report { expired: 0, closed: 0, rolled_up: 0, weeks: 0, more: false };
    let more = rounds(&ctx, MOST_ROUNDS, async || {
        let [expired, closed, rolled_up] = ctx.batch([EXPIRE.bind(BATCH), CLOSE.bind(BATCH), ROLL_UP.bind(BATCH)]).await?;
        let (expired, closed, rolled_up): (i64, i64, i64) = (expired.value()?, closed.value()?, rolled_up.value()?);
        report.expired += expired;
        report.closed += closed;
        report.rolled_up += rolled_up;
        Ok([expired, closed, rolled_up].iter().any(|rows| *rows >= i64::from(BATCH)))
    });
    let more = more.await?;
    // Behind the expiry, so that this hour's weeks are those of this hour's sessions.
    let mut after: Option<Uuid> = None;
    let more_weeks = rounds(&ctx, MOST_ROUNDS, async || {
        let kept: Kept = ctx.sql(WEEKS.bind(after).bind(PEOPLE)).await?.one()?;
        report.weeks += kept.weeks;
        after = kept.last;
        Ok(kept.more)
    });
    report.more = more_weeks.await? || more;
    Ok(Reply::new(report))
}

#[derive(Deserialize)]
struct Kept {
    weeks: i64,
    last: Option<Uuid>,
    more: bool,
}

const EXPIRE: Sql = Sql::new("select edge.expire_sessions(batch => $1)::bigint");

const CLOSE: Sql = Sql::new("select edge.close_dome_rooms(batch => $1)");

const ROLL_UP: Sql = Sql::new("select edge.roll_up_activities(batch => $1)");

const WEEKS: Sql = Sql::new("select weeks, last, more from edge.keep_changed_weeks(after => $1::uuid, batch => $2::integer)");

#[cfg(test)]
mod tests;
