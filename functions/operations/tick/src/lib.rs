edge::function! {
    //! The clock: calls the cron functions that are due.

    CLOCK "*/5 * * * *" => run, budget: 2;
    uses: [SETTINGS]
}

use chrono::{DateTime, Utc};
use edge::{Context, Error, HttpAnswer, HttpFailure, Reply, Result, Sql, SqlJson, Tick, output, settings};
use futures::stream::{self, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::Value;

settings! {
    SETTINGS: {
        "CRONS": List = "", "generated: the cron functions and how often each runs, in seconds";
    }
}

/// Functions that are called at once: with what they call themselves, an invocation chain stays below the platform's 32.
const AT_ONCE: usize = 12;

/// What `cron_runs.counts` holds at most.
const LARGEST_REPORT: usize = 16_384;

#[output]
struct Report {
    runs: Vec<Run>,
}

/// What became of one function that was due.
#[output]
struct Run {
    function: String,
    outcome: Outcome,
    error: Option<String>,
}

#[output]
enum Outcome {
    Succeeded,
    /// There is more to do: it is called again at the next tick.
    Partial,
    Failed,
}

/// One entry of `CRONS`.
#[derive(Debug, PartialEq, Serialize)]
struct Cron<'a> {
    name: &'a str,
    every_seconds: u32,
}

#[derive(Deserialize)]
struct Due {
    run_id: i64,
    function: String,
    due_at: DateTime<Utc>,
}

#[derive(Serialize)]
struct Finished {
    run_id: i64,
    outcome: Outcome,
    counts: Value,
    error: Option<String>,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let crons = crons(ctx.setting("CRONS")).ok_or_else(|| Error::internal("CRONS is not name=seconds,…"))?;
    let due: Vec<Due> = ctx.sql(DUE.bind(SqlJson(&crons))).await?.all()?;
    if due.is_empty() {
        return Ok(Reply::new(Report { runs: Vec::new() }));
    }
    // Several at once: a function that hangs or fails must not keep the others waiting.
    let runs = due.iter().map(async |due| finish(due.run_id, ctx.call(&due.function, due.due_at).await));
    let finished: Vec<Finished> = stream::iter(runs).buffered(AT_ONCE).collect().await;
    ctx.sql(FINISH.bind(SqlJson(&finished))).await?;
    let runs = due.into_iter().zip(finished).map(|(due, Finished { outcome, error, .. })| {
        if let Some(error) = &error {
            ctx.warn(&Error::internal([&due.function, ": ", error].concat()));
        }
        Run { function: due.function, outcome, error }
    });
    Ok(Reply::new(Report { runs: runs.collect() }))
}

/// Reads `name=seconds,…`; `None` where it is something else.
fn crons(text: &str) -> Option<Vec<Cron<'_>>> {
    let entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let (name, seconds) = entry.split_once('=')?;
            let every_seconds = seconds.parse().ok().filter(|seconds| *seconds > 0)?;
            Some(Cron { name, every_seconds })
        })
        .collect()
}

/// Reads the answer of a cron function: its report, of which `more` means that it is not done.
fn finish(run_id: i64, answer: Result<HttpAnswer, HttpFailure>) -> Finished {
    let failed = |error: String| Finished { run_id, outcome: Outcome::Failed, counts: none(), error: Some(error) };
    match answer {
        Ok(answer) if answer.is_success() => {
            let counts = answer.json::<Value>().filter(|report| report.is_object() && answer.body.len() <= LARGEST_REPORT);
            let counts = counts.unwrap_or_else(none);
            let outcome = if counts["more"] == true { Outcome::Partial } else { Outcome::Succeeded };
            Finished { run_id, outcome, counts, error: None }
        }
        Ok(answer) => {
            let problem = answer.json::<Value>().unwrap_or_default();
            failed([&answer.status.to_string(), " ", problem["code"].as_str().unwrap_or_default()].concat().trim_end().to_owned())
        }
        Err(HttpFailure::Timeout) => failed("timeout".to_owned()),
        Err(HttpFailure::Connection(why)) => failed(why),
    }
}

fn none() -> Value {
    Value::Object(serde_json::Map::new())
}

const DUE: Sql = Sql::new("select run_id, function, due_at from edge.cron_due($1)");

const FINISH: Sql = Sql::new(
    "select edge.cron_finish(f.run_id, f.outcome, f.counts, f.error) ->> 'outcome' as outcome
     from jsonb_to_recordset($1) as f (run_id bigint, outcome text, counts jsonb, error text)",
);

#[cfg(test)]
mod tests;
