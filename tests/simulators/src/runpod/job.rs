//! One job: its states, when the next one is due, and what callers see of it.

use std::time::{Duration, Instant};

use base64::Engine;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use uuid::Uuid;

use crate::scenario::fingerprint;
use crate::{Context, Scenario, files};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
const MAX_HISTORY: usize = 100;

/// The part of a submission that RunPod keeps; other keys are dropped.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submission {
    pub input: serde_json::Map<String, Value>,
    pub webhook: Option<String>,
    #[serde(default)]
    pub policy: Policy,
    pub s3_config: Option<Value>,
}

/// Where a worker may put files, as RunPod's `bucket_upload` reads it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bucket {
    access_id: String,
    access_secret: String,
    bucket_name: String,
    endpoint_url: String,
}

/// A file that the built-in worker is to put before its job ends.
pub struct Upload {
    /// Where it is then; not signed, as `bucket_upload` gives it.
    pub url: String,
    pub access: String,
    pub secret: String,
    pub file: Vec<u8>,
}

/// Times in milliseconds.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Policy {
    /// Running time, 5 s to 7 days.
    pub execution_timeout: u64,
    /// Whole life since the submission, 10 s to 7 days.
    pub ttl: u64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { execution_timeout: 600_000, ttl: DAY_MS }
    }
}

impl Policy {
    pub fn refusal(&self) -> Option<&'static str> {
        if !(5_000..=7 * DAY_MS).contains(&self.execution_timeout) {
            return Some("policy.executionTimeout must be between 5000 and 604800000 ms");
        }
        (!(10_000..=7 * DAY_MS).contains(&self.ttl)).then_some("policy.ttl must be between 10000 and 604800000 ms")
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Status {
    Queued,
    Running,
    Completed,
    Failed,
    TimedOut,
    Cancelled,
}

impl Status {
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "IN_QUEUE",
            Self::Running => "IN_PROGRESS",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Cancelled => "CANCELLED",
        }
    }

    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// One try of one webhook call, for tests to look at.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Delivery {
    /// The job's clock.
    pub at_ms: u64,
    /// Which copy of the call; 1 unless the scenario duplicates it.
    pub copy: u64,
    /// Which try of that copy, from 1.
    pub attempt: u64,
    /// The job status in the body.
    pub reported: String,
    /// The receiver's answer.
    pub status: Option<u16>,
    /// Why there was no answer.
    pub error: Option<String>,
}

/// Milliseconds since the job was born; can be moved forward.
#[derive(Debug)]
struct Clock {
    born: Instant,
    skipped: u64,
}

impl Clock {
    fn now(&self) -> u64 {
        u64::try_from(self.born.elapsed().as_millis()).unwrap_or(u64::MAX).saturating_add(self.skipped)
    }
}

/// How long the built-in worker takes; cloud and scenario decide it at submission.
#[derive(Debug)]
struct Pace {
    queue_ms: u64,
    run_ms: u64,
    retention_ms: u64,
}

#[derive(Debug)]
pub struct Job {
    pub id: String,
    pub endpoint: String,
    pub submission: Submission,
    pub scenario: Scenario,
    pub status: Status,
    pub output: Option<Value>,
    pub error: Option<String>,
    /// Chunks of a generator that nobody has read yet.
    pub chunks: Vec<Value>,
    pub worker: Option<String>,
    /// A worker outside this process takes it.
    pub external: bool,
    /// Where the built-in worker has put the file.
    uploaded: Option<String>,
    pub executions: u32,
    pub retries: u32,
    pub status_reads: u64,
    pub deliveries: Vec<Delivery>,
    /// Ended, and nothing more will be sent to its webhook.
    pub settled: bool,
    /// Why callers get 404: `ttl`, `retention`, `purged` or `lost`.
    pub gone: Option<&'static str>,
    ended_unannounced: bool,
    queued_at: u64,
    started_at: Option<u64>,
    ended_at: Option<u64>,
    worker_heard_at: u64,
    chunks_made: u64,
    history: Vec<(u64, &'static str)>,
    pace: Pace,
    input_bytes: usize,
    output_bytes: usize,
    files_url: String,
    worker_silence_ms: u64,
    clock: Clock,
    changed: watch::Sender<u64>,
}

impl Job {
    pub fn new(context: &Context, endpoint: &str, sync: bool, submission: Submission, scenario: Scenario) -> Self {
        let config = &context.config;
        let retention_ms = if sync { config.sync_retention_ms } else { config.retention_ms };
        // A reordered webhook call is only early if the job is quick.
        let hurry = scenario.has("reorder").then_some(0);
        let pace = Pace {
            queue_ms: scenario.number("queue").or(hurry).unwrap_or(config.queue_ms),
            run_ms: scenario.number("slow").or(hurry).unwrap_or(config.run_ms),
            retention_ms: scenario.number("retention").unwrap_or(retention_ms),
        };
        let lost = scenario.has("lost-job");
        let input_bytes = Value::Object(submission.input.clone()).to_string().len();
        Self {
            id: format!("{}{}-u1", if sync { "sync-" } else { "" }, Uuid::new_v4()),
            endpoint: endpoint.to_owned(),
            gone: lost.then_some("lost"),
            external: scenario.text("worker") == Some("external"),
            submission,
            scenario,
            status: Status::Queued,
            output: None,
            error: None,
            chunks: Vec::new(),
            worker: None,
            uploaded: None,
            executions: 0,
            retries: 0,
            status_reads: 0,
            deliveries: Vec::new(),
            settled: lost,
            ended_unannounced: false,
            queued_at: 0,
            started_at: None,
            ended_at: None,
            worker_heard_at: 0,
            chunks_made: 0,
            history: vec![(0, Status::Queued.word())],
            pace,
            input_bytes,
            output_bytes: 0,
            files_url: format!("{}/files", context.url),
            worker_silence_ms: config.worker_silence_ms,
            clock: Clock { born: Instant::now(), skipped: 0 },
            changed: watch::Sender::new(0),
        }
    }

