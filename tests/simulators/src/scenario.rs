//! Markers (`sim:name` or `sim:name=value`), rules that add them, and the faults that they name.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{Context, lock};

const MAX_RULES: usize = 10_000;
const MAX_COUNTERS: usize = 100_000;

/// The markers that hold for one request, by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Scenario(BTreeMap<String, Option<String>>);

impl Scenario {
    /// Collects every `sim:name` and `sim:name=value` of a text, in any letter case. The last of equal names wins.
    pub fn read(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let markers = text.split("sim:").skip(1).filter_map(|rest| {
            let (name, rest) = split_word(rest, |c| c.is_ascii_alphanumeric() || c == '-');
            let value = rest.strip_prefix('=').map(|rest| {
                let (value, _) = split_word(rest, |c| c.is_ascii_alphanumeric() || "-_.".contains(c));
                value.trim_end_matches('.').to_owned()
            });
            (!name.is_empty()).then(|| (name.to_owned(), value))
        });
        Self(markers.collect())
    }

    /// These markers, and `base`'s where these do not say otherwise.
    pub fn over(mut self, base: Scenario) -> Self {
        for (name, value) in base.0 {
            self.0.entry(name).or_insert(value);
        }
        self
    }

    /// The markers that begin with `prefix` and a dash, without them.
    pub fn within(&self, prefix: &str) -> Self {
        let own = self.0.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix(prefix)?.strip_prefix('-')?;
            Some((name.to_owned(), value.clone()))
        });
        Self(own.collect())
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }

    pub fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.parse().ok()
    }

    /// The fault that these markers put on an answer, if any.
    pub(crate) fn fault(&self) -> Option<Fault> {
        self.0.iter().find_map(|(name, value)| {
            let (kind, after) = match name.strip_suffix("-after") {
                Some(kind) => (kind, true),
                None => (name.as_str(), false),
            };
            let kind = match kind {
                "hang" => FaultKind::Hang,
                "html" => FaultKind::Html,
                "truncated" => FaultKind::Truncated,
                digits if digits.len() == 3 => FaultKind::Status(digits.parse().ok()?),
                _ => return None,
            };
            Some(Fault { kind, after, times: value.as_ref().and_then(|value| value.parse().ok()) })
        })
    }
}

fn split_word(text: &str, part: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !part(c)).unwrap_or(text.len()))
}

/// An answer that goes wrong.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fault {
    pub kind: FaultKind,
    /// The request takes effect first, so that its sender cannot know.
    pub after: bool,
    /// Only the first so many equal requests meet it.
    times: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FaultKind {
    Status(u16),
    /// Silence.
    Hang,
    /// A proxy's error page.
    Html,
    /// An answer that breaks off.
    Truncated,
}

impl Fault {
    /// Whether this request still meets the fault; `subject` says which requests are equal.
    pub fn strikes(&self, context: &Context, subject: &str) -> bool {
        self.times.is_none_or(|times| context.counters.next(&format!("{self:?} {subject}")) <= times)
    }

    pub async fn answer(&self, context: &Context) -> Response {
        match self.kind {
            FaultKind::Status(code) => {
                let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                let mut answer = (status, axum::Json(json!({ "error": format!("simulated {status}") }))).into_response();
                if status == StatusCode::TOO_MANY_REQUESTS {
                    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
                }
                answer
            }
            FaultKind::Hang => {
                tokio::time::sleep(Duration::from_millis(context.config.hang_ms)).await;
                StatusCode::GATEWAY_TIMEOUT.into_response()
            }
            FaultKind::Html => html(StatusCode::BAD_GATEWAY, "502 Bad Gateway"),
            FaultKind::Truncated => truncated(),
        }
    }
}

pub(crate) fn html(status: StatusCode, title: &str) -> Response {
    let page = format!("<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
    (status, axum::response::Html(page)).into_response()
}

fn truncated() -> Response {
    let pieces = [Ok(Bytes::from_static(b"{\"id\":\"")), Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))];
    let mut answer = Body::from_stream(futures::stream::iter(pieces)).into_response();
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("64"));
    answer
}

