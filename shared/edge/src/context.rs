use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;
use postgres_wasm_bindings::{Batch, Client, Request, Response, Results, Sql, Statement, Transport, TransportError};
use serde::Serialize;
use serde::de::DeserializeOwned;
use small_json::Object;
use uuid::Uuid;

use crate::auth::Keys;
use crate::caller::{Identity, SCHEDULED, SqlRole};
use crate::config::Config;
use crate::http::{Http, HttpAnswer, HttpFailure, Patience, RETRY_AFTER, Upstream, retry_after};
use crate::idempotency::Key;
use crate::log::Log;
use crate::runtime::Runtime;
use crate::{Access, Error, Language, Page, Purpose, Refusal, Result, Verbatim};

/// Begins every batch: says who asks and when, refuses revoked sessions and banned people, and takes the caller's role.
const ENTER: Sql = Sql::new("select edge.enter($1, $2) is not null, set_config('role', $3, true) is not null");

const REPORT: Sql = Sql::new("select edge.report_error($1) ->> 'outcome' as outcome");

/// What a handler may do: know the time, ask the database, call outside, and leave work for after the answer.
#[derive(Clone)]
pub struct Context(pub(crate) Rc<Inner>);

pub(crate) struct Inner {
    pub(crate) now: DateTime<Utc>,
    pub(crate) language: Language,
    pub(crate) operation: String,
    pub(crate) role: SqlRole,
    pub(crate) identity: Identity,
    pub(crate) access: Access,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) key: Option<Key>,
    /// What the contract says that this endpoint refuses, by whose codes SQL raises it.
    pub(crate) refuses: &'static [Refusal],
    pub(crate) if_match: Option<String>,
    pub(crate) last_event_id: Option<String>,
    pub(crate) ip: String,
    pub(crate) country: Option<String>,
    pub(crate) user_agent: String,
    pub(crate) cookies: Option<String>,
    pub(crate) config: Rc<Config>,
    pub(crate) runtime: Runtime,
    pub(crate) log: Rc<Log>,
}

impl Context {
    /// The one clock of this call, in SQL `edge.now()`: when it arrived, or for a job when it was due.
    pub fn now(&self) -> DateTime<Utc> {
        self.0.now
    }

    /// What the clock shows at this moment: for how long a process may take, and for what others check against their own clock. Whatever a
    /// call is about goes by [`Context::now`].
    pub fn wall_clock(&self) -> DateTime<Utc> {
        self.0.runtime.now()
    }

    pub fn language(&self) -> Language {
        self.0.language
    }

    pub fn request_id(&self) -> &str {
        &self.0.log.request_id
    }

    /// The caller's address as far as it may be kept: /24 of IPv4, /48 of IPv6; empty where it is unknown.
    pub fn ip(&self) -> &str {
        &self.0.ip
    }

    /// The country that the request came from (ISO 3166-1 alpha-2), where Cloudflare says so. A hint, and no proof.
    pub fn country(&self) -> Option<&str> {
        self.0.country.as_deref()
    }

    /// `User-Agent`, at most 200 characters.
    pub fn user_agent(&self) -> &str {
        &self.0.user_agent
    }