    pub fn now(&self) -> u64 {
        self.clock.now()
    }

    pub fn skip(&mut self, ms: u64) {
        self.clock.skipped = self.clock.skipped.saturating_add(ms);
        self.touch();
    }

    /// A receiver that wakes whenever something about the job changes.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    pub fn touch(&self) {
        self.changed.send_modify(|version| *version += 1);
    }

    pub fn input_text(&self) -> String {
        Value::Object(self.submission.input.clone()).to_string()
    }

    /// Does everything that is due; `None` once nothing ever will be, else how long until the next thing.
    pub fn proceed(&mut self) -> Option<Duration> {
        loop {
            let due = self.due()?;
            let now = self.now();
            if due > now {
                return Some(Duration::from_millis(due - now));
            }
            self.step(now);
        }
    }

    /// True once after each end: the webhook is to be called.
    pub fn take_announcement(&mut self) -> bool {
        std::mem::take(&mut self.ended_unannounced)
    }

    /// The file that is to be put into the caller's bucket before this run can end.
    pub fn upload(&self) -> Option<Upload> {
        if self.status != Status::Running || self.external || self.uploaded.is_some() {
            return None;
        }
        let bucket = self.bucket()?;
        let (url, file) = (self.bucket_url(&bucket), self.file());
        Some(Upload { url, access: bucket.access_id, secret: bucket.access_secret, file })
    }

    /// The bucket took the file, or said why not.
    pub fn conclude_upload(&mut self, url: String, refusal: Option<String>) {
        match refusal {
            None => self.uploaded = Some(url),
            Some(why) => self.end(Status::Failed, None, Some(why)),
        }
        self.touch();
    }

    fn bucket(&self) -> Option<Bucket> {
        let wanted = self.shape() == "bucket";
        self.submission.s3_config.as_ref().filter(|_| wanted).and_then(|bucket| serde_json::from_value(bucket.clone()).ok())
    }

    fn bucket_url(&self, bucket: &Bucket) -> String {
        let name = files::name(fingerprint(&self.input_text()), self.is_sound());
        format!("{}/{}/{}/{name}", bucket.endpoint_url, bucket.bucket_name, self.id)
    }

    fn due(&self) -> Option<u64> {
        if self.gone.is_some() {
            return None;
        }
        let next = match self.status {
            Status::Queued => self.starts_at(),
            Status::Running => [self.chunk_due(), self.finishes_at(), self.killed_at()].into_iter().flatten().min(),
            _ => return Some(self.forgotten_at()),
        };
        Some(next.map_or(self.submission.policy.ttl, |at| at.min(self.submission.policy.ttl)))
    }

    fn step(&mut self, now: u64) {
        let past = |at: Option<u64>| at.is_some_and(|at| at <= now);
        if self.status.is_final() {
            self.vanish("retention");
        } else if self.submission.policy.ttl <= now {
            self.vanish("ttl");
        } else if self.status == Status::Queued {
            let worker = format!("builtin-{:08x}", fingerprint(&self.endpoint) as u32);
            self.start(&worker);
        } else if past(self.killed_at()) {
            self.end(Status::TimedOut, None, Some("job timed out".to_owned()));
        } else if past(self.chunk_due()) {
            self.make_chunk();
        } else {
            self.finish_builtin();
        }
    }

