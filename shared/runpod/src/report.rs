use edge::small_json;
use serde_json::Value;

use crate::{is_id, lenient};

const LONGEST_ERROR: usize = 500;
const LONGEST_URL: usize = 2048;
/// Characters of base64.
const SHORTEST_FILE: usize = 40;

/// What RunPod says about a job, in its callback or when asked: only what we keep.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// RunPod's id of the job. The SDK's local server leaves it out.
    pub id: Option<String>,
    /// `None` for a word that we do not know: the job has not ended.
    pub state: Option<State>,
    /// Given where the state is [`State::Succeeded`].
    pub output: Option<Output>,
    /// Percent, of a running job whose worker tells it.
    pub progress: Option<i64>,
    /// A sentence of the worker, without its traceback and links, or one of the words `no_output`, `output_unsupported`,
    /// `timed_out`, `runpod_failed`.
    pub error: Option<String>,
    /// Milliseconds in the queue.
    pub delay_ms: Option<i64>,
    /// Milliseconds of computing.
    pub execution_ms: Option<i64>,
}

/// What a worker has made: where it is, or itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    Link(String),
    /// In base64.
    Inline(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Queued,
    Running,
    Succeeded,
    Failed,
    Cancelled,
}

impl State {
    /// The word of our ledger.
    pub fn name(self) -> &'static str {
        match self {
            State::Queued => "queued",
            State::Running => "running",
            State::Succeeded => "succeeded",
            State::Failed => "failed",
            State::Cancelled => "cancelled",
        }
    }
}

impl Report {
    /// Every member may be missing or be something else than documented. `None` where the body is not a JSON object, and
    /// cannot be read as one (`lenient`).
    pub fn read(body: &[u8]) -> Option<Report> {
        let mut members = lenient::object(body)?;
        let mut member = |name| members.remove(name).unwrap_or_default();
        let report = Report {
            id: member("id").as_str().filter(|id| is_id(id)).map(str::to_owned),
            delay_ms: milliseconds(&member("delayTime")),
            execution_ms: milliseconds(&member("executionTime")),
            ..Report::default()
        };
        let (status, mut output, error) = (member("status"), member("output"), member("error"));
        Some(match status.as_str().map(str::to_ascii_uppercase).as_deref() {
            Some("IN_QUEUE") => report.state(State::Queued),
            // Progress comes with an output, which is not the result.
            Some("IN_PROGRESS" | "RUNNING") => Report { progress: percent(&output), ..report.state(State::Running) },
            Some("COMPLETED") => report.ended(&mut output, &error),
            Some("FAILED") => report.failed(&output, &error, "runpod_failed"),
            Some("TIMED_OUT") => report.failed(&output, &error, "timed_out"),
            Some("CANCELLED") => report.state(State::Cancelled),
            // The SDK's local server tells an end by its output alone.
            None if !output.is_null() => report.ended(&mut output, &error),
            None if !error.is_null() => report.failed(&output, &error, "runpod_failed"),
            _ => report,
        })
    }

    fn state(self, state: State) -> Report {
        Report { state: Some(state), ..self }
    }

    fn failed(self, output: &Value, error: &Value, otherwise: &str) -> Report {
        let error = sentence(error).or_else(|| complaint(output)).unwrap_or_else(|| otherwise.to_owned());
        Report { error: Some(error), ..self.state(State::Failed) }
    }

    fn ended(self, output: &mut Value, error: &Value) -> Report {
        match made(output) {
            Some(output) => Report { output: Some(output), ..self.state(State::Succeeded) },
            None if has_content(output) => self.failed(output, error, "output_unsupported"),
            None => self.failed(output, error, "no_output"),
        }
    }
}

