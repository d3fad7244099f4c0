//! Tokens that stay healthy: renewed early, once, and never taken for revoked when they are not.
//!
//! One caller at a time asks the provider: it holds a lease in the database (`edge.take_token`) that outlives the call's time limit
//! several times, and names the version that it has read in whatever it writes. Others look three times. A new pair is stored before it is
//! used. A process that is killed between answer and commit leaves a spent refresh token behind: the next one hears `invalid_grant`, and
//! the connection says that it needs its person. What merely fails is tried again later.

use std::time::Duration;

use edge::{Context, Error, HttpAnswer, Result, Sql, Statement};
use sealing::{Keys, Place};
use serde::Deserialize;

use crate::connecting::{seal_pair, unsealable};
use crate::provider::{Adapter, App, Failure, Probe, Tokens, find, passing};

/// How long a provider may take to answer.
pub(crate) const CALL: Duration = Duration::from_secs(10);

/// How long whoever asks a provider for new tokens holds the right to; several times as long as [`CALL`].
pub const LEASE_S: i32 = 60;

/// Pauses between three looks at a connection that somebody else is renewing.
const PAUSES: [Duration; 2] = [Duration::from_millis(400), Duration::from_millis(1200)];

/// What the database gave of a connection.
#[derive(Clone, Debug, Deserialize)]
pub struct Work {
    outcome: String,
    #[serde(default)]
    pub connection: i64,
    /// Where its tokens are sealed.
    #[serde(default)]
    row: String,
    #[serde(default)]
    provider: String,
    #[serde(default)]
    pub version: i32,
    access_token: Option<String>,
    refresh_token: Option<String>,
    account: Option<String>,
    retry_after_s: Option<i64>,
}

/// What a caller can do with a connection now.
#[derive(Debug)]
pub enum Ready {
    /// Speak for the person.
    Fresh(Box<Fresh>),
    /// Somebody else is renewing it.
    Busy { retry_after_s: i64 },
    /// The provider could not be asked for new tokens, and the old ones have run out.
    Failing { retry_after_s: i64 },
    /// Nothing, until its person does something.
    Unusable,
}

/// Tokens that are good now.
pub struct Fresh {
    pub adapter: &'static dyn Adapter,
    pub connection: i64,
    /// Of the tokens, for what is written about them.
    pub version: i32,
    pub tokens: Tokens,
}

impl std::fmt::Debug for Fresh {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Fresh({}, version {})", self.connection, self.version)
    }
}

/// The keys that seal.
pub(crate) fn keys(ctx: &Context) -> Result<Keys> {
    Keys::parse(ctx.setting("SEALING_KEYS")).map_err(unsealable)
}

/// Tokens of a connection that are good now, renewed where that is due. Four round trips at most: three looks and one to store. Where that is
/// not answered there is a fifth, and then [`Ready::Busy`].
///
/// # Errors
/// 404 `not_found`, and where the database does not answer.
pub async fn access(ctx: &Context, connection: i64) -> Result<Ready> {
    let mut pauses = PAUSES.iter();
    loop {
        let work: Work = ctx.sql(TAKE.bind(connection).bind(ctx.wall_clock()).bind(LEASE_S)).await?.value()?;
        let pause = pauses.next().filter(|_| work.outcome == "busy");
        match pause {
            Some(pause) => ctx.pause(*pause).await,
            None if work.outcome == "refresh" => return renew(ctx, work).await,
            None => return ready(ctx, work),
        }
    }
}

/// Asks the provider for new tokens of work whose lease is held, and stores them.
///
/// # Errors
/// Where the database does not answer, or what it holds cannot be opened.
pub async fn renew(ctx: &Context, work: Work) -> Result<Ready> {
    let adapter = adapter_of(&work)?;
    let renewed = match open(&keys(ctx)?, &work) {
        Ok(tokens) => ask(ctx, adapter, &tokens).await,
        // Without the key nobody can: it may come back.
        Err(error) => {
            ctx.warn(&error);
            Err(passing("sealed with an unknown key", None))
        }
    };
    let told = match renewed {
        Ok(grant) => {
            let (access, refresh) = seal_pair(&keys(ctx)?, &work.row, &grant)?;
            let keep = || {
                KEEP.bind(work.connection)
                    .bind(work.version)
                    .bind(access.as_deref())
                    .bind(refresh.as_deref())
                    .bind(grant.expires_at)
                    .bind(grant.refresh_expires_at)
                    .bind(grant.refresh_at(adapter.facts()))
            };
            match ctx.sql(keep()).await {
                Err(error) if error.status() == 503 => {
                    ctx.warn(&error);
                    return store_again(ctx, keep()).await;
                }
                told => told?.value()?,
            }
        }
        Err(Failure::Refused(cause) | Failure::Waits(cause)) => fail(ctx, &work, cause, true, None).await?,
        Err(Failure::Passing { reason, retry_after_s }) => {
            ctx.warn(&Error::unavailable([adapter.facts().word, ": ", &reason].concat()));
            fail(ctx, &work, "provider_unavailable", false, retry_after_s).await?
        }
    };
    ready(ctx, told)
}

