use std::borrow::Cow;

use postgres_wasm_bindings as postgres;
use serde::Serialize;
use small_json::Object;
use validation::{FieldError, Language, Message, Place, Rejected};

use crate::contract::Limit;
use crate::media::Media;
use crate::refusal::{self, Refusal};
use crate::reply::{Answer, Body, Html};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A refusal or failure: what the caller is told, and privately why.
///
/// On the wire it is an RFC 9457 problem. `source` reaches the log only.
#[derive(Debug)]
pub struct Error(Box<Inner>);

/// Boxed, because every fallible call of every function carries it.
#[derive(Debug)]
struct Inner {
    status: u16,
    message: Message,
    fields: Vec<FieldError>,
    source: Option<String>,
    headers: Vec<(&'static str, String)>,
    /// Public members, each value as JSON.
    details: Vec<(String, String)>,
    constraint: Option<String>,
}

/// What every problem has, so that no detail of one may be called so.
const MEMBERS: [&str; 8] = ["type", "title", "status", "detail", "code", "request_id", "errors", "error"];

impl Error {
    pub fn unauthenticated() -> Error {
        Error::from(refusal::UNAUTHENTICATED).with_header("www-authenticate", "Bearer".to_owned())
    }

    /// The code of a wrong field for which there are no words.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn field_without_sentence(&self) -> Option<&str> {
        self.0.fields.iter().find(|field| !field.has_sentence()).map(|field| field.code.as_str())
    }

    /// 422 with one entry per wrong field.
    pub fn invalid(fields: Vec<FieldError>) -> Error {
        let mut error = Error::from(refusal::INVALID);
        error.0.fields = fields;
        error
    }

    /// `Retry-After`: the seconds until the next attempt can succeed.
    #[must_use]
    pub fn retry_after(self, seconds: i64) -> Error {
        self.with_header("retry-after", seconds.max(1).to_string())
    }

    pub(crate) fn rate_limited(limit: Limit) -> Error {
        let refusal = if limit.status == 503 { refusal::OVER_LIMIT } else { refusal::RATE_LIMITED };
        // The binding does not tell when its window ends; a whole window is always long enough.
        Error::from(refusal).retry_after(60)
    }

    pub(crate) fn method_not_allowed(allow: String) -> Error {
        Error::from(refusal::METHOD_NOT_ALLOWED).with_header("allow", allow)
    }

    pub(crate) fn body_too_large() -> Error {
        Error::from(refusal::BODY_TOO_LARGE)
    }

    pub(crate) fn unsupported_media_type(accepts: Media) -> Error {
        let names: Vec<&str> = accepts.names().collect();
        Error::from(refusal::UNSUPPORTED_MEDIA_TYPE).with("accepts", names.join(", "))
    }

    /// 503: something that we depend on did not answer. The reason goes to the log.
    pub fn unavailable(source: impl ToString) -> Error {
        Error::from(refusal::UNAVAILABLE).retry_after(5).because(source)
    }

    pub(crate) fn misconfigured(source: impl ToString) -> Error {
        Error::from(refusal::MISCONFIGURED).because(source)
    }

    /// 500: says nothing outside. The reason goes to the log.
    pub fn internal(source: impl ToString) -> Error {
        Error::from(refusal::INTERNAL).because(source)
    }

