//! Examples of requests and answers: seen by tests, chosen and made the same in every run here, committed in
//! `docs/examples`, one file per operation.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use edge::chrono::{DateTime, Duration, NaiveDate, SecondsFormat, Utc};
use edge::route::{Found, find};
use edge::{Endpoint, Function, Trigger};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::FUNCTIONS;
use crate::registry::pretty;

/// The examples of one operation, by status.
pub type Examples = BTreeMap<String, Example>;

/// A request and its answer.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Example {
    /// Below the server, with query.
    pub path: String,
    #[serde(skip_serializing_if = "Value::is_null", default)]
    pub body: Value,
    #[serde(skip_serializing_if = "Value::is_null", default)]
    pub answer: Value,
    /// The names of those headers that the answer and others like it told the caller something by.
    #[serde(skip_serializing_if = "BTreeSet::is_empty", default)]
    pub headers: BTreeSet<String>,
}

/// One line of `build/examples`.
#[derive(Deserialize)]
struct Seen {
    test: String,
    now: DateTime<Utc>,
    method: String,
    path: String,
    body: Value,
    status: u16,
    headers: BTreeSet<String>,
    answer: Value,
}

/// What is chosen first: not of the function's own test, its name, and the place in it.
type Rank = (bool, String, usize);

/// Which refusals tests have seen.
pub const REFUSALS: &str = "docs/refusals.json";

/// When every example takes place.
const DAY: &str = "2026-06-10T08:00:00Z";

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The committed examples by operation and, with `recorded`, those that tests have seen since and that are missing, and
/// headers that they have seen.
pub fn examples(recorded: bool) -> BTreeMap<String, Examples> {
    let mut examples = BTreeMap::new();
    for function in FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http) {
        for endpoint in function.endpoints {
            let name = file_name(function, endpoint);
            let committed = fs::read(root().join(format!("docs/examples/{name}.json"))).unwrap_or_default();
            examples.insert(name, serde_json::from_slice::<Examples>(&committed).unwrap_or_default());
        }
    }
    if recorded {
        for (name, status, example) in chosen() {
            let headers = example.headers.clone();
            examples.entry(name).or_default().entry(status).or_insert(example).headers.extend(headers);
        }
    }
    examples
}

/// The codes of refusals that tests have seen, by operation: the committed ones and, with `recorded`, those seen since.
pub fn seen_refusals(recorded: bool) -> BTreeMap<String, BTreeSet<String>> {
    let committed = fs::read(root().join(REFUSALS)).unwrap_or_default();
    let mut seen: BTreeMap<String, BTreeSet<String>> = serde_json::from_slice(&committed).unwrap_or_default();
    for file in recordings().into_iter().filter(|_| recorded) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        for line in text.lines().filter_map(|line| serde_json::from_str::<Seen>(line).ok()) {
            if let (Some(code), Some((_, endpoint))) = (line.answer["code"].as_str().filter(|_| line.status >= 400), meant(&line))
            {
                seen.entry(endpoint.operation.to_owned()).or_default().insert(code.to_owned());
            }
        }
    }
    let named = |operation: &str, code: &str| {
        let mut endpoints = FUNCTIONS.iter().flat_map(|function| function.endpoints);
        endpoints.any(|endpoint| endpoint.operation == operation && endpoint.refuses.iter().any(|refusal| refusal.code() == code))
    };
    seen.iter_mut().for_each(|(operation, codes)| codes.retain(|code| named(operation, code)));
    seen.retain(|_, codes| !codes.is_empty());
    seen
}

/// The files of `docs/examples`.
pub fn files(examples: &BTreeMap<String, Examples>) -> impl Iterator<Item = (String, String)> {
    let files = examples.iter().filter(|(_, examples)| !examples.is_empty());
    files.map(|(name, examples)| (format!("docs/examples/{name}.json"), pretty(&json!(examples))))
}

/// `rise-kaizen.create_kaizen`
pub(crate) fn file_name(function: &Function, endpoint: &Endpoint) -> String {
    [function.package, ".", endpoint.operation].concat()
}

