//! RunPod's serverless API for queue-based endpoints: submitting a job, asking about it, and the link that it calls back.
//!
//! From RunPod's documentation, "Serverless": "Send API requests", "Job states", "Webhooks" (2026-11). What matters here:
//! `POST /run` has no idempotency key, so it is never repeated; the result of a job is kept for half an hour, then its id
//! answers 404; callbacks are not signed and are tried three times within twenty seconds.

mod callback;
mod lenient;
mod report;

use std::collections::BTreeMap;
use std::time::Duration;

use edge::{Context, Http, HttpAnswer, HttpFailure, Result, refusals};
use serde::{Deserialize, Serialize};

pub use callback::{REFUSED, RunPodCallback, callback_url};
pub use report::{Output, Report, State};

refusals! {
    pub NOT_CONFIGURED: 503 "runpod_not_configured", fr: "La génération n'est pas configurée : il manque la clé ou l'endpoint RunPod.", en: "Generation is not configured: RunPod's key or endpoint is missing.";
}

edge::settings! {
    pub SETTINGS, model: {
        "RUNPOD_BASE_URL": Url = "https://api.runpod.ai/v2", "RunPod's serverless API";
        "RUNPOD_API_KEY": Text secret = "", "RunPod's key; without it scenes answer 503 runpod_not_configured";
        "RUNPOD_ENDPOINT_ID_IMAGE": Text = "", "RunPod endpoint that draws scenes";
        "RUNPOD_ENDPOINT_ID_POSE": Text = "", "RunPod endpoint that draws poses";
        "RUNPOD_ENDPOINT_ID_AUDIO": Text = "", "RunPod endpoint that makes sounds";
        "STORAGE_WORKER_ACCESS_KEY": Text secret = "", "access key id that RunPod's workers upload with; without it they answer with a link or the file itself";
        "STORAGE_WORKER_SECRET_KEY": Secret secret = "", "its secret access key; it should only be able to write";
    }
}

/// RunPod as this deployment is set up to use it. The function's contract uses [`SETTINGS`].
pub struct RunPod<'a> {
    ctx: &'a Context,
}

/// What became of a submission.
#[derive(Debug, PartialEq, Eq)]
pub enum Submission {
    Accepted {
        id: String,
    },
    /// RunPod itself said no: 4xx or 503. Nothing runs.
    Refused {
        status: u16,
        retry_after_s: Option<u32>,
    },
    /// No answer, a 500 or a gateway's answer, or one without an id: a job may be running.
    Unclear {
        reason: String,
    },
}

/// What RunPod said when asked about a job.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    Job(Report),
    /// 404: its result is no longer kept, or it never was.
    Gone,
    /// Nothing that says anything about the job.
    Silence {
        reason: String,
    },
}

#[derive(Serialize)]
struct Run<'a, I: Serialize> {
    input: &'a I,
    webhook: &'a str,
    policy: Policy,
    #[serde(rename = "s3Config", skip_serializing_if = "Option::is_none")]
    bucket: Option<Bucket<'a>>,
}

/// Where a worker may put what is too large for an answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Bucket<'a> {
    access_id: &'a str,
    access_secret: &'a str,
    bucket_name: &'a str,
    endpoint_url: &'a str,
}

#[derive(Serialize)]
struct Policy {
    /// Milliseconds from submission, after which RunPod drops the job in whatever state it is; 10 s to 7 days.
    ttl: u128,
}

#[derive(Deserialize)]
struct Accepted {
    id: String,
}

impl<'a> RunPod<'a> {
    /// # Errors
    /// 503 `runpod_not_configured` without a key.
    pub fn new(ctx: &'a Context) -> Result<RunPod<'a>> {
        configured(ctx.setting("RUNPOD_API_KEY")).map(|_| RunPod { ctx })
    }

    /// The endpoint that makes a kind of creation: `scene`, `pose` or `audio`.
    ///
    /// # Errors
    /// 503 `runpod_not_configured`.
    pub fn endpoint(&self, kind: &str) -> Result<&'a str> {
        configured(self.ctx.setting(match kind {
            "scene" => "RUNPOD_ENDPOINT_ID_IMAGE",
            "pose" => "RUNPOD_ENDPOINT_ID_POSE",
            _ => "RUNPOD_ENDPOINT_ID_AUDIO",
        }))
    }