    /// The value of a cookie. It tells browsers apart and says nothing of who is asking: a web page of anybody's can have it sent.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        crate::request::cookie(self.0.cookies.as_deref()?, name)
    }

    /// A digest of `Idempotency-Key`, for a handler that answers repeats itself (`idempotent`).
    pub fn idempotency_key(&self) -> Option<&str> {
        self.key_of_call().filter(|key| key.is_handlers).map(|key| key.digest.as_str())
    }

    /// What tells a repeated request from another one under the same key: a digest of all that was sent.
    pub fn request_hash(&self) -> Option<&str> {
        self.key_of_call().filter(|key| key.is_handlers).map(|key| key.request.as_str())
    }

    pub(crate) fn key_of_call(&self) -> Option<&Key> {
        self.0.key.as_ref()
    }

    /// The versions that `If-Match` names, for `edge.is_version` in SQL.
    pub fn if_match(&self) -> Option<&str> {
        self.0.if_match.as_deref()
    }

    /// A setting of the environment that the function's needs name.
    pub fn setting(&self, name: &str) -> &str {
        self.0.config.get(name)
    }

    /// The bytes of a key of the environment.
    pub fn key(&self, name: &str) -> Vec<u8> {
        self.0.config.key(name)
    }

    /// The keys of access tokens; needs `Tokens`.
    ///
    /// # Errors
    /// 503 `misconfigured`.
    pub fn tokens(&self) -> Result<&Keys> {
        self.0.config.keys().ok_or_else(|| Error::misconfigured("JWT_KEYS"))
    }

    /// Runs one statement in one round trip, as the caller.
    ///
    /// # Errors
    /// What the database refuses, as the caller's error where it is the caller's; 503 where it does not answer.
    pub async fn sql(&self, statement: impl Into<Statement>) -> Result<Rows> {
        let results = self.run(self.0.access, vec![statement.into()]).await?;
        Ok(Rows { results: Rc::new(results), statement: 1 })
    }

    /// Runs a statement that calls an SQL function which refuses by what it returns, so that what it wrote stays, such as a
    /// failed sign-in that counts. Its value is an object with the key `outcome`: `ok`, and the whole is read as `T`; or the code
    /// of a refusal that the contract names, with what a raised one has in its DETAIL; or a word of `T`'s own.
    ///
    /// # Errors
    /// That refusal; and as [`Context::sql`].
    pub async fn outcome<T: DeserializeOwned>(&self, statement: impl Into<Statement>) -> Result<T> {
        let rows = self.sql(statement).await?;
        self.refusal(&rows)?;
        rows.value()
    }

    fn refusal(&self, rows: &Rows) -> Result<()> {
        let Outcome { outcome } = rows.value()?;
        if outcome == "ok" {
            return Ok(());
        }
        let answer = rows.results.json(rows.statement)?.unwrap_or_default();
        let mut details = small_json::members(answer).unwrap_or_default();
        details.retain(|(name, _)| name != "outcome");
        crate::error::refused(&outcome, &details, self.0.refuses).map_or(Ok(()), Err)
    }

    /// Runs statements in order in one transaction and one round trip.
    ///
    /// # Errors
    /// As [`Context::sql`]; then none of them has happened.
    pub async fn batch<const N: usize>(&self, statements: [Statement; N]) -> Result<[Rows; N]> {
        let results = Rc::new(self.run(self.0.access, statements.into()).await?);
        Ok(std::array::from_fn(|index| Rows { results: results.clone(), statement: index + 1 }))
    }

    /// Boxed: each of those who wait for it would hold a copy of its state.
    fn run(&self, access: Access, statements: Vec<Statement>) -> LocalBoxFuture<'_, Result<Results>> {
        Box::pin(self.sent(access, statements))
    }

    async fn sent(&self, access: Access, statements: Vec<Statement>) -> Result<Results> {
        let login = self.0.config.login(self.0.role)?;
        let mut batch = Batch::new();
        // Reading somebody else's data begins with a row in the log; `edge.enter_for` then makes it read only.
        if access == Access::Reads && self.0.identity.subject.is_none() {
            batch.read_only();
        }
        batch.header("x-request-id", self.request_id()).header("traceparent", self.0.log.traceparent());
        let key = self.key_of_call().filter(|key| key.is_open());
        batch.add(ENTER.bind(self.claims(access, key)).bind(self.0.now).bind(self.0.role.name()));
        for statement in statements {
            batch.add(statement);
        }
        let started = self.0.runtime.clock();
        let transport = Sending { runtime: &self.0.runtime, log: &self.0.log };
        let outcome = Client::new(login.clone(), transport).run(batch).await;
        let rows = outcome.as_ref().map_or(0, |results| results.row_count().saturating_sub(1));
        self.0.log.sql(self.0.runtime.clock() - started, rows);
        let results = outcome.map_err(|error| Error::of_database(error, self.0.refuses))?;
        key.inspect(|key| key.take());
        Ok(results)
    }

    /// Calls an outside service; `name` is what the log calls it.
    ///
    /// # Errors
    /// [`HttpFailure`] where no answer came; every status is an answer.
    pub async fn http(&self, name: &'static str, request: Http) -> Result<HttpAnswer, HttpFailure> {
        let started = self.0.runtime.clock();
        let mut answer = self.0.runtime.http(self.to_outside(request)).await;
        if let Ok(answer) = &mut answer {
            answer.retry_after = retry_after(&answer.headers, || self.0.runtime.now());
        }
        self.0.log.outside(name, answer.as_ref().map_or(0, |answer| answer.status), self.0.runtime.clock() - started);
        answer
    }

    /// Calls an outside service whose answer comes piece by piece. Limits are `patience`'s, in place of the request's own; the
    /// call is ended as soon as the answer, or the future of it, is dropped, as it is when the caller of a stream leaves. Logged is the
    /// time to status and headers.
    ///
    /// # Errors
    /// [`HttpFailure`] where no answer came; every status is an answer.
    pub async fn stream(&self, name: &'static str, request: Http, patience: Patience) -> Result<Upstream, HttpFailure> {
        let started = self.0.runtime.clock();
        let answer = self.0.runtime.stream(self.to_outside(request), patience).await;
        self.0.log.outside(name, answer.as_ref().map_or(0, |answer| answer.status), self.0.runtime.clock() - started);
        answer
    }

    fn to_outside(&self, request: Http) -> Http {
        request.header("traceparent", self.0.log.traceparent()).wants(&[RETRY_AFTER])
    }

    /// Calls a cron function through its service binding; its report comes back.
    ///
    /// # Errors
    /// [`HttpFailure`] where the function is not there or does not answer.
    pub async fn call(&self, package: &str, scheduled: DateTime<Utc>) -> Result<HttpAnswer, HttpFailure> {
        let keys = self.tokens().map_err(|_| HttpFailure::Connection("JWT_KEYS".to_owned()))?;
        let request = Http::post("https://internal/")
            .bearer(&keys.issue_internal(package, self.0.now))
            .header(SCHEDULED, validation::rfc3339(scheduled, 9))
            .header("traceparent", self.0.log.traceparent())
            .timeout(Duration::from_secs(300));
        let binding = ["CRON_", &package.to_ascii_uppercase().replace('-', "_")].concat();
        let started = self.0.runtime.clock();
        let answer = self.0.runtime.call(&binding, request).await;
        self.0.log.outside("cron", answer.as_ref().map_or(0, |answer| answer.status), self.0.runtime.clock() - started);
        answer
    }

    /// Work for after the answer: the runtime keeps it alive for up to 30 s, and nothing waits for it. It has a log line
    /// of its own.
    pub fn later(&self, work: impl Future<Output = ()> + 'static) {
        self.later_boxed(Box::pin(work));
    }

    fn later_boxed(&self, work: LocalBoxFuture<'static, ()>) {
        let context = self.clone();
        self.0.runtime.later(Box::pin(async move {
            work.await;
            context.log_after();
        }));
    }

    /// As [`Context::later`], of work that may fail: then the log says so.
    pub fn try_later<T>(&self, work: impl Future<Output = Result<T>> + 'static) {
        let context = self.clone();
        self.later(async move {
            if let Err(error) = work.await {
                context.warn(&error);
            }
        });
    }

    /// Tells the team, after the answer, that this call has failed by a fault of ours.
    pub(crate) fn report(&self, error: &Error) {
        // Where the database itself is the fault there is only the log.
        self.write_later(REPORT.bind(error.code()));
    }

    /// Runs a statement after the answer.
    pub(crate) fn write_later(&self, statement: Statement) {
        let context = self.clone();
        self.try_later(async move { context.run(Access::Writes, vec![statement]).await });
    }

    /// Logs what has happened since the answer's own line.
    pub(crate) fn log_after(&self) {
        let Inner { runtime, log, operation, .. } = &*self.0;
        runtime.log(&log.line_after(operation, runtime.now()));
    }

    /// Waits.
    pub async fn pause(&self, time: Duration) {
        self.0.runtime.sleep(time).await;
    }

    /// `Last-Event-ID`: what a caller who connects again to a stream of events has seen last.
    pub fn last_event_id(&self) -> Option<&str> {
        self.0.last_event_id.as_deref()
    }

    /// Milliseconds since some moment, for measuring what waits.
    pub fn clock(&self) -> f64 {
        self.0.runtime.clock()
    }

    /// Notes in the log a failure that the caller is not told about.
    pub fn warn(&self, error: &Error) {
        self.0.log.note(&[error.code(), ": ", error.source().unwrap_or_default()].concat());
    }

    fn claims(&self, access: Access, key: Option<&Key>) -> String {
        let Inner { identity, role, ip, operation, language, .. } = &*self.0;
        let id = |id: Option<Uuid>| id.map_or("null".to_owned(), |id| ["\"", &id.to_string(), "\""].concat());
        let mut claims = Object::new();
        claims.raw("sub", &id(identity.person)).raw("session", &id(identity.session));
        if identity.subject.is_some() {
            claims.raw("subject", &id(identity.subject));
        }
        claims.raw("writes", if access == Access::Writes { "true" } else { "false" });
        claims.string("role", identity.role.map_or(role.name(), |role| role.name()));
        claims
            .string("request_id", self.request_id())
            .string("operation", operation)
            .maybe("purpose", self.0.purpose.map(Purpose::word));
        claims.string("language", language.code());
        claims.maybe("ip", Some(ip.as_str()).filter(|ip| !ip.is_empty()));
        claims.maybe("idempotency_key", key.map(|key| key.digest.as_str()));
        claims.maybe("request_hash", key.map(|key| key.request.as_str())).end()
    }
}

