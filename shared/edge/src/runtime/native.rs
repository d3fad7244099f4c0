//! The runtime of native tests: real HTTP through reqwest, variables and limits from the test.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::unfold;

use crate::http::{Http, HttpAnswer, HttpFailure, Patience, Unread, Upstream};
use crate::request::Headers;

/// What a call may ask of its host.
#[derive(Clone)]
pub struct Runtime(Rc<Inner>);

struct Inner {
    client: reqwest::Client,
    body: RefCell<Vec<u8>>,
    later: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
    lines: RefCell<Vec<String>>,
    counts: RefCell<HashMap<String, u32>>,
    started: Instant,
}

impl Runtime {
    /// A runtime for one request with `body`.
    pub fn new(client: reqwest::Client, body: Vec<u8>) -> Runtime {
        Runtime(Rc::new(Inner {
            client,
            body: RefCell::new(body),
            later: RefCell::default(),
            lines: RefCell::default(),
            counts: RefCell::default(),
            started: Instant::now(),
        }))
    }

    #[expect(clippy::disallowed_methods, reason = "this is where time enters")]
    pub(crate) fn now(&self) -> DateTime<Utc> {
        std::time::SystemTime::now().into()
    }

    /// Milliseconds since some moment.
    pub(crate) fn clock(&self) -> f64 {
        self.0.started.elapsed().as_secs_f64() * 1000.0
    }

    pub(crate) async fn body(&self, cap: usize) -> Result<Vec<u8>, Unread> {
        let body = self.0.body.take();
        if body.len() <= cap { Ok(body) } else { Err(Unread::TooLarge) }
    }

    pub(crate) async fn limit(&self, binding: &str, key: &str) -> bool {
        let most = binding.rsplit('_').next().and_then(|number| number.parse().ok()).unwrap_or(u32::MAX);
        let mut counts = self.0.counts.borrow_mut();
        let count = counts.entry(key.to_owned()).or_default();
        *count += 1;
        *count <= most
    }

    pub(crate) async fn http(&self, request: Http) -> Result<HttpAnswer, HttpFailure> {
        let most = request.most;
        let patience = Patience { first: request.timeout, silence: request.timeout, whole: request.timeout };
        let Upstream { status, headers, body: mut pieces } = self.stream(request, patience).await?;
        let mut body = Vec::new();
        while let Some(piece) = pieces.next().await {
            body.extend(piece?);
            if body.len() > most {
                return Err(HttpFailure::too_large());
            }
        }
        Ok(HttpAnswer { status, retry_after: None, headers, body })
    }

    pub(crate) async fn stream(&self, request: Http, patience: Patience) -> Result<Upstream, HttpFailure> {
        let failure = |error: reqwest::Error| {
            if error.is_timeout() { HttpFailure::Timeout } else { HttpFailure::Connection(error.without_url().to_string()) }
        };
        let method = request.method.parse().map_err(|_| HttpFailure::Connection("method".to_owned()))?;
        let mut sending = self.0.client.request(method, &request.url).timeout(patience.whole).body(request.body);
        for (name, value) in request.headers {
            sending = sending.header(name, value);
        }
        let late = |_| HttpFailure::Timeout;
        let answer = tokio::time::timeout(patience.first, sending.send()).await.map_err(late)?.map_err(failure)?;
        let wanted =
            request.wants.iter().filter_map(|name| Some([name, ":", answer.headers().get(*name)?.to_str().ok()?, "\n"].concat()));
        let (headers, status) = (Headers(wanted.collect()), answer.status().as_u16());
        let body = unfold(Some(answer), move |answer| async move {
            let mut answer = answer?;
            match tokio::time::timeout(patience.silence, answer.chunk()).await.map_err(late) {
                Ok(Ok(Some(piece))) => Some((Ok(piece.to_vec()), Some(answer))),
                Ok(Ok(None)) => None,
                Ok(Err(error)) => Some((Err(failure(error)), None)),
                Err(failure) => Some((Err(failure), None)),
            }
        });
        Ok(Upstream { status, headers, body: body.boxed_local() })
    }

    pub(crate) async fn call(&self, binding: &str, _: Http) -> Result<HttpAnswer, HttpFailure> {
        Err(HttpFailure::Connection([binding, ": there are no service bindings outside the edge"].concat()))
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    pub(crate) fn later(&self, work: LocalBoxFuture<'static, ()>) {
        self.0.later.borrow_mut().push(work);
    }

    pub(crate) fn log(&self, line: &str) {
        self.0.lines.borrow_mut().push(line.to_owned());
    }

    /// Does what was left for after the answer, and gives the lines logged.
    pub async fn finish(&self) -> Vec<String> {
        let work = self.0.later.take();
        futures::future::join_all(work).await;
        self.0.lines.take()
    }
}
