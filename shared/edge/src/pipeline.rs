//! What happens to every request, whichever function it is for.

use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::call::Call;
use crate::config::{Config, Stage};
use crate::contract::{Endpoint, Function, Trigger};
use crate::log::{Ending, Log};
use crate::reply::Answer;
use crate::request::{Incoming, Parts};
use crate::route::{self, Found, Root};
use crate::runtime::Runtime;
use crate::{Error, Language, Result, refusal};

/// Moves the clock of one request; obeyed in stage dev only.
const MOVED_CLOCK: &str = "x-oree-now";

/// What pages of other origins may read. `x-should-retry` and `retry-after-ms` are heard by OpenAI's clients.
const CORS_EXPOSED: &str = "x-request-id, location, etag, retry-after, ratelimit-policy, idempotency-replayed, x-total-count, x-next-cursor, content-disposition, www-authenticate, x-should-retry, retry-after-ms";

/// Header names that a preflight may ask for at once.
const MOST_ASKED: usize = 64;

/// Answers one request to `function`. Never fails: every failure is an answer.
pub async fn serve(
    function: &'static Function,
    incoming: Incoming,
    config: Result<Rc<Config>, &str>,
    runtime: Runtime,
) -> Answer {
    let started = runtime.clock();
    let arrived = runtime.now();
    let ip_header = config.as_ref().map_or("cf-connecting-ip", |config| config.get("CLIENT_IP_HEADER")).to_ascii_lowercase();
    let parts = Parts::new(incoming, &ip_header);
    let request_id = auth::random_uuid().map(|id| id.to_string()).unwrap_or_default();
    let log = Rc::new(Log::new(request_id, parts.headers.get("traceparent")));
    let language = Language::accepted(parts.headers.get("accept-language").unwrap_or_default());
    if parts.ip.is_none() && parts.headers.get(&ip_header).is_some() {
        // Everybody is one caller then: limits and known networks mean nothing.
        log.note(&["CLIENT_IP_HEADER: no address can be read in ", &ip_header].concat());
    }
    let method = parts.method.clone();
    let ip = parts.ip_truncated();
    let origin = parts.headers.get("origin").map(str::to_owned);

    let reads_pages =
        function.root == Root::Admin && parts.headers.get("accept").is_some_and(|types| types.contains("text/html"));

    let mut endpoint = None;
    let outcome = match &config {
        Ok(config) => route(function, parts, config, &runtime, &log, language, arrived, &mut endpoint).await,
        Err(why) => Err(Error::misconfigured(why)),
    };

    let (mut answer, error) = match outcome {
        Ok(answer) => (answer, None),
        Err(error) if reads_pages => (error.page(language, &log.request_id), Some(error)),
        Err(error) => (error.answer(language, &log.request_id), Some(error)),
    };
    if let Some(requests) = endpoint.and_then(|endpoint: &Endpoint| endpoint.limit.requests()) {
        answer.header("ratelimit-policy", ["\"minute\";q=", &requests.to_string(), ";w=60"].concat());
    }
    if method == "HEAD" {
        answer.body.clear();
        answer.stream = None;
    }
    let config = config.ok();
    finish(&mut answer, config.as_deref(), origin.as_deref(), &log.request_id);
    runtime.log(&log.line(&Ending {
        at: arrived,
        function: function.package,
        operation: endpoint.map_or("", |endpoint| endpoint.operation),
        route: endpoint.map_or("", |endpoint| endpoint.path),
        method: &method,
        status: answer.status,
        code: error.as_ref().map(Error::code),
        error: error.as_ref().and_then(Error::source),
        ms: runtime.clock() - started,
        ip: &ip,
    }));
    answer
}

