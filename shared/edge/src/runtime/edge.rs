//! The runtime of deployed functions: workerd, through `bridge.js`.

use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::future::LocalBoxFuture;
use futures::stream::unfold;

use crate::bridge;
use crate::http::{Http, HttpAnswer, HttpFailure, Patience, Unread, Upstream};
use crate::tasks::{Outcome, Ticket};

/// What a call may ask of its host.
#[derive(Clone)]
pub struct Runtime(pub(crate) Rc<bridge::Call>);

impl Runtime {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        #[expect(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
        let milliseconds = bridge::clock() as i64;
        DateTime::from_timestamp_millis(milliseconds).unwrap_or_default()
    }

    /// Milliseconds since some moment. In production it only moves when the function waits for something.
    pub(crate) fn clock(&self) -> f64 {
        bridge::clock()
    }

    pub(crate) async fn body(&self, cap: usize) -> Result<Vec<u8>, Unread> {
        let ticket = Ticket::new();
        self.0.body(&ticket, cap);
        match ticket.await {
            Outcome::Received(answer) => Ok(answer.body),
            Outcome::Failed(HttpFailure::Connection(why)) if why == "too large" => Err(Unread::TooLarge),
            Outcome::Failed(HttpFailure::Connection(why)) => Err(Unread::Broken(why)),
            Outcome::Failed(HttpFailure::Timeout) => Err(Unread::Broken("timeout".to_owned())),
            Outcome::Said(_) => Err(Unread::Broken("the bridge failed".to_owned())),
        }
    }

    pub(crate) async fn limit(&self, binding: &str, key: &str) -> bool {
        let ticket = Ticket::new();
        self.0.limit(&ticket, binding, key);
        // Where the runtime has no such binding, a request is let through: limits protect, they do not authorise.
        matches!(ticket.await, Outcome::Said(true))
    }

    pub(crate) async fn http(&self, request: Http) -> Result<HttpAnswer, HttpFailure> {
        self.send("", request).await
    }

    pub(crate) async fn call(&self, binding: &str, request: Http) -> Result<HttpAnswer, HttpFailure> {
        self.send(binding, request).await
    }

    async fn send(&self, binding: &str, request: Http) -> Result<HttpAnswer, HttpFailure> {
        let ticket = Ticket::new();
        self.0.http(&ticket, binding, &request);
        received(ticket).await?.ok_or_else(|| HttpFailure::Connection("the bridge failed".to_owned()))
    }

    pub(crate) async fn stream(&self, request: Http, patience: Patience) -> Result<Upstream, HttpFailure> {
        let ticket = Ticket::new();
        // From here on: whoever drops this future, before the first byte too, hangs up.
        let source = Source(ticket.number());
        self.0.open(&ticket, &request, patience);
        let HttpAnswer { status, headers, .. } = received(ticket).await?.unwrap_or_default();
        let body = unfold(Some(source), |source| async {
            let source: Source = source?;
            let ticket = Ticket::new();
            bridge::pull_piece(&ticket, source.0);
            match received(ticket).await {
                Ok(Some(answer)) => Some((Ok(answer.body), Some(source))),
                Ok(None) => None,
                Err(failure) => Some((Err(failure), None)),
            }
        });
        Ok(Upstream { status, headers, body: body.boxed_local() })
    }

    pub(crate) async fn sleep(&self, duration: Duration) {
        let ticket = Ticket::new();
        bridge::pause(&ticket, duration.as_secs_f64() * 1000.0);
        ticket.await;
    }

    pub(crate) fn later(&self, work: LocalBoxFuture<'static, ()>) {
        self.0.later(work);
    }

    pub(crate) fn log(&self, line: &str) {
        bridge::write(line);
    }
}

/// A stream that is read; dropping it hangs up.
struct Source(u32);

impl Drop for Source {
    fn drop(&mut self) {
        bridge::hangup(self.0);
    }
}

/// What came for a ticket; `None` where nothing comes any more.
async fn received(ticket: Ticket) -> Result<Option<HttpAnswer>, HttpFailure> {
    match ticket.await {
        Outcome::Received(answer) => Ok(Some(answer)),
        Outcome::Failed(failure) => Err(failure),
        Outcome::Said(_) => Ok(None),
    }
}
