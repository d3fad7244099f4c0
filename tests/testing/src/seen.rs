//! What tests send and get, kept in `build/examples` for the OpenAPI document's examples. `cargo xtask sync` chooses among
//! them and makes them the same in every run.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, OnceLock};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::Answer;

/// The headers that callers read.
const TOLD: [&str; 7] =
    ["content-disposition", "etag", "idempotency-replayed", "location", "retry-after", "x-next-cursor", "x-total-count"];

/// Larger ones explain nothing.
const LARGEST: usize = 4096;

/// A request as it was sent.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
    /// When it was sent, by its own clock.
    pub(crate) now: DateTime<Utc>,
}

/// A list of objects or texts is known by its first, wherever it stands.
fn shorten(value: &mut Value) {
    match value {
        Value::Array(items) => {
            if items.first().is_some_and(|first| first.is_object() || first.is_string()) {
                items.truncate(1);
            }
            items.iter_mut().for_each(shorten);
        }
        Value::Object(fields) => fields.values_mut().for_each(shorten),
        _ => {}
    }
}

/// Keeps a pair of JSON, or of a request without a body; anything else is no example, but a refusal is one whatever was sent.
pub(crate) fn keep(request: &Request, answer: &Answer) {
    let parse = |bytes: &[u8]| if bytes.is_empty() { Some(Value::Null) } else { serde_json::from_slice(bytes).ok() };
    let sent = parse(&request.body).or((answer.status >= 400).then_some(Value::Null));
    let (Some(body), Some(mut shown)) = (sent, parse(&answer.body)) else { return };
    let mut size = request.body.len() + answer.body.len();
    if size >= LARGEST {
        shorten(&mut shown);
        size = request.body.len() + shown.to_string().len();
    }
    if size > LARGEST {
        return;
    }
    let headers: Vec<_> = TOLD.into_iter().filter(|name| answer.header(name).is_some()).collect();
    let line = json!({
        "test": std::thread::current().name(), "now": request.now,
        "method": request.method, "path": request.path, "body": body, "status": answer.status, "headers": headers, "answer": shown,
    });
    if let Some(Ok(mut file)) = file().as_ref().map(Mutex::lock) {
        // Without it there is one example less to choose from.
        let _ = writeln!(file, "{line}");
    }
}

/// One file per test program, begun anew by each run.
fn file() -> &'static Option<Mutex<File>> {
    static FILE: OnceLock<Option<Mutex<File>>> = OnceLock::new();
    FILE.get_or_init(|| {
        let program = std::env::current_exe().ok()?;
        // Without the hash that cargo adds.
        let name = program.file_stem()?.to_str()?.rsplit_once('-')?.0.to_owned();
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../build/examples"));
        fs::create_dir_all(folder).ok()?;
        File::create(folder.join(name).with_extension("jsonl")).ok().map(Mutex::new)
    })
}
