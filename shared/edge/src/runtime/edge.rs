//! The runtime of deployed functions: workerd, through `bridge.js` and the `worker` crate.

use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::LocalBoxFuture;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use crate::bridge;
use crate::http::{Http, HttpAnswer, HttpFailure};

/// What a call may ask of its host.
#[derive(Clone)]
pub struct Runtime {
    pub(crate) request: JsValue,
    pub(crate) env: worker::Env,
    pub(crate) context: JsValue,
}

impl Runtime {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
        let milliseconds = js_sys::Date::now() as i64;
        DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
    }

    /// Milliseconds since some moment. In production it only moves when the function waits for something.
    pub(crate) fn clock(&self) -> f64 {
        js_sys::Date::now()
    }

    pub(crate) async fn body(&self, cap: usize) -> Option<Vec<u8>> {
        #[expect(clippy::cast_precision_loss, reason = "caps are far below 2^53")]
        let read = JsFuture::from(bridge::body(&self.request, cap as f64)).await.ok()?;
        read.dyn_into::<js_sys::Uint8Array>().ok().map(|bytes| bytes.to_vec())
    }

    pub(crate) async fn limit(&self, binding: &str, key: &str) -> bool {
        // Where the runtime has no such binding, a request is let through: limits protect, they do not authorise.
        JsFuture::from(bridge::limit(&self.env, binding, key)).await.is_ok_and(|success| success.is_truthy())
    }

    pub(crate) async fn http(&self, request: Http) -> Result<HttpAnswer, HttpFailure> {
        self.send("", request).await
    }

    pub(crate) async fn call(&self, binding: &str, request: Http) -> Result<HttpAnswer, HttpFailure> {
        self.send(binding, request).await
    }

    async fn send(&self, binding: &str, request: Http) -> Result<HttpAnswer, HttpFailure> {
        let headers: String = request.headers.iter().flat_map(|(name, value)| [*name, ":", value, "\n"]).collect();
        let timeout = request.timeout.as_secs_f64() * 1000.0;
        #[expect(clippy::cast_precision_loss, reason = "no answer is near 2^53 bytes")]
        let most = request.most as f64;
        let sending = bridge::http(&self.env, binding, request.method, &request.url, &headers, &request.body, timeout, most);
        let answer: bridge::Received =
            JsFuture::from(sending).await.map_err(|_| HttpFailure::Connection("the bridge failed".to_owned()))?.unchecked_into();
        match answer.status() {
            0 => Err(match answer.failure() {
                why if why == "TimeoutError" => HttpFailure::Timeout,
                why => HttpFailure::Connection(why),
            }),
            status => Ok(HttpAnswer { status, retry_after: answer.retry_after(), body: answer.body().to_vec() }),
        }
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        worker::Delay::from(duration).await;
    }

    pub(crate) fn later(&self, work: LocalBoxFuture<'static, ()>) {
        let promise = wasm_bindgen_futures::future_to_promise(std::panic::AssertUnwindSafe(async move {
            work.await;
            Ok(JsValue::UNDEFINED)
        }));
        bridge::wait_until(&self.context, &promise);
    }

    pub(crate) fn log(&self, line: &str) {
        bridge::log(line);
    }
}
