//! Everything that can go wrong with a request, and the JSON that says so.

use fallible_iterator::FallibleIterator;
use hyper::StatusCode;
use postgres_protocol::message::backend::ErrorResponseBody;

use crate::json;

/// Why a request got no result. Never holds a password or a parameter of ours; PostgreSQL's own
/// messages may quote a parameter, so they go to the caller and never to the log.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The request itself cannot be understood or served.
    Request(String),
    /// The request's body is above this many bytes.
    RequestTooLarge(usize),
    /// The result is above this many bytes. Nothing was committed.
    ResponseTooLarge(usize),
    /// PostgreSQL refused, at this statement where it is one of the request's own.
    Database { error: DatabaseError, statement: Option<usize> },
    /// No session can be opened now.
    Unreachable(String),
    /// Every session of this login stayed busy for too long.
    Busy(u64),
    /// The session broke off. `unknown`: after COMMIT was sent, so its outcome is not known.
    Lost { unknown: bool },
    /// PostgreSQL sent what cannot be turned into JSON, or does not belong here.
    Protocol(&'static str),
}

/// The fields of PostgreSQL's `ErrorResponse`, by their one-letter type.
#[derive(Debug)]
pub(crate) struct DatabaseError {
    fields: Vec<(u8, String)>,
}

impl DatabaseError {
    pub fn read(body: &ErrorResponseBody) -> Result<Self, std::io::Error> {
        let fields = body
            .fields()
            .map(|field| Ok((field.type_(), String::from_utf8_lossy(field.value_bytes()).into_owned())))
            .collect()?;
        Ok(Self { fields })
    }

    pub fn get(&self, field: u8) -> Option<&str> {
        self.fields.iter().find(|(kind, _)| *kind == field).map(|(_, value)| value.as_str())
    }

    pub fn code(&self) -> &str {
        self.get(b'C').unwrap_or_default()
    }

    /// Whether the server is not ready for sessions (rather than refusing this one).
    pub fn is_unavailable(&self) -> bool {
        matches!(self.code().get(..2), Some("53" | "57" | "58" | "08" | "XX"))
    }
}

/// The names under which the fields travel, in the order of Neon's body.
const FIELDS: [(&str, u8); 15] = [
    ("detail", b'D'),
    ("hint", b'H'),
    ("position", b'P'),
    ("internalPosition", b'p'),
    ("internalQuery", b'q'),
    ("severity", b'S'),
    ("where", b'W'),
    ("table", b't'),
    ("column", b'c'),
    ("schema", b's'),
    ("dataType", b'd'),
    ("constraint", b'n'),
    ("file", b'F'),
    ("line", b'L'),
    ("routine", b'R'),
];

impl Failure {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Request(_) | Self::Database { .. } => StatusCode::BAD_REQUEST,
            Self::RequestTooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ResponseTooLarge(_) => StatusCode::INSUFFICIENT_STORAGE,
            Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Unreachable(_) | Self::Lost { .. } | Self::Protocol(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub fn message(&self) -> String {
        match self {
            Self::Request(message) => message.clone(),
            Self::RequestTooLarge(limit) => format!("request is too large (max is {limit} bytes)"),
            Self::ResponseTooLarge(limit) => format!("response is too large (max is {limit} bytes)"),
            Self::Database { error, .. } => error.get(b'M').unwrap_or_default().to_owned(),
            Self::Unreachable(reason) => format!("cannot open a session with PostgreSQL: {reason}"),
            Self::Busy(seconds) => format!("every connection of this login stayed busy for {seconds} s"),
            Self::Lost { unknown: true } => {
                "the connection to PostgreSQL broke during COMMIT: whether it took place is not known".into()
            }
            Self::Lost { unknown: false } => {
                "the connection to PostgreSQL broke before COMMIT was sent: nothing was committed".into()
            }
            Self::Protocol(what) => format!("could not parse postgres response: {what}"),
        }
    }

    fn code(&self) -> &str {
        match self {
            Self::Database { error, .. } => error.code(),
            Self::Lost { unknown: true } => "08007",
            Self::Lost { unknown: false } => "08006",
            _ => "",
        }
    }

    /// What may stand in the log: no text that a statement or parameter could have put there.
    pub fn log_line(&self) -> Option<String> {
        match self {
            Self::Unreachable(_) | Self::Busy(_) | Self::Lost { .. } | Self::Protocol(_) => Some(self.message()),
            _ => None,
        }
    }

    /// Neon's error body, with `statementIndex` added: the failed statement's place in the request.
    pub fn body(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(512);
        out.extend_from_slice(b"{\"message\":");
        json::string(&mut out, &self.message());
        out.extend_from_slice(b",\"code\":");
        json::string(&mut out, self.code());
        let (error, statement) = match self {
            Self::Database { error, statement } => (Some(error), *statement),
            _ => (None, None),
        };
        for (name, field) in FIELDS {
            out.push(b',');
            json::string(&mut out, name);
            out.push(b':');
            match error.and_then(|error| error.get(field)) {
                Some(value) => json::string(&mut out, value),
                None if field == b'S' => json::string(&mut out, ""),
                None => out.extend_from_slice(b"null"),
            }
        }
        out.extend_from_slice(b",\"statementIndex\":");
        match statement {
            Some(index) => out.extend_from_slice(index.to_string().as_bytes()),
            None => out.extend_from_slice(b"null"),
        }
        out.push(b'}');
        out
    }
}
