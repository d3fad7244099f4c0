//! GitHub's deliveries: who has signed one, and what is kept of a run of a workflow that has ended.

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{Credentials, Error, Proof, auth, refusal, refusals, settings, small_json};
use serde::Deserialize;
use uuid::Uuid;

use crate::Report;
use crate::tally::plain;

settings! {
    pub GITHUB: {
        "GITHUB_WEBHOOK_SECRET": Secret secret = "", "secret of the GitHub webhook; two separated by a comma while it is replaced; without it 503 github_not_configured";
    }
}

refusals! {
    pub GITHUB_NOT_CONFIGURED: 503 "github_not_configured", fr: "GitHub n'est pas configuré.", en: "GitHub is not configured.";
}

/// GitHub, by `X-Hub-Signature-256: sha256=<hex>`, the HMAC-SHA-256 of the body under the webhook's secret. GitHub signs with one
/// secret; while it is replaced, `GITHUB_WEBHOOK_SECRET` holds both. Nothing signed says when: a delivery counts once.
/// Source: docs.github.com/webhooks, "Validating webhook deliveries".
pub struct GitHub {
    /// Stays the same when GitHub delivers again.
    pub delivery: Uuid,
    pub event: String,
}

impl Proof for GitHub {
    const AFTER_BODY: bool = true;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme =
        Scheme::By { name: "github", place: Place::Header("X-Hub-Signature-256"), about: "GitHub's signature of the body." };

    fn verify(credentials: &Credentials) -> edge::Result<GitHub> {
        let secrets = credentials.config.get("GITHUB_WEBHOOK_SECRET");
        if secrets.is_empty() {
            return Err(GITHUB_NOT_CONFIGURED.into());
        }
        let header = |name| credentials.parts.headers.get(name).unwrap_or_default();
        let is_good = is_signed(header("x-hub-signature-256"), credentials.raw, secrets);
        match header("x-github-delivery").parse() {
            Ok(delivery) if is_good => Ok(GitHub { delivery, event: header("x-github-event").to_owned() }),
            _ => Err(Error::from(refusal::BAD_SIGNATURE)),
        }
    }
}

/// Whether that header is the signature of `body` under one of `secrets`.
pub fn is_signed(header: &str, body: &[u8], secrets: &str) -> bool {
    let hex = header.strip_prefix("sha256=").unwrap_or_default();
    HEXLOWER.decode(hex.as_bytes()).is_ok_and(|signature| auth::is_hmac_of_any(secrets, &[body], &signature))
}

/// The conclusions that a report may have. GitHub's documents name all but the last.
pub const CONCLUSIONS: [&str; 9] =
    ["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure"];

/// The report of a run, if it has ended.
///
/// # Errors
/// Why the body, or which of its members, is none that can be kept.
pub fn read_event(body: &[u8]) -> Result<Option<Report>, String> {
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

impl Report {
    /// # Errors
    /// The name of the first member that a report cannot do without.
    fn of(event: Event) -> Result<Report, &'static str> {
        let Event { workflow_run: run, repository } = event;
        let repository =
            plain(&repository.full_name, usize::MAX).filter(|name| name.len() <= 200).ok_or("repository.full_name")?;
        let is_hex = run.head_sha.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
        if !is_hex || !matches!(run.head_sha.len(), 40 | 64) {
            return Err("head_sha");
        } else if run.id <= 0 {
            return Err("id");
        } else if run.run_attempt <= 0 {
            return Err("run_attempt");
        }
        let name = run.name.as_deref().and_then(whole).or_else(|| run.path.as_deref().and_then(whole)).ok_or("name")?;
        let branch = run.head_branch.as_deref().and_then(whole).and_then(|branch| {
            // As GitHub itself writes a fork's branch: no branch of ours has a colon in its name.
            let head = run.head_repository?.full_name;
            if head == repository { Some(branch) } else { Some([head.split('/').next()?, ":", &branch].concat()) }
        });
        Ok(Report {
            commit_sha: run.head_sha,
            branch: branch.as_deref().and_then(whole).filter(|branch| branch.len() <= 255),
            workflow: name.chars().take(200).collect(),
            run_id: run.id,
            attempt: run.run_attempt,
            status: run.conclusion,
            summary: run.display_title.as_deref().and_then(whole).unwrap_or_default().chars().take(10_000).collect(),
            url: run.html_url.as_deref().and_then(whole).filter(|url| url.len() <= 2048),
            duration_ms: Some((run.updated_at - run.run_started_at).num_milliseconds().max(0)),
            is_concluded: true,
            tests: None,
            repository,
        })
    }
}

fn whole(text: &str) -> Option<String> {
    plain(text, usize::MAX)
}
