//! What is kept of a run of a workflow, as GitHub tells that it has ended.

use chrono::{DateTime, Utc};
use edge::small_json;
use serde::{Deserialize, Serialize};

/// The conclusions that a report may have. GitHub's documents name all but the last.
pub const CONCLUSIONS: [&str; 9] =
    ["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure"];

/// The report of a run, if it has ended.
///
/// # Errors
/// Why the body, or which of its members, is none that can be kept.
pub fn read(body: &[u8]) -> Result<Option<Report>, String> {
    let run_event: RunEvent = small_json::from_slice(body).map_err(|error| error.to_string())?;
    let conclusion = run_event.workflow_run.and_then(|run| run.conclusion);
    let is_known = conclusion.is_none_or(|word| CONCLUSIONS.contains(&word.as_str()));
    if run_event.action.is_some_and(|action| action != "completed") || !is_known {
        return Ok(None);
    }
    let event = small_json::from_slice(body).map_err(|error| error.to_string())?;
    Report::of(event).map(Some).map_err(str::to_owned)
}

/// What tells whether a run has ended. The rest of an event that is of no use to us may be of any shape.
#[derive(Deserialize)]
struct RunEvent {
    action: Option<String>,
    workflow_run: Option<Conclusion>,
}

#[derive(Deserialize)]
struct Conclusion {
    conclusion: Option<String>,
}

#[derive(Deserialize)]
struct Event {
    workflow_run: Run,
    repository: Repository,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize)]
struct Run {
    id: i64,
    run_attempt: i32,
    name: Option<String>,
    /// The workflow's file; stands for a name that is missing.
    path: Option<String>,
    display_title: Option<String>,
    head_branch: Option<String>,
    /// Null once a fork is deleted.
    head_repository: Option<Repository>,
    head_sha: String,
    html_url: Option<String>,
    conclusion: String,
    run_started_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// A row of `qa_reports`: nothing that its columns would refuse. The signature says who has sent it, not what is in it.
#[derive(Serialize)]
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
    duration_ms: i64,
}

impl Report {
    /// # Errors
    /// The name of the first member that a report cannot do without.
    fn of(event: Event) -> Result<Report, &'static str> {
        let Event { workflow_run: run, repository } = event;
        let repository = plain(&repository.full_name).filter(|name| name.len() <= 200).ok_or("repository.full_name")?;
        let is_hex = run.head_sha.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !is_hex || !matches!(run.head_sha.len(), 40 | 64) {
            return Err("head_sha");
        } else if run.id <= 0 {
            return Err("id");
        } else if run.run_attempt <= 0 {
            return Err("run_attempt");
        }
        let name = run.name.as_deref().and_then(plain).or_else(|| run.path.as_deref().and_then(plain)).ok_or("name")?;
        let branch = run.head_branch.as_deref().and_then(plain).and_then(|branch| {
            // As GitHub itself writes a fork's branch: no branch of ours has a colon in its name.
            let head = run.head_repository?.full_name;
            if head == repository { Some(branch) } else { Some([head.split('/').next()?, ":", &branch].concat()) }
        });
        Ok(Report {
            commit_sha: run.head_sha,
            branch: branch.as_deref().and_then(plain).filter(|branch| branch.len() <= 255),
            workflow: name.chars().take(200).collect(),
            run_id: run.id,
            attempt: run.run_attempt,
            status: run.conclusion,
            summary: run.display_title.as_deref().and_then(plain).unwrap_or_default().chars().take(10_000).collect(),
            url: run.html_url.as_deref().and_then(plain).filter(|url| url.len() <= 2048),
            duration_ms: (run.updated_at - run.run_started_at).num_milliseconds().max(0),
            repository,
        })
    }
}

/// A text that a column can hold, if anything is left of it.
fn plain(text: &str) -> Option<String> {
    let text = text.replace('\0', "");
    (!text.trim().is_empty()).then_some(text)
}
