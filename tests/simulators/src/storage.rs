//! Storage of files with the part of the S3 API that clients of one bucket need, in path style: put (with `If-None-Match: *`, once),
//! get (a range too), head, delete, list (version 2), each request signed (AWS Signature Version 4) by header or by link; and the
//! answers that browsers ask for before they send one (CORS). Any bucket exists, and lets every origin in.
//!
//! From Amazon's documentation, "Signature Calculations for the Authorization Header: Transferring Payload in a Single
//! Chunk" and "Authenticating Requests: Using Query Parameters" (2026-11). Written apart from our own signer, so that the
//! two check each other. Faults are chosen by rules for a bucket (`sim:503`, `sim:hang`, …).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use hmac::{Hmac, Mac};
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::{Context, Scenario, World, lock, read_body};

pub(crate) const WORLD: World = World { name: "storage", unknown_marker, routes };

const LARGEST_FILE: usize = 64 * 1024 * 1024;
const MOST_BYTES: usize = 512 * 1024 * 1024;
/// How far a request's time may be from ours.
const SKEW: TimeDelta = TimeDelta::minutes(15);

fn unknown_marker(scenario: &Scenario) -> Option<String> {
    scenario.names().find(|name| Scenario::read(&format!("sim:{name}")).fault().is_none()).map(str::to_owned)
}

struct Storage {
    context: Arc<Context>,
    files: Mutex<Files>,
    /// Ours may do everything.
    owner: Key,
    /// The workers' may only put files.
    worker: Key,
}

/// Signs requests.
struct Key {
    id: String,
    secret: String,
}

/// By bucket and key; the oldest go first when there are too many bytes.
#[derive(Default)]
struct Files {
    objects: HashMap<String, File>,
    order: VecDeque<String>,
    bytes: usize,
}

#[derive(Clone)]
struct File {
    kind: String,
    bytes: Bytes,
    puts: u32,
    since: DateTime<Utc>,
}

fn routes(context: &Arc<Context>) -> Router {
    let variable = |name: String, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let key = |prefix: &str, default: &str| Key {
        id: variable(format!("{prefix}_ACCESS_KEY"), default),
        secret: variable(format!("{prefix}_SECRET_KEY"), default),
    };
    let storage = Storage {
        context: context.clone(),
        files: Mutex::default(),
        owner: key("STORAGE", "simulated"),
        worker: key("STORAGE_WORKER", "worker"),
    };
    Router::new()
        .route("/storage/{bucket}/{*key}", any(serve))
        .route("/storage/{bucket}", get(list))
        .route("/control/storage/{bucket}/{*key}", get(look).put(place).delete(take))
        .with_state(Arc::new(storage))
}

async fn serve(State(storage): State<Arc<Storage>>, Path((bucket, key)): Path<(String, String)>, request: Request) -> Response {
    let scenario = storage.context.rules.peek(WORLD.name, &bucket);
    if let Some(fault) = scenario.fault().filter(|fault| fault.strikes(&storage.context, &key)) {
        return fault.answer(&storage.context).await;
    }
    let (parts, body) = request.into_parts();
    let origin = parts.headers.get(header::ORIGIN).cloned();
    let mut answer = match parts.method {
        Method::OPTIONS => preflight(&parts.headers),
        _ => storage.act(&bucket, &key, parts, body).await,
    };
    if let Some(origin) = origin {
        answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        answer.headers_mut().insert(header::VARY, header::ORIGIN.into());
    }
    answer
}

/// What a bucket's CORS rule says that lets our front ends in: methods and headers by name.
fn preflight(headers: &HeaderMap) -> Response {
    let asked = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_ascii_lowercase();
    let method = asked(header::ACCESS_CONTROL_REQUEST_METHOD);
    let wanted = asked(header::ACCESS_CONTROL_REQUEST_HEADERS);
    let known = |name: &str| ["", "content-type", "if-none-match"].contains(&name.trim());
    if !["get", "head", "put"].contains(&method.as_str()) || !wanted.split(',').all(known) {
        return refuse(StatusCode::FORBIDDEN, "AccessForbidden");
    }
    let allowed = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, PUT"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "content-type, if-none-match"),
        (header::ACCESS_CONTROL_MAX_AGE, "3000"),
    ];
    (StatusCode::NO_CONTENT, allowed).into_response()
}

