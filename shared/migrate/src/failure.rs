//! What went wrong with a file, and whether it may go right a moment later.

use std::{fmt, time::Duration};

use anyhow::Result;
use tokio::time::sleep;
use tokio_postgres::error::{ErrorPosition, SqlState};

use crate::{ATTEMPTS, Progress, server::reason, tree::File};

/// `migrations/steps/0003_create_x.sql, line 12: relation "y" does not exist (SQLSTATE 42P01)`, then detail, hint and context.
#[derive(Debug)]
pub struct Failure {
    text: String,
    /// Somebody else was in the way.
    gave_way: bool,
}

impl Failure {
    pub fn of(error: &tokio_postgres::Error, file: &File) -> Self {
        let Some(database) = error.as_db_error() else {
            return Self { text: format!("{}: {}", file.path, reason(error)), gave_way: false };
        };
        let line = match database.position() {
            Some(ErrorPosition::Original(position)) => format!(", line {}", line_of(&file.sql, *position)),
            _ => String::new(),
        };
        let mut text = format!("{}{line}: {}", file.path, reason(error));
        for (label, part) in [("detail", database.detail()), ("hint", database.hint()), ("where", database.where_())] {
            if let Some(part) = part {
                text.push_str(&format!("\n  {label}: {part}"));
            }
        }
        Self { text, gave_way: gave_way(error) }
    }

    pub fn of_all(failures: Vec<Self>) -> Self {
        let gave_way = failures.iter().any(|failure| failure.gave_way);
        let texts: Vec<_> = failures.into_iter().map(|failure| failure.text).collect();
        Self { text: texts.join("\n"), gave_way }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Failure {}

/// The database was made before there were steps and definitions.
#[derive(Debug)]
pub struct TooOld;

impl fmt::Display for TooOld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "this database was made by numbered files that are gone, which no release ever deployed: make a new database, and \
             where this one holds something to keep, copy its rows over",
        )
    }
}

impl std::error::Error for TooOld {}

/// Does work that gives way to others, and does it again until it had its way.
pub async fn patiently<P: FnMut(Progress<'_>), T>(
    name: &str,
    progress: &mut P,
    mut work: impl AsyncFnMut(&mut P) -> Result<T>,
) -> Result<T> {
    let mut attempt = 1;
    loop {
        let error = match work(progress).await {
            Err(error) if attempt < ATTEMPTS && may_pass(&error) => error,
            outcome => return outcome,
        };
        progress(Progress::Retrying { name, attempt, reason: &error.to_string() });
        sleep(Duration::from_millis(250) * 2_u32.pow(attempt.min(5))).await;
        attempt += 1;
    }
}

fn may_pass(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Failure>().is_some_and(|failure| failure.gave_way)
        || error.downcast_ref::<tokio_postgres::Error>().is_some_and(gave_way)
}

/// True when the same may succeed a moment later: locks, deadlocks, and roles, which all databases of a server share.
pub fn gave_way(error: &tokio_postgres::Error) -> bool {
    let Some(error) = error.as_db_error() else { return false };
    [SqlState::LOCK_NOT_AVAILABLE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE].contains(error.code())
        || error.message() == "tuple concurrently updated"
}

/// The line, from 1, of the `position`th character, from 1.
fn line_of(sql: &str, position: u32) -> usize {
    let before = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
    1 + sql.chars().take(before).filter(|character| *character == '\n').count()
}
