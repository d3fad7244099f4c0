//! The HTTP side: `POST /sql`, its CORS preflight, `GET /health` and, for tests, `GET /counts/{id}`.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use tokio::time::timeout;

use crate::address::Login;
use crate::connection::Server;
use crate::counts::Counts;
use crate::execute;
use crate::failure::Failure;
use crate::pool::Pools;
use crate::request::{Mode, Payload};

/// A body must be in within this time.
const UPLOAD: Duration = Duration::from_secs(30);
/// How much of a refused body is read on, and for how long: a client that still writes does not hear the answer, and on a
/// connection that is closed under it, never will.
const SKIPPED: usize = 64 * 1024 * 1024;
const SKIPPING: Duration = Duration::from_secs(10);

const REQUEST_ID: HeaderName = HeaderName::from_static("neon-request-id");
const ALLOWED_HEADERS: &str = "Authorization, Neon-Connection-String, Neon-Raw-Text-Output, Neon-Array-Mode, \
    Neon-Pool-Opt-In, Neon-Batch-Read-Only, Neon-Batch-Isolation-Level, Neon-Batch-Deferrable";

pub(crate) struct Service {
    pub server: Arc<Server>,
    pub names: Vec<String>,
    pub max_request: usize,
    pub max_response: usize,
    pub pools: Pools,
    pub counts: Option<Counts>,
}

type Answer = Response<Full<Bytes>>;

impl Service {
    pub async fn answer(&self, request: Request<Incoming>) -> Answer {
        let mut answer = match (request.method(), request.uri().path()) {
            (&Method::POST, "/sql") => self.sql(request).await,
            (&Method::OPTIONS, "/sql") => preflight(),
            (&Method::GET, "/health") => json(StatusCode::OK, "{\"status\":\"ok\"}"),
            (&Method::GET, path) => self.counted(path),
            _ => not_found(),
        };
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        answer
    }

    async fn sql(&self, request: Request<Incoming>) -> Answer {
        let id = uuid::Uuid::new_v4().to_string();
        let mut answer = self.execute(request).await.unwrap_or_else(|failure| {
            if let Some(message) = failure.log_line() {
                log(&id, &message);
            }
            json(failure.status(), failure.body())
        });
        if let Ok(id) = HeaderValue::from_maybe_shared(Bytes::from(id)) {
            answer.headers_mut().insert(REQUEST_ID, id);
        }
        answer
    }

    async fn execute(&self, request: Request<Incoming>) -> Result<Answer, Failure> {
        let (parts, body) = request.into_parts();
        let counting = self.counts.as_ref().zip(parts.headers.get("x-request-id"));
        if let Some((counts, id)) = counting {
            counts.request(id);
        }
        let asked = self.login(&parts.headers).and_then(|login| Ok((login, Mode::read(&parts.headers)?)));
        let (login, mode) = match asked {
            Ok(asked) => asked,
            Err(why) => {
                skip(body).await;
                return Err(Failure::Request(why));
            }
        };
        let body = timeout(UPLOAD, read(body, self.max_request))
            .await
            .map_err(|_| Failure::Request("the HTTP request body did not arrive in time".into()))??;
        let payload = Payload::parse(&body, mode).map_err(Failure::Request)?;
        if let Some((counts, id)) = counting {
            counts.statements(id, payload.statements().len());
        }
        let mut lease = self.pools.lease(&login).await?;
        let out = execute::run(&mut lease, &payload, mode, self.max_response).await?;
        let mut answer = json(StatusCode::OK, out);
        if matches!(payload, Payload::Batch(_)) {
            echo(answer.headers_mut(), mode);
        }
        Ok(answer)
    }

    fn login(&self, headers: &HeaderMap) -> Result<Login, String> {
        if headers.contains_key(header::AUTHORIZATION) {
            return Err("missing authentication credentials: required password, not an Authorization header".into());
        }
        let text = headers.get("neon-connection-string").and_then(|value| value.to_str().ok());
        let text = text.ok_or("invalid header: neon-connection-string")?;
        Login::parse(text, &self.server.target, &self.names)
    }

    fn counted(&self, path: &str) -> Answer {
        let counted = self.counts.as_ref().zip(path.strip_prefix("/counts/"));
        counted.map_or_else(not_found, |(counts, id)| json(StatusCode::OK, counts.read(id)))
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, Failure> {
    if body.size_hint().lower() > limit as u64 {
        skip(body).await;
        return Err(Failure::RequestTooLarge(limit));
    }
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Failure::Request("could not read the HTTP request body".into()))?;
        let Ok(data) = frame.into_data() else { continue };
        if first.len() + whole.len() + data.len() > limit {
            skip(body).await;
            return Err(Failure::RequestTooLarge(limit));
        }
        // Most bodies are one frame, which needs no copy.
        if first.is_empty() && whole.is_empty() {
            first = data;
            continue;
        }
        whole.extend_from_slice(&std::mem::take(&mut first));
        whole.extend_from_slice(&data);
    }
    Ok(if whole.is_empty() { first } else { whole.freeze() })
}

/// Reads what is left of a body that is not wanted, within bounds.
async fn skip(mut body: Incoming) {
    let rest = async {
        let mut left = SKIPPED;
        while left > 0
            && let Some(Ok(frame)) = body.frame().await
        {
            left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        }
    };
    // Then the connection is closed under whoever still writes.
    let _ = timeout(SKIPPING, rest).await;
}

/// Repeats a batch's transaction options, as Neon does.
fn echo(headers: &mut HeaderMap, mode: Mode) {
    let yes = HeaderValue::from_static("true");
    if mode.read_only {
        headers.insert("neon-batch-read-only", yes.clone());
    }
    if mode.deferrable {
        headers.insert("neon-batch-deferrable", yes);
    }
    if let Some(level) = mode.isolation {
        headers.insert("neon-batch-isolation-level", HeaderValue::from_static(level.header()));
    }
}

fn preflight() -> Answer {
    let mut answer = Response::new(Full::default());
    let headers = answer.headers_mut();
    headers.insert(header::ALLOW, HeaderValue::from_static("OPTIONS, POST"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(ALLOWED_HEADERS));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("86400"));
    answer
}

fn not_found() -> Answer {
    json(StatusCode::BAD_REQUEST, "{\"message\":\"query is not supported\"}")
}

fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}

/// One line of JSON on standard error. Never given anything that came from a statement.
pub(crate) fn log(id: &str, message: &str) {
    let line = serde_json::json!({ "level": "error", "request_id": id, "message": message });
    eprintln!("{line}");
}
