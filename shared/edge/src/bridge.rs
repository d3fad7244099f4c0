//! The crossing between JavaScript and wasm: few calls, each carrying much. A value that crosses costs far more than the
//! bytes in it, so headers cross as one string and an answer as one call; and no promise crosses at all. What takes time is
//! asked for under the number of a ticket, and JavaScript calls back with it.

use std::cell::{OnceCell, RefCell};
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::LocalBoxStream;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

use crate::config::{Config, NOWHERE};
use crate::contract::{Function, Trigger};
use crate::http::{HttpAnswer, HttpFailure, Patience};
use crate::pipeline::serve;
use crate::request::{Headers, Incoming};
use crate::runtime::Runtime;
use crate::tasks::{self, LONGEST, Outcome, Ticket, number, run, settle, spawn};

#[wasm_bindgen(raw_module = "./bridge.js")]
extern "C" {
    /// One call of the function, as `shim.js` makes it: `{request, env, context, answered}`.
    pub type Call;

    fn setting(call: &Call, name: &str) -> Option<String>;
    fn panicked(what: &str);
    fn http(
        ticket: u32,
        call: &Call,
        binding: &str,
        method: &str,
        url: &str,
        headers: &str,
        body: &[u8],
        timeout: f64,
        most: f64,
        wanted: &str,
    );
    fn open(
        ticket: u32,
        call: &Call,
        method: &str,
        url: &str,
        headers: &str,
        body: &[u8],
        wanted: &str,
        first: f64,
        silence: f64,
        whole: f64,
    );
    fn pull(ticket: u32, source: u32);
    pub(crate) fn hangup(source: u32);
    fn body(ticket: u32, call: &Call, cap: f64);
    fn limit(ticket: u32, call: &Call, binding: &str, key: &str);
    fn sleep(ticket: u32, milliseconds: f64);
    fn now() -> f64;
    fn log(line: &str);
    fn answer(call: &Call, status: u16, headers: &str, body: &[u8]);
    fn streamed(call: &Call, status: u16, headers: &str, stream: u32);
    fn piece(stream: u32, bytes: &[u8]);
    fn ended(stream: u32);
    fn later(call: &Call) -> u32;
    fn done(work: u32);
}

thread_local! {
    /// The environment of an instance never changes, so it is read once.
    static CONFIG: OnceCell<Result<Rc<Config>, String>> = const { OnceCell::new() };
    /// Answers that are still being sent.
    static STREAMS: RefCell<Vec<Sending>> = const { RefCell::new(Vec::new()) };
}

type Pieces = Rc<RefCell<LocalBoxStream<'static, Vec<u8>>>>;

struct Sending {
    number: u32,
    pieces: Pieces,
    /// When its reader last wanted a piece.
    read: f64,
}

/// Answers one request to `function`: `bridge.js` gives the answer to the caller.
pub fn fetch(function: &'static Function, method: String, url: String, headers: String, call: JsValue) {
    let call = Rc::new(Call::from(call));
    let config = config(function, |name| setting(&call, name));
    enter(function, Incoming { method, url, headers: Headers(headers) }, config, call);
}

/// Calls an endpoint once before anybody does, with settings and a caller that are made up; `shim.js` says why. Functions that
/// the clock calls do not rehearse: nobody waits for them.
pub fn rehearse(function: &'static Function, operation: &str, path: &str, length: u32, call: JsValue) {
    if matches!(function.trigger, Trigger::Cron { .. } | Trigger::Clock { .. }) {
        return;
    }
    let call = Rc::new(Call::from(call));
    let Ok((config, token)) = Config::rehearsed(function, Runtime(call.clone()).now()) else { return };
    let method = function.endpoints.iter().find(|endpoint| endpoint.operation == operation).map_or("GET", |found| found.method);
    let mut headers = ["authorization:Bearer ", &token.unwrap_or_default(), "\n"].concat();
    if length > 0 {
        headers.push_str(&["content-type:application/json\ncontent-length:", &length.to_string(), "\n"].concat());
    }
    let incoming = Incoming { method: method.to_owned(), url: [NOWHERE, path].concat(), headers: Headers(headers) };
    enter(function, incoming, Ok(Rc::new(config)), call);
}