    /// Keeps a private reason for the log.
    #[must_use]
    pub fn because(mut self, source: impl ToString) -> Error {
        self.0.source = Some(source.to_string());
        self
    }

    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: String) -> Error {
        self.0.headers.push((name, value));
        self
    }

    /// Adds a public member to the problem, such as what is left of a quota.
    #[must_use]
    pub fn with(self, name: &str, value: impl Serialize) -> Error {
        self.with_json(name, serde_json::to_string(&value).unwrap_or_default())
    }

    fn with_json(mut self, name: &str, value: String) -> Error {
        debug_assert!(!MEMBERS.contains(&name), "{name} is a member of every problem");
        self.0.details.push((name.to_owned(), value));
        self
    }

    pub fn status(&self) -> u16 {
        self.0.status
    }

    /// Whether it is our fault: nothing that a caller or an outside service did explains it.
    pub(crate) fn is_fault(&self) -> bool {
        self.0.status == 500
    }

    pub fn code(&self) -> &'static str {
        self.0.message.code
    }

    /// The private reason, for the log.
    pub(crate) fn source(&self) -> Option<&str> {
        self.0.source.as_deref()
    }

    /// Takes in what another refusal of the same request found wrong.
    pub(crate) fn extend(&mut self, other: Error) {
        self.0.fields.extend(other.0.fields);
    }

    pub(crate) fn answer(&self, language: Language, request_id: &str) -> Answer {
        let mut answer = Answer::new(self.0.status);
        answer.header("content-type", "application/problem+json");
        answer.header("content-language", language.code());
        for (name, value) in &self.0.headers {
            answer.header(name, value.clone());
        }
        if !self.is_fault() && !answer.has("retry-after") {
            // OpenAI's clients repeat 409, 429 and 5xx by themselves: what does not say when will not pass by waiting.
            answer.header("x-should-retry", "false");
        }
        answer.body = self.problem(language, request_id).into_bytes();
        answer
    }
}

impl Error {
    /// The same for somebody who looks at a page: what went wrong, and for strangers the way in.
    pub(crate) fn page(&self, language: Language, request_id: &str) -> Answer {
        let mut answer = self.answer(language, request_id);
        answer.headers.retain(|(name, _)| *name != "content-type");
        answer.header("content-type", Html::CONTENT_TYPE);
        answer.header("content-security-policy", Html::POLICY.unwrap_or_default());
        let way = match (self.0.status, language) {
            (401, Language::Fr) => "<p><a href=\"/admin/sign-in\">Se connecter</a>",
            (401, Language::En) => "<p><a href=\"/admin/sign-in\">Sign in</a>",
            _ => "",
        };
        answer.body = [
            "<!doctype html><html lang=\"",
            language.code(),
            "\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\"><title>",
            &self.0.status.to_string(),
            "</title><h1>",
            // Our own sentences: nothing that was sent is in them.
            self.0.message.text(language),
            "</h1>",
            way,
            "<p><small>",
            request_id,
            "</small>\n",
        ]
        .concat()
        .into_bytes();
        answer
    }

    /// RFC 9457, and the same under `error` in the form of OpenAI's API, which the clients of many services read: with it they
    /// understand our errors as they are.
    fn problem(&self, language: Language, request_id: &str) -> String {
        let Inner { status, message, fields, details, .. } = &*self.0;
        let said = message.text(language);
        let number = status.to_string();
        let mut familiar = Object::new();
        familiar.string("message", said).string("type", refusal::family(*status));
        match fields.first() {
            Some(wrong) => familiar.string("param", &wrong.field),
            None => familiar.raw("param", "null"),
        };
        let familiar = familiar.string("code", message.code).end();
        let mut problem = Object::new();
        problem.string("type", "about:blank").string("title", refusal::title(*status)).raw("status", &number);
        problem.string("detail", said).string("code", message.code).string("request_id", request_id);
        if !fields.is_empty() {
            let errors: Vec<String> = fields.iter().map(|field| field.in_language(language)).collect();
            problem.raw("errors", &["[", &errors.join(","), "]"].concat());
        }
        problem.raw("error", &familiar);
        for (name, value) in details {
            problem.raw(name, value);
        }
        problem.end()
    }
}

impl From<Refusal> for Error {
    fn from(Refusal { status, message }: Refusal) -> Error {
        let (fields, headers) = (Vec::new(), Vec::new());
        Error(Box::new(Inner { status, message, fields, source: None, headers, details: Vec::new(), constraint: None }))
    }
}

