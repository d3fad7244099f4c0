//! Quality reports: what CI says of a commit, how it is read, kept, and given again.
//!
//! A report is one attempt of one run of one workflow. Its conclusion comes from GitHub or, before GitHub has spoken and where there
//! is none, from the tests of a file; tests come from one file (CTRF or JUnit) of the run. Whichever comes second completes the row,
//! and what is there is never changed.

mod commits;
mod ctrf;
pub mod github;
mod junit;
mod run;
mod tally;

pub use commits::{COMMITS, Commit, FLAKY, Filter, FlakyTest, Run, Status, TestCounts};
use edge::{Context, Error, Result, Sql, SqlJson, auth, output, refusal};
use github::GitHub;
pub use run::RunOf;
use serde::Serialize;
use tally::Tally;

/// A row of `qa_reports`: nothing that its columns would refuse. A proof says who has sent it, not what is in it.
#[derive(Debug, Serialize)]
pub struct Report {
    repository: String,
    commit_sha: String,
    branch: Option<String>,
    workflow: String,
    run_id: i64,
    attempt: i32,
    status: String,
    summary: String,
    url: Option<String>,
    duration_ms: Option<i64>,
    /// Whether the status is GitHub's conclusion, or only what the tests come to.
    is_concluded: bool,
    tests: Option<Tally>,
}

/// What a report has changed. Its published name is of when GitHub alone reported.
#[output(name = "GitHubEventOutcome")]
pub enum Outcome {
    /// There is a new report, or one has been completed.
    Archived,
    /// This delivery, or this part of the attempt, was here already.
    Duplicate,
    /// It is about nothing that we keep.
    Ignored,
}

/// Takes a delivery of GitHub.
///
/// # Errors
/// 422 `unreadable_event`, of which a record is kept; those of [`Context::sql`].
pub async fn take_event(ctx: &Context, github: &GitHub, body: &[u8]) -> Result<Outcome> {
    let read = if github.event == "workflow_run" { github::read_event(body) } else { Ok(None) };
    let delivery = github.delivery.to_string();
    match read {
        Ok(Some(report)) => archive(ctx, &report, Some(delivery)).await,
        Ok(None) => Ok(Outcome::Ignored),
        Err(why) => Err(unreadable(ctx, "github_unreadable", &delivery, &github.event, why).await?),
    }
}

/// Takes a file of tests.
///
/// # Errors
/// 422 that names what is not known of its run; else those of [`take_event`].
pub async fn take_file(ctx: &Context, of: &RunOf, media: &str, body: &[u8]) -> Result<Outcome> {
    match run::file(of, media, body)? {
        Ok(report) => archive(ctx, &report, None).await,
        Err(why) => Err(unreadable(ctx, "qa_unreadable", &auth::sha256_hex(body), media, why).await?),
    }
}

/// A repeated report changes nothing.
async fn archive(ctx: &Context, report: &Report, delivery: Option<String>) -> Result<Outcome> {
    let passed = report.tests.as_ref().map(|tests| &tests.passed_keys[..]).unwrap_or_default();
    ctx.sql(ARCHIVE.bind(SqlJson(report)).bind(SqlJson(passed)).bind(delivery)).await?.value()
}

/// Records it under a source of its own, so that the same delivery can be taken once it can be read.
async fn unreadable(ctx: &Context, source: &str, id: &str, event: &str, why: String) -> Result<Error> {
    ctx.sql(RECORD.bind(source).bind(id).bind(event)).await?;
    Ok(Error::from(refusal::UNREADABLE_EVENT).because(why))
}

const ARCHIVE: Sql = Sql::new("select edge.archive_qa_report(report => $1, passed => $2, delivery => $3::text)");

const RECORD: Sql = Sql::new(
    "insert into webhook_deliveries (source, delivery_id, event) values ($1::text, $2::text, left($3::text, 100)) on conflict do nothing",
);

#[cfg(test)]
mod tests;