fn enter(function: &'static Function, incoming: Incoming, config: Result<Rc<Config>, String>, call: Rc<Call>) {
    let task = async move {
        let config = config.as_ref().map(Rc::clone).map_err(String::as_str);
        let given = serve(function, incoming, config, Runtime(call.clone())).await;
        let headers: String = given.headers.iter().flat_map(|(name, value)| [*name, ":", value, "\n"]).collect();
        match given.stream {
            Some(stream) => streamed(&call, given.status, &headers, keep(stream.0)),
            None => answer(&call, given.status, &headers, &given.body),
        }
    };
    spawn(Box::pin(task));
    run();
}

/// Runs the clock function for one tick at `time`, in milliseconds since 1970.
pub fn scheduled(function: &'static Function, time: f64, lookup: impl Fn(&str) -> Option<String>, call: JsValue) {
    let call = Rc::new(Call::from(call));
    let config = config(function, lookup);
    let task = async move {
        match config {
            Ok(config) => tick(function, time, config, Runtime(call.clone())).await,
            Err(_) => log("{\"level\":\"error\",\"code\":\"misconfigured\"}"),
        }
        answer(&call, 204, "", &[]);
    };
    spawn(Box::pin(task));
    run();
}

async fn tick(function: &'static Function, time: f64, config: Rc<Config>, runtime: Runtime) {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
    let scheduled = chrono::DateTime::from_timestamp_millis(time as i64).unwrap_or_default();
    let Some(keys) = config.keys() else { return };
    // The clock enters by the same door as everybody, with a token of our own.
    let token = keys.issue_internal(function.package, runtime.now());
    let headers = ["authorization:Bearer ", &token, "\nx-oree-scheduled:", &validation::rfc3339(scheduled, 3), "\n"].concat();
    let incoming = Incoming { method: "POST".to_owned(), url: "https://internal/".to_owned(), headers: Headers(headers) };
    serve(function, incoming, Ok(config.clone()), runtime).await;
}

fn config(function: &'static Function, lookup: impl Fn(&str) -> Option<String>) -> Result<Rc<Config>, String> {
    let load = || Config::load(function.needs().into_iter(), function.secrets, lookup).map(Rc::new);
    CONFIG.with(|cell| cell.get_or_init(load).clone())
}

/// What a panic says, and where, goes to the log before the instance stops.
#[wasm_bindgen(start)]
fn begin() {
    std::panic::set_hook(Box::new(|what| panicked(&what.to_string())));
}

/// Keeps a stream until its end, or until its reader goes; gives its number.
fn keep(stream: LocalBoxStream<'static, Vec<u8>>) -> u32 {
    let (number, now) = (number(), tasks::now());
    let forgotten: Vec<Sending> = STREAMS.with(|streams| {
        let mut streams = streams.borrow_mut();
        let forgotten = streams.extract_if(.., |sending| now - sending.read > LONGEST).collect();
        streams.push(Sending { number, pieces: Rc::new(RefCell::new(stream)), read: now });
        forgotten
    });
    // What it drops may ask for the streams itself.
    drop(forgotten);
    number
}

/// What came of a ticket that carries no bytes: `value` is 1 for yes, 0 for no.
#[wasm_bindgen]
pub fn settled(ticket: u32, value: u32) {
    settle(ticket, Outcome::Said(value != 0));
    run();
}

/// Bytes that came for a ticket; `status` is 0 where there is none. Headers are none in most answers, and then cost no crossing.
#[wasm_bindgen]
pub fn received(ticket: u32, status: u16, headers: Option<String>, body: Vec<u8>) {
    let headers = Headers(headers.unwrap_or_default());
    settle(ticket, Outcome::Received(HttpAnswer { status, retry_after: None, headers, body }));
    run();
}

