edge::function! {
    //! Forgets what has served its purpose: logs and reports after `settings.retention_days`, spent keys and sessions.

    CRON "purge" every "1d" => run, budget: 40;
    purpose: Upkeep;
}

use std::collections::BTreeMap;

use edge::{Context, Reply, Result, Sql, Tick, output, rounds};

/// Rows of each table per call, so that no call holds many locks.
const BATCH: i32 = 1000;
/// As the contract's budget.
const CALLS: u32 = 40;

#[output]
struct Report {
    /// Rows deleted, by table.
    deleted: BTreeMap<String, i64>,
    /// The budget was spent before all was gone: the next tick goes on.
    more: bool,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let mut deleted = BTreeMap::new();
    let more = rounds(&ctx, CALLS, async || {
        let purged: Report = ctx.sql(PURGE.bind(BATCH)).await?.value()?;
        for (table, rows) in purged.deleted {
            *deleted.entry(table).or_default() += rows;
        }
        Ok(purged.more)
    });
    let more = more.await?;
    Ok(Reply::new(Report { deleted, more }))
}

const PURGE: Sql = Sql::new("select edge.purge($1)");

#[cfg(test)]
mod tests;
