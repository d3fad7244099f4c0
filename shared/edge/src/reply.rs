use serde::Serialize;

/// What a handler answers: a value, and the few headers that handlers may set.
pub struct Reply<T> {
    pub(crate) value: T,
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(&'static str, String)>,
}

impl<T> Reply<T> {
    /// Answers with the status that the contract names.
    pub fn new(value: T) -> Reply<T> {
        Reply { value, status: None, headers: Vec::new() }
    }

    /// Another status than the contract's, such as 200 for a repeated creation.
    #[must_use]
    pub fn status(mut self, status: u16) -> Reply<T> {
        self.status = Some(status);
        self
    }

    /// `Location`: where the created or queued thing is.
    #[must_use]
    pub fn location(self, path: &str) -> Reply<T> {
        self.header("location", path)
    }

    /// `ETag`: the version of the row that the answer shows.
    #[must_use]
    pub fn etag(self, version: impl FnOnce(&T) -> i32) -> Reply<T> {
        let version = version(&self.value).to_string();
        self.header("etag", &["\"", &version, "\""].concat())
    }

    /// Marks an answer given before to the same `Idempotency-Key`.
    #[must_use]
    pub fn replayed(self, replayed: bool) -> Reply<T> {
        if replayed { self.header("idempotency-replayed", "true") } else { self }
    }

    fn header(mut self, name: &'static str, value: &str) -> Reply<T> {
        self.headers.push((name, value.to_owned()));
        self
    }
}

impl<T: Serialize> Reply<T> {
    pub(crate) fn answer(self, status: u16) -> Answer {
        let mut answer = Answer::new(self.status.unwrap_or(status));
        answer.headers = self.headers;
        // `()` is no body: a 204.
        answer.body = serde_json::to_vec(&self.value).unwrap_or_default();
        if answer.body == b"null" {
            answer.body.clear();
            answer.status = self.status.unwrap_or(204);
        } else {
            answer.header("content-type", "application/json");
        }
        answer
    }
}

/// An answer as it goes to the runtime.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub(crate) fn new(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: Vec::new() }
    }

    pub(crate) fn header(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.push((name, value.into()));
    }
}
