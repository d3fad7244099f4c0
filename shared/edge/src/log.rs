//! One JSON line per call: enough to find out what happened, nothing that is a secret or somebody's text.

use std::cell::{Cell, RefCell};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// What a call collects for its line.
pub(crate) struct Log {
    pub(crate) request_id: String,
    trace_id: String,
    sql_calls: Cell<u32>,
    sql_ms: Cell<f64>,
    sql_rows: Cell<usize>,
    outside: RefCell<Vec<Outside>>,
    notes: RefCell<Vec<String>>,
}

#[derive(Clone, Serialize)]
struct Outside {
    name: &'static str,
    status: u16,
    ms: f64,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    level: &'static str,
    request_id: &'a str,
    trace_id: &'a str,
    function: &'a str,
    operation: &'a str,
    route: &'a str,
    method: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    ms: f64,
    sql: Statements,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outside: Vec<Outside>,
    ip: &'a str,
}

#[derive(Serialize)]
struct After<'a> {
    time: String,
    level: &'static str,
    request_id: &'a str,
    trace_id: &'a str,
    /// The operation whose answer had gone out.
    after: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
    sql: Statements,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outside: Vec<Outside>,
}

#[derive(Serialize)]
struct Statements {
    calls: u32,
    ms: f64,
    rows: usize,
}

/// What the line says about the end of the call.
pub(crate) struct Ending<'a> {
    pub(crate) at: DateTime<Utc>,
    pub(crate) function: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) route: &'a str,
    pub(crate) method: &'a str,
    pub(crate) status: u16,
    pub(crate) code: Option<&'a str>,
    pub(crate) error: Option<&'a str>,
    pub(crate) ms: f64,
    pub(crate) ip: &'a str,
}

impl Log {
    /// Takes part in the trace that `traceparent` (W3C Trace Context) names, or begins one.
    pub(crate) fn new(request_id: String, traceparent: Option<&str>) -> Log {
        let trace_id = traceparent.and_then(trace_id).unwrap_or_else(|| request_id.replace('-', ""));
        Log {
            request_id,
            trace_id,
            sql_calls: Cell::new(0),
            sql_ms: Cell::new(0.0),
            sql_rows: Cell::new(0),
            outside: RefCell::default(),
            notes: RefCell::default(),
        }
    }

    /// For the calls that this call makes: the same trace, this call as parent.
    pub(crate) fn traceparent(&self) -> String {
        let parent: String = self.request_id.chars().filter(char::is_ascii_hexdigit).take(16).collect();
        ["00-", &self.trace_id, "-", &parent, "-01"].concat()
    }

    pub(crate) fn sql_call(&self) {
        self.sql_calls.set(self.sql_calls.get() + 1);
    }

    pub(crate) fn sql(&self, ms: f64, rows: usize) {
        self.sql_ms.set(self.sql_ms.get() + ms);
        self.sql_rows.set(self.sql_rows.get() + rows);
    }

    pub(crate) fn outside(&self, name: &'static str, status: u16, ms: f64) {
        self.outside.borrow_mut().push(Outside { name, status, ms });
    }

    pub(crate) fn note(&self, what: &str) {
        self.notes.borrow_mut().push(what.to_owned());
    }

    /// What happened since the call's own line.
    pub(crate) fn line_after(&self, operation: &str, at: DateTime<Utc>) -> String {
        let notes = self.notes.take();
        let line = After {
            time: at.to_rfc3339_opts(SecondsFormat::Millis, true),
            level: if notes.is_empty() { "info" } else { "warn" },
            request_id: &self.request_id,
            trace_id: &self.trace_id,
            after: operation,
            notes,
            sql: self.statements(),
            outside: self.outside.take(),
        };
        serde_json::to_string(&line).unwrap_or_default()
    }

    fn statements(&self) -> Statements {
        Statements { calls: self.sql_calls.take(), ms: self.sql_ms.take(), rows: self.sql_rows.take() }
    }

    pub(crate) fn line(&self, ending: &Ending) -> String {
        let notes = self.notes.take();
        let line = Line {
            time: ending.at.to_rfc3339_opts(SecondsFormat::Millis, true),
            level: match ending.status {
                500.. => "error",
                400.. => "warn",
                _ if !notes.is_empty() => "warn",
                _ => "info",
            },
            request_id: &self.request_id,
            trace_id: &self.trace_id,
            function: ending.function,
            operation: ending.operation,
            route: ending.route,
            method: ending.method,
            status: ending.status,
            code: ending.code,
            error: ending.error,
            notes,
            ms: ending.ms,
            sql: self.statements(),
            outside: self.outside.take(),
            ip: ending.ip,
        };
        serde_json::to_string(&line).unwrap_or_default()
    }
}

fn trace_id(traceparent: &str) -> Option<String> {
    let mut parts = traceparent.split('-');
    let (version, id, parent, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |text: &str, length| text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    let good = hex(version, 2) && hex(id, 32) && hex(parent, 16) && hex(flags, 2) && id.bytes().any(|b| b != b'0');
    good.then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_joined_and_a_broken_one_replaced() {
        let id = "0af7651916cd43dd8448eb211c80319c";
        let joined = Log::new("r".to_owned(), Some(&format!("00-{id}-b7ad6b7169203331-01")));
        assert_eq!(joined.trace_id, id);
        for broken in ["", "00-xyz-b7ad6b7169203331-01", "00-00000000000000000000000000000000-b7ad6b7169203331-01", "a\r\nb"] {
            assert_eq!(Log::new("a-b".to_owned(), Some(broken)).trace_id, "ab");
        }
    }
}
