edge::function! {
    //! Where RunPod tells the end of a job.

    /// Takes what RunPod says about a job. The link is the proof. Answers 200 to everything that comes by a good link, a
    /// repeated or late call and an unknown job too: RunPod would only repeat it.
    POST "/webhooks/runpod/{job}" => receive, auth: Signed<RunPodCallback>, limit: 1200, writes, body: 10_485_760;
    uses: [Discord, Links]
}

use edge::{Context, Error, OnConstraint, Raw, Reply, Result, Signed, Sql, SqlJson, messages, output};
use outbox::Entry;
use runpod::{Report, RunPodCallback};
use serde::Serialize;

/// An unconfirmed job does not know its id yet; the database knows whose the id is.
const ONE_JOB_PER_ID: &str = "jobs_runpod_job_id_key";

#[output]
struct Received {
    outcome: Outcome,
}

#[output]
enum Outcome {
    /// The job is now in another state.
    Moved,
    /// It was there already, or further, or the body says nothing new.
    Unchanged,
    /// RunPod's id is that of another job.
    Mismatch,
    NotFound,
}

#[derive(serde::Deserialize)]
struct Moved {
    outcome: Outcome,
    outbox: Option<Entry>,
}

#[derive(serde::Deserialize)]
struct Answer {
    answer: Moved,
}

#[derive(Serialize)]
struct Output<'a> {
    image_url: &'a str,
}

async fn receive(ctx: Context, Signed(callback): Signed<RunPodCallback>, Raw(body): Raw) -> Result<Reply<Received>> {
    let Some((report, state)) = Report::read(&body).and_then(|report| report.state.map(|state| (report, state))) else {
        ctx.warn(&Error::internal("a callback that says nothing about its job"));
        return Ok(Reply::new(Received { outcome: Outcome::Unchanged }));
    };
    let output = report.image_url.as_deref().map(|image_url| SqlJson(Output { image_url }));
    let event = EVENT
        .bind(callback.job)
        .bind(&report.id)
        .bind(state.name())
        .bind(output)
        .bind(&report.error)
        .bind(report.delay_ms)
        .bind(report.execution_ms);
    let moved = match ctx.sql(event).await.on_constraint(ONE_JOB_PER_ID, || Error::conflict(messages::CONFLICT)) {
        Err(error) if error.code() == messages::CONFLICT.code => Moved { outcome: Outcome::Mismatch, outbox: None },
        rows => rows?.one::<Answer>()?.answer,
    };
    if let Some(entry) = moved.outbox {
        let later = ctx.clone();
        ctx.later(async move {
            // Should this fail, the row is due again in a minute.
            if let Err(error) = outbox::deliver(&later, vec![entry]).await {
                later.warn(&error);
            }
        });
    }
    Ok(Reply::new(Received { outcome: moved.outcome }))
}

const EVENT: Sql = Sql::new(
    "select edge.job_event(
       job => $1, runpod_job_id => $2, status => $3, output => $4, error => $5, delay_ms => $6, execution_ms => $7) as answer",
);

#[cfg(test)]
mod tests;
