//! Several statements, one transaction, one round trip.

use std::fmt;
use std::time::Duration;

use small_json::write_string;

use crate::{Error, Statement};

const OPENING: &str = "{\"queries\":[";

/// Statements that run in order, in one transaction, in one round trip: all of them or none.
///
/// A batch of one statement without options is sent as a single query, which is a transaction of its own and may also be
/// one that PostgreSQL refuses inside a block, such as `vacuum`.
pub struct Batch {
    /// The request's body, without its closing brackets.
    body: String,
    len: usize,
    read_only: bool,
    isolation: Option<Isolation>,
    timeout: Duration,
    headers: Vec<(&'static str, String)>,
    refused: Option<Error>,
}

/// What a transaction sees of the others. Unless set, the database's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Each statement sees what was committed before it began.
    ReadCommitted,
    /// All statements see what was committed before the first.
    RepeatableRead,
    /// As if transactions ran one after another; conflicts are retried.
    Serializable,
}

impl Isolation {
    fn header(self) -> &'static str {
        match self {
            Isolation::ReadCommitted => "ReadCommitted",
            Isolation::RepeatableRead => "RepeatableRead",
            Isolation::Serializable => "Serializable",
        }
    }
}

impl Batch {
    /// Enough for a hosted database that must first wake up.
    pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(15);

    /// An empty batch.
    pub fn new() -> Batch {
        Batch {
            body: OPENING.into(),
            len: 0,
            read_only: false,
            isolation: None,
            timeout: Batch::DEFAULT_TIMEOUT,
            headers: Vec::new(),
            refused: None,
        }
    }

    /// Adds a statement and returns its index, by which [`Results`](crate::Results) knows it.
    pub fn add(&mut self, statement: impl Into<Statement>) -> usize {
        let statement = statement.into();
        let index = self.len;
        self.body.push_str(if index > 0 { ",{\"query\":" } else { "{\"query\":" });
        write_string(&mut self.body, statement.sql.text());
        self.body.push_str(",\"params\":[");
        self.body.push_str(&statement.params);
        self.body.push_str("]}");
        self.len += 1;
        if let Some((number, reason)) = statement.refused {
            self.refused.get_or_insert(Error::Parameter { statement: index, number, reason });
        }
        index
    }

    /// PostgreSQL refuses writes in it, and an unclear failure is retried.
    pub fn read_only(&mut self) -> &mut Batch {
        self.read_only = true;
        self
    }

    /// Sets the isolation level.
    pub fn isolation(&mut self, level: Isolation) -> &mut Batch {
        self.isolation = Some(level);
        self
    }

    /// How long one attempt may take.
    pub fn timeout(&mut self, timeout: Duration) -> &mut Batch {
        self.timeout = timeout;
        self
    }

    /// Sends a header along, such as `X-Request-Id` or `traceparent`. The value must be visible ASCII, blanks allowed inside.
    pub fn header(&mut self, name: &'static str, value: impl Into<String>) -> &mut Batch {
        let value = value.into();
        if value.trim_matches(' ') != value || !value.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) {
            self.refused.get_or_insert(Error::Header("a header's value must be visible ASCII"));
        }
        self.headers.push((name, value));
        self
    }

    /// How many statements there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no statement.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether [`Batch::read_only`] was called.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// Closes the body; call once, before [`Batch::body`].
    pub(crate) fn seal(&mut self) -> Result<(), Error> {
        self.body.push_str("]}");
        self.refused.take().map_or(Ok(()), Err)
    }

    /// The request's body. The one statement of a lone query is itself the body of a single query.
    pub(crate) fn body(&self) -> &str {
        if self.is_single() { &self.body[OPENING.len()..self.body.len() - 2] } else { &self.body }
    }

    fn is_single(&self) -> bool {
        self.len == 1 && !self.read_only && self.isolation.is_none()
    }

    pub(crate) fn limit(&self) -> Duration {
        self.timeout
    }

    /// The headers that belong to this batch.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let isolation = self.isolation.map(|level| ("Neon-Batch-Isolation-Level", level.header()));
        let read_only = self.read_only.then_some(("Neon-Batch-Read-Only", "true"));
        let own = self.headers.iter().map(|(name, value)| (*name, value.as_str()));
        isolation.into_iter().chain(read_only).chain(own)
    }
}

impl Default for Batch {
    fn default() -> Batch {
        Batch::new()
    }
}

/// Parameters and headers are not shown.
impl fmt::Debug for Batch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Batch")
            .field("len", &self.len)
            .field("read_only", &self.read_only)
            .field("isolation", &self.isolation)
            .finish_non_exhaustive()
    }
}
