edge::function! {
    //! Where GitHub tells how workflows have ended.

    /// Takes a delivery of GitHub, signed in `X-Hub-Signature-256`, of up to 25 MiB, as GitHub sends them. A run of a workflow that
    /// has ended is kept as one quality report per attempt; a repeated delivery and every other event are answered with 202
    /// too and change nothing. A run that cannot be read is 422 `unreadable_event`, of which a record is kept.
    POST "/webhooks/github" => receive_github_event, auth: Signed<GitHub>, limit: 1200, writes, reply: 202, body: 26_214_400,
        refuses: [refusal::BAD_SIGNATURE, GITHUB_NOT_CONFIGURED, refusal::UNREADABLE_EVENT];
    uses: [GITHUB]
}

use edge::{Context, Raw, Reply, Result, Signed, output, refusal};
use quality::Outcome;
use quality::github::{GITHUB, GITHUB_NOT_CONFIGURED, GitHub};

/// What became of an event.
#[output(name = "GitHubEventReceived")]
struct Received {
    outcome: Outcome,
}

async fn receive_github_event(ctx: Context, Signed(github): Signed<GitHub>, Raw { body, .. }: Raw) -> Result<Reply<Received>> {
    Ok(Reply::new(Received { outcome: quality::take_event(&ctx, &github, &body).await? }))
}

#[cfg(test)]
mod tests;
