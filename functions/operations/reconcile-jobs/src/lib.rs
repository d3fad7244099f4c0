edge::function! {
    //! Makes up for what was lost on the way: callbacks of RunPod, answers to submissions, messages to Discord.

    CRON "reconcile-jobs" every "5m" => run, budget: 12;
    uses: [edge::SEALING, grimoire::SETTINGS, mail::SETTINGS, providers::ALL]
}

mod messages;

use edge::{Context, Error, Reply, Result, Sql, SqlJson, Tick, output};
use futures::StreamExt;
use grimoire::{Event, keep};
use outbox::{Entry, Sender};
use runpod::{Lookup, Report as Said, RunPod, State};
use serde::Deserialize;
use uuid::Uuid;

/// Whoever has something to send: what a request could not deliver is delivered here.
const SENDERS: [&dyn Sender; 4] = [&accounts::Messages, &grimoire::Messages, &messages::Messages, &providers::Messages];

/// Calls that a job may need: asked about, its result fetched, and stored.
const CALLS_PER_JOB: u32 = 3;
/// Jobs that are asked about before what was learnt is recorded.
const WAVE: u32 = 40;
/// The first is a quarter of one: a small plan of the platform allows no more.
const MOST_WAVES: u32 = 9;
/// One for each wave; before them, after them, and one that settles messages.
const SQL_CALLS: u32 = MOST_WAVES + 3;
/// No wave begins after that: the clock waits for five minutes at most.
const LONGEST_MS: f64 = 120_000.0;
const MOST_EXPIRED: u32 = 100;
const MOST_MESSAGES: u32 = 100;

/// Workers open six connections at once; results are held in memory.
const AT_ONCE: usize = 4;

#[output]
#[derive(Default)]
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
struct JobMoved {
    outcome: String,
    #[serde(default)]
    outbox: Vec<Entry>,
}

/// What came of asking about a job.
enum Answered {
    Said(Event),
    Gone(Event),
    Silent,
    Nothing,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let started = ctx.clock();
    // Without a key nobody can be asked; the rest is still to be done.
    let runpod = RunPod::new(&ctx).ok();
    let [expired, plan, jobs] =
        ctx.batch([EXPIRE.bind(MOST_EXPIRED), PLAN.into(), SILENT.bind(runpod.as_ref().map_or(0, |_| WAVE / 4))]).await?;
    let expired: Expired = expired.value()?;
    let calls: u32 = plan.value()?;
    let most_messages = (calls / 10).min(MOST_MESSAGES);
    let most_jobs = ((calls - most_messages).saturating_sub(SQL_CALLS) / CALLS_PER_JOB).min((MOST_WAVES - 1) * WAVE);
    let mut report = Report { expired: expired.expired, ..Report::default() };

    let (mut wave, mut messages) = (jobs.all::<Job>()?, expired.outbox);
    let mut waves_left = MOST_WAVES;
    while let Some(runpod) = runpod.as_ref().filter(|_| !wave.is_empty()) {
        report.asked += u32::try_from(wave.len()).unwrap_or(u32::MAX);
        let events = ask(&ctx, runpod, wave, &mut report).await;
        waves_left -= 1;
        let is_over = waves_left == 0 || ctx.clock() - started > LONGEST_MS;
        let next = if is_over { 0 } else { most_jobs.saturating_sub(report.asked).min(WAVE) };
        report.more |= next == 0;
        let [moved, jobs] = ctx.batch([EVENTS.bind(SqlJson(&events)), SILENT.bind(next)]).await?;
        for job in moved.values::<JobMoved>()? {
            report.moved += u32::from(job.outcome == "moved");
            messages.extend(job.outbox);
        }
        wave = jobs.all()?;
    }

    // What does not fit is due again in a minute.
    messages.truncate(most_messages as usize);
    let left = most_messages - u32::try_from(messages.len()).unwrap_or(most_messages);
    messages.extend(ctx.sql(outbox::claim(&ctx, left)).await?.all::<Entry>()?);
    report.more |= report.expired == MOST_EXPIRED || messages.len() >= most_messages as usize;
    let counts = outbox::deliver(&ctx, &SENDERS, messages).await?;
    Ok(Reply::new(Report { delivered: counts.delivered, retried: counts.retried, dead: counts.dead, ..report }))
}

/// Asks RunPod about each job, keeps what is done, and gives what has changed.
async fn ask(ctx: &Context, runpod: &RunPod<'_>, jobs: Vec<Job>, report: &mut Report) -> Vec<Event> {
    let asking = futures::stream::iter(jobs).map(async |job| ask_about(ctx, runpod, job).await);
    let answers: Vec<Answered> = asking.buffer_unordered(AT_ONCE).collect().await;
    let mut events = Vec::new();
    for asked in answers {
        match asked {
            Answered::Said(event) => events.push(event),
            Answered::Gone(event) => {
                report.gone += 1;
                events.push(event);
            }
            Answered::Silent => report.silent += 1,
            Answered::Nothing => {}
        }
    }
    events
}

async fn ask_about(ctx: &Context, runpod: &RunPod<'_>, job: Job) -> Answered {
    let silent = |reason: String| {
        ctx.warn(&Error::unavailable(reason));
        Answered::Silent
    };
    match runpod.status(&job.endpoint, &job.runpod_job_id).await {
        Lookup::Job(mut said) => {
            let output = said.output.take();
            let said = Said { id: Some(job.runpod_job_id), ..said };
            match (Event::new(job.job_id, said), output) {
                (None, _) => Answered::Nothing,
                (Some(event), None) => Answered::Said(event),
                (Some(event), Some(output)) => {
                    let stored = keep(ctx, job.job_id, &job.kind, event.runpod_job_id.as_deref(), output).await;
                    event.with(stored).map_or_else(silent, Answered::Said)
                }
            }
        }
        // Its result is no longer kept. Should its callback still be on its way, that is believed.
        Lookup::Gone => {
            let said = Said {
                id: Some(job.runpod_job_id),
                state: Some(State::Failed),
                error: Some("result_expired".to_owned()),
                ..Said::default()
            };
            Event::new(job.job_id, said).map_or(Answered::Nothing, |event| Answered::Gone(Event { is_presumed: true, ..event }))
        }
        Lookup::Silence { reason } => silent(["runpod: ", &reason].concat()),
    }
}

const EXPIRE: Sql = Sql::new("select edge.expire_jobs($1)");

const PLAN: Sql = Sql::new("select edge.calls_per_run()");

const SILENT: Sql = Sql::new("select job_id, kind, runpod_job_id, endpoint from edge.jobs_to_reconcile($1)");

/// In the order of ids, so that two runs at once cannot wait for each other.
const EVENTS: Sql = Sql::new(
    "select edge.job_event(e.job, e.runpod_job_id, e.status, e.output, e.error, e.delay_ms, e.execution_ms,
       progress => e.progress, is_presumed => e.is_presumed)
     from (
       select * from jsonb_to_recordset($1) as e (
         job uuid, runpod_job_id text, status text, output jsonb, error text, delay_ms bigint, execution_ms bigint,
         progress integer, is_presumed boolean)
       order by job) as e",
);

#[cfg(test)]
mod tests;
