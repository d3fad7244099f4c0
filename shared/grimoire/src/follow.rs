//! Following a creation until it ends, and giving it up.

use std::time::Duration;

use edge::{Context, Error, Event, Events, Reply, Result, Sql, Statement, messages};
use futures::stream::{LocalBoxStream, StreamExt, unfold};
use outbox::Entry;
use uuid::Uuid;

use crate::shelf::{Creation, Shown};
use crate::{Status, tell};

const POLL: Duration = Duration::from_millis(1500);
/// Per connection, each of them one call: the smallest plan of Workers allows fifty. Then the browser connects again.
const POLLS: u32 = 40;
/// Proxies close a connection that is silent for long.
const SILENT_POLLS: u32 = 8;

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

pub(crate) async fn cancel<T: Shown>(ctx: &Context, creation: Uuid, look: Statement) -> Result<Reply<T>> {
    let [answer, row] = ctx.batch([CANCEL.bind(creation), look]).await?;
    let row = || row.one::<Creation>();
    match answer.one::<Answer>()?.answer {
        Outcome::Cancelled { outbox } => {
            tell(ctx, outbox);
            Ok(Reply::new(row()?.shown(ctx)))
        }
        Outcome::Finished => match row()? {
            row if row.status == Status::Cancelled => Ok(Reply::new(row.shown(ctx))),
            row => Err(Error::conflict(messages::CONFLICT).with("state", row.status.word())),
        },
        Outcome::NotFound => Err(Error::not_found(messages::NOT_FOUND)),
    }
}

/// What remains to be told on one connection.
struct Following {
    ctx: Context,
    next: Option<Creation>,
    seen: String,
    polls: u32,
    is_over: bool,
}

pub(crate) async fn follow<T: Shown>(ctx: &Context, look: impl Fn() -> Statement + 'static) -> Result<Reply<Events<T>>> {
    let first = ctx.sql(look()).await?.optional::<Creation>()?.ok_or_else(|| Error::not_found(messages::NOT_FOUND))?;
    let seen = ctx.last_event_id().unwrap_or_default().to_owned();
    if first.is_over() && first.mark() == seen {
        return Ok(Reply::new(Events::none()).status(204));
    }
    let following = Following { ctx: ctx.clone(), next: Some(first), seen, polls: POLLS, is_over: false };
    Ok(Reply::new(Events::new(ctx, POLL, changes(following, look))))
}

fn changes<T: Shown>(from: Following, look: impl Fn() -> Statement + 'static) -> LocalBoxStream<'static, Event<T>> {
    let look = std::rc::Rc::new(look);
    unfold(from, move |mut following| {
        let look = look.clone();
        async move {
            for _ in 0..SILENT_POLLS {
                let row = following.next(&*look).await?;
                let id = row.mark();
                if id != following.seen {
                    following.is_over = row.is_over();
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

impl Following {
    /// How it is now, or after a pause; `None` where there is nothing more to tell, or nobody to ask.
    async fn next(&mut self, look: &impl Fn() -> Statement) -> Option<Creation> {
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

const CANCEL: Sql = Sql::new("select edge.cancel_creation($1) as answer");
