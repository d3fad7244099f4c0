edge::function! {
    //! How long RunPod takes: the history that `operations-measure-latencies` keeps.

    /// Days, latest first; of each one row per kind of job, endpoint and measure. Today's row grows every
    /// hour. `from` and `to` are days in UTC.
    GET "/latencies" => list_latencies, auth: Qa, limit: 60, reads;
}

use chrono::{DateTime, NaiveDate, Utc};
use edge::{Context, Days, List, Page, Qa, Reply, Result, Sql, Verbatim, input, output};

#[input]
struct Filter {
    /// Only jobs of this kind.
    kind: Option<Kind>,
    /// RunPod's id of an endpoint.
    #[validate(length(min = 1, max = 200))]
    endpoint: Option<String>,
}

/// What was waited for.
#[output(name = "LatencyKind")]
enum Kind {
    Scene,
    Pose,
    Audio,
}

/// Which part of the wait was measured.
#[output(name = "LatencyMeasure")]
enum Measure {
    /// From acceptance to a worker, as RunPod tells it.
    QueueDelay,
    /// On the worker, as RunPod tells it.
    ExecutionTime,
    /// Until RunPod's API had accepted the job, as we saw it.
    ResponseTime,
}

/// Waiting times of one day, in milliseconds.
#[output(name = "Latency")]
struct Latency {
    /// On which the jobs were asked for, in UTC.
    day: NaiveDate,
    kind: Kind,
    endpoint: String,
    measure: Measure,
    /// Jobs whose time is known.
    jobs: i32,
    p50_ms: i64,
    p95_ms: i64,
    max_ms: i64,
    measured_at: DateTime<Utc>,
}

#[output]
struct Key {
    day: NaiveDate,
    kind: Kind,
    endpoint: String,
    measure: Measure,
}

async fn list_latencies(ctx: Context, _: Qa, list: List<Days<Filter>, Key>) -> Result<Reply<Verbatim<Page<Latency>>>> {
    let Days { from, to, rest } = &list.filter;
    let filtered = LIST.bind(from).bind(to).bind(rest.kind).bind(&rest.endpoint);
    let after = filtered.bind(list.after(|key| key.day)).bind(list.after(|key| key.kind));
    let after = after.bind(list.after(|key| &key.endpoint)).bind(list.after(|key| key.measure));
    Ok(Reply::new(ctx.sql(after.bind(list.fetch())).await?.page(&list)?))
}

const LIST: Sql = Sql::new(
    "select day, kind, endpoint, measure, jobs, p50_ms, p95_ms, max_ms, measured_at
     from edge.list_latencies($1, $2, $3, $4, $5, $6, $7, $8, $9::integer)",
);

#[cfg(test)]
mod tests;
