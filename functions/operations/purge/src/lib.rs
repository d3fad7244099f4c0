edge::function! {
    //! Forgets what has served its purpose: logs and reports after `settings.retention_days`, spent keys and sessions.

    CRON "purge" every "1d" => run, budget: 40;
}

use std::collections::BTreeMap;

use edge::{Context, Reply, Result, Sql, Tick, output};

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

#[derive(serde::Deserialize)]
struct Answer {
    answer: Report,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let mut report = Report { deleted: BTreeMap::new(), more: true };
    for _ in 0..CALLS {
        let purged = ctx.sql(PURGE.bind(BATCH)).await?.one::<Answer>()?.answer;
        for (table, rows) in purged.deleted {
            *report.deleted.entry(table).or_default() += rows;
        }
        report.more = purged.more;
        if !report.more {
            break;
        }
    }
    Ok(Reply::new(report))
}

const PURGE: Sql = Sql::new("select edge.purge($1) as answer");

#[cfg(test)]
mod tests;
