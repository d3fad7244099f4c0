edge::function! {
    //! Writes to people whose subscription is about to entitle them to nothing, once, and logs what has ended.

    CRON "subscription-expiry" every "1h" => run, budget: 20;
}

use edge::{Context, Reply, Result, Sql, Tick, output, rounds};

const BATCH: u32 = 100;
const MOST_ROUNDS: u32 = 20;

#[output]
struct Report {
    /// Letters; the next run of `operations-reconcile-jobs` sends them.
    noticed: u32,
    ended: u32,
    /// The budget of this run is used up: the next tick goes on.
    more: bool,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let mut total = Report { noticed: 0, ended: 0, more: true };
    let more = rounds(&ctx, MOST_ROUNDS, async || {
        let round: Report = ctx.sql(EXPIRE.bind(BATCH)).await?.one()?;
        total.noticed += round.noticed;
        total.ended += round.ended;
        Ok(round.more)
    });
    let more = more.await?;
    Ok(Reply::new(Report { more, ..total }))
}

const EXPIRE: Sql = Sql::new(
    "select noticed, ended, more
     from jsonb_to_record(edge.expire_subscriptions($1)) as expired (noticed integer, ended integer, more boolean)",
);

#[cfg(test)]
mod tests;
