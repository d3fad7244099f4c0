edge::function! {
    //! How long RunPod takes: the history that `operations-measure-latencies` keeps.

    /// Days, latest first; of each one row per kind of job, endpoint and measure. Today's row grows every hour.
    GET "/latencies" => list_latencies, auth: Qa, limit: 60, reads;
}

use chrono::{DateTime, NaiveDate, Utc};
use edge::{Context, Cursor, Date, FieldError, Page, Place, Qa, Query, Reply, Result, Sql, input, output};

const PAGE: u32 = 20;

#[input]
struct Filter {
    /// First day, inclusive, in UTC.
    from: Option<Date>,
    /// Last day, inclusive, in UTC.
    to: Option<Date>,
    /// Only jobs of this kind.
    kind: Option<Kind>,
    /// RunPod's id of an endpoint.
    #[validate(length(min = 1, max = 200))]
    endpoint: Option<String>,
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[output(name = "LatencyKind")]
enum Kind {
    Scene,
    Pose,
    Audio,
}

#[output(name = "LatencyMeasure")]
enum Measure {
    /// From acceptance to a worker, as RunPod tells it.
    QueueDelay,
    /// On the worker, as RunPod tells it.
    ExecutionTime,
    /// Until RunPod's API had accepted the job, as we saw it.
    ResponseTime,
}

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

async fn list_latencies(ctx: Context, _: Qa, Query(filter): Query<Filter>) -> Result<Reply<Page<Latency>>> {
    if filter.from.zip(filter.to).is_some_and(|(from, to)| from > to) {
        return Err(FieldError::new(Place::Query, "to", "from_after_to").into());
    }
    let same = (filter.from, filter.to, filter.kind, &filter.endpoint);
    let after: Option<(NaiveDate, Kind, String, Measure)> = filter.cursor.map(|cursor| cursor.open(&same)).transpose()?;
    let limit = filter.limit.unwrap_or(PAGE);
    let list = LIST
        .bind(filter.from.map(Date::day))
        .bind(filter.to.map(Date::day))
        .bind(filter.kind.map(Kind::word))
        .bind(&filter.endpoint)
        .bind(after.as_ref().map(|after| after.0))
        .bind(after.as_ref().map(|after| after.1.word()))
        .bind(after.as_ref().map(|after| &after.2))
        .bind(after.as_ref().map(|after| after.3.word()))
        .bind(limit + 1);
    let rows = ctx.sql(list).await?.all::<Latency>()?;
    Ok(Reply::new(Page::new(rows, limit, &same, |row| (row.day, row.kind, row.endpoint.clone(), row.measure))))
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Kind::Scene => "scene",
            Kind::Pose => "pose",
            Kind::Audio => "audio",
        }
    }
}

impl Measure {
    fn word(self) -> &'static str {
        match self {
            Measure::QueueDelay => "queue_delay",
            Measure::ExecutionTime => "execution_time",
            Measure::ResponseTime => "response_time",
        }
    }
}

const LIST: Sql = Sql::new(
    "select day, kind, endpoint, measure, jobs, p50_ms, p95_ms, max_ms, measured_at
     from edge.list_latencies($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);

#[cfg(test)]
mod tests;