/// Of what tests saw, one pair per operation and status: a journey's before a function's own test's, then the first by name.
fn chosen() -> Vec<(String, String, Example)> {
    let mut best: BTreeMap<(String, u16), (Rank, Seen)> = BTreeMap::new();
    let mut headers: BTreeMap<(String, u16), BTreeSet<String>> = BTreeMap::new();
    for file in recordings() {
        let program = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let text = fs::read_to_string(&file).unwrap_or_default();
        for (index, seen) in text.lines().filter_map(|line| serde_json::from_str::<Seen>(line).ok()).enumerate() {
            let Some((function, endpoint)) = meant(&seen) else { continue };
            let is_own = program == function.package.replace('-', "_");
            if !(is_own || program == "journeys") || seen.status >= 500 && !endpoint.also.contains(&seen.status) {
                continue;
            }
            let rank = (is_own, seen.test.clone(), index);
            let key = (file_name(function, endpoint), seen.status);
            headers.entry(key.clone()).or_default().extend(seen.headers.iter().cloned());
            if best.get(&key).is_none_or(|(known, _)| rank < *known) {
                best.insert(key, (rank, seen));
            }
        }
    }
    let example = |((name, status), (_, seen)): ((String, u16), (Rank, Seen))| {
        let headers = headers.get(&(name.clone(), status)).cloned().unwrap_or_default();
        (name, status.to_string(), Example { headers, ..Redaction::new(seen.now).example(&seen) })
    };
    best.into_iter().map(example).collect()
}

fn recordings() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("build/examples")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|kind| kind == "jsonl")).collect()
}

/// The endpoint that a request went to.
fn meant(seen: &Seen) -> Option<(&'static Function, &'static Endpoint)> {
    let path = seen.path.split('?').next()?;
    let is_canonical =
        |function: &&&Function| path.strip_prefix(function.root.prefix()).is_some_and(|rest| rest.starts_with('/'));
    FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http).filter(is_canonical).find_map(|function| {
        match find(function.root, function.endpoints, &seen.method, path) {
            Found::Endpoint(endpoint, _) if seen.method != "HEAD" => Some((*function, endpoint)),
            _ => None,
        }
    })
}

/// Puts the same values in the place of those that differ in every run: ids, times, tokens, addresses.
struct Redaction {
    /// What is added to a time to bring it to the examples' day.
    shift: Duration,
    day: NaiveDate,
    uuids: Vec<String>,
    numbers: Vec<String>,
}

impl Redaction {
    fn new(now: DateTime<Utc>) -> Redaction {
        let then: DateTime<Utc> = DAY.parse().unwrap_or_default();
        Redaction { shift: then - now, day: now.date_naive(), uuids: Vec::new(), numbers: Vec::new() }
    }

    fn example(&mut self, seen: &Seen) -> Example {
        // Before the path, which may repeat a number of the answer.
        let body = self.value("", &seen.body);
        let answer = self.value("", &seen.answer);
        let (path, query) = seen.path.split_once('?').unwrap_or((&seen.path, ""));
        let parts: Vec<String> = path.split('/').map(|part| self.part(part)).collect();
        let query: Vec<String> = query.split('&').map(|pair| self.pair(pair)).collect();
        let question = if query.concat().is_empty() { "" } else { "?" };
        let path = [&parts.join("/"), question, &query.join("&")].concat();
        Example { path, body, answer, headers: BTreeSet::new() }
    }

    fn part(&mut self, part: &str) -> String {
        if part.len() > 2 && part.bytes().all(|byte| byte.is_ascii_digit()) { self.number(part) } else { self.text("", part) }
    }

    fn pair(&mut self, pair: &str) -> String {
        match pair.split_once('=') {
            Some((name, value)) => [name, "=", &self.text(name, value)].concat(),
            None => pair.to_owned(),
        }
    }