    fn starts_at(&self) -> Option<u64> {
        let waits = self.external || self.scenario.has("queued");
        (!waits).then_some(self.queued_at + self.pace.queue_ms)
    }

    fn finishes_at(&self) -> Option<u64> {
        let uploads = self.uploaded.is_none() && self.bucket().is_some();
        let never = self.external || self.scenario.has("stuck") || uploads;
        (!never).then_some(self.started_at? + self.pace.run_ms)
    }

    fn killed_at(&self) -> Option<u64> {
        let timeout = self.started_at? + self.submission.policy.execution_timeout;
        let silence = self.external.then_some(self.worker_heard_at + self.worker_silence_ms);
        Some(silence.map_or(timeout, |silence| timeout.min(silence)))
    }

    fn forgotten_at(&self) -> u64 {
        self.ended_at.unwrap_or_default() + self.pace.retention_ms
    }

    /// Progress and stream chunks are spread evenly over the run.
    fn chunk_due(&self) -> Option<u64> {
        let chunks = self.chunk_count();
        (!self.external && self.chunks_made < chunks)
            .then_some(self.started_at? + self.pace.run_ms * (self.chunks_made + 1) / (chunks + 1))
    }

    fn chunk_count(&self) -> u64 {
        let count = |name| self.scenario.has(name).then(|| self.scenario.number(name).unwrap_or(3).min(100));
        count("stream").or(count("progress")).unwrap_or(0)
    }

    fn make_chunk(&mut self) {
        self.chunks_made += 1;
        if self.scenario.has("stream") {
            self.chunks.push(json!({ "output": format!("chunk {}", self.chunks_made) }));
        } else {
            self.output = Some(json!({ "progress": 100 * self.chunks_made / (self.chunk_count() + 1) }));
        }
        self.touch();
    }

    pub fn start(&mut self, worker: &str) {
        self.worker = Some(worker.to_owned());
        self.executions += 1;
        self.started_at = Some(self.now());
        self.uploaded = None;
        self.chunks_made = 0;
        self.hear_worker();
        self.enter(Status::Running);
    }

    pub fn hear_worker(&mut self) {
        self.worker_heard_at = self.now();
    }

    pub fn show_progress(&mut self, output: Option<Value>) {
        self.output = output;
        self.touch();
    }

    pub fn push_chunk(&mut self, chunk: Value) {
        self.chunks.push(chunk);
        self.touch();
    }

    pub fn end(&mut self, status: Status, output: Option<Value>, error: Option<String>) {
        self.output_bytes = output.as_ref().map_or(0, |output| output.to_string().len());
        self.output = output;
        self.error = error;
        self.ended_at = Some(self.now());
        self.ended_unannounced = true;
        self.enter(status);
    }

    /// Puts it back into the queue under the same id, without its old result.
    pub fn retry(&mut self) {
        self.retries += 1;
        self.output = None;
        self.error = None;
        self.chunks.clear();
        self.queued_at = self.now();
        self.started_at = None;
        self.ended_at = None;
        self.settled = false;
        self.enter(Status::Queued);
    }

    pub fn vanish(&mut self, why: &'static str) {
        self.gone = Some(why);
        self.settled |= !self.status.is_final();
        self.output = None;
        self.output_bytes = 0;
        self.chunks.clear();
        self.note(why);
        self.touch();
    }

    fn enter(&mut self, status: Status) {
        self.status = status;
        self.note(status.word());
        self.touch();
    }

    fn note(&mut self, what: &'static str) {
        if self.history.len() < MAX_HISTORY {
            self.history.push((self.now(), what));
        }
    }

    fn finish_builtin(&mut self) {
        let failing = |name| {
            let scenario = &self.scenario;
            scenario.has(name) && scenario.number(name).is_none_or(|times| u64::from(self.executions) <= times)
        };
        if failing("fail") {
            self.end(Status::Failed, None, Some("CUDA out of memory. Tried to allocate 2.00 GiB".to_owned()));
        } else if failing("fail-json") {
            let error = self.raised().to_string();
            self.end(Status::Failed, None, Some(error));
        } else if failing("timeout") {
            self.end(Status::TimedOut, None, Some("job timed out".to_owned()));
        } else if failing("cancelled") {
            self.end(Status::Cancelled, None, None);
        } else {
            let output = self.made();
            self.end(Status::Completed, output, None);
        }
    }

