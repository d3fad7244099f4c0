//! Following a creation until it ends, and giving it up.

use std::time::Duration;

use edge::{Context, Error, Event, Events, Reply, Result, Sql, Statement, messages};
use futures::stream::{LocalBoxStream, StreamExt, unfold};
use outbox::Entry;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{Status, tell};

const POLL: Duration = Duration::from_millis(1500);
/// Per connection, each of them one call: the smallest plan of Workers allows fifty. Then the browser connects again.
const POLLS: u32 = 40;
/// Proxies close a connection that is silent for long.
const SILENT_POLLS: u32 = 8;

/// A creation as its owner sees it.
pub trait Followed: Serialize + DeserializeOwned + 'static {
    fn status(&self) -> Status;
    /// What differs whenever something to be seen has changed.
    fn mark(&self) -> String;
    /// As it is shown, its address made a link.
    fn shown(self, ctx: &Context) -> Self;
}

#[derive(serde::Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Cancelled { outbox: Vec<Entry> },
    Finished,
    NotFound,
}

#[derive(serde::Deserialize)]
struct Answer {
    answer: Outcome,
}

/// Gives a creation up, and shows it as it then is. Once cancelled, it stays so.
///
/// # Errors
/// 404; 409 `conflict` where it has ended otherwise.
pub async fn cancel<T: Followed>(ctx: &Context, creation: Uuid, look: Statement) -> Result<Reply<T>> {
    let [answer, row] = ctx.batch([CANCEL.bind(creation), look]).await?;
    let row = || row.one::<T>();
    match answer.one::<Answer>()?.answer {
        Outcome::Cancelled { outbox } => {
            tell(ctx, outbox);
            Ok(Reply::new(row()?.shown(ctx)))
        }
        Outcome::Finished => match row()? {
            row if row.status() == Status::Cancelled => Ok(Reply::new(row.shown(ctx))),
            row => Err(Error::conflict(messages::CONFLICT).with("status", row.status().word())),
        },
        Outcome::NotFound => Err(Error::not_found(messages::NOT_FOUND)),
    }
}

/// What remains to be told on one connection.
struct Following<T> {
    ctx: Context,
    next: Option<T>,
    seen: String,
    polls: u32,
    is_over: bool,
}

/// Tells each change of a creation until its end. Whoever has seen the end already is told by 204 not to come again.
///
/// # Errors
/// 404.
pub async fn follow<T: Followed>(ctx: &Context, look: impl Fn() -> Statement + 'static) -> Result<Reply<Events<T>>> {
    let first = ctx.sql(look()).await?.optional::<T>()?.ok_or_else(|| Error::not_found(messages::NOT_FOUND))?;
    let seen = ctx.last_event_id().unwrap_or_default().to_owned();
    if is_end(&first) && first.mark() == seen {
        return Ok(Reply::new(Events::none()).status(204));
    }
    let following = Following { ctx: ctx.clone(), next: Some(first), seen, polls: POLLS, is_over: false };
    Ok(Reply::new(Events::new(ctx, POLL, changes(following, look))))
}

fn changes<T: Followed>(from: Following<T>, look: impl Fn() -> Statement + 'static) -> LocalBoxStream<'static, Event<T>> {
    let look = std::rc::Rc::new(look);
    unfold(from, move |mut following| {
        let look = look.clone();
        async move {
            for _ in 0..SILENT_POLLS {
                let row = following.next(&*look).await?;
                let id = row.mark();
                if id != following.seen {
                    following.is_over = is_end(&row);
                    following.seen.clone_from(&id);
                    let data = row.shown(&following.ctx);
                    return Some((Event::Data { id, data }, following));
                }
            }
            Some((Event::Nothing, following))
        }
    })
    .boxed_local()
}

impl<T: Followed> Following<T> {
    /// How it is now, or after a pause; `None` where there is nothing more to tell, or nobody to ask.
    async fn next(&mut self, look: &impl Fn() -> Statement) -> Option<T> {
        if let Some(first) = self.next.take() {
            return Some(first);
        }
        if self.is_over || self.polls == 0 {
            return None;
        }
        self.polls -= 1;
        self.ctx.pause(POLL).await;
        match self.ctx.sql(look()).await.and_then(|rows| rows.optional()) {
            Ok(row) => row,
            Err(error) => {
                self.ctx.warn(&error);
                None
            }
        }
    }
}

fn is_end(row: &impl Followed) -> bool {
    !matches!(row.status(), Status::Queued | Status::Running)
}

const CANCEL: Sql = Sql::new("select edge.cancel_creation($1) as answer");
