//! Results are stored here before RunPod forgets them: half an hour after the end, for its own files.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use edge::{Context, Http, HttpAnswer, HttpFailure};
use runpod::{Output, Report, State};
use serde::Serialize;
use storage::Storage;
use uuid::Uuid;

/// Of one result; what RunPod allows inside an answer, too.
const LARGEST: usize = 10 * 1024 * 1024;
/// Where results are kept; no worker's folder.
const FOLDERS: [&str; 3] = ["scene", "pose", "audio"];

/// What became of a result.
#[derive(Debug, PartialEq, Eq)]
pub enum StoreOutcome {
    Stored(File),
    /// It is not what was asked for, and will never be.
    Refused(&'static str),
    /// The file or the storage does not answer: trying again may help.
    Later(String),
}

/// A stored result, as the ledger holds it.
#[derive(Debug, Serialize, PartialEq, Eq)]
pub struct File {
    pub url: String,
    pub r#type: &'static str,
    pub bytes: usize,
    /// The worker's own copy in our bucket, which `grimoire-forget-results` deletes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub upload: Option<String>,
}

/// What RunPod said about a job, as `edge.job_event` takes it.
#[derive(Serialize)]
pub struct Event {
    pub job: Uuid,
    pub runpod_job_id: Option<String>,
    pub status: &'static str,
    pub output: Option<File>,
    pub error: Option<String>,
    pub delay_ms: Option<i64>,
    pub execution_ms: Option<i64>,
    pub progress: Option<i64>,
    pub is_presumed: bool,
}

impl Event {
    /// `None` where the report says nothing about the job's state. A success is one only [`with`](Event::with) its file.
    pub fn new(job: Uuid, report: Report) -> Option<Event> {
        Some(Event {
            job,
            status: report.state?.name(),
            runpod_job_id: report.id,
            output: None,
            error: report.error,
            delay_ms: report.delay_ms,
            execution_ms: report.execution_ms,
            progress: report.progress,
            is_presumed: false,
        })
    }