/// What became of what an SQL function was asked.
#[derive(serde::Deserialize)]
struct Outcome {
    outcome: String,
}

/// What one statement gave back.
pub struct Rows {
    results: Rc<Results>,
    statement: usize,
}

impl Rows {
    /// Every row.
    ///
    /// # Errors
    /// 500 where the columns do not fit `T`.
    pub fn all<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        Ok(self.results.rows(self.statement)?)
    }

    /// The one row.
    ///
    /// # Errors
    /// 500 where there is another number of rows, or the columns do not fit `T`.
    pub fn one<T: DeserializeOwned>(&self) -> Result<T> {
        Ok(self.results.one(self.statement)?)
    }

    /// The row, if there is one.
    ///
    /// # Errors
    /// 500 where there is more than one row, or the columns do not fit `T`.
    pub fn optional<T: DeserializeOwned>(&self) -> Result<Option<T>> {
        Ok(self.results.optional(self.statement)?)
    }

    /// The one row as it is, in the shape of `T`: see [`Verbatim`].
    ///
    /// # Errors
    /// 500 where there is another number of rows.
    pub fn verbatim<T: Serialize + DeserializeOwned>(&self) -> Result<Verbatim<T>> {
        if self.results.count(self.statement)? != 1 {
            return Err(Error::internal("not one row"));
        }
        let mut json = String::new();
        self.results.write_json(self.statement, 1, &mut json)?;
        #[cfg(not(target_arch = "wasm32"))]
        same_shape::<T>(&json)?;
        Ok(Verbatim::new(json))
    }

    /// The one value of a statement that gives one row of one column.
    ///
    /// # Errors
    /// As [`Rows::one`].
    pub fn value<T: DeserializeOwned>(&self) -> Result<T> {
        self.one::<(T,)>().map(|(value,)| value)
    }

    /// The values of a statement of one column.
    ///
    /// # Errors
    /// As [`Rows::all`].
    pub fn values<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        Ok(self.all::<(T,)>()?.into_iter().map(|(value,)| value).collect())
    }

    /// How many rows there are.
    pub(crate) fn count(&self) -> Result<usize> {
        Ok(self.results.count(self.statement)?)
    }

    /// The row at `index`, from 0.
    pub(crate) fn at<T: DeserializeOwned>(&self, index: usize) -> Result<T> {
        Ok(self.results.at(self.statement, index)?)
    }

    /// The first `limit` rows as they are, in the shape of `T`, as a page before `next`.
    pub(crate) fn verbatim_page<T>(&self, limit: usize, next: Option<String>) -> Result<Verbatim<Page<T>>>
    where
        T: Serialize + DeserializeOwned,
    {
        let mut json = String::from("{\"items\":[");
        self.results.write_json(self.statement, limit, &mut json)?;
        #[cfg(not(target_arch = "wasm32"))]
        same_shape::<Vec<T>>(&[&json["{\"items\":".len()..], "]"].concat())?;
        json.push_str("],\"next_cursor\":");
        match next {
            // Base64 needs no escaping.
            Some(cursor) => json.extend(["\"", &cursor, "\"}"]),
            None => json.push_str("null}"),
        }
        Ok(Verbatim::new(json))
    }

    /// How many rows were written.
    ///
    /// # Errors
    /// 500 where the statement writes nothing.
    pub fn affected(&self) -> Result<u64> {
        Ok(self.results.affected(self.statement)?)
    }
}

