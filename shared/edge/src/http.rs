use std::time::Duration;

/// A request to the outside world.
pub struct Http {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout: Duration,
}

/// What came back, whatever its status.
pub struct HttpAnswer {
    pub status: u16,
    /// `Retry-After` in seconds, where it was given so.
    pub retry_after: Option<u32>,
    pub body: Vec<u8>,
}

/// Nothing came back. Whether the other side acted is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpFailure {
    Timeout,
    Connection(String),
}

impl Http {
    pub fn get(url: impl Into<String>) -> Http {
        Http::new("GET", url.into())
    }

    pub fn post(url: impl Into<String>) -> Http {
        Http::new("POST", url.into())
    }

    fn new(method: &'static str, url: String) -> Http {
        Http { method, url, headers: Vec::new(), body: Vec::new(), timeout: Duration::from_secs(10) }
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Http {
        self.header("authorization", ["Bearer ", token].concat())
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Http {
        self.headers.push((name, value));
        self
    }

    #[must_use]
    pub fn json(mut self, body: &impl serde::Serialize) -> Http {
        self.body = serde_json::to_vec(body).unwrap_or_default();
        self.header("content-type", "application/json".to_owned())
    }

    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Http {
        self.timeout = timeout;
        self
    }
}

impl HttpAnswer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; `None` where it is something else.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}
