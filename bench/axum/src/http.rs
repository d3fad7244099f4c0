//! What every request has in common: its id and moment, the headers and the log line, refusals, bodies.

use std::{borrow::Cow, error::Error, sync::Arc, time::Instant};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::{FromRequest, Request, State},
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde_json::json;
use uuid::Uuid;
use validator::Validate;

use crate::App;

/// What a handler knows of the request it answers.
#[derive(Clone, Copy)]
pub struct Call {
    pub request_id: Uuid,
    pub now: DateTime<Utc>,
}

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::VARY, HeaderValue::from_static("Accept-Language, Origin")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=63072000; includeSubDomains")),
    (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

/// Host, headers and log line of every request.
#[expect(clippy::disallowed_methods, reason = "here time enters")]
pub async fn everywhere(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let (call, started) = (Call { request_id: Uuid::new_v4(), now: Utc::now() }, Instant::now());
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let origin = request.headers().get(header::ORIGIN).filter(|origin| app.origins.iter().any(|known| *origin == known)).cloned();
    let known = request.headers().get(header::HOST).is_some_and(|host| app.hosts.iter().any(|known| host == known));
    request.extensions_mut().insert(call);
    let mut response = match known {
        true => next.run(request).await,
        false => Problem::new(400, "unknown_host").into_response(),
    };
    // A refusal's body names the request, which is known here.
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.answer(call);
    }
    let headers = response.headers_mut();
    headers.extend(HEADERS);
    headers.extend(HeaderValue::try_from(call.request_id.to_string()).map(|id| (REQUEST_ID, id)));
    headers.extend(origin.map(|origin| (header::ACCESS_CONTROL_ALLOW_ORIGIN, origin)));
    let line = json!({"time": call.now.timestamp_millis(), "request_id": call.request_id, "method": method.as_str(), "path": path,
        "status": response.status().as_u16(), "ms": started.elapsed().as_secs_f64() * 1000.0});
    println!("{line}");
    response
}

/// A refusal, with a stable code.
#[derive(Clone)]
pub struct Problem {
    status: u16,
    code: Cow<'static, str>,
    errors: Vec<(String, &'static str)>,
}

impl Problem {
    pub fn new(status: u16, code: impl Into<Cow<'static, str>>) -> Problem {
        Problem { status, code: code.into(), errors: Vec::new() }
    }

    pub fn invalid(field: &str, code: &'static str) -> Problem {
        Problem { errors: vec![(field.to_owned(), code)], ..Problem::new(422, "invalid") }
    }

    fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn answer(&self, call: Call) -> Response {
        let errors: Vec<_> = self.errors.iter().map(|(field, code)| json!({"field": field, "code": code})).collect();
        let body = json!({"type": "about:blank", "status": self.status, "code": self.code, "request_id": call.request_id, "errors": errors});
        (self.status(), [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        (self.status(), Extension(self)).into_response()
    }
}

impl<E: Error> From<E> for Problem {
    fn from(error: E) -> Problem {
        eprintln!("{error:?}");
        Problem::new(500, "internal")
    }
}

/// A body of JSON that was validated, and its bytes.
pub struct Checked<T>(pub T, pub Bytes);

impl<S: Send + Sync, T: DeserializeOwned + Validate> FromRequest<S> for Checked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Checked<T>, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case("application/json") {
            return Err(Problem::new(415, "unsupported_media_type"));
        }
        let bytes = Bytes::from_request(request, state).await.map_err(|_| Problem::new(413, "body_too_large"))?;
        let Json(value) = Json::<T>::from_bytes(&bytes).map_err(|refusal| match refusal.status() {
            StatusCode::UNPROCESSABLE_ENTITY => Problem::invalid("", "wrong_type"),
            _ => Problem::new(400, "malformed_json"),
        })?;
        value.validate().map_err(|errors| Problem {
            errors: errors.field_errors().into_keys().map(|field| (field.into_owned(), "invalid")).collect(),
            ..Problem::new(422, "invalid")
        })?;
        Ok(Checked(value, bytes))
    }
}