/// Markers for all requests to one endpoint or webhook.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// `runpod`, `discord`, …
    pub world: String,
    /// The endpoint's or webhook's id.
    pub id: String,
    /// Markers, such as `sim:fail sim:slow=50`.
    pub scenario: String,
    /// Holds for so many submissions, then goes; without it, until deleted.
    pub times: Option<u64>,
}

#[derive(Default)]
pub(crate) struct Rules(Mutex<BTreeMap<(String, String), Rule>>);

impl Rules {
    /// Sets the rule of a world and id, in place of an earlier one. False when there are too many.
    pub fn set(&self, rule: Rule) -> bool {
        let mut rules = lock(&self.0);
        let key = (rule.world.clone(), rule.id.clone());
        let room = rules.len() < MAX_RULES || rules.contains_key(&key);
        if room {
            rules.insert(key, rule);
        }
        room
    }

    pub fn remove(&self, world: &str, id: &str) -> bool {
        lock(&self.0).remove(&(world.to_owned(), id.to_owned())).is_some()
    }

    pub fn all(&self) -> Vec<Rule> {
        lock(&self.0).values().cloned().collect()
    }

    pub fn peek(&self, world: &str, id: &str) -> Scenario {
        let rules = lock(&self.0);
        let rule = rules.get(&(world.to_owned(), id.to_owned()));
        rule.map(|rule| Scenario::read(&rule.scenario)).unwrap_or_default()
    }

    /// As `peek`, and counts one of the rule's `times`.
    pub fn take(&self, world: &str, id: &str) -> Scenario {
        let mut rules = lock(&self.0);
        let key = (world.to_owned(), id.to_owned());
        let Some(rule) = rules.get_mut(&key) else { return Scenario::default() };
        let scenario = Scenario::read(&rule.scenario);
        rule.times = rule.times.map(|times| times.saturating_sub(1));
        if rule.times == Some(0) {
            rules.remove(&key);
        }
        scenario
    }
}

/// How often something has happened. Forgets the oldest.
#[derive(Default)]
pub(crate) struct Counters(Mutex<(HashMap<u64, u64>, VecDeque<u64>)>);

impl Counters {
    /// Counts one more and gives the new number.
    pub fn next(&self, subject: &str) -> u64 {
        let mut guard = lock(&self.0);
        let (counts, order) = &mut *guard;
        let key = fingerprint(subject);
        if !counts.contains_key(&key) {
            order.push_back(key);
            if order.len() > MAX_COUNTERS
                && let Some(oldest) = order.pop_front()
            {
                counts.remove(&oldest);
            }
        }
        let count = counts.entry(key).or_default();
        *count += 1;
        *count
    }
}

/// FNV-1a: the same on every machine and in every release, which std's hasher does not promise.
pub(crate) fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_read_from_any_text() {
        let scenario = Scenario::read(r#"{"decor":"a wood, sim:Slow=250 sim:fail","prompt":"sim:429=2."}"#);
        assert_eq!(scenario.number("slow"), Some(250));
        assert!(scenario.has("fail"));
        assert_eq!(scenario.text("fail"), None);
        assert_eq!(scenario.names().collect::<Vec<_>>(), ["429", "fail", "slow"]);
    }

    #[test]
    fn a_requests_own_markers_win_over_a_rule() {
        let scenario = Scenario::read("sim:slow=1").over(Scenario::read("sim:slow=9 sim:fail"));
        assert_eq!(scenario.number("slow"), Some(1));
        assert!(scenario.has("fail"));
    }

    #[test]
    fn a_fault_says_whether_the_request_took_effect() {
        let fault = |text| Scenario::read(text).fault().map(|fault| (fault.kind, fault.after));
        assert_eq!(fault("sim:500-after"), Some((FaultKind::Status(500), true)));
        assert_eq!(fault("sim:hang"), Some((FaultKind::Hang, false)));
        assert_eq!(fault("sim:fail"), None);
    }

    #[test]
    fn a_rule_with_times_goes_after_so_many_submissions() {
        let rules = Rules::default();
        let rule = Rule { world: "runpod".into(), id: "a".into(), scenario: "sim:fail".into(), times: Some(2) };
        rules.set(rule);
        let taken = [(); 3].map(|()| rules.take("runpod", "a").has("fail"));
        assert_eq!(taken, [true, true, false]);
    }
}
