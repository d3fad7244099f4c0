//! The crossing between JavaScript and wasm: few calls, each carrying much. A value that crosses costs far more than the
//! bytes in it, so headers cross as one string and an answer as one call.

use std::cell::{OnceCell, RefCell};
use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;

use futures::StreamExt;
use futures::stream::LocalBoxStream;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::{Closure, wasm_bindgen};

use crate::config::Config;
use crate::contract::Function;
use crate::pipeline::serve;
use crate::request::{Headers, Incoming};
use crate::runtime::Runtime;

#[wasm_bindgen(raw_module = "./bridge.js")]
extern "C" {
    /// What [`http`] gives: status 0 where nothing came back.
    pub type Received;

    #[wasm_bindgen(method, getter, structural)]
    pub fn status(this: &Received) -> u16;
    #[wasm_bindgen(method, getter, structural)]
    pub fn retry_after(this: &Received) -> Option<u32>;
    #[wasm_bindgen(method, getter, structural)]
    pub fn failure(this: &Received) -> String;
    #[wasm_bindgen(method, getter, structural)]
    pub fn body(this: &Received) -> js_sys::Uint8Array;

    pub fn http(
        env: &worker::Env,
        binding: &str,
        method: &str,
        url: &str,
        headers: &str,
        body: &[u8],
        timeout: f64,
        most: f64,
    ) -> js_sys::Promise;
    pub fn body(request: &JsValue, cap: f64) -> js_sys::Promise;
    pub fn limit(env: &worker::Env, binding: &str, key: &str) -> js_sys::Promise;
    #[wasm_bindgen(js_name = waitUntil)]
    pub fn wait_until(context: &JsValue, promise: &js_sys::Promise);
    pub fn log(line: &str);
    fn answer(status: u16, headers: &str, body: &[u8]) -> JsValue;
    fn streamed(status: u16, headers: &str, next: JsValue) -> JsValue;
}

thread_local! {
    /// The environment of an instance never changes, so it is read once.
    static CONFIG: OnceCell<Result<Rc<Config>, String>> = const { OnceCell::new() };
}

/// Answers one request to `function` with a JavaScript `Response`.
pub async fn fetch(
    function: &'static Function,
    method: String,
    url: String,
    headers: String,
    request: JsValue,
    env: worker::Env,
    context: JsValue,
) -> JsValue {
    let config = config(function, &env);
    let config = config.as_ref().map(Rc::clone).map_err(String::as_str);
    let incoming = Incoming { method, url, headers: Headers(headers) };
    let given = serve(function, incoming, config, Runtime { request, env, context }).await;
    let headers: String = given.headers.iter().flat_map(|(name, value)| [*name, ":", value, "\n"]).collect();
    match given.stream {
        Some(stream) => streamed(given.status, &headers, pieces(stream.0)),
        None => answer(given.status, &headers, &given.body),
    }
}

/// A JavaScript function that promises the next piece. It goes when JavaScript lets go of it.
fn pieces(stream: LocalBoxStream<'static, Vec<u8>>) -> JsValue {
    let stream = Rc::new(RefCell::new(stream));
    let next = move || {
        let stream = stream.clone();
        let next = AssertUnwindSafe(async move {
            // Nobody asks for a second piece before the first has come.
            let piece = poll_fn(|task| stream.borrow_mut().poll_next_unpin(task)).await;
            Ok(piece.map_or(JsValue::UNDEFINED, |bytes| js_sys::Uint8Array::from(&bytes[..]).into()))
        });
        wasm_bindgen_futures::future_to_promise(next)
    };
    Closure::wrap_assert_unwind_safe(Box::new(next) as Box<dyn FnMut() -> js_sys::Promise>).into_js_value()
}

/// Runs the clock function for one tick at `time`, in milliseconds since 1970.
pub async fn scheduled(function: &'static Function, time: f64, env: worker::Env, context: JsValue) {
    let config = config(function, &env);
    let Ok(config) = &config else {
        return log("{\"level\":\"error\",\"code\":\"misconfigured\"}");
    };
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
    let scheduled = chrono::DateTime::from_timestamp_millis(time as i64).unwrap_or_default();
    let runtime = Runtime { request: JsValue::UNDEFINED, env, context };
    let Some(keys) = config.keys() else { return };
    // The clock enters by the same door as everybody, with a token of our own.
    let token = keys.issue_internal(function.package, runtime.now());
    let headers = ["authorization:Bearer ", &token, "\nx-oree-scheduled:", &scheduled.to_rfc3339(), "\n"].concat();
    let incoming = Incoming { method: "POST".to_owned(), url: "https://internal/".to_owned(), headers: Headers(headers) };
    serve(function, incoming, Ok(config.clone()), runtime).await;
}

fn config(function: &'static Function, env: &worker::Env) -> Result<Rc<Config>, String> {
    CONFIG.with(|cell| {
        cell.get_or_init(|| {
            let lookup = |name: &str| env.var(name).ok().map(|value| value.to_string());
            Config::load(function.needs().into_iter(), lookup).map(Rc::new)
        })
        .clone()
    })
}