/// Refuses rows that would not be the same once read as `T` and written again.
#[cfg(not(target_arch = "wasm32"))]
fn same_shape<T: Serialize + DeserializeOwned>(json: &str) -> Result<()> {
    let wrong = |why: serde_json::Error| {
        Error::internal(["what the database wrote is not of the shape that is told: ", &why.to_string()].concat())
    };
    let read: T = serde_json::from_str(json).map_err(wrong)?;
    let (again, given): (serde_json::Value, serde_json::Value) =
        (serde_json::to_value(&read).map_err(wrong)?, serde_json::from_str(json).map_err(wrong)?);
    if is_same(&again, &given) {
        Ok(())
    } else {
        Err(Error::internal("what the database wrote has more, or in another form, than is told"))
    }
}

/// Numbers are compared by their value.
#[cfg(not(target_arch = "wasm32"))]
fn is_same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len() && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| is_same(one, other)))
        }
        (one, other) => one == other,
    }
}

/// Carries a batch to the database over the runtime's HTTP.
struct Sending<'a> {
    runtime: &'a Runtime,
    log: &'a Log,
}

impl Transport for Sending<'_> {
    async fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        self.log.sql_call();
        let http = Http {
            method: "POST",
            url: request.url.to_owned(),
            headers: request.headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            body: request.body.as_bytes().to_vec(),
            timeout: request.timeout,
            most: usize::MAX,
            wants: Vec::new(),
        };
        match self.runtime.http(http).await {
            Ok(answer) => Ok(Response { status: answer.status, body: answer.body }),
            Err(HttpFailure::Timeout) => Err(TransportError::Timeout),
            Err(HttpFailure::Connection(why)) => Err(TransportError::Connection(why)),
        }
    }

    async fn pause(&self, delay: Duration) {
        self.runtime.sleep(delay).await;
    }
}
