//! How many requests and statements one caller's request made: for tests that hold a function to its
//! declared round trips.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::header::HeaderValue;

/// Ids remembered; the oldest goes first.
const REMEMBERED: usize = 100_000;
/// A longer id is not counted.
const LONGEST: usize = 128;

#[derive(Default)]
pub(crate) struct Counts {
    table: Mutex<Table>,
}

#[derive(Default)]
struct Table {
    counts: HashMap<Vec<u8>, Count>,
    order: VecDeque<Vec<u8>>,
}

#[derive(Clone, Copy, Default)]
struct Count {
    requests: u64,
    statements: u64,
}

impl Counts {
    /// A request with this `X-Request-Id` has come.
    pub fn request(&self, id: &HeaderValue) {
        self.add(id, Count { requests: 1, statements: 0 });
    }

    /// It carried this many statements.
    pub fn statements(&self, id: &HeaderValue, statements: usize) {
        self.add(id, Count { requests: 0, statements: statements as u64 });
    }

    /// `{"count":n,"statements":n}`; zeros for an unknown id.
    pub fn read(&self, id: &str) -> String {
        let count = self.lock().counts.get(id.as_bytes()).copied().unwrap_or_default();
        format!("{{\"count\":{},\"statements\":{}}}", count.requests, count.statements)
    }

    fn add(&self, id: &HeaderValue, more: Count) {
        if id.len() <= LONGEST {
            let mut table = self.lock();
            let count = table.entry(id.as_bytes());
            count.requests += more.requests;
            count.statements += more.statements;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn entry(&mut self, id: &[u8]) -> &mut Count {
        if !self.counts.contains_key(id) {
            if self.order.len() >= REMEMBERED
                && let Some(oldest) = self.order.pop_front()
            {
                self.counts.remove(&oldest);
            }
            self.order.push_back(id.to_vec());
        }
        self.counts.entry(id.to_vec()).or_default()
    }
}
