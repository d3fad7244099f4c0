//! Brings a database up to date from a folder of numbered SQL files (`NNNN_verb_object.sql`, forward only), and sets the
//! passwords of its logins.
//!
//! What has been applied, with a checksum, is a row of `migrations.applied` in the database itself. Two runs at once take
//! turns; a run that waits for a busy table gives way and tries again instead of making everybody queue behind it.

mod file;
mod ledger;
mod logins;
mod server;
mod tls;

use std::{path::Path, time::Duration};

use anyhow::{Result, anyhow, bail};
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, error::SqlState};

pub use crate::logins::set_login_passwords;
pub use crate::server::connect;
pub use crate::tls::is_private;
use crate::{file::Migration, server::describe};

/// How long one statement of a migration may wait for a lock before the whole file gives way.
const LOCK_TIMEOUT: &str = "3s";
/// How often a file that gave way is tried.
const ATTEMPTS: u32 = 8;
/// How long a run waits for another one on the same database.
const TURN_TIMEOUT: Duration = Duration::from_secs(300);
/// Identifies our runs among the advisory locks of a database.
const TURN_KEY: i64 = 0x4f52_4545_4d49_4752;

/// What happens while [`run`] works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress<'a> {
    /// Another run is at work on this database.
    Waiting,
    /// A file is being applied, the `index`th (from 1) of `total` pending ones.
    Applying { name: &'a str, index: usize, total: usize },
    /// A file gave way to other work and will be tried again.
    Retrying { name: &'a str, attempt: u32, reason: &'a str },
    /// A file has been applied.
    Applied { name: &'a str, took: Duration },
}

/// What [`run`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Names of the files applied now, in order.
    pub applied: Vec<String>,
    /// How many files had been applied before.
    pub already: usize,
    /// Names that a newer release has applied and this folder does not have.
    pub ahead: Vec<String>,
}

/// Applies the files of `dir` that the database at `database_url` does not have yet.
///
/// `database_url` is the owner's, over TCP and without a transaction pooler in between.
///
/// # Errors
///
/// A file that fails, with its name, line and SQLSTATE (files before it stay applied); a file that was changed, renamed
/// or removed after it had been applied; a new file numbered below an applied one; a database that cannot be reached.
pub async fn run(database_url: &str, dir: &Path, mut progress: impl FnMut(Progress<'_>)) -> Result<Report> {
    let files = file::read(dir)?;
    let mut client = server::connect(database_url).await?;
    take_turn(&client, &mut progress).await?;

    let applied = ledger::read(&client).await?;
    let plan = ledger::compare(&files, &applied)?;
    let mut report = Report { already: files.len() - plan.pending.len(), ahead: plan.ahead, ..Report::default() };
    let total = plan.pending.len();
    for (index, file) in plan.pending.into_iter().enumerate() {
        progress(Progress::Applying { name: &file.name, index: index + 1, total });
        let started = Instant::now();
        apply_patiently(&mut client, file, &mut progress).await?;
        progress(Progress::Applied { name: &file.name, took: started.elapsed() });
        report.applied.push(file.name.clone());
    }
    Ok(report)
}

/// Holds until the connection ends, so that a killed run leaves nothing behind.
async fn take_turn(client: &Client, progress: &mut impl FnMut(Progress<'_>)) -> Result<()> {
    let started = Instant::now();
    loop {
        let row = client.query_one("select pg_try_advisory_lock($1)", &[&TURN_KEY]).await?;
        if row.get(0) {
            return Ok(());
        }
        if started.elapsed() > TURN_TIMEOUT {
            bail!("another migration of this database has been running for {} s", TURN_TIMEOUT.as_secs());
        }
        progress(Progress::Waiting);
        sleep(Duration::from_millis(500)).await;
    }
}

async fn apply_patiently(client: &mut Client, file: &Migration, progress: &mut impl FnMut(Progress<'_>)) -> Result<()> {
    for attempt in 1.. {
        let Err(error) = apply(client, file).await else { break };
        if attempt == ATTEMPTS || !gave_way(&error) {
            return Err(anyhow!("{}", describe(&error, file)));
        }
        progress(Progress::Retrying { name: &file.name, attempt, reason: &error.to_string() });
        sleep(Duration::from_millis(250) * 2_u32.pow(attempt.min(5))).await;
    }
    Ok(())
}

async fn apply(client: &mut Client, file: &Migration) -> Result<(), tokio_postgres::Error> {
    let settings = format!("set local lock_timeout = '{LOCK_TIMEOUT}'; set local search_path = ''");
    if file.is_transactional {
        let transaction = client.transaction().await?;
        transaction.batch_execute(&settings).await?;
        transaction.batch_execute(&file.sql).await?;
        transaction.batch_execute("reset role").await?;
        ledger::record(&transaction, file).await?;
        return transaction.commit().await;
    }
    client.batch_execute(&settings.replace("set local", "set")).await?;
    let outcome = client.batch_execute(&file.sql).await;
    client.batch_execute("reset lock_timeout; reset search_path; reset role").await?;
    outcome?;
    ledger::record(&*client, file).await
}

/// True when the same file may succeed a moment later: locks, deadlocks, and roles, which all databases of a server share.
fn gave_way(error: &tokio_postgres::Error) -> bool {
    let Some(error) = error.as_db_error() else { return false };
    [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(error.code())
        || error.message() == "tuple concurrently updated"
}
