edge::function! {
    //! Deletes accounts whose grace period is over, with everything that belongs to them, and links that have expired.

    CRON "erasure" every "1d" => run, budget: 20;
    purpose: Upkeep;
}

use edge::{Context, Error, Reply, Result, Sql, Tick, output, rounds};
use serde::Deserialize;

/// Rows per round trip, which takes some tenths of a second: an account goes with its rows in every table.
const BATCH: u32 = 50_000;
const MOST_ROUNDS: u32 = 20;

#[output]
struct Report {
    accounts: u32,
    /// Rows of theirs, those of accounts that are not gone yet too.
    rows: u32,
    /// Accounts that could not be deleted; they are tried again after the others.
    failed: u32,
    /// Spent links of letters.
    links: u32,
    /// The budget of this run is used up: the next tick goes on.
    more: bool,
}

#[derive(Deserialize)]
struct Round {
    accounts: u32,
    rows: u32,
    failed: Option<String>,
    links: u32,
    more: bool,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let mut total = Report { accounts: 0, rows: 0, failed: 0, links: 0, more: true };
    let more = rounds(&ctx, MOST_ROUNDS, async || {
        let round: Round = ctx.sql(ERASE.bind(BATCH)).await?.one()?;
        total.accounts += round.accounts;
        total.rows += round.rows;
        total.links += round.links;
        if let Some(sqlstate) = round.failed {
            total.failed += 1;
            ctx.warn(&Error::internal("an account cannot be deleted").because(sqlstate));
        }
        Ok(round.more)
    });
    let more = more.await?;
    Ok(Reply::new(Report { more, ..total }))
}

const ERASE: Sql = Sql::new(
    "select accounts, rows, failed, links, more
     from jsonb_to_record(edge.erase_due($1)) as deleted (accounts integer, rows integer, failed text, links integer, more boolean)",
);

#[cfg(test)]
mod tests;
