//! The client and what it asks of an HTTP transport.

use std::time::Duration;

use crate::{Batch, Error, Login, Results, TransportError, response};

/// How requests leave. The one thing that differs between an edge runtime and a native program.
///
/// One call of `send` is one round trip, so a transport can count and time them.
pub trait Transport {
    /// Posts the request and reads the whole answer, whatever its status. Redirects need not be followed.
    ///
    /// # Errors
    /// [`TransportError::Timeout`] after `request.timeout`, and then the request should be aborted: the server cancels the
    /// query when its client is gone. [`TransportError::Connection`] for everything else.
    fn send(&self, request: &Request<'_>) -> impl Future<Output = Result<Response, TransportError>>;

    /// Waits between two attempts. A transport may add its own jitter.
    fn pause(&self, delay: Duration) -> impl Future<Output = ()>;
}

/// A `POST` to be sent.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The endpoint.
    pub url: &'a str,
    /// All headers, the content type included. Among them is the connection string: do not log them.
    pub headers: &'a [(&'static str, &'a str)],
    /// The body, JSON.
    pub body: &'a str,
    /// How long this attempt may take.
    pub timeout: Duration,
}

/// An answer, whatever its status.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Runs batches at one login.
#[derive(Clone, Debug)]
pub struct Client<T> {
    login: Login,
    transport: T,
}

/// One try and two more: a conflict that lasts longer is the caller's to know about.
const ATTEMPTS: u32 = 3;

impl<T: Transport> Client<T> {
    /// A client of `login` over `transport`. Costs nothing, connects to nothing.
    pub fn new(login: Login, transport: T) -> Client<T> {
        Client { login, transport }
    }

    /// The transport given to [`Client::new`].
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Runs a batch: one round trip, more only for the retries that are safe.
    ///
    /// Tried again, at most twice: any batch after a serialization failure or a deadlock, and a read-only batch after a lost
    /// connection or while the server is unavailable. Never tried again: a batch that may have written, when its outcome is
    /// unknown; and after a timeout, because the caller's patience is spent. An empty batch is not sent.
    ///
    /// # Errors
    /// Any [`Error`] but those of reading [`Results`].
    pub async fn run(&self, mut batch: Batch) -> Result<Results, Error> {
        batch.seal()?;
        if batch.is_empty() {
            return Ok(Results::default());
        }
        let mut headers = vec![
            ("Content-Type", "application/json"),
            ("Neon-Connection-String", self.login.connection_string.as_str()),
            ("Neon-Raw-Text-Output", "true"),
            ("Neon-Array-Mode", "true"),
            ("Neon-Pool-Opt-In", "true"),
        ];
        headers.extend(batch.headers());
        let request = Request { url: &self.login.url, headers: &headers, body: batch.body(), timeout: batch.limit() };
        let mut calls = 1;
        loop {
            match self.attempt(&request, batch.len(), calls).await {
                Err(error) if calls < ATTEMPTS && retries(&error, batch.is_read_only()) => {
                    self.transport.pause(Duration::from_millis(40 * u64::from(calls * calls))).await;
                    calls += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn attempt(&self, request: &Request<'_>, statements: usize, calls: u32) -> Result<Results, Error> {
        let answer = self.transport.send(request).await?;
        response::read(answer, statements, calls)
    }
}

/// Fewer than [`Error::is_retryable`] allows: waiting again would multiply the caller's timeout, and a server that asks for
/// fewer requests, or gave up on a long query, is not helped by one more.
fn retries(error: &Error, read_only: bool) -> bool {
    match error {
        Error::Transport(TransportError::Timeout) | Error::Unavailable { status: 429 | 504, .. } => false,
        _ => error.is_retryable(read_only),
    }
}
