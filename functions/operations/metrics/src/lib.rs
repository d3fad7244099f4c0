edge::function! {
    //! How the service is doing, for a scraper such as Prometheus.

    /// Numbers about users, sessions, jobs, messages, cron functions and sign-ins, in the text format of OpenMetrics 1.0. By the
    /// bearer token of `METRICS_TOKEN`: a scraper cannot sign in, and what it holds should open nothing else.
    GET "/metrics" => get_metrics, auth: Signed<Scraper>, limit: 60, reads,
        refuses: [NOT_CONFIGURED, refusal::UNAUTHENTICATED];
    uses: [SETTINGS]
}

use std::collections::BTreeMap;
use std::fmt::Write;

#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{Context, Credentials, OpenMetrics, Proof, Reply, Result, Signed, Sql, refusal, refusals, settings};
use serde::Deserialize;

settings! {
    SETTINGS: {
        "METRICS_TOKEN": Key secret = "", "bearer token of whoever reads the metrics; without it they answer 503 metrics_not_configured";
    }
}

refusals! {
    NOT_CONFIGURED: 503 "metrics_not_configured", fr: "Les mesures ne sont pas configurées.", en: "Metrics are not configured.";
}

/// Every family: its name, its unit and what it tells. All are gauges, read from the database at this moment.
const FAMILIES: [(&str, &str, &str); 13] = [
    ("oree_users", "", "Accounts that are not erased."),
    ("oree_open_sessions", "", "Sessions that are neither ended nor expired."),
    ("oree_jobs", "", "Jobs that are kept."),
    ("oree_oldest_job_seconds", "seconds", "Age of the oldest job without an end; 0 where there is none."),
    ("oree_runpod_delay_seconds", "seconds", "Time in RunPod's queue of the last hour's jobs."),
    ("oree_runpod_execution_seconds", "seconds", "Time that RunPod worked on the last hour's jobs."),
    ("oree_outbox_messages", "", "Messages that have not arrived: waiting, or dead (given up)."),
    ("oree_oldest_message_seconds", "seconds", "Age of the oldest waiting message; 0 where there is none."),
    ("oree_cron_success_age_seconds", "seconds", "Since a cron function last succeeded."),
    ("oree_cron_failures", "", "Failed attempts of a cron function in the last day."),
    ("oree_failed_sign_ins", "", "Failed sign-ins of the last hour, of pairs of address and network."),
    ("oree_locked_sign_ins", "", "Addresses, networks and pairs of them that must wait."),
    ("oree_idempotency_keys", "", "Idempotency keys that are kept."),
];

/// Who knows `METRICS_TOKEN`.
struct Scraper;

impl Proof for Scraper {
    const AFTER_BODY: bool = false;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme = Scheme::By { name: "metrics", place: Place::Secret, about: "`METRICS_TOKEN`." };

    fn verify(credentials: &Credentials) -> Result<Scraper> {
        credentials.hold("METRICS_TOKEN", NOT_CONFIGURED).map(|()| Scraper)
    }
}

#[derive(Deserialize)]
struct Sample {
    name: String,
    labels: BTreeMap<String, String>,
    value: f64,
}

async fn get_metrics(ctx: Context, _: Signed<Scraper>) -> Result<Reply<OpenMetrics>> {
    let samples = ctx.sql(METRICS).await?.all::<Sample>()?;
    Ok(Reply::new(OpenMetrics(written(&samples))))
}

/// Each family with its samples below it, in one order.
fn written(samples: &[Sample]) -> String {
    let mut text = String::new();
    for (family, unit, help) in FAMILIES {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "# TYPE {family} gauge");
        if !unit.is_empty() {
            let _ = writeln!(text, "# UNIT {family} {unit}");
        }
        let _ = writeln!(text, "# HELP {family} {help}");
        for Sample { labels, value, .. } in samples.iter().filter(|sample| sample.name == family) {
            let labels: Vec<String> = labels.iter().map(|(name, value)| [name, "=\"", &escaped(value), "\""].concat()).collect();
            let labels = if labels.is_empty() { String::new() } else { ["{", &labels.join(","), "}"].concat() };
            let _ = writeln!(text, "{family}{labels} {value}");
        }
    }
    text + "# EOF\n"
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

const METRICS: Sql = Sql::new("select name, labels, value from edge.metrics() order by name, labels");

#[cfg(test)]
mod tests;
