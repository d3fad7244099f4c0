//! Brings a database up to date from the SQL of a repository, and sets the passwords of its logins.
//!
//! Tables and data change by numbered **steps**, each taken once. Everything else is a **definition**: the text of a function, a
//! view, or of who may do what with a table, which stands once and is applied whenever the database does not have it. What
//! has been applied is written down in the database itself, in the schema `migrations`. Two runs at once take turns; a run
//! that waits for a busy table gives way and tries again instead of making everybody queue behind it.

mod access;
mod catalogue;
mod definitions;
mod failure;
mod ledger;
mod logins;
mod server;
mod steps;
mod tls;
mod tree;

use std::{collections::BTreeSet, path::Path, time::Duration};

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};
use tokio_postgres::Client;

use crate::catalogue::Catalogue;
pub use crate::failure::TooOld;
pub use crate::logins::set_login_passwords;
pub use crate::server::connect;
pub use crate::tls::is_private;
pub use crate::tree::{Definition, File, Kind, Step, Tree};

/// How long one statement may wait for a lock before the whole file gives way.
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
    /// A file is being applied, the `index`th (from 1) of `total` that are due.
    Applying { name: &'a str, index: usize, total: usize },
    /// A file gave way to other work and will be tried again.
    Retrying { name: &'a str, attempt: u32, reason: &'a str },
}

/// What [`run`] did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Names of the steps taken now, in order.
    pub steps: Vec<String>,
    /// Paths of the definitions applied now.
    pub definitions: Vec<String>,
    /// Names of steps that a newer release has taken and this repository does not have.
    pub ahead: Vec<String>,
    /// What stands in the database and in no file: functions, and tables that something is granted on.
    pub orphans: Vec<String>,
}

/// Brings the database at `database_url` to what the repository at `root` says.
///
/// `database_url` is the owner's, over TCP and without a transaction pooler in between.
///
/// # Errors
///
/// A file that fails, with its path, line and SQLSTATE (what was applied before it stays); a step that was changed, renamed or
/// removed after it had been taken; a new step numbered below one that was taken; a function or view that something else holds
/// as it is; a database of the time before steps; a database that cannot be reached.
pub async fn run(database_url: &str, root: &Path, mut progress: impl FnMut(Progress<'_>)) -> Result<Report> {
    let tree = Tree::read(root)?;
    let mut client = server::connect(database_url).await?;
    take_turn(&client, &mut progress).await?;
    ledger::open(&client).await?;

    let mut report = Report::default();
    let layers: [&[Kind]; 3] = [&[Kind::Roles], &[Kind::Context], &[Kind::Function, Kind::View]];
    let [roles, context, functions] = layers.map(|kinds| tree.of(kinds).collect::<Vec<_>>());
    let [access, settings] = [Kind::Access, Kind::Settings].map(|kind| tree.of(&[kind]).collect::<Vec<_>>());
    report.definitions.extend(definitions::apply(&mut client, &roles, &mut progress).await?);
    report.definitions.extend(definitions::apply(&mut client, &context, &mut progress).await?);
    (report.steps, report.ahead) = steps::apply(&mut client, &tree.steps, &mut progress).await?;
    report.definitions.extend(definitions::apply(&mut client, &functions, &mut progress).await?);
    report.definitions.extend(access::apply(&mut client, &access, &mut progress).await?);
    report.definitions.extend(definitions::apply(&mut client, &settings, &mut progress).await?);

    let paths: Vec<_> = tree.definitions.iter().map(|definition| definition.file.path.as_str()).collect();
    ledger::forget(&client, &paths).await?;
    report.orphans = orphans(&client, &tree).await?;
    Ok(report)
}

/// What the database of `client`, which has been brought up to date, consists of: the text of `migrations/catalogue.txt`.
///
/// # Errors
/// A database that does not answer, or that no run has seen.
pub async fn catalogue(client: &Client, tree: &Tree) -> Result<String> {
    let defined = ledger::definitions(client).await?;
    let is_named = |kind| matches!(kind, Kind::Context | Kind::Function | Kind::View);
    let named = tree.definitions.iter().filter(|definition| is_named(definition.kind));
    let files = named.flat_map(|definition| {
        let objects = defined.get(&definition.file.path).map_or(&[][..], |row| &row.objects);
        objects.iter().map(|object| (object.clone(), &definition.file))
    });
    Ok(Catalogue::read(client).await?.text(&files.collect()))
}

/// Objects that no file defines: whatever is in `edge`, and what in `public` is opened to anybody or acts by itself.
async fn orphans(client: &Client, tree: &Tree) -> Result<Vec<String>> {
    let defined: BTreeSet<String> = ledger::definitions(client).await?.into_values().flat_map(|row| row.objects).collect();
    let catalogue = Catalogue::read(client).await?;
    let is_open = |object: &str| {
        let mut lines = catalogue.lines(object);
        lines.any(|line| ["view", "policy ", "trigger: ", "grant "].iter().any(|word| line.starts_with(word)))
    };
    let is_orphan = |object: &&str| match object.split_once(' ') {
        Some(("table", name)) if !name.starts_with("edge.") => is_open(object),
        Some(("schema", _)) => false,
        _ => true,
    };
    // A newer release has defined things that this one knows nothing of.
    let is_behind = !ledger::compare(&tree.steps, &ledger::steps(client).await?)?.ahead.is_empty();
    let orphans = catalogue.objects().filter(|object| !is_behind && !defined.contains(*object)).filter(is_orphan);
    Ok(orphans.map(str::to_owned).collect())
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