/// The file in an output: the output itself, one of its members by these names, or the first file of a list, which may be
/// objects again (as the public SDXL and ComfyUI workers answer) and begin with what a worker has yielded before.
fn made(output: &mut Value) -> Option<Output> {
    const NAMES: [&str; 10] =
        ["image_url", "audio_url", "image", "audio", "url", "data", "message", "images", "audios", "output"];
    match output {
        Value::String(text) if is_url(text) => Some(Output::Link(std::mem::take(text))),
        Value::String(text) => {
            let start = text.strip_prefix("data:").map_or(Some(0), |rest| rest.find(";base64,").map(|at| at + 13))?;
            is_base64(&text[start..]).then(|| Output::Inline(text.split_off(start)))
        }
        Value::Array(items) => items.iter_mut().find_map(made),
        Value::Object(members) => NAMES.iter().find_map(|name| members.get_mut(*name).and_then(made)),
        _ => None,
    }
}

fn is_url(text: &str) -> bool {
    let scheme = text.starts_with("https://") || text.starts_with("http://");
    scheme && text.len() <= LONGEST_URL && text.bytes().all(|b| b.is_ascii_graphic())
}

/// Too long for a word, and nothing else in it.
fn is_base64(text: &str) -> bool {
    text.len() >= SHORTEST_FILE && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=\r\n".contains(&b))
}

/// `{"progress": 50}`, or the bare number; of a list, the last that tells.
fn percent(output: &Value) -> Option<i64> {
    if let Value::Array(items) = output {
        return items.iter().rev().find_map(percent);
    }
    let told = output.get("progress").unwrap_or(output);
    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    told.as_f64().map(|percent| percent.clamp(0.0, 100.0) as i64)
}

fn has_content(output: &Value) -> bool {
    match output {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => items.iter().any(has_content),
        Value::Object(members) => members.values().any(has_content),
        _ => false,
    }
}

fn milliseconds(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "a cast of a float saturates")]
    value.as_f64().map(|number| number as i64).filter(|number| *number >= 0)
}

/// What a worker that ended by itself says went wrong: its member `error`, or a message where it calls its end a failure.
fn complaint(output: &Value) -> Option<String> {
    const NAMES: [&str; 5] = ["error", "errors", "error_message", "exception", "detail"];
    match output {
        Value::Array(items) => items.iter().find_map(complaint),
        Value::Object(members) => {
            let says = |name: &str, words: &[&str]| {
                members.get(name).and_then(Value::as_str).is_some_and(|word| words.contains(&word.to_ascii_lowercase().as_str()))
            };
            let denies = |name: &str| members.get(name) == Some(&Value::Bool(false));
            let is_failure = says("status", &["error", "failed", "failure"]) || denies("success") || denies("ok");
            let named = NAMES.iter().find_map(|name| members.get(*name).and_then(sentence));
            named.or_else(|| sentence(output).filter(|_| is_failure))
        }
        _ => None,
    }
}

/// What people may read of an error. A handler that raises is told as a JSON document inside a string, with the machine's
/// name and a traceback beside the message; others have an object of their own, or a list. Links may carry our own proof.
fn sentence(error: &Value) -> Option<String> {
    const NAMES: [&str; 8] = ["error_message", "message", "error", "errors", "detail", "msg", "reason", "exception"];
    let message = match error {
        Value::String(text) => match small_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => return sentence(&inner),
            _ => text.clone(),
        },
        Value::Object(members) => return NAMES.iter().find_map(|name| members.get(*name).and_then(sentence)),
        Value::Array(items) => return items.iter().find_map(sentence),
        _ => return None,
    };
    // Python prints the message below its traceback.
    let message = match message.contains("Traceback (most recent call last)") {
        true => message.lines().rev().find(|line| !line.trim().is_empty())?.to_owned(),
        false => message,
    };
    let words = message.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let words: Vec<_> = words.map(|word| if word.contains("://") { "[link]" } else { word }).collect();
    let text: String = words.join(" ").chars().take(LONGEST_ERROR).collect();
    (!text.is_empty()).then_some(text)
}
