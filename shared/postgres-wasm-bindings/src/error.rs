//! What can go wrong, classified by what the caller can do about it.

use std::fmt;

/// Why a batch has no results.
///
/// `Display` is made for logs: it holds no parameter, no cell and no part of the connection string. Messages written by a
/// server may quote data (`invalid input syntax for type uuid: "…"`); they stay in the fields and in `Debug`, and `Display`
/// repeats them only for the classes of error that cannot quote any.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// PostgreSQL refused a statement; the transaction was rolled back.
    Database(Box<DatabaseError>),
    /// No answer came. Whether the statements ran is unknown.
    Transport(TransportError),
    /// The server refused the size of the request (413) or of its results (507); nothing was committed.
    TooLarge {
        /// HTTP status.
        status: u16,
    },
    /// The server refused the login.
    Unauthorized {
        /// HTTP status; some servers say 400.
        status: u16,
        /// What the server said.
        message: String,
    },
    /// The server could not serve the request: overloaded, waking up, unable to reach PostgreSQL, too many requests.
    Unavailable {
        /// HTTP status.
        status: u16,
        /// The vendor's own word for it, or empty.
        code: String,
        /// What the server said.
        message: String,
    },
    /// The answer, or the use made of it, does not fit the protocol.
    Protocol(String),
    /// A parameter cannot be sent. Nothing was sent.
    Parameter {
        /// Index of the statement in its batch.
        statement: usize,
        /// The number after the `$`.
        number: usize,
        /// Why.
        reason: &'static str,
    },
    /// A cell does not fit the Rust type asked for.
    Decode {
        /// Index of the statement in its batch.
        statement: usize,
        /// Name of the column, empty where the row as a whole does not fit.
        column: String,
        /// What the Rust type wanted.
        expected: String,
    },
    /// Another number of rows than was asked for.
    RowCount {
        /// Index of the statement in its batch.
        statement: usize,
        /// What was asked for.
        expected: &'static str,
        /// How many came.
        found: usize,
    },
    /// URL or connection string cannot be used.
    Login(&'static str),
    /// A header of the caller's cannot be sent. Nothing was sent.
    Header(&'static str),
}

/// No answer came from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportError {
    /// The batch's time was over.
    Timeout,
    /// The connection failed, in the transport's own words.
    Connection(String),
}

/// An error reported by PostgreSQL, field by field. Fields it left out are `None`.
///
/// `message`, `detail` and this type's `Debug` may quote data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseError {
    /// HTTP status of the answer.
    pub status: u16,
    /// Five characters, such as `23505`.
    pub sqlstate: String,
    /// The primary message.
    pub message: String,
    /// The detail line.
    pub detail: Option<String>,
    /// The hint line.
    pub hint: Option<String>,
    /// Schema of the object concerned.
    pub schema: Option<String>,
    /// Table concerned.
    pub table: Option<String>,
    /// Column concerned.
    pub column: Option<String>,
    /// Constraint violated.
    pub constraint: Option<String>,
    /// Where in the statement's text, in characters from 1.
    pub position: Option<u32>,
    /// Index of the statement in its batch, from the servers that tell.
    pub statement_index: Option<usize>,
}

impl Error {
    /// The SQLSTATE, when PostgreSQL itself answered.
    pub fn sqlstate(&self) -> Option<&str> {
        self.database().map(|error| error.sqlstate.as_str())
    }

    /// The name of the violated constraint.
    pub fn constraint(&self) -> Option<&str> {
        self.database()?.constraint.as_deref()
    }

    /// PostgreSQL's own error, when there is one.
    pub fn database(&self) -> Option<&DatabaseError> {
        match self {
            Error::Database(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the same batch may be sent again without risk: always after a serialization failure or a deadlock
    /// (PostgreSQL rolled back), and for a read-only batch also after an unclear or temporary failure.
    pub fn is_retryable(&self, read_only: bool) -> bool {
        match self {
            Error::Database(error) => matches!(error.sqlstate.as_str(), "40001" | "40P01") || (read_only && error.is_temporary()),
            Error::Transport(_) => read_only,
            Error::Unavailable { .. } => read_only,
            _ => false,
        }
    }
}

impl DatabaseError {
    /// The connection was lost or could not be had: not the statement's fault.
    fn is_temporary(&self) -> bool {
        self.sqlstate.starts_with("08") || matches!(self.sqlstate.as_str(), "53300" | "57P01" | "57P02" | "57P03")
    }

    /// Classes whose messages name objects, roles and settings but never a value: connection, login, rollback, syntax and
    /// names, resources, state, intervention.
    fn message_is_safe(&self) -> bool {
        matches!(self.sqlstate.get(..2), Some("08" | "25" | "28" | "40" | "42" | "53" | "55" | "57"))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Database(error) => error.fmt(out),
            Error::Transport(error) => error.fmt(out),
            Error::TooLarge { status: 413 } => out.write_str("the request is larger than the SQL server takes"),
            Error::TooLarge { status } => write!(out, "the results are larger than the SQL server sends (status {status})"),
            Error::Unauthorized { status, .. } => write!(out, "the SQL server refused the login (status {status})"),
            Error::Unavailable { status, code, message } => {
                write!(out, "the SQL server is unavailable (status {status}")?;
                if !code.is_empty() {
                    write!(out, ", {code}")?;
                }
                write!(out, "): {}", without_addresses(message))
            }
            Error::Protocol(what) => write!(out, "SQL over HTTP: {}", without_addresses(what)),
            Error::Parameter { statement, number, reason } => {
                write!(out, "statement {statement}, parameter ${number}: {reason}")
            }
            Error::Decode { statement, column, expected } if column.is_empty() => {
                write!(out, "statement {statement}, row: expected {expected}")
            }
            Error::Decode { statement, column, expected } => {
                write!(out, "statement {statement}, column {column}: expected {expected}")
            }
            Error::RowCount { statement, expected, found } => {
                write!(out, "statement {statement}: expected {expected}, found {found} rows")
            }
            Error::Login(what) | Error::Header(what) => out.write_str(what),
        }
    }
}

impl fmt::Display for DatabaseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "database error {}", self.sqlstate)?;
        if let Some(index) = self.statement_index {
            write!(out, " in statement {index}")?;
        }
        if let Some(constraint) = &self.constraint {
            write!(out, ", constraint {constraint}")?;
        }
        if self.message_is_safe() {
            write!(out, ": {}", self.message)?;
        }
        Ok(())
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TransportError::Timeout => out.write_str("the SQL server did not answer in time"),
            TransportError::Connection(what) => {
                write!(out, "the connection to the SQL server failed: {}", without_addresses(what))
            }
        }
    }
}

/// A server that complains about a connection string may quote it.
fn without_addresses(text: &str) -> &str {
    if text.as_bytes().windows(3).any(|three| three == b"://") { "(text withheld, it contains an address)" } else { text }
}

impl std::error::Error for Error {}
impl std::error::Error for DatabaseError {}
impl std::error::Error for TransportError {}

impl From<TransportError> for Error {
    fn from(error: TransportError) -> Error {
        Error::Transport(error)
    }
}
