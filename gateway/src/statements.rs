//! The prepared statements of one session, so that a hot statement is parsed and planned once.

use std::collections::HashMap;
use std::sync::Arc;

/// Statements kept per session. Beyond it the least recently used one is closed.
const CAPACITY: usize = 256;
/// A longer text is not kept: it is rarely sent twice, and its plan holds memory in PostgreSQL.
const LONGEST: usize = 32 * 1024;

/// Names are never used twice in a session, so a name whose fate is unclear can simply be left.
#[derive(Default)]
pub(crate) struct Statements {
    entries: HashMap<Box<str>, Entry>,
    named: u64,
    clock: u64,
    /// Evicted names that PostgreSQL still holds.
    closing: Vec<Arc<str>>,
}

struct Entry {
    name: Arc<str>,
    used: u64,
    /// PostgreSQL has answered `ParseComplete`.
    ready: bool,
}

/// How to run a text: under which name, and whether `Parse` must be sent first.
pub(crate) struct Prepared {
    pub name: Arc<str>,
    pub parse: bool,
}

impl Prepared {
    /// A statement without a name, which the next one replaces.
    pub fn once() -> Self {
        Self { name: Arc::from(""), parse: true }
    }
}

impl Statements {
    /// Looks a text up, or plans to prepare it.
    pub fn prepare(&mut self, text: &str) -> Prepared {
        self.clock += 1;
        if let Some(entry) = self.entries.get_mut(text) {
            entry.used = self.clock;
            return Prepared { name: entry.name.clone(), parse: false };
        }
        if text.len() > LONGEST {
            return Prepared::once();
        }
        if self.entries.len() >= CAPACITY {
            self.evict();
        }
        self.named += 1;
        let name: Arc<str> = format!("s{}", self.named).into();
        let entry = Entry { name: name.clone(), used: self.clock, ready: false };
        self.entries.insert(text.into(), entry);
        Prepared { name, parse: true }
    }

    fn evict(&mut self) {
        let oldest = self.entries.iter().filter(|(_, entry)| entry.ready).min_by_key(|(_, entry)| entry.used);
        if let Some(text) = oldest.map(|(text, _)| text.clone()) {
            self.forget(&text);
        }
    }

    /// PostgreSQL has parsed it.
    pub fn confirm(&mut self, text: &str) {
        if let Some(entry) = self.entries.get_mut(text) {
            entry.ready = true;
        }
    }

    /// Will be prepared anew when it is next used.
    pub fn forget(&mut self, text: &str) {
        if let Some(entry) = self.entries.remove(text) {
            self.closing.push(entry.name);
        }
    }

    pub fn forget_all(&mut self) {
        self.closing.extend(self.entries.drain().map(|(_, entry)| entry.name));
    }

    /// After a failure: those whose `Parse` PostgreSQL skipped do not exist.
    pub fn forget_unconfirmed(&mut self) {
        self.entries.retain(|_, entry| entry.ready);
    }

    /// The names to close now.
    pub fn take_closing(&mut self) -> Vec<Arc<str>> {
        std::mem::take(&mut self.closing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_text_is_not_parsed_again() {
        let mut statements = Statements::default();
        let first = statements.prepare("select 1");
        statements.confirm("select 1");
        let second = statements.prepare("select 1");
        assert!(first.parse && !second.parse);
        assert_eq!(first.name, second.name);
    }

    #[test]
    fn the_least_recently_used_statement_is_closed() {
        let mut statements = Statements::default();
        for number in 0..CAPACITY {
            statements.prepare(&number.to_string());
            statements.confirm(&number.to_string());
        }
        statements.prepare("0");
        statements.prepare("new");
        assert_eq!(statements.take_closing(), [Arc::from("s2")]);
        assert!(!statements.prepare("0").parse);
    }

    #[test]
    fn a_name_is_never_used_twice() {
        let mut statements = Statements::default();
        let first = statements.prepare("select 1");
        statements.forget_unconfirmed();
        assert_ne!(first.name, statements.prepare("select 1").name);
    }

    #[test]
    fn a_very_long_text_is_not_kept() {
        let mut statements = Statements::default();
        let text = " ".repeat(LONGEST + 1);
        assert!(statements.prepare(&text).parse && statements.prepare(&text).parse);
        assert_eq!(&*statements.prepare(&text).name, "");
    }
}
