edge::function! {
    //! Makes up for what was lost on the way: callbacks of RunPod, answers to submissions, messages to Discord.

    CRON "reconcile-jobs" every "5m" => run, budget: 3;
    uses: [Discord, RunPod]
}

use edge::{Context, Error, Reply, Result, Sql, SqlJson, Tick, output};
use futures::StreamExt;
use outbox::Entry;
use runpod::{Found, Report as Said, RunPod, State};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

// Together with three SQL calls at most fifty calls per run, which is what the smallest plan of Workers allows.
const MOST_JOBS: u32 = 15;
const MOST_EXPIRED: u32 = 5;
const MOST_MESSAGES: u32 = 10;

/// Workers open six connections at once.
const AT_ONCE: usize = 5;

#[output]
struct Report {
    /// Submissions that were never confirmed, given up.
    expired: u32,
    /// Jobs that RunPod was asked about.
    asked: u32,
    /// Of these: no longer known to RunPod.
    gone: u32,
    /// Of these: RunPod did not answer.
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
    runpod_job_id: String,
    endpoint: String,
}

#[derive(Default, Serialize)]
struct Event {
    job: Uuid,
    runpod_job_id: String,
    status: &'static str,
    output: Option<Output>,
    error: Option<String>,
    delay_ms: Option<i64>,
    execution_ms: Option<i64>,
}

#[derive(Serialize)]
struct Output {
    image_url: String,
}

#[derive(Deserialize)]
struct Moved {
    outcome: String,
    outbox: Option<Entry>,
}

#[derive(Deserialize)]
struct Answer<T> {
    answer: T,
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

    let caused = moved.into_iter().filter_map(|job| job.answer.outbox);
    let counts = outbox::deliver(&ctx, expired.outbox.into_iter().chain(caused).chain(due).collect()).await?;
    Ok(Reply::new(Report { delivered: counts.delivered, retried: counts.retried, dead: counts.dead, ..report }))
}

/// Asks RunPod about each job and gives what has changed.
async fn ask(ctx: &Context, runpod: &RunPod<'_>, jobs: Vec<Job>, report: &mut Report) -> Vec<Event> {
    let asking = futures::stream::iter(jobs).map(async |job| {
        let found = runpod.status(&job.endpoint, &job.runpod_job_id).await;
        (job, found)
    });
    let answers: Vec<_> = asking.buffer_unordered(AT_ONCE).collect().await;
    let mut events = Vec::new();
    for (job, found) in answers {
        match found {
            Found::Job(said) => events.extend(said.state.map(|state| event(job, state, said))),
            Found::Gone => {
                report.gone += 1;
                let said = Said { error: Some("result_expired".to_owned()), ..Said::default() };
                events.push(event(job, State::Failed, said));
            }
            Found::Silence { reason } => {
                report.silent += 1;
                ctx.warn(&Error::unavailable(["runpod: ", &reason].concat()));
            }
        }
    }
    events
}

fn event(job: Job, state: State, said: Said) -> Event {
    Event {
        job: job.job_id,
        runpod_job_id: job.runpod_job_id,
        status: state.name(),
        output: said.image_url.map(|image_url| Output { image_url }),
        error: said.error,
        delay_ms: said.delay_ms,
        execution_ms: said.execution_ms,
    }
}

const EXPIRE: Sql = Sql::new("select edge.expire_submitting($1) as answer");

const SILENT: Sql = Sql::new("select job_id, runpod_job_id, endpoint from edge.jobs_to_reconcile($1)");

/// In the order of ids, so that two runs at once cannot wait for each other.
const EVENTS: Sql = Sql::new(
    "select edge.job_event(e.job, e.runpod_job_id, e.status, e.output, e.error, e.delay_ms, e.execution_ms) as answer
     from jsonb_to_recordset($1) as e (
       job uuid, runpod_job_id text, status text, output jsonb, error text, delay_ms bigint, execution_ms bigint)
     order by e.job",
);

#[cfg(test)]
mod tests;
