edge::function! {
    //! Where GitHub tells how workflows have ended.

    /// Takes a delivery of GitHub, signed in `X-Hub-Signature-256`. A run of a workflow that has ended is kept as one quality report
    /// per attempt; a repeated delivery and every other event are answered with 202 too and change nothing.
    POST "/webhooks/github" => receive_github_event, auth: Signed<GitHub>, limit: 1200, writes, reply: 202, body: 1_048_576,
        refuses: [refusal::BAD_SIGNATURE, NOT_CONFIGURED, refusal::UNREADABLE_EVENT];
    uses: [GitHub]
}

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{Context, Credentials, Error, Proof, Raw, Reply, Result, Signed, Sql, SqlJson, auth, output, refusal, refusals};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

refusals! {
    NOT_CONFIGURED: 503 "github_not_configured", fr: "GitHub n'est pas configuré.", en: "GitHub is not configured.";
}

/// The conclusions that a report may have. GitHub's documents name all but the last.
const CONCLUSIONS: [&str; 9] =
    ["success", "failure", "neutral", "cancelled", "skipped", "timed_out", "action_required", "stale", "startup_failure"];

/// GitHub, by `X-Hub-Signature-256: sha256=<hex>`, the HMAC-SHA-256 of the body under the webhook's secret. GitHub signs with one
/// secret; while it is replaced, `GITHUB_WEBHOOK_SECRET` holds both. Nothing signed says when: a delivery counts once.
/// Source: docs.github.com/webhooks, "Validating webhook deliveries".
struct GitHub {
    /// Stays the same when GitHub delivers again.
    delivery: Uuid,
    event: String,
}

impl Proof for GitHub {
    const AFTER_BODY: bool = true;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme =
        Scheme::By { name: "github", place: Place::Header("X-Hub-Signature-256"), about: "GitHub's signature of the body." };

    fn verify(credentials: &Credentials) -> Result<GitHub> {
        let secrets = credentials.config.get("GITHUB_WEBHOOK_SECRET");
        if secrets.is_empty() {
            return Err(NOT_CONFIGURED.into());
        }
        let header = |name| credentials.parts.headers.get(name).unwrap_or_default();
        let is_good = is_signed(header("x-hub-signature-256"), credentials.raw, secrets);
        match header("x-github-delivery").parse() {
            Ok(delivery) if is_good => Ok(GitHub { delivery, event: header("x-github-event").to_owned() }),
            _ => Err(refusal::BAD_SIGNATURE.into()),
        }
    }
}

fn is_signed(header: &str, body: &[u8], secrets: &str) -> bool {
    let hex = header.strip_prefix("sha256=").unwrap_or_default();
    HEXLOWER.decode(hex.as_bytes()).is_ok_and(|signature| auth::is_hmac_of_any(secrets, &[body], &signature))
}

#[derive(Deserialize)]
struct Event {
    action: String,
    workflow_run: Run,
    repository: Repository,
}

#[derive(Deserialize)]
struct Repository {
    full_name: String,
}

#[derive(Deserialize, Serialize)]
struct Run {
    id: i64,
    run_attempt: i32,
    name: Option<String>,
    /// The workflow's file; stands for a name that is missing.
    path: String,
    display_title: String,
    head_branch: Option<String>,
    head_sha: String,
    html_url: String,
    conclusion: Option<String>,
    run_started_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[output(name = "GitHubEventReceived")]
struct Received {
    outcome: Outcome,
}

#[output(name = "GitHubEventOutcome")]
enum Outcome {
    /// There is a new report.
    Archived,
    /// This delivery, or this attempt of the run, was here already.
    Duplicate,
    /// It is about nothing that we keep.
    Ignored,
}

async fn receive_github_event(ctx: Context, Signed(github): Signed<GitHub>, Raw(body): Raw) -> Result<Reply<Received>> {
    let ignored = Ok(Reply::new(Received { outcome: Outcome::Ignored }));
    if github.event != "workflow_run" {
        return ignored;
    }
    let event: Event = serde_json::from_slice(&body).map_err(|error| Error::from(refusal::UNREADABLE_EVENT).because(error))?;
    let run = event.workflow_run;
    let has_ended = event.action == "completed" && run.conclusion.as_deref().is_some_and(|word| CONCLUSIONS.contains(&word));
    if !has_ended {
        return ignored;
    }
    let archive = ARCHIVE.bind(github.delivery.to_string()).bind(&event.repository.full_name).bind(SqlJson(&run));
    Ok(Reply::new(ctx.sql(archive).await?.one()?))
}

/// An attempt ends once: what is there already stays, so that a replayed body changes nothing under another delivery either.
const ARCHIVE: Sql = Sql::new(
    "with delivery as (
       insert into webhook_deliveries (source, delivery_id, event) values ('github', $1::text, 'workflow_run')
       on conflict do nothing
       returning delivery_id),
     report as (
       insert into qa_reports (repository, commit_sha, branch, workflow, run_id, attempt, status, summary, url, duration_ms)
       select $2::text, r.head_sha, r.head_branch, left(coalesce(nullif(r.name, ''), r.path), 200), r.id, r.run_attempt,
         r.conclusion, left(r.display_title, 10000), r.html_url,
         greatest(extract(epoch from r.updated_at - r.run_started_at) * 1000, 0)::bigint
       from delivery, jsonb_to_record($3::jsonb) as r (
         id bigint, run_attempt integer, name text, path text, display_title text, head_branch text, head_sha text,
         html_url text, conclusion text, run_started_at timestamptz, updated_at timestamptz)
       on conflict (repository, run_id, attempt, workflow) do nothing
       returning id)
     select case when exists (select from report) then 'archived' else 'duplicate' end as outcome",
);

#[cfg(test)]
mod tests;
