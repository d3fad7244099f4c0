use std::time::Duration;

/// Bytes of an answer that are read unless a request says otherwise.
const MOST: usize = 32 * 1024 * 1024;

/// A request to the outside world.
pub struct Http {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout: Duration,
    pub(crate) most: usize,
}

/// What came back, whatever its status.
pub struct HttpAnswer {
    pub status: u16,
    /// `Retry-After` in seconds, where it was given so.
    pub retry_after: Option<u32>,
    /// `Content-Length`, which an answer to HEAD has without a body.
    pub length: Option<u64>,
    pub body: Vec<u8>,
}

/// Nothing came back. Whether the other side acted is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpFailure {
    Timeout,
    Connection(String),
}

/// Why a request's body was not read.
#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "in tests every body arrives"))]
pub(crate) enum Unread {
    /// It is larger than the endpoint takes.
    TooLarge,
    /// It did not arrive whole, or not in the form in which HTTP sends bodies.
    Broken(String),
}

impl Http {
    pub fn get(url: impl Into<String>) -> Http {
        Http::new("GET", url.into())
    }

    pub fn head(url: impl Into<String>) -> Http {
        Http::new("HEAD", url.into())
    }

    pub fn post(url: impl Into<String>) -> Http {
        Http::new("POST", url.into())
    }

    pub fn put(url: impl Into<String>) -> Http {
        Http::new("PUT", url.into())
    }

    pub fn delete(url: impl Into<String>) -> Http {
        Http::new("DELETE", url.into())
    }

    fn new(method: &'static str, url: String) -> Http {
        Http { method, url, headers: Vec::new(), body: Vec::new(), timeout: Duration::from_secs(10), most: MOST }
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
    pub fn body(mut self, kind: &str, body: Vec<u8>) -> Http {
        self.body = body;
        self.header("content-type", kind.to_owned())
    }

    /// An answer with a larger body counts as [`HttpFailure::too_large`], and the rest of it is not read.
    #[must_use]
    pub fn most(mut self, bytes: usize) -> Http {
        self.most = bytes;
        self
    }

    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Http {
        self.timeout = timeout;
        self
    }
}

impl HttpFailure {
    /// The answer was larger than [`Http::most`].
    pub fn too_large() -> HttpFailure {
        HttpFailure::Connection("answer too large".to_owned())
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