    /// The endpoints that there are, by kind.
    pub fn endpoints(&self) -> BTreeMap<&'static str, &'a str> {
        let found = ["scene", "pose", "audio"].map(|kind| self.endpoint(kind).ok().map(|endpoint| (kind, endpoint)));
        found.into_iter().flatten().collect()
    }

    /// Submits a job, once. RunPod posts its end to `webhook` and drops it after `lifetime`. Workers are told where to upload,
    /// where `STORAGE_WORKER_ACCESS_KEY` is set.
    pub async fn run(&self, endpoint: &str, input: &impl Serialize, webhook: &str, lifetime: Duration) -> Submission {
        let setting = |name| self.ctx.setting(name);
        let bucket = Bucket {
            access_id: setting("STORAGE_WORKER_ACCESS_KEY"),
            access_secret: setting("STORAGE_WORKER_SECRET_KEY"),
            bucket_name: setting("STORAGE_BUCKET"),
            endpoint_url: setting("STORAGE_URL"),
        };
        let bucket = Some(bucket).filter(|bucket| !bucket.access_id.is_empty());
        let body = Run { input, webhook, policy: Policy { ttl: lifetime.as_millis() }, bucket };
        let answer = self.call(Http::post(self.url(&[endpoint, "/run"])).json(&body)).await;
        submission(answer)
    }

    /// Asks about a job, while its result is kept.
    pub async fn status(&self, endpoint: &str, id: &str) -> Found {
        let answer = self.call(Http::get(self.url(&[endpoint, "/status/", id]))).await;
        match answer {
            Ok(answer) if answer.status == 404 => Found::Gone,
            Ok(answer) if answer.is_success() => match Report::read(&answer.body) {
                Some(report) => Found::Job(report),
                None => Found::Silence { reason: "the answer is not JSON".to_owned() },
            },
            Ok(answer) => Found::Silence { reason: ["status ", &answer.status.to_string()].concat() },
            Err(failure) => Found::Silence { reason: reason(failure) },
        }
    }

    /// Asks RunPod to give a job up, whether it waits or runs.
    ///
    /// # Errors
    /// [`HttpFailure`] where no answer came.
    pub async fn cancel(&self, endpoint: &str, id: &str) -> Result<HttpAnswer, HttpFailure> {
        self.call(Http::post(self.url(&[endpoint, "/cancel/", id]))).await
    }

    async fn call(&self, request: Http) -> Result<HttpAnswer, HttpFailure> {
        self.ctx.http("runpod", request.bearer(self.ctx.setting("RUNPOD_API_KEY"))).await
    }

    fn url(&self, parts: &[&str]) -> String {
        [self.ctx.setting("RUNPOD_BASE_URL").trim_end_matches('/'), "/", &parts.concat()].concat()
    }
}

fn submission(answer: Result<HttpAnswer, HttpFailure>) -> Submission {
    match answer {
        Ok(answer) if answer.is_success() => match answer.json::<Accepted>() {
            Some(Accepted { id }) if is_id(&id) => Submission::Accepted { id },
            _ => Submission::Unclear { reason: "the answer names no job".to_owned() },
        },
        Ok(HttpAnswer { status: status @ (300..500 | 503), retry_after, .. }) => {
            Submission::Refused { status, retry_after_s: retry_after }
        }
        Ok(answer) => Submission::Unclear { reason: ["status ", &answer.status.to_string()].concat() },
        Err(failure) => Submission::Unclear { reason: reason(failure) },
    }
}

/// RunPod's ids are a UUID with a region; whatever they become, they must fit into a path.
fn is_id(id: &str) -> bool {
    (1..=200).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

fn reason(failure: HttpFailure) -> String {
    match failure {
        HttpFailure::Timeout => "timeout".to_owned(),
        HttpFailure::Connection(why) => why,
    }
}

fn configured(value: &str) -> Result<&str> {
    if value.is_empty() { Err(NOT_CONFIGURED.into()) } else { Ok(value) }
}

#[cfg(test)]
mod tests;
