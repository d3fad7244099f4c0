//! One JSON line per call: enough to find out what happened, nothing that is a secret or somebody's text.

use std::cell::{Cell, RefCell};

use chrono::{DateTime, Utc};
use small_json::{Object, write_string};
use validation::rfc3339;

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

#[derive(Clone)]
struct Outside {
    name: &'static str,
    status: u16,
    ms: f64,
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
        let level = if self.notes.borrow().is_empty() { "info" } else { "warn" };
        let mut line = self.begun(at, level);
        line.string("after", operation);
        self.ended(&mut line, None);
        line.end()
    }

    pub(crate) fn line(&self, ending: &Ending) -> String {
        let level = match ending.status {
            500.. => "error",
            400.. => "warn",
            _ if !self.notes.borrow().is_empty() => "warn",
            _ => "info",
        };
        let mut line = self.begun(ending.at, level);
        line.string("function", ending.function).string("operation", ending.operation).string("route", ending.route);
        line.string("method", ending.method).number("status", ending.status.into());
        line.maybe("code", ending.code).maybe("error", ending.error);
        self.ended(&mut line, Some(ending.ms));
        line.string("ip", ending.ip).end()
    }

    fn begun(&self, at: DateTime<Utc>, level: &str) -> Object {
        let mut line = Object::new();
        line.string("time", &rfc3339(at, 3)).string("level", level);
        line.string("request_id", &self.request_id).string("trace_id", &self.trace_id);
        line
    }

    /// Times are whole milliseconds.
    fn ended(&self, line: &mut Object, ms: Option<f64>) {
        let notes = self.notes.take();
        if !notes.is_empty() {
            let mut list = String::from("[");
            for note in &notes {
                list.push_str(if list.len() > 1 { "," } else { "" });
                write_string(&mut list, note);
            }
            line.raw("notes", &[&list, "]"].concat());
        }
        if let Some(ms) = ms {
            line.number("ms", whole(ms));
        }
        let mut sql = Object::new();
        sql.number("calls", self.sql_calls.take().into()).number("ms", whole(self.sql_ms.take()));
        line.raw("sql", &sql.number("rows", i64::try_from(self.sql_rows.take()).unwrap_or(i64::MAX)).end());
        let outside = self.outside.take();
        if !outside.is_empty() {
            let of = |call: &Outside| {
                let mut text = Object::new();
                text.string("name", call.name).number("status", call.status.into()).number("ms", whole(call.ms)).end()
            };
            let calls: Vec<String> = outside.iter().map(of).collect();
            line.raw("outside", &["[", &calls.join(","), "]"].concat());
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of a call fit")]
fn whole(ms: f64) -> i64 {
    ms.round() as i64
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
