//! Following a creation until it ends, and giving it up.

use std::time::Duration;

use edge::{Context, Event, Events, Reply, Result, Sql, Statement, refusal};
use futures::stream::{LocalBoxStream, StreamExt, unfold};
use runpod::{Lookup, Report, RunPod, State};
use uuid::Uuid;

use crate::collection::{Creation, Shown};
use crate::tell;

const POLL: Duration = Duration::from_millis(1500);
/// Per connection, each of them one call: the smallest plan of Workers allows fifty. Then the browser connects again.
const POLLS: u32 = 40;
/// RunPod tells the end of a job by itself, and its progress only when it is asked: every ten seconds.
const POLLS_PER_QUESTION: u32 = 7;
/// Proxies close a connection that is silent for long.
const BEAT: Duration = Duration::from_secs(12);

#[derive(serde::Deserialize)]
struct Followed {
    job: Option<Job>,
}

/// As RunPod knows what is waited for.
#[derive(serde::Deserialize)]
struct Job {
    endpoint: String,
    runpod_job_id: String,
}

/// A job that RunPod says is running.
struct Running {
    runpod_job_id: String,
    progress: Option<i64>,
}

pub(crate) async fn cancel<T: Shown>(ctx: &Context, creation: Uuid, look: Statement) -> Result<Reply<T>> {
    let [orders, row] = ctx.batch([CANCEL.bind(creation).bind(T::COLLECTION), look]).await?;
    tell(ctx, orders.value()?);
    Ok(Reply::new(row.one::<Creation>()?.shown(ctx)))
}

/// What remains to be told on one connection.
struct Following {
    ctx: Context,
    /// By [`Context::clock`].
    started: f64,
    creation: Uuid,
    next: Option<Creation>,
    job: Option<Job>,
    seen: String,
    polls: u32,
    is_over: bool,
}

pub(crate) async fn follow<T: Shown>(
    ctx: &Context,
    creation: Uuid,
    look: impl Fn() -> Statement + 'static,
) -> Result<Reply<Events<T>>> {
    let started = ctx.clock();
    let (job, first) = poll(ctx, creation, None, 0.0, look()).await?;
    let first = first.ok_or(refusal::NOT_FOUND)?;
    let seen = ctx.last_event_id().unwrap_or_default().to_owned();
    if first.is_over() && first.mark() == seen {
        return Ok(Reply::new(Events::none()).status(204));
    }
    let following = Following { ctx: ctx.clone(), started, creation, next: Some(first), job, seen, polls: POLLS, is_over: false };
    Ok(Reply::new(Events::new(ctx, BEAT, changes(following, look)).again_after(POLL)))
}

/// Records what RunPod has said, and looks.
async fn poll(
    ctx: &Context,
    creation: Uuid,
    running: Option<Running>,
    elapsed_ms: f64,
    look: Statement,
) -> Result<(Option<Job>, Option<Creation>)> {
    let (id, progress) = running.map_or((None, None), |running| (Some(running.runpod_job_id), running.progress));
    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    let follow = FOLLOW.bind(creation).bind(id).bind(progress).bind(elapsed_ms as i32);
    let [followed, row] = ctx.batch([follow, look]).await?;
    Ok((followed.value::<Followed>()?.job, row.optional()?))
}

fn changes<T: Shown>(from: Following, look: impl Fn() -> Statement + 'static) -> LocalBoxStream<'static, Event<T>> {
    let look = std::rc::Rc::new(look);
    unfold(from, move |mut following| {
        let look = look.clone();
        async move {
            loop {
                let row = following.next(&*look).await?;
                let id = row.mark();
                if id != following.seen {
                    following.is_over = row.is_over();
                    following.seen.clone_from(&id);
                    let data = row.shown(&following.ctx);
                    return Some((Event::new(data).id(id), following));
                }
            }
        }
    })
    .boxed_local()
}

impl Following {
    /// How it is now, or after a pause; `None` where there is nothing more to tell, or nobody to ask.
    async fn next(&mut self, look: &impl Fn() -> Statement) -> Option<Creation> {
        if let Some(first) = self.next.take() {
            return Some(first);
        }
        if self.is_over || self.polls == 0 {
            return None;
        }
        let running = self.ask().await;
        self.polls -= 1;
        self.ctx.pause(POLL).await;
        match poll(&self.ctx, self.creation, running, self.ctx.clock() - self.started, look()).await {
            Ok((job, row)) => {
                self.job = job;
                row
            }
            Err(error) => {
                self.ctx.warn(&error);
                None
            }
        }
    }

    /// Asks RunPod about the job, if it is time to.
    async fn ask(&self) -> Option<Running> {
        let is_time = (POLLS - self.polls).is_multiple_of(POLLS_PER_QUESTION);
        let Job { endpoint, runpod_job_id } = self.job.as_ref().filter(|_| is_time)?;
        match RunPod::new(&self.ctx).ok()?.status(endpoint, runpod_job_id).await {
            Lookup::Job(Report { state: Some(State::Running), progress, .. }) => {
                Some(Running { runpod_job_id: runpod_job_id.clone(), progress })
            }
            _ => None,
        }
    }
}

const FOLLOW: Sql =
    Sql::new("select edge.follow_creation(creation => $1, running => $2, progress => $3::int, elapsed_ms => $4::int)");

const CANCEL: Sql = Sql::new("select edge.cancel_creation(creation => $1, collection => $2)");
