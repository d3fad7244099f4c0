//! Who reports: GitHub, or a CI that has a token.

#[cfg(not(target_arch = "wasm32"))]
use edge::describe::{Place, Scheme};
use edge::{Credentials, Proof, Result, refusals, settings};
use quality::github::GitHub;

settings! {
    pub SETTINGS: {
        "QA_REPORT_TOKEN": Key secret = "", "bearer token of whoever sends quality reports; without it only GitHub's signature is taken";
    }
}

refusals! {
    pub NOT_CONFIGURED: 503 "qa_reports_not_configured", fr: "Les rapports de qualité ne sont pas configurés.", en: "Quality reports are not configured.";
}

pub enum Reporter {
    GitHub(GitHub),
    Ci,
}

impl Proof for Reporter {
    // GitHub's signature covers it.
    const AFTER_BODY: bool = true;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme = Scheme::By {
        name: "qa_report",
        place: Place::Secret,
        about: "`QA_REPORT_TOKEN`; or in its place `X-Hub-Signature-256`, GitHub's signature of the body.",
    };

    fn verify(credentials: &Credentials) -> Result<Reporter> {
        if credentials.parts.headers.get("x-hub-signature-256").is_some() {
            return GitHub::verify(credentials).map(Reporter::GitHub);
        }
        credentials.hold("QA_REPORT_TOKEN", NOT_CONFIGURED).map(|()| Reporter::Ci)
    }
}