    fn value(&mut self, name: &str, value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                Value::Object(object.iter().map(|(name, value)| (name.clone(), self.value(name, value))).collect::<Map<_, _>>())
            }
            Value::Array(items) => items.iter().map(|item| self.value(name, item)).collect(),
            Value::String(text) => Value::String(self.text(name, text)),
            Value::Number(number) if number.is_i64() && (name == "id" || name.ends_with("_id")) => {
                self.number(&number.to_string()).parse::<i64>().map_or(Value::Null, Value::from)
            }
            Value::Number(number) if number.is_f64() && name.ends_with("_ms") => json!(12.5),
            other => other.clone(),
        }
    }

    fn text(&mut self, name: &str, text: &str) -> String {
        match name {
            "access_token" => return "eyJhbGciOiJIUzI1NiIs.eyJzdWIiOiIwMDAwMDAwMC0.c2lnbmF0dXJl".to_owned(),
            "refresh_token" | "token" | "cursor" | "next_cursor" => return format!("opaque-{}", name.replace('_', "-")),
            _ => {}
        }
        if let Ok(time) = text.parse::<DateTime<Utc>>() {
            // The nearest second: the request took some milliseconds.
            let time = time + self.shift + Duration::milliseconds(500);
            return time.to_rfc3339_opts(SecondsFormat::Secs, true);
        }
        if let Ok(day) = text.parse::<NaiveDate>() {
            // The same distance from the examples' day; what was not near today was meant as it is.
            let distance = day - self.day;
            let then = DAY.parse::<DateTime<Utc>>().unwrap_or_default().date_naive();
            return if distance.num_days().abs() < 400 { (then + distance).to_string() } else { text.to_owned() };
        }
        if text.ends_with("@example.org") {
            return "ada@example.org".to_owned();
        }
        let text = self.without_uuids(text);
        without_ports(&text)
    }

    /// Every UUID in a text, in the order of their first appearance.
    fn without_uuids(&mut self, text: &str) -> String {
        let mut rest = text;
        let mut made = String::new();
        while let Some(at) = (0..rest.len()).find(|at| rest.get(*at..at + 36).is_some_and(is_uuid)) {
            let (before, found) = (&rest[..at], &rest[at..at + 36]);
            let index = place(&mut self.uuids, found);
            made.push_str(&format!("{before}00000000-0000-4000-8000-{index:012}"));
            rest = &rest[at + 36..];
        }
        made + rest
    }

    fn number(&mut self, number: &str) -> String {
        place(&mut self.numbers, number).to_string()
    }
}

/// From 1: which of the known this is; a new one becomes known.
fn place(known: &mut Vec<String>, text: &str) -> usize {
    known.iter().position(|other| other == text).unwrap_or_else(|| {
        known.push(text.to_owned());
        known.len() - 1
    }) + 1
}

fn is_uuid(text: &str) -> bool {
    text.bytes().enumerate().all(|(index, byte)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    })
}

/// Ports are free ones in every run.
fn without_ports(text: &str) -> String {
    let mut parts = text.split("localhost:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts
        .fold(first, |made, part| [&made, "localhost:8787", part.trim_start_matches(|c: char| c.is_ascii_digit())].concat())
        .replace("127.0.0.1:", "localhost:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_in_every_run_is_made_the_same() {
        let seen = |id: &str, number: i64, now: &str, later: &str, port: u16| {
            Redaction::new(now.parse().unwrap()).example(&Seen {
                test: String::new(),
                now: now.parse().unwrap(),
                method: "PUT".to_owned(),
                path: format!("/api/v1/rise/kaizen/{number}?user={id}"),
                body: json!({"email": format!("{id}@example.org"), "action": "Lire"}),
                status: 200,
                headers: BTreeSet::new(),
                answer: json!({
                    "id": number, "user_id": id, "date": &now[..10], "created_at": later, "born": "1815-12-10",
                    "access_token": "a.b.c", "url": format!("http://localhost:{port}/x/{id}"), "latency_ms": 1.7, "count": 3,
                }),
            })
        };
        let one = seen("7d444840-9dc0-11d1-b245-5ffdce74fad2", 4711, "2026-11-21T10:00:00Z", "2026-11-21T10:15:00Z", 4242);
        let two = seen("0a8f3c52-6b0e-4a52-9d4a-0f4b6c1f7a11", 815, "2027-01-02T03:04:05Z", "2027-01-02T03:19:05Z", 8080);
        assert_eq!(json!(one), json!(two));
        assert_eq!(one.path, "/api/v1/rise/kaizen/1?user=00000000-0000-4000-8000-000000000001");
        assert_eq!((&one.answer["date"], &one.answer["created_at"]), (&json!("2026-06-10"), &json!("2026-06-10T08:15:00Z")));
        assert_eq!((&one.answer["count"], &one.answer["born"]), (&json!(3), &json!("1815-12-10")));
        assert_eq!(one.answer["url"], "http://localhost:8787/x/00000000-0000-4000-8000-000000000001");
    }
}