    /// What the official worker sends when a handler raises: a document, told as a string.
    fn raised(&self) -> Value {
        json!({
            "error_type": "<class 'RuntimeError'>",
            "error_message": "CUDA out of memory. Tried to allocate 2.00 GiB",
            "error_traceback": "Traceback (most recent call last):\n  File \"/handler.py\", line 12, in handler\nRuntimeError",
            "hostname": "worker-host",
            "worker_id": self.worker,
            "runpod_version": "1.12.0",
        })
    }

    fn made(&self) -> Option<Value> {
        if self.scenario.has("empty") {
            return None;
        }
        if self.scenario.has("stream") {
            return Some((1..=self.chunk_count()).map(|chunk| format!("chunk {chunk}")).collect());
        }
        let seed = fingerprint(&self.input_text());
        let base64 = || base64::engine::general_purpose::STANDARD.encode(self.file());
        let url = self.uploaded.clone().unwrap_or_else(|| self.file_url(seed));
        let mut output = match self.shape() {
            "base64" if self.is_sound() => json!({ "audio": base64() }),
            "base64" => json!({ "image": base64() }),
            "data-uri" => json!({ "image_url": format!("data:image/png;base64,{}", base64()) }),
            "images" => json!({ "images": [url], "image_url": url, "seed": seed >> 32 }),
            "comfyui" => json!({ "images": [{ "filename": "picture.png", "type": "base64", "data": base64() }] }),
            "text" => return Some(Value::String(base64())),
            _ if self.is_sound() => json!({ "audio_url": url }),
            _ => json!({ "image_url": url }),
        };
        if let Some(padding) = self.scenario.number("padding") {
            output["padding"] = Value::String("x".repeat(usize::try_from(padding.min(20_000_000)).unwrap_or(0)));
        }
        Some(output)
    }

    fn file(&self) -> Vec<u8> {
        let seed = fingerprint(&self.input_text());
        if self.is_sound() { files::sound(seed) } else { files::picture(seed).unwrap_or_default() }
    }

    /// Who says how long it is to be wants to hear something.
    fn is_sound(&self) -> bool {
        self.submission.input.contains_key("duration_s")
    }

    fn shape(&self) -> &str {
        if self.scenario.has("base64") { "base64" } else { self.scenario.text("shape").unwrap_or("url") }
    }

    fn file_url(&self, seed: u64) -> String {
        let name = files::name(seed, self.is_sound());
        match self.scenario.text("file") {
            Some(mode) => format!("{}/{mode}/{name}", self.files_url),
            None => format!("{}/{name}", self.files_url),
        }
    }

    /// What `/status` answers.
    pub fn view(&self) -> Value {
        let mut view = json!({ "id": self.id, "status": self.shown_status() });
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                view[name] = value;
            }
        };
        put("delayTime", self.started_at.map(|at| (at - self.queued_at).into()));
        put("executionTime", self.execution_time().map(Value::from));
        put("workerId", self.worker.clone().map(Value::from));
        put("output", self.output.clone());
        put("error", self.error.clone().map(Value::from));
        put("retries", (self.retries > 0).then(|| self.retries.into()));
        view
    }

    fn shown_status(&self) -> &str {
        match self.status {
            Status::Running if self.scenario.has("unknown-state") => "WARMING_UP",
            status => status.word(),
        }
    }

    fn execution_time(&self) -> Option<u64> {
        Some(self.ended_at? - self.started_at?)
    }

    /// What the webhook is told: the same, and the echo of what was submitted.
    pub fn callback_body(&self) -> Value {
        let mut body = self.view();
        body["input"] = Value::Object(self.submission.input.clone());
        body["webhook"] = json!(self.submission.webhook);
        body
    }

    /// What tests see under `/control`.
    pub fn ledger(&self) -> Value {
        let mut entry = self.view();
        entry["status"] = self.status.word().into();
        entry["endpoint"] = json!(self.endpoint);
        entry["input"] = Value::Object(self.submission.input.clone());
        entry["webhook"] = json!(self.submission.webhook);
        entry["scenario"] = json!(self.scenario);
        entry["executions"] = self.executions.into();
        entry["retries"] = self.retries.into();
        entry["statusReads"] = self.status_reads.into();
        entry["callbacks"] = json!(self.deliveries);
        entry["settled"] = self.settled.into();
        entry["gone"] = json!(self.gone);
        entry["history"] = json!(self.history);
        entry
    }

    /// A rough size, for the bound on memory.
    pub fn bytes(&self) -> usize {
        self.input_bytes + self.output_bytes + 1024
    }
}