/// Up to a thousand files of a bucket, in the order of their keys.
async fn list(State(storage): State<Arc<Storage>>, Path(bucket): Path<String>, request: Request) -> Response {
    let scenario = storage.context.rules.peek(WORLD.name, &bucket);
    if let Some(fault) = scenario.fault().filter(|fault| fault.strikes(&storage.context, "")) {
        return fault.answer(&storage.context).await;
    }
    if let Err(code) = storage.verify(request.method(), request.uri(), request.headers(), &[]) {
        return refuse(StatusCode::FORBIDDEN, code);
    }
    let query = request.uri().query().unwrap_or_default();
    let parameter = |name: &str| {
        let value = query.split('&').find_map(|pair| pair.split_once('=').filter(|(known, _)| *known == name));
        value.map(|(_, value)| value.replace("%2F", "/")).unwrap_or_default()
    };
    let (prefix, after) = (parameter("prefix"), parameter("start-after"));
    let most = parameter("max-keys").parse().unwrap_or(1000).min(1000);
    let mut found: Vec<(String, File)> = {
        let files = lock(&storage.files);
        let own = files.objects.iter().filter_map(|(name, file)| {
            let key = name.strip_prefix(&bucket)?.strip_prefix('/')?;
            (key.starts_with(&prefix) && key > after.as_str()).then(|| (key.to_owned(), file.clone()))
        });
        own.collect()
    };
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    let is_truncated = found.len() > most;
    found.truncate(most);
    let contents = found.iter().map(|(key, file)| {
        let since = file.since.format("%Y-%m-%dT%H:%M:%S.000Z");
        let key = key.replace('&', "&amp;").replace('<', "&lt;");
        format!("<Contents><Key>{key}</Key><LastModified>{since}</LastModified><Size>{}</Size></Contents>", file.bytes.len())
    });
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Name>{bucket}</Name><KeyCount>{}</KeyCount><IsTruncated>{is_truncated}</IsTruncated>{}</ListBucketResult>",
        found.len(),
        contents.collect::<String>(),
    );
    ([(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

impl Storage {
    async fn act(&self, bucket: &str, key: &str, parts: Parts, body: Body) -> Response {
        let storage = self;
        let Some(body) = read_body(body, LARGEST_FILE).await else {
            return refuse(StatusCode::BAD_REQUEST, "EntityTooLarge");
        };
        if let Err(code) = storage.verify(&parts.method, &parts.uri, &parts.headers, &body) {
            return refuse(StatusCode::FORBIDDEN, code);
        }
        let name = format!("{bucket}/{key}");
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let mut files = lock(&storage.files);
        match parts.method {
            Method::PUT if parts.headers.contains_key(header::IF_NONE_MATCH) && files.objects.contains_key(&name) => {
                refuse(StatusCode::PRECONDITION_FAILED, "PreconditionFailed")
            }
            Method::PUT => {
                files.put(name, kind.unwrap_or("binary/octet-stream").to_owned(), body);
                StatusCode::OK.into_response()
            }
            Method::GET | Method::HEAD => match files.objects.get(&name).cloned() {
                Some(file) => {
                    let range = parts.headers.get(header::RANGE).and_then(|range| range.to_str().ok());
                    if let Some(range) = range.filter(|_| parts.method == Method::GET) {
                        return part(&file, range);
                    }
                    let length = file.bytes.len().to_string();
                    let body = if parts.method == Method::HEAD { Body::empty() } else { Body::from(file.bytes) };
                    ([(header::CONTENT_TYPE, file.kind), (header::CONTENT_LENGTH, length)], body).into_response()
                }
                None => refuse(StatusCode::NOT_FOUND, "NoSuchKey"),
            },
            Method::DELETE => {
                files.remove(&name);
                StatusCode::NO_CONTENT.into_response()
            }
            _ => refuse(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        }
    }
}

/// `bytes=<first>-<last>` of a file, as far as it goes.
fn part(file: &File, range: &str) -> Response {
    let bounds = range.strip_prefix("bytes=").and_then(|range| range.split_once('-'));
    let Some((Ok(first), Ok(last))) = bounds.map(|(first, last)| (first.parse::<usize>(), last.parse::<usize>())) else {
        return refuse(StatusCode::NOT_IMPLEMENTED, "NotImplemented");
    };
    let length = file.bytes.len();
    if first >= length || first > last {
        return refuse(StatusCode::RANGE_NOT_SATISFIABLE, "InvalidRange");
    }
    let last = last.min(length - 1);
    let said = format!("bytes {first}-{last}/{length}");
    let headers = [(header::CONTENT_TYPE, file.kind.clone()), (header::CONTENT_RANGE, said)];
    (StatusCode::PARTIAL_CONTENT, headers, file.bytes.slice(first..=last)).into_response()
}

/// What a test sees of a file, without signing.
async fn look(State(storage): State<Arc<Storage>>, Path((bucket, key)): Path<(String, String)>) -> Response {
    match lock(&storage.files).objects.get(&format!("{bucket}/{key}")) {
        Some(file) => axum::Json(json!({ "kind": file.kind, "bytes": file.bytes.len(), "puts": file.puts })).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// As if somebody had stored it, at the time `?since=` where it is given.
async fn place(State(storage): State<Arc<Storage>>, Path((bucket, key)): Path<(String, String)>, request: Request) -> Response {
    let since = request.uri().query().and_then(|query| query.strip_prefix("since=")?.parse().ok());
    let Some(file) = read_body(request.into_body(), LARGEST_FILE).await else {
        return refuse(StatusCode::BAD_REQUEST, "EntityTooLarge");
    };
    let mut files = lock(&storage.files);
    let name = format!("{bucket}/{key}");
    files.put(name.clone(), "binary/octet-stream".to_owned(), file);
    if let (Some(since), Some(file)) = (since, files.objects.get_mut(&name)) {
        file.since = since;
    }
    StatusCode::NO_CONTENT.into_response()
}

/// As if somebody had deleted it.
async fn take(State(storage): State<Arc<Storage>>, Path((bucket, key)): Path<(String, String)>) -> StatusCode {
    lock(&storage.files).remove(&format!("{bucket}/{key}"));
    StatusCode::NO_CONTENT
}

impl Files {
    fn put(&mut self, name: String, kind: String, bytes: Bytes) {
        let puts = self.remove(&name) + 1;
        self.bytes += bytes.len();
        self.order.push_back(name.clone());
        #[expect(clippy::disallowed_methods, reason = "an outside world has its own clock")]
        let since = std::time::SystemTime::now().into();
        self.objects.insert(name, File { kind, bytes, puts, since });
        while self.bytes > MOST_BYTES
            && let Some(oldest) = self.order.front().cloned()
        {
            self.remove(&oldest);
        }
    }

    /// How often the file had been put.
    fn remove(&mut self, name: &str) -> u32 {
        self.order.retain(|known| known != name);
        let gone = self.objects.remove(name);
        self.bytes -= gone.as_ref().map_or(0, |file| file.bytes.len());
        gone.map_or(0, |file| file.puts)
    }
}

/// What a request says about its signature.
struct Claim {
    credential: String,
    time: String,
    signed: String,
    signature: String,
    payload: String,
    expires: TimeDelta,
    query: String,
}

impl Storage {
    fn verify(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<(), &'static str> {
        let claim = claim(uri.query().unwrap_or_default(), headers).ok_or("AccessDenied")?;
        let made = NaiveDateTime::parse_from_str(&claim.time, "%Y%m%dT%H%M%SZ").map_err(|_| "AccessDenied")?.and_utc();
        #[expect(clippy::disallowed_methods, reason = "an outside world has its own clock")]
        let now: DateTime<Utc> = std::time::SystemTime::now().into();
        if now > made + claim.expires || now < made - SKEW {
            return Err("RequestTimeTooSkewed");
        }
        if claim.payload != "UNSIGNED-PAYLOAD" && claim.payload != hex(&Sha256::digest(body)) {
            return Err("XAmzContentSHA256Mismatch");
        }
        let (key, scope) = claim.credential.split_once('/').ok_or("AccessDenied")?;
        let secret = match key {
            _ if key == self.owner.id => &self.owner.secret,
            _ if key == self.worker.id && method == Method::PUT => &self.worker.secret,
            _ if key == self.worker.id => return Err("AccessDenied"),
            _ => return Err("InvalidAccessKeyId"),
        };
        let mut canonical = String::new();
        for name in claim.signed.split(';') {
            let value = headers.get(name).and_then(|value| value.to_str().ok()).ok_or("SignatureDoesNotMatch")?;
            canonical.push_str(&format!("{name}:{}\n", value.trim()));
        }
        let request = [method.as_str(), uri.path(), &claim.query, &canonical, &claim.signed, &claim.payload].join("\n");
        let text = ["AWS4-HMAC-SHA256", &claim.time, scope, &hex(&Sha256::digest(request))].join("\n");
        if signature(secret, scope, &text) == claim.signature { Ok(()) } else { Err("SignatureDoesNotMatch") }
    }
}

fn signature(secret: &str, scope: &str, text: &str) -> String {
    let start = format!("AWS4{secret}").into_bytes();
    let key = scope.split('/').fold(start, |key, part| hmac(&key, part));
    hex(&hmac(&key, text))
}

/// Headers by which a client of S3 proves that it may put this file, as boto3 signs it: without a region, for `us-east-1`.
pub(crate) fn sign_put(url: &reqwest::Url, access: &str, secret: &str, file: &[u8]) -> [(&'static str, String); 3] {
    #[expect(clippy::disallowed_methods, reason = "an outside world has its own clock")]
    let now: DateTime<Utc> = std::time::SystemTime::now().into();
    let time = now.format("%Y%m%dT%H%M%SZ").to_string();
    let scope = format!("{}/us-east-1/s3/aws4_request", &time[..8]);
    let hash = hex(&Sha256::digest(file));
    let host = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
        None => url.host_str().unwrap_or_default().to_owned(),
    };
    let signed = "host;x-amz-content-sha256;x-amz-date";
    let headers = format!("host:{host}\nx-amz-content-sha256:{hash}\nx-amz-date:{time}\n");
    let request = ["PUT", url.path(), "", &headers, signed, &hash].join("\n");
    let text = ["AWS4-HMAC-SHA256", &time, &scope, &hex(&Sha256::digest(request))].join("\n");
    let signature = signature(secret, &scope, &text);
    let proof = format!("AWS4-HMAC-SHA256 Credential={access}/{scope}, SignedHeaders={signed}, Signature={signature}");
    [("authorization", proof), ("x-amz-content-sha256", hash), ("x-amz-date", time)]
}

fn claim(query: &str, headers: &HeaderMap) -> Option<Claim> {
    let mut parameters: Vec<(&str, &str)> = query.split('&').filter_map(|part| part.split_once('=')).collect();
    parameters.sort_unstable();
    let parameter = |name: &str| parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    if let Some(signature) = parameter("X-Amz-Signature") {
        let rest = parameters.iter().filter(|(name, _)| *name != "X-Amz-Signature");
        let seconds: i64 = parameter("X-Amz-Expires")?.parse().ok().filter(|seconds| (1..=604_800).contains(seconds))?;
        return Some(Claim {
            credential: parameter("X-Amz-Credential")?.replace("%2F", "/"),
            time: parameter("X-Amz-Date")?.to_owned(),
            signed: parameter("X-Amz-SignedHeaders")?.replace("%3B", ";"),
            signature: signature.to_owned(),
            payload: "UNSIGNED-PAYLOAD".to_owned(),
            expires: TimeDelta::seconds(seconds),
            query: rest.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"),
        });
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let authorization = header("authorization")?.strip_prefix("AWS4-HMAC-SHA256")?;
    let part = |name: &str| authorization.split(',').find_map(|part| part.trim().strip_prefix(name)).map(str::to_owned);
    Some(Claim {
        credential: part("Credential=")?,
        time: header("x-amz-date")?.to_owned(),
        signed: part("SignedHeaders=")?,
        signature: part("Signature=")?,
        payload: header("x-amz-content-sha256")?.to_owned(),
        expires: SKEW,
        query: parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&"),
    })
}

/// In the form of S3.
fn refuse(status: StatusCode, code: &str) -> Response {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code></Error>");
    (status, [(header::CONTENT_TYPE, "application/xml")], body).into_response()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    Hmac::<Sha256>::new_from_slice(key)
        .map(|mut mac| {
            mac.update(text.as_bytes());
            mac.finalize().into_bytes().to_vec()
        })
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
