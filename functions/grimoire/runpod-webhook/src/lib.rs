edge::function! {
    //! Where RunPod tells the end of a job.

    /// Takes what RunPod says about a job. The link is the proof. Answers 200 to everything that comes by a good link, a
    /// repeated or late call and an unknown job too: RunPod would only repeat it. 503 where the result could not be kept
    /// yet, 422 where nothing could be read: then RunPod comes again, and after it `operations-reconcile-jobs` asks.
    POST "/webhooks/runpod/{job}" => receive_runpod_report, auth: Signed<RunPodCallback>, limit: 1200, writes, sql: 2, body: 16_777_216,
        refuses: [runpod::REFUSED, UNREADABLE];
    uses: [edge::LINKS, grimoire::SETTINGS]
}

use edge::{Context, Error, OnConstraint, Raw, Reply, Result, Signed, Sql, SqlJson, output, refusal, refusals};
use grimoire::{Event, StoreOutcome, keep, tell};
use outbox::Entry;
use runpod::{Report, RunPodCallback};

refusals! {
    UNREADABLE: 422 "unreadable_report", fr: "Ce rapport n'est pas un objet JSON.", en: "This report is not a JSON object.";
}

/// An unconfirmed job does not know its id yet; the database knows whose the id is.
const ONE_JOB_PER_ID: &str = "jobs_runpod_job_id_key";

/// What became of a report.
#[output(name = "RunPodReportReceived")]
struct Received {
    outcome: Outcome,
}

/// What a report has changed.
#[output(name = "RunPodReportOutcome")]
enum Outcome {
    /// The job is now in another state.
    Moved,
    /// It was there already, or further, or the body says nothing new.
    Unchanged,
    /// RunPod's id is that of another job.
    Mismatch,
    NotFound,
}

#[edge::outcome]
enum Awaited {
    Awaits { kind: String },
    Unchanged,
    Mismatch,
    NotFound,
}

#[derive(serde::Deserialize)]
struct JobEvent {
    outcome: Outcome,
    #[serde(default)]
    outbox: Vec<Entry>,
}

async fn receive_runpod_report(
    ctx: Context,
    Signed(callback): Signed<RunPodCallback>,
    Raw { body, .. }: Raw,
) -> Result<Reply<Received>> {
    let received = |outcome| Ok(Reply::new(Received { outcome }));
    // Not thanked for: RunPod says it again, and `operations-reconcile-jobs` asks.
    let mut report = Report::read(&body).ok_or(UNREADABLE)?;
    drop(body);
    let output = report.output.take();
    let Some(mut event) = Event::new(callback.job, report) else {
        ctx.warn(&Error::internal("a callback that says nothing about its job"));
        return received(Outcome::Unchanged);
    };
    if let Some(output) = output {
        // Nothing is fetched for a job that has ended, or for somebody else's.
        let awaits = AWAITS.bind(callback.job).bind(&event.runpod_job_id);
        let stored: Option<StoreOutcome> = match ctx.sql(awaits).await?.value()? {
            Awaited::Awaits { kind } => Some(keep(&ctx, callback.job, &kind, event.runpod_job_id.as_deref(), output).await),
            // What it has computed is billed all the same.
            Awaited::Unchanged => None,
            Awaited::Mismatch => return received(Outcome::Mismatch),
            Awaited::NotFound => return received(Outcome::NotFound),
        };
        if let Some(stored) = stored {
            event = event.with(stored).map_err(Error::unavailable)?;
        }
    }
    let moved = ctx.sql(EVENT.bind(SqlJson(&event))).await;
    let moved = match moved.on_constraint(ONE_JOB_PER_ID, || Error::from(refusal::CONFLICT)) {
        Err(error) if error.code() == refusal::CONFLICT.code() => JobEvent { outcome: Outcome::Mismatch, outbox: Vec::new() },
        rows => rows?.value()?,
    };
    tell(&ctx, moved.outbox);
    received(moved.outcome)
}

const AWAITS: Sql = Sql::new("select edge.job_awaits(job => $1, runpod_job_id => $2)");

const EVENT: Sql = Sql::new(
    "select edge.job_event(e.job, e.runpod_job_id, e.status, e.output, e.error, e.delay_ms, e.execution_ms,
       progress => e.progress, is_presumed => e.is_presumed)
     from jsonb_to_record($1) as e (
       job uuid, runpod_job_id text, status text, output jsonb, error text, delay_ms bigint, execution_ms bigint,
       progress integer, is_presumed boolean)",
);

#[cfg(test)]
mod tests;