/// Asks the provider whether a connection holds; the statement records what it said.
///
/// # Errors
/// 503 where the runtime has no randomness to give.
pub async fn probe(ctx: &Context, fresh: &Fresh) -> Result<Statement> {
    let app = App::new(ctx, fresh.adapter);
    let question = fresh.adapter.probe(app, &fresh.tokens)?.timeout(CALL);
    let said = match ctx.http(fresh.adapter.facts().word, question).await {
        Ok(answer) => fresh.adapter.probed(&answer),
        Err(_) => Probe::Unclear,
    };
    let word = match said {
        Probe::Holds => "holds",
        Probe::Rejected => "rejected",
        Probe::Gone => "gone",
        Probe::Unclear => "unclear",
    };
    Ok(NOTE.bind(fresh.connection).bind(fresh.version).bind(word))
}

async fn ask(ctx: &Context, adapter: &dyn Adapter, tokens: &Tokens) -> Result<crate::Grant, Failure> {
    let call = adapter.renew(App::new(ctx, adapter), tokens).timeout(CALL);
    let answer: HttpAnswer =
        ctx.http(adapter.facts().word, call).await.map_err(|failure| passing(&format!("{failure:?}"), None))?;
    adapter.granted(&answer, ctx.now())
}

/// A pair that the provider has given and nobody else holds is offered to the database once more where it did not answer. It names the
/// version that it replaces, so that a repeat stores nothing twice. It is then there for the next who asks: this one has made its
/// round trips.
async fn store_again(ctx: &Context, keep: Statement) -> Result<Ready> {
    ctx.pause(PAUSES[0]).await;
    ctx.sql(keep).await?;
    Ok(Ready::Busy { retry_after_s: 1 })
}

async fn fail(ctx: &Context, work: &Work, cause: &str, refused: bool, retry_after_s: Option<u32>) -> Result<Work> {
    let retry = retry_after_s.map(|seconds| seconds.min(86_400));
    ctx.sql(FAIL.bind(work.connection).bind(work.version).bind(cause).bind(refused).bind(retry)).await?.value()
}

/// What an outcome of the database means for the caller.
pub fn ready(ctx: &Context, work: Work) -> Result<Ready> {
    let retry_after_s = work.retry_after_s.unwrap_or(1).max(1);
    match work.outcome.as_str() {
        // An access token that has not run out serves although the next one could not be had.
        "fresh" | "kept" | "superseded" | "failed" if work.access_token.is_some() => {
            let tokens = open(&keys(ctx)?, &work)?;
            let fresh = Fresh { adapter: adapter_of(&work)?, connection: work.connection, version: work.version, tokens };
            Ok(Ready::Fresh(Box::new(fresh)))
        }
        "busy" => Ok(Ready::Busy { retry_after_s }),
        "waiting" | "failed" => Ok(Ready::Failing { retry_after_s }),
        _ => Ok(Ready::Unusable),
    }
}

fn adapter_of(work: &Work) -> Result<&'static dyn Adapter> {
    find(&work.provider).ok_or_else(|| Error::internal("a provider without an adapter"))
}

fn open(keys: &Keys, work: &Work) -> Result<Tokens> {
    open_pair(keys, &work.row, work.access_token.as_deref(), work.refresh_token.as_deref(), work.account.clone())
}

/// Opens the tokens of a connection.
pub(crate) fn open_pair(
    keys: &Keys,
    row: &str,
    access: Option<&str>,
    refresh: Option<&str>,
    account: Option<String>,
) -> Result<Tokens> {
    let open = |column, sealed: &str| keys.open(Place { table: "provider_connections", column, row }, sealed).map_err(unsealable);
    let access = open("access_token", access.unwrap_or_default())?;
    let refresh = refresh.map(|sealed| open("refresh_token", sealed)).transpose()?;
    Ok(Tokens { access, refresh, account })
}

const TAKE: Sql = Sql::new("select edge.take_token(connection => $1, at => $2::timestamptz, lease_s => $3)");

const KEEP: Sql = Sql::new(
    "select edge.keep_token(connection => $1, version => $2, access_token => $3, refresh_token => $4, expires_at => $5::timestamptz,
       refresh_expires_at => $6::timestamptz, refresh_at => $7::timestamptz)",
);

const FAIL: Sql =
    Sql::new("select edge.fail_token(connection => $1, version => $2, cause => $3, refused => $4, retry_after_s => $5::integer)");

const NOTE: Sql = Sql::new("select edge.note_probe(connection => $1, version => $2, answer => $3)");
