edge::function! {
    //! Tells the team, in Discord, of what looks like an attack: `settings.security_alerts` says from how many events of an hour
    //! on, and docs/OPERATIONS.md what to do.

    CRON "watch-security" every "5m" => run, budget: 1;
}

use edge::{Context, Reply, Result, Sql, Tick, output};

#[output]
struct Report {
    /// The rules of which a notice was written; `operations-reconcile-jobs` sends it.
    alerted: Vec<String>,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    Ok(Reply::new(ctx.sql(WATCH).await?.one()?))
}

const WATCH: Sql = Sql::new("select edge.watch_security() -> 'alerted' as alerted");

#[cfg(test)]
mod tests;
