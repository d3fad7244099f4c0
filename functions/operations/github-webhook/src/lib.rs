edge::function! {
    //! Where GitHub tells how workflows have ended.

    /// Takes a delivery of GitHub, signed in `X-Hub-Signature-256`, of up to 25 MiB, as GitHub sends them. A run of a workflow that
    /// has ended is kept as one quality report per attempt; a repeated delivery and every other event are answered with 202
    /// too and change nothing. A run that cannot be read is 422 `unreadable_event`, of which a record is kept.
    POST "/webhooks/github" => receive_github_event, auth: Signed<GitHub>, limit: 1200, writes, reply: 202, body: 26_214_400,
        refuses: [refusal::BAD_SIGNATURE, NOT_CONFIGURED, refusal::UNREADABLE_EVENT];
    uses: [SETTINGS]
}

mod report;

use data_encoding::HEXLOWER;
#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{
    Context, Credentials, Error, Proof, Raw, Reply, Result, Signed, Sql, SqlJson, auth, output, refusal, refusals, settings,
};
use uuid::Uuid;

settings! {
    SETTINGS: {
        "GITHUB_WEBHOOK_SECRET": Secret secret = "", "secret of the GitHub webhook; two separated by a comma while it is replaced; without it 503 github_not_configured";
    }
}

refusals! {
    NOT_CONFIGURED: 503 "github_not_configured", fr: "GitHub n'est pas configuré.", en: "GitHub is not configured.";
}

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

/// What became of an event.
#[output(name = "GitHubEventReceived")]
struct Received {
    outcome: Outcome,
}

/// What an event has changed.
#[output(name = "GitHubEventOutcome")]
enum Outcome {
    /// There is a new report.
    Archived,
    /// This delivery, or this attempt of the run, was here already.
    Duplicate,
    /// It is about nothing that we keep.
    Ignored,
}

async fn receive_github_event(ctx: Context, Signed(github): Signed<GitHub>, Raw { body, .. }: Raw) -> Result<Reply<Received>> {
    let ignored = Ok(Reply::new(Received { outcome: Outcome::Ignored }));
    if github.event != "workflow_run" {
        return ignored;
    }
    let report = match report::read(&body) {
        Ok(Some(report)) => report,
        Ok(None) => return ignored,
        Err(why) => {
            ctx.sql(RECORD.bind(github.delivery.to_string()).bind(&github.event)).await?;
            return Err(Error::from(refusal::UNREADABLE_EVENT).because(why));
        }
    };
    let archive = ARCHIVE.bind(github.delivery.to_string()).bind(SqlJson(&report));
    Ok(Reply::new(ctx.sql(archive).await?.one()?))
}

/// Under a source of its own, so that the same delivery can be taken once it can be read.
const RECORD: Sql = Sql::new(
    "insert into webhook_deliveries (source, delivery_id, event) values ('github_unreadable', $1::text, $2::text)
     on conflict do nothing",
);

/// An attempt ends once: what is there already stays, so that a replayed body changes nothing under another delivery either.
const ARCHIVE: Sql = Sql::new(
    "with delivery as (
       insert into webhook_deliveries (source, delivery_id, event) values ('github', $1::text, 'workflow_run')
       on conflict do nothing
       returning delivery_id),
     report as (
       insert into qa_reports (repository, commit_sha, branch, workflow, run_id, attempt, status, summary, url, duration_ms)
       select r.repository, r.commit_sha, r.branch, r.workflow, r.run_id, r.attempt, r.status, r.summary, r.url, r.duration_ms
       from delivery, jsonb_to_record($2::jsonb) as r (
         repository text, commit_sha text, branch text, workflow text, run_id bigint, attempt integer, status text,
         summary text, url text, duration_ms bigint)
       on conflict (repository, run_id, attempt, workflow) do nothing
       returning id)
     select case when exists (select from report) then 'archived' else 'duplicate' end as outcome",
);

#[cfg(test)]
mod tests;