#[expect(clippy::too_many_arguments, reason = "one call site; a struct would be built once and read once")]
async fn route(
    function: &'static Function,
    mut parts: Parts,
    config: &Rc<Config>,
    runtime: &Runtime,
    log: &Rc<Log>,
    language: Language,
    arrived: DateTime<Utc>,
    known: &mut Option<&'static Endpoint>,
) -> Result<Answer> {
    let internal = matches!(function.trigger, Trigger::Cron { .. } | Trigger::Clock { .. });
    if !internal && !config.allows_host(&parts.host) {
        return Err(refusal::UNKNOWN_HOST.into());
    }
    let (method, preflight) = match (parts.method.as_str(), parts.headers.get("access-control-request-method")) {
        ("OPTIONS", Some(asked)) => (asked, true),
        (method, _) => (method, false),
    };
    let found = match function.endpoints {
        [only] if internal && method == "POST" => Found::Endpoint(only, Vec::new()),
        endpoints => route::find(function.root, endpoints, method, &parts.path),
    };
    let (endpoint, path_parameters) = match found {
        Found::Endpoint(endpoint, parameters) => (endpoint, parameters),
        Found::OtherMethods(_) if preflight => return Ok(Answer::new(204)),
        Found::OtherMethods(mut methods) => {
            if methods.contains(&"GET") {
                methods.push("HEAD");
            }
            return Err(Error::method_not_allowed(methods.join(", ")));
        }
        Found::Nothing => return Err(refusal::NOT_FOUND.into()),
        Found::NotUtf8 => return Err(refusal::MALFORMED_URL.into()),
    };
    if preflight {
        let mut answer = Answer::new(204);
        answer.header("access-control-allow-methods", endpoint.method);
        let asked = parts.headers.get("access-control-request-headers").unwrap_or_default();
        if let Some(names) = header_names(asked) {
            answer.header("access-control-allow-headers", names);
        }
        answer.header("access-control-max-age", "600");
        return Ok(answer);
    }
    *known = Some(endpoint);
    let declared = parts.headers.get("content-length").and_then(|text| text.parse::<usize>().ok());
    if declared.is_some_and(|length| length > endpoint.body && endpoint.body > 0) {
        return Err(Error::body_too_large());
    }
    let moved = match config.stage {
        Stage::Dev => parts.headers.get(MOVED_CLOCK).and_then(validation::moment),
        _ => None,
    };
    parts.path_parameters = path_parameters;
    let outcome = (endpoint.invoke)(Call {
        package: function.package,
        purpose: function.purpose,
        endpoint,
        parts,
        config: config.clone(),
        now: moved.unwrap_or(arrived),
        language,
        runtime: runtime.clone(),
        log: log.clone(),
    })
    .await;
    // Contracts are promises to callers: in tests, what an endpoint does and does not name is a fault.
    #[cfg(not(target_arch = "wasm32"))]
    if let Some(unnamed) = endpoint.unnamed(&outcome) {
        return Err(Error::internal(unnamed));
    }
    outcome
}

/// The names that a preflight asks for, if they can be names: whatever a client sends beside what we know is ignored, so that
/// none of them needs a list here.
fn header_names(asked: &str) -> Option<String> {
    let names: Vec<&str> = asked.split(',').map(str::trim_ascii).filter(|name| !name.is_empty()).collect();
    let is_token = |name: &&str| name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
    (!names.is_empty() && names.len() <= MOST_ASKED && names.iter().all(is_token)).then(|| names.join(", "))
}

/// The headers of every answer, errors too.
fn finish(answer: &mut Answer, config: Option<&Config>, origin: Option<&str>, request_id: &str) {
    answer.header("x-request-id", request_id);
    answer.header("vary", "Accept-Language, Origin");
    answer.header("x-content-type-options", "nosniff");
    answer.header("referrer-policy", "no-referrer");
    if !answer.has("content-security-policy") {
        answer.header("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
    }
    if config.is_none_or(|config| config.stage != Stage::Dev) {
        answer.header("strict-transport-security", "max-age=63072000; includeSubDomains");
    }
    if !answer.has("cache-control") {
        answer.header("cache-control", "no-store");
    }
    if let Some(origin) = origin
        && config.is_some_and(|config| config.lists("ALLOWED_ORIGINS", origin))
    {
        answer.header("access-control-allow-origin", origin);
        answer.header("access-control-allow-credentials", "true");
        answer.header("access-control-expose-headers", CORS_EXPOSED);
    }
}
