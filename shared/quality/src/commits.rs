//! Reports as they are read: by commit and by test. For the roles `qa` and `admin`.

use chrono::{DateTime, Utc};
use edge::{At, Date, Days, Sql, Statement, input, output};

/// Which reports count. Commits of forks are listed apart, as `owner:branch`.
#[input(name = "QaFilter")]
pub struct Filter {
    /// `owner/name`.
    #[validate(length(min = 1, max = 200))]
    pub repository: Option<String>,
    /// `main`, or `owner:main` of a fork.
    #[validate(length(min = 1, max = 255))]
    pub branch: Option<String>,
    /// The workflow's name.
    #[validate(length(min = 1, max = 200))]
    pub workflow: Option<String>,
    /// Of the commit: only for commits, not for tests or runs.
    pub status: Option<Status>,
}

impl Filter {
    /// A statement whose first five parameters are repository, branch, workflow, and the first and the last day, in UTC.
    pub fn bind(days: &Days<Filter>, sql: Sql) -> Statement {
        days.rest.between(days.from, days.to, sql)
    }

    /// As [`bind`](Filter::bind).
    pub fn between(&self, from: Option<Date>, to: Option<Date>, sql: Sql) -> Statement {
        sql.bind(&self.repository).bind(&self.branch).bind(&self.workflow).bind(from).bind(to)
    }
}

/// What the latest runs of a commit's workflows come to.
#[output(name = "QaStatus")]
pub enum Status {
    Success,
    /// One has failed, timed out, did not start, or waits for somebody to act.
    Failure,
    /// None has failed, and one was cancelled or is stale.
    Cancelled,
    /// None of these, and one has not ended.
    InProgress,
    /// Nothing ran, or nothing that says anything.
    Neutral,
}

/// A commit with the latest run of each of its workflows.
#[output(name = "QaCommit")]
pub struct Commit {
    pub repository: String,
    pub commit_sha: String,
    /// The owner, where a fork was built.
    pub fork: Option<String>,
    pub branch: Option<String>,
    pub status: Status,
    /// The first words of its title, where GitHub has told it.
    pub title: String,
    /// When its latest report came.
    pub reported_at: DateTime<Utc>,
    pub runs: Vec<Run>,
}

impl Commit {
    /// What it is listed by.
    pub fn key(&self) -> (At, String, String) {
        let fork = self.fork.as_deref().unwrap_or_default();
        (At(self.reported_at), self.repository.clone(), [&self.commit_sha, fork].concat())
    }
}

/// The latest attempt of the latest run of one workflow.
#[output(name = "QaRun")]
pub struct Run {
    pub workflow: String,
    pub run_id: i64,
    pub attempt: i32,
    /// GitHub's word: a run's status until it ends, its conclusion from then on.
    pub status: String,
    pub url: Option<String>,
    pub duration_ms: Option<i64>,
    /// Null where no file of tests came.
    pub tests: Option<TestCounts>,
}

/// How the tests of a run ended.
#[output(name = "QaTestCounts")]
pub struct TestCounts {
    pub tests: i32,
    pub passed: i32,
    pub failed: i32,
    pub skipped: i32,
    /// They failed before they passed.
    pub flaky: i32,
}

/// A test that failed and passed on one commit.
#[output(name = "QaFlakyTest")]
pub struct FlakyTest {
    pub repository: String,
    pub workflow: String,
    /// With its suite.
    pub name: String,
    /// Commits on which it was flaky.
    pub flaky_commits: i32,
    /// Commits of that workflow whose tests are known.
    pub commits: i32,
    /// The one of the other, 0 to 1.
    pub rate: f64,
    /// The earliest of them that is kept.
    pub first_commit: String,
    pub first_at: DateTime<Utc>,
    pub last_at: DateTime<Utc>,
}

/// Of a [`Filter`] by [`Filter::bind`]; then `$6` the status, `$7` to `$9` the key of the last commit of the page before, `$10` how
/// many at most.
pub const COMMITS: Sql = Sql::new(
    "select repository, commit_sha, fork, branch, status, title, reported_at, runs
     from edge.list_qa_commits($1, $2, $3, $4::date, $5::date, $6, $7::timestamptz, $8, $9, $10::integer)",
);

/// Of a [`Filter`] by [`Filter::bind`], the most frequent first; `$6` how many at most.
pub const FLAKY: Sql = Sql::new(
    "select repository, workflow, name, flaky_commits, commits, rate, first_commit, first_at, last_at
     from edge.list_flaky_tests($1, $2, $3, $4::date, $5::date, $6::integer)",
);
