edge::function! {
    //! Deletes accounts whose grace period is over, with everything that belongs to them, and links that have expired.

    CRON "erasure" every "1d" => run, budget: 20;
}

use edge::{Context, Reply, Result, Sql, Tick, output};

/// Accounts per round trip: each takes its rows in every table with it.
const BATCH: u32 = 100;
const MOST_ROUNDS: u32 = 20;

#[output]
struct Report {
    accounts: u32,
    /// Spent links of letters.
    links: u32,
    /// The budget of this run is used up: the next tick goes on.
    more: bool,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let mut total = Report { accounts: 0, links: 0, more: true };
    for _ in 0..MOST_ROUNDS {
        let round: Report = ctx.sql(ERASE.bind(BATCH)).await?.one()?;
        total.accounts += round.accounts;
        total.links += round.links;
        total.more = round.more;
        if !round.more {
            break;
        }
    }
    Ok(Reply::new(total))
}

const ERASE: Sql = Sql::new(
    "select accounts, links, more
     from jsonb_to_record(edge.erase_due($1)) as deleted (accounts integer, links integer, more boolean)",
);

#[cfg(test)]
mod tests;
