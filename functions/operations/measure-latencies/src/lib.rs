edge::function! {
    //! Keeps how long RunPod takes, day by day, and tells the team once a day when it departs from what is usual.

    CRON "measure-latencies" every "1h" => run, budget: 1;
}

use edge::{Context, Reply, Result, Sql, Tick, output};

#[output]
struct Report {
    /// Rows of today and yesterday, one per kind of job, endpoint and measure.
    measured: i64,
    /// Of today's, those that depart from the usual.
    drifted: i64,
    /// Notices written; `operations-reconcile-jobs` sends them.
    alerted: i64,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    Ok(Reply::new(ctx.sql(MEASURE).await?.one()?))
}

const MEASURE: Sql = Sql::new(
    "select measured, drifted, alerted
     from jsonb_to_record(edge.measure_latencies()) as m (measured bigint, drifted bigint, alerted bigint)",
);

#[cfg(test)]
mod tests;