    /// # Errors
    /// Why there is no event yet: the result has to be fetched again.
    pub fn with(self, outcome: StoreOutcome) -> Result<Event, String> {
        match outcome {
            StoreOutcome::Stored(file) => Ok(Event { output: Some(file), ..self }),
            StoreOutcome::Refused(why) => Ok(Event { status: State::Failed.name(), error: Some(why.to_owned()), ..self }),
            StoreOutcome::Later(why) => Err(why),
        }
    }
}

/// Fetches the result of a job, looks at what it is, and stores it. Its first bytes say what it is; its name and type do not
/// count. `runpod_job_id` is where a worker that has storage of its own puts it.
pub async fn keep(ctx: &Context, job: Uuid, kind: &str, runpod_job_id: Option<&str>, output: Output) -> StoreOutcome {
    let storage = match Storage::new(ctx) {
        Ok(storage) => storage,
        Err(error) => return StoreOutcome::Later(error.code().to_owned()),
    };
    let mut uploaded = None;
    let bytes = match output {
        Output::Inline(text) => match decode(&text) {
            Some(bytes) => bytes,
            None => return StoreOutcome::Refused("output_unsupported"),
        },
        Output::Link(url) => {
            let folder = runpod_job_id.filter(|id| !FOLDERS.contains(id)).unwrap_or_default();
            uploaded = storage.uploaded(&url, folder);
            // A worker's key may be one that cannot read.
            let url = uploaded.as_ref().map_or(url, |address| storage.link(address));
            match fetch(ctx, &url).await {
                Ok(bytes) => bytes,
                Err(kept) => return kept,
            }
        }
    };
    let length = bytes.len();
    if length > LARGEST {
        return StoreOutcome::Refused("output_too_large");
    }
    let Some((r#type, ending)) = kind_of(kind, &bytes) else { return StoreOutcome::Refused("output_unsupported") };
    let folder = [kind, "/", &job.to_string()].concat();
    match storage.keep(&folder, ending, r#type, bytes).await {
        Ok(url) => StoreOutcome::Stored(File { url, r#type, bytes: length, upload: uploaded }),
        Err(why) => StoreOutcome::Later(why),
    }
}

async fn fetch(ctx: &Context, url: &str) -> Result<Vec<u8>, StoreOutcome> {
    let trusted = ["RUNPOD_BASE_URL", "STORAGE_URL"].map(|name| origin(ctx.setting(name)));
    if !may_fetch(url, &trusted) {
        return Err(StoreOutcome::Refused("output_unreachable"));
    }
    match ctx.http("result", Http::get(url).most(LARGEST).timeout(Duration::from_secs(30))).await {
        Ok(HttpAnswer { status: 200, body, .. }) => Ok(body),
        Ok(HttpAnswer { status: status @ (408 | 425 | 429 | 500..), .. }) => {
            Err(StoreOutcome::Later(["result: status ", &status.to_string()].concat()))
        }
        // A redirection too: it could lead anywhere.
        Ok(_) => Err(StoreOutcome::Refused("output_unreachable")),
        Err(failure) if failure == HttpFailure::too_large() => Err(StoreOutcome::Refused("output_too_large")),
        Err(HttpFailure::Timeout) => Err(StoreOutcome::Later("result: timeout".to_owned())),
        Err(HttpFailure::Connection(why)) => Err(StoreOutcome::Later(["result: ", &why].concat())),
    }
}

/// A worker names the address, and a worker may be tricked: only public https hosts by name, and the origins that this
/// deployment trusts anyway.
fn may_fetch(url: &str, trusted: &[&str]) -> bool {
    if trusted.iter().any(|origin| !origin.is_empty() && url.strip_prefix(origin).is_some_and(|rest| rest.starts_with('/'))) {
        return true;
    }
    let Some(rest) = url.strip_prefix("https://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let labels: Vec<&str> = host.split('.').collect();
    let is_name = |label: &&str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let private = ["localhost", "local", "internal", "lan", "home", "corp", "intranet", "arpa", "onion"];
    let last = labels.last().copied().unwrap_or_default();
    labels.len() > 1 && labels.iter().all(is_name) && last.bytes().any(|b| b.is_ascii_alphabetic()) && !private.contains(&last)
}

fn origin(url: &str) -> &str {
    let start = url.find("://").map_or(0, |at| at + 3);
    url[start..].find('/').map_or(url, |at| &url[..start + at])
}

/// Type and name's ending of a file that fits the kind of creation.
fn kind_of(kind: &str, bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let is = |at: usize, magic: &[u8]| bytes.get(at..at + magic.len()) == Some(magic);
    if kind == "audio" {
        return match () {
            () if is(0, b"RIFF") && is(8, b"WAVE") => Some(("audio/wav", "wav")),
            () if is(0, b"OggS") => Some(("audio/ogg", "ogg")),
            () if is(0, b"fLaC") => Some(("audio/flac", "flac")),
            () if is(0, b"ID3") || bytes.first() == Some(&0xff) && bytes.get(1).is_some_and(|b| b & 0xe6 == 0xe2) => {
                Some(("audio/mpeg", "mp3"))
            }
            () => None,
        };
    }
    match () {
        () if is(0, b"\x89PNG\r\n\x1a\n") => Some(("image/png", "png")),
        () if is(0, b"\xff\xd8\xff") => Some(("image/jpeg", "jpg")),
        () if is(0, b"RIFF") && is(8, b"WEBP") => Some(("image/webp", "webp")),
        () => None,
    }
}

/// Some encoders break lines.
fn decode(text: &str) -> Option<Vec<u8>> {
    let decoded = match text.contains(['\r', '\n']) {
        true => BASE64_STANDARD.decode(text.replace(['\r', '\n'], "")),
        false => BASE64_STANDARD.decode(text),
    };
    decoded.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_names_and_trusted_origins_are_fetched() {
        let trusted = ["http://127.0.0.1:8790", ""];
        for url in ["https://files.example.org/1.png", "https://a.b.example/x?y", "http://127.0.0.1:8790/files/1.png"] {
            assert!(may_fetch(url, &trusted), "{url}");
        }
        for url in [
            "http://files.example.org/1.png",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://localhost/",
            "https://metadata.google.internal/computeMetadata",
            "https://user@files.example.org/",
            "https://files.example.org:8443/",
            "http://127.0.0.1:8790.evil.example/",
            "http://127.0.0.1:87901/",
            "http://127.0.0.1:8790@evil.example/",
            "https://printer.local/",
            "https://files/",
            "file:///etc/passwd",
            "",
        ] {
            assert!(!may_fetch(url, &trusted), "{url}");
        }
    }

    #[test]
    fn a_file_is_what_its_first_bytes_say() {
        assert_eq!(kind_of("scene", b"\x89PNG\r\n\x1a\n...."), Some(("image/png", "png")));
        assert_eq!(kind_of("pose", b"RIFF\0\0\0\0WEBPVP8 "), Some(("image/webp", "webp")));
        assert_eq!(kind_of("audio", b"RIFF\0\0\0\0WAVEfmt "), Some(("audio/wav", "wav")));
        assert_eq!(kind_of("audio", b"\xff\xfb\x90\x64"), Some(("audio/mpeg", "mp3")));
        for (kind, bytes) in [
            ("scene", &b"<html>"[..]),
            ("scene", b"OggS"),
            ("audio", b"\x89PNG\r\n\x1a\n"),
            ("audio", b"\xff\xd8\xff"),
            ("scene", b""),
        ] {
            assert_eq!(kind_of(kind, bytes), None, "{kind}");
        }
    }

    #[test]
    fn the_origin_of_a_url_is_its_scheme_and_host() {
        assert_eq!(origin("https://api.runpod.ai/v2"), "https://api.runpod.ai");
        assert_eq!((origin("http://127.0.0.1:1"), origin("")), ("http://127.0.0.1:1", ""));
    }
}