impl From<FieldError> for Error {
    fn from(field: FieldError) -> Error {
        Error::invalid(vec![field])
    }
}

impl From<Rejected> for Error {
    fn from(rejected: Rejected) -> Error {
        match rejected {
            Rejected::Malformed { line, column } => {
                Error::from(refusal::MALFORMED_JSON).with("line", line).with("column", column)
            }
            Rejected::Invalid(fields) => Error::invalid(fields),
        }
    }
}

impl From<postgres::Error> for Error {
    fn from(error: postgres::Error) -> Error {
        Error::of_database(error, &[])
    }
}

impl Error {
    /// What the database answered, where SQL may raise `refuses` and what every endpoint refuses.
    pub(crate) fn of_database(error: postgres::Error, refuses: &[Refusal]) -> Error {
        let source = error.to_string();
        let Some(database) = error.database() else {
            return match error {
                postgres::Error::Transport(_) | postgres::Error::Unavailable { .. } => Error::unavailable(source),
                _ => Error::internal(source),
            };
        };
        let mut found = match database.sqlstate.get(..2) {
            Some("OR") => raised(database, refuses).unwrap_or_else(|| Error::internal(&source)),
            // Connection, resources, operator: the database, not the request.
            Some("08" | "53" | "57" | "40" | "55") => Error::unavailable(&source),
            // A value that passed our checks and yet does not fit its column.
            Some("22") => Error::from(refusal::INVALID),
            _ => Error::internal(&source),
        };
        found.0.constraint = database.constraint.clone();
        found.because(source)
    }
}

/// A refusal that SQL raises: SQLSTATE `OR` + status, a code as message, and in DETAIL an object.
fn raised(database: &postgres::DatabaseError, refuses: &[Refusal]) -> Option<Error> {
    let members = database.detail.as_deref().and_then(|detail| small_json::members(detail).ok()).unwrap_or_default();
    refused(&database.message, &members, refuses)
}

/// What SQL refuses, by its code. `field` of the details says that the code is of that field of the body, `retry_after_s` goes
/// into the header, and the rest are members of the problem. None where nobody refuses by that code.
pub(crate) fn refused(code: &str, members: &[(Cow<'_, str>, &str)], refuses: &[Refusal]) -> Option<Error> {
    let of = |wanted: &str| members.iter().find(|(name, _)| name == wanted).map(|(_, value)| *value);
    let mut error = match of("field").and_then(|field| small_json::from_str::<String>(field).ok()) {
        Some(field) => Error::from(FieldError::new(Place::Body, field, code)),
        None => Error::from(refusal::raised(code, refuses)?),
    };
    if error.status() == 401 {
        error = error.with_header("www-authenticate", "Bearer".to_owned());
    }
    if let Some(seconds) = of("retry_after_s").and_then(|seconds| seconds.parse().ok()) {
        error = error.retry_after(seconds);
    }
    for (name, value) in members {
        if !matches!(name.as_ref(), "field" | "retry_after_s") {
            error = error.with_json(name, (*value).to_owned());
        }
    }
    Some(error)
}

/// The database stays the judge of uniqueness: a named constraint becomes the caller's error.
pub trait OnConstraint<T> {
    /// # Errors
    /// `error` where the constraint called `name` was violated; any other error as it was.
    fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T>;

    /// # Errors
    /// 422 with that code of that field of the body where the constraint called `name` was violated; any other error as it was.
    fn on_field(self, name: &str, field: &str, code: &str) -> Result<T>
    where
        Self: Sized,
    {
        self.on_constraint(name, || FieldError::new(Place::Body, field, code).into())
    }
}

impl<T> OnConstraint<T> for Result<T> {
    fn on_constraint(self, name: &str, error: impl FnOnce() -> Error) -> Result<T> {
        self.map_err(|found| if found.0.constraint.as_deref() == Some(name) { error() } else { found })
    }
}