/// Nothing came for a ticket.
#[wasm_bindgen]
pub fn failed(ticket: u32, why: String) {
    let failure = if why == "TimeoutError" { HttpFailure::Timeout } else { HttpFailure::Connection(why) };
    settle(ticket, Outcome::Failed(failure));
    run();
}

/// The reader of a stream wants its next piece.
#[wasm_bindgen]
pub fn next(stream: u32) {
    let found = STREAMS.with(|streams| {
        let mut streams = streams.borrow_mut();
        let sending = streams.iter_mut().find(|sending| sending.number == stream)?;
        sending.read = tasks::now();
        Some(sending.pieces.clone())
    });
    let Some(pieces) = found else { return ended(stream) };
    let task = async move {
        // Nobody asks for a second piece before the first has come.
        match poll_fn(|task| pieces.borrow_mut().poll_next_unpin(task)).await {
            Some(bytes) => piece(stream, &bytes),
            None => {
                forget(stream);
                ended(stream);
            }
        }
    };
    spawn(Box::pin(task));
    run();
}

/// The reader of a stream is gone.
#[wasm_bindgen]
pub fn forget(stream: u32) {
    let gone = STREAMS.with(|streams| {
        let mut streams = streams.borrow_mut();
        let at = streams.iter().position(|sending| sending.number == stream)?;
        Some(streams.remove(at))
    });
    // What it drops may ask for the streams itself.
    drop(gone);
}

/// What a runtime asks of JavaScript.
impl Call {
    pub(crate) fn http(&self, ticket: &Ticket, binding: &str, request: &crate::Http) {
        let timeout = milliseconds(request.timeout);
        #[expect(clippy::cast_precision_loss, reason = "no answer is near 2^53 bytes")]
        let most = request.most as f64;
        let (headers, wanted) = lines(request);
        http(ticket.number(), self, binding, request.method, &request.url, &headers, &request.body, timeout, most, &wanted);
    }

    pub(crate) fn body(&self, ticket: &Ticket, cap: usize) {
        #[expect(clippy::cast_precision_loss, reason = "caps are far below 2^53")]
        body(ticket.number(), self, cap as f64);
    }

    pub(crate) fn limit(&self, ticket: &Ticket, binding: &str, key: &str) {
        limit(ticket.number(), self, binding, key);
    }

    /// Asks for an answer that comes piece by piece; it is known by the ticket's number until [`hangup`].
    pub(crate) fn open(&self, ticket: &Ticket, request: &crate::Http, patience: Patience) {
        let (headers, wanted) = lines(request);
        let Patience { first, silence, whole } = patience;
        let [first, silence, whole] = [first, silence, whole].map(milliseconds);
        open(ticket.number(), self, request.method, &request.url, &headers, &request.body, &wanted, first, silence, whole);
    }

    /// Keeps the call alive until `work` is done.
    pub(crate) fn later(&self, work: impl Future<Output = ()> + 'static) {
        let number = later(self);
        spawn(Box::pin(async move {
            work.await;
            done(number);
        }));
    }
}

pub(crate) fn pull_piece(ticket: &Ticket, source: u32) {
    pull(ticket.number(), source);
}

/// The headers of a request as lines, and the names of those of its answer that it wants.
fn lines(request: &crate::Http) -> (String, String) {
    let headers = request.headers.iter().flat_map(|(name, value)| [*name, ":", value, "\n"]).collect();
    (headers, request.wants.join(","))
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

pub(crate) fn pause(ticket: &Ticket, milliseconds: f64) {
    sleep(ticket.number(), milliseconds);
}

/// Milliseconds since 1970.
pub(crate) fn clock() -> f64 {
    let now = now();
    tasks::tick(now);
    now
}

pub(crate) fn write(line: &str) {
    log(line);
}
