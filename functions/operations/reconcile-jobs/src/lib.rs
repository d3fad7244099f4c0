edge::function! {
    //! Makes up for what was lost on the way: callbacks of RunPod, answers to submissions, messages to Discord.

    CRON "reconcile-jobs" every "5m" => run, budget: 3;
    uses: [Discord, Mail, RunPod, Storage]
}

use edge::{Context, Error, Reply, Result, Sql, SqlJson, Tick, output};
use futures::StreamExt;
use grimoire::{Event, keep};
use outbox::Entry;
use runpod::{Found, Report as Said, RunPod, State};
use serde::Deserialize;
use uuid::Uuid;

// Each job may need three calls (asked, fetched, stored). Together with three SQL calls at most fifty per run, which is
// what the smallest plan of Workers allows.
const MOST_JOBS: u32 = 11;
const MOST_EXPIRED: u32 = 5;
const MOST_MESSAGES: u32 = 5;

/// Workers open six connections at once; results are held in memory.
const AT_ONCE: usize = 4;

#[output]
struct Report {
    /// Jobs that RunPod can have nothing more to say about, given up.
    expired: u32,
    /// Jobs that RunPod was asked about.
    asked: u32,
    /// Of these: no longer known to RunPod.
    gone: u32,
    /// Of these: RunPod did not answer, or its result could not be kept yet.
    silent: u32,
    /// Of these: now in another state.
    moved: u32,
    /// Messages of the outbox.
    delivered: u32,
    retried: u32,
    dead: u32,
    /// A limit of this run was reached: the next tick goes on.
    more: bool,
}

#[derive(Deserialize)]
struct Expired {
    expired: u32,
    outbox: Vec<Entry>,
}

#[derive(Deserialize)]
struct Job {
    job_id: Uuid,
    kind: String,
    runpod_job_id: String,
    endpoint: String,
}

#[derive(Deserialize)]
struct Moved {
    outcome: String,
    #[serde(default)]
    outbox: Vec<Entry>,
}

#[derive(Deserialize)]
struct Answer<T> {
    answer: T,
}

/// What came of asking about a job.
enum Asked {
    Said(Event),
    Gone(Event),
    Silent,
    Nothing,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    // Without a key nobody can be asked; the rest is still to be done.
    let runpod = RunPod::new(&ctx);
    let most_jobs = if runpod.is_ok() { MOST_JOBS } else { 0 };
    let [expired, jobs] = ctx.batch([EXPIRE.bind(MOST_EXPIRED), SILENT.bind(most_jobs)]).await?;
    let expired: Expired = expired.one::<Answer<_>>()?.answer;
    let jobs: Vec<Job> = jobs.all()?;
    let asked = u32::try_from(jobs.len()).unwrap_or(u32::MAX);
    let mut report =
        Report { expired: expired.expired, asked, gone: 0, silent: 0, moved: 0, delivered: 0, retried: 0, dead: 0, more: false };

    let events = match &runpod {
        Ok(runpod) => ask(&ctx, runpod, jobs, &mut report).await,
        Err(_) => Vec::new(),
    };
    let [moved, due] = ctx.batch([EVENTS.bind(SqlJson(&events)), outbox::claim(&ctx, MOST_MESSAGES)]).await?;
    let moved: Vec<Answer<Moved>> = moved.all()?;
    let due: Vec<Entry> = due.all()?;
    report.moved = u32::try_from(moved.iter().filter(|job| job.answer.outcome == "moved").count()).unwrap_or(u32::MAX);
    report.more = report.expired == MOST_EXPIRED || report.asked == MOST_JOBS || due.len() == MOST_MESSAGES as usize;

    let caused = moved.into_iter().flat_map(|job| job.answer.outbox);
    let counts = outbox::deliver(&ctx, expired.outbox.into_iter().chain(caused).chain(due).collect()).await?;
    Ok(Reply::new(Report { delivered: counts.delivered, retried: counts.retried, dead: counts.dead, ..report }))
}

/// Asks RunPod about each job, keeps what is done, and gives what has changed.
async fn ask(ctx: &Context, runpod: &RunPod<'_>, jobs: Vec<Job>, report: &mut Report) -> Vec<Event> {
    let asking = futures::stream::iter(jobs).map(async |job| ask_about(ctx, runpod, job).await);
    let answers: Vec<Asked> = asking.buffer_unordered(AT_ONCE).collect().await;
    let mut events = Vec::new();
    for asked in answers {
        match asked {
            Asked::Said(event) => events.push(event),
            Asked::Gone(event) => {
                report.gone += 1;
                events.push(event);
            }
            Asked::Silent => report.silent += 1,
            Asked::Nothing => {}
        }
    }
    events
}

async fn ask_about(ctx: &Context, runpod: &RunPod<'_>, job: Job) -> Asked {
    let silent = |reason: String| {
        ctx.warn(&Error::unavailable(reason));
        Asked::Silent
    };
    match runpod.status(&job.endpoint, &job.runpod_job_id).await {
        Found::Job(mut said) => {
            let output = said.output.take();
            let said = Said { id: Some(job.runpod_job_id), ..said };
            match (Event::new(job.job_id, said), output) {
                (None, _) => Asked::Nothing,
                (Some(event), None) => Asked::Said(event),
                (Some(event), Some(output)) => {
                    let kept = keep(ctx, job.job_id, &job.kind, event.runpod_job_id.as_deref(), output).await;
                    event.with(kept).map_or_else(silent, Asked::Said)
                }
            }
        }
        // Its result is no longer kept. Should its callback still be on its way, that is believed.
        Found::Gone => {
            let said = Said {
                id: Some(job.runpod_job_id),
                state: Some(State::Failed),
                error: Some("result_expired".to_owned()),
                ..Said::default()
            };
            Event::new(job.job_id, said).map_or(Asked::Nothing, |event| Asked::Gone(Event { is_presumed: true, ..event }))
        }
        Found::Silence { reason } => silent(["runpod: ", &reason].concat()),
    }
}

const EXPIRE: Sql = Sql::new("select edge.expire_jobs($1) as answer");

const SILENT: Sql = Sql::new("select job_id, kind, runpod_job_id, endpoint from edge.jobs_to_reconcile($1)");

/// In the order of ids, so that two runs at once cannot wait for each other.
const EVENTS: Sql = Sql::new(
    "select edge.job_event(e.job, e.runpod_job_id, e.status, e.output, e.error, e.delay_ms, e.execution_ms,
       progress => e.progress, is_presumed => e.is_presumed) as answer
     from (
       select * from jsonb_to_recordset($1) as e (
         job uuid, runpod_job_id text, status text, output jsonb, error text, delay_ms bigint, execution_ms bigint,
         progress integer, is_presumed boolean)
       order by job) as e",
);

#[cfg(test)]
mod tests;
