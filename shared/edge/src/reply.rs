use std::marker::PhantomData;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use futures::future::{Either, ready, select};
use futures::stream::{LocalBoxStream, Stream, once, unfold};
use serde::Serialize;

use crate::tags::Tags;
use crate::{Context, Versioned};

/// What an answer carries: JSON, unless it is a type of its own such as [`Svg`].
pub trait Body {
    const CONTENT_TYPE: &'static str = "application/json";
    /// What a browser that opens the answer itself may do beside showing it.
    const POLICY: Option<&'static str> = None;

    fn bytes(&self) -> Vec<u8>;

    /// The pieces of a body that is sent as it comes about; taken once.
    fn stream(&mut self) -> Option<LocalBoxStream<'static, Vec<u8>>> {
        None
    }
}

impl<T: Serialize> Body for T {
    fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// What the database wrote, on its way to the caller unread: JSON of the shape of `T`. It saves reading rows into types and
/// writing them again, which is most of a long list's time. Outside wasm, where the tests run, it is read all the same, and
/// an answer of another shape than `T` is a 500.
pub struct Verbatim<T> {
    json: Vec<u8>,
    shape: PhantomData<T>,
}

impl<T> Verbatim<T> {
    pub(crate) fn new(json: String) -> Verbatim<T> {
        Verbatim { json: json.into_bytes(), shape: PhantomData }
    }
}

impl<T> Body for Verbatim<T> {
    fn bytes(&self) -> Vec<u8> {
        self.json.clone()
    }
}

/// Server-sent events (HTML, 9.2), each with a `T` as JSON.
pub struct Events<T> {
    pieces: Option<LocalBoxStream<'static, Vec<u8>>>,
    data: PhantomData<T>,
}

/// One piece of [`Events`].
pub struct Event<T> {
    id: Option<String>,
    name: Option<&'static str>,
    data: Option<Data<T>>,
}

enum Data<T> {
    Json(T),
    Text(String),
}

impl<T> Event<T> {
    pub fn new(data: T) -> Event<T> {
        Event { id: None, name: None, data: Some(Data::Json(data)) }
    }

    /// What is no JSON, such as the `[DONE]` that ends a stream of OpenAI's; line breaks are kept.
    pub fn text(data: impl Into<String>) -> Event<T> {
        Event { id: None, name: None, data: Some(Data::Text(data.into())) }
    }

    /// Keeps the connection open; readers see nothing.
    pub fn beat() -> Event<T> {
        Event { id: None, name: None, data: None }
    }

    /// What comes back as `Last-Event-ID` when the caller connects again.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Event<T> {
        self.id = Some(id.into());
        self
    }

    /// The event's type; a browser hears one without as `message`.
    #[must_use]
    pub fn name(mut self, name: &'static str) -> Event<T> {
        self.name = Some(name);
        self
    }
}

impl<T: Serialize> Event<T> {
    fn bytes(self) -> Vec<u8> {
        let data = match self.data {
            None => return b":\n\n".to_vec(),
            Some(Data::Json(data)) => serde_json::to_string(&data).unwrap_or_default(),
            Some(Data::Text(text)) => text,
        };
        let mut event = String::new();
        for (field, value) in [("id: ", self.id.as_deref()), ("event: ", self.name)] {
            if let Some(value) = value {
                // A line break would end the field, and another field begin.
                event.extend([field, value.lines().next().unwrap_or_default(), "\n"]);
            }
        }
        for line in data.split(['\n', '\r']) {
            event.extend(["data: ", line, "\n"]);
        }
        event.push('\n');
        event.into_bytes()
    }
}

impl<T: Serialize + 'static> Events<T> {
    /// Ends when `events` do. Where they are silent, the connection is kept open by a comment every `beat`.
    pub fn new(ctx: &Context, beat: Duration, events: impl Stream<Item = Event<T>> + 'static) -> Events<T> {
        let ctx = ctx.clone();
        let beating = unfold((events.boxed_local(), ctx.clone()), move |(mut events, ctx)| async move {
            let event = match select(events.next(), pin!(ctx.pause(beat))).await {
                Either::Left((event, _)) => event?,
                Either::Right(_) => Event::beat(),
            };
            Some((event.bytes(), (events, ctx)))
        });
        let last = once(async move { ctx.log_after() }).filter_map(|()| ready(None));
        Events { pieces: Some(beating.chain(last).boxed_local()), data: PhantomData }
    }

    /// A caller's browser connects again `pause` after the end: `GET …/events` with `Last-Event-ID` goes on after what was seen.
    #[must_use]
    pub fn again_after(mut self, pause: Duration) -> Events<T> {
        let first = once(ready(["retry: ", &pause.as_millis().to_string(), "\n\n"].concat().into_bytes()));
        self.pieces = self.pieces.map(|pieces| first.chain(pieces).boxed_local());
        self
    }
}

impl<T> Events<T> {
    /// No events, for an answer of status 204: it tells the caller's browser not to connect again.
    pub fn none() -> Events<T> {
        Events { pieces: None, data: PhantomData }
    }
}

impl<T> Body for Events<T> {
    const CONTENT_TYPE: &'static str = "text/event-stream";

    fn bytes(&self) -> Vec<u8> {
        Vec::new()
    }

    fn stream(&mut self) -> Option<LocalBoxStream<'static, Vec<u8>>> {
        self.pieces.take()
    }
}

/// What is described as the `T` that it carries.
macro_rules! described_as_content {
    ($($name:ident)*) => {$(
        #[cfg(not(target_arch = "wasm32"))]
        impl<T: schemars::JsonSchema> schemars::JsonSchema for $name<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                T::schema_name()
            }

            // One type, or it would be published twice.
            fn schema_id() -> std::borrow::Cow<'static, str> {
                T::schema_id()
            }

            fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                T::json_schema(generator)
            }
        }
    )*};
}

described_as_content!(Events Verbatim);

/// Texts with a media type of their own, and a policy where a browser may show them.
macro_rules! texts {
    ($(#[$about:meta] $name:ident: $media:literal $(, $policy:literal)?;)*) => {$(
        #[$about]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        #[cfg_attr(not(target_arch = "wasm32"), schemars(inline))]
        pub struct $name(pub String);

        impl Body for $name {
            const CONTENT_TYPE: &'static str = $media;
            $(const POLICY: Option<&'static str> = Some($policy);)?

            fn bytes(&self) -> Vec<u8> {
                self.0.clone().into_bytes()
            }
        }
    )*};
}

texts! {
    /// A page. It needs no script and gets none; its styles are its own, its pictures ours, and its forms are sent to us.
    Html: "text/html; charset=utf-8", "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    /// A picture. It brings its own style, and nothing else.
    Svg: "image/svg+xml; charset=utf-8", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";
    /// Metrics in the text format of OpenMetrics 1.0, its last line included.
    OpenMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8";
    /// A table, in the form of RFC 4180.
    Csv: "text/csv; charset=utf-8";
}

/// The way to another address, of which the contract names the status: `reply: 303` (read it there), 302 or 307 (send it there).
/// The address is ours, or of a list that somebody allowed: whoever sends people where a request says works for those who phish.
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(transparent, inline))]
pub struct Redirect(());

impl Body for Redirect {
    const CONTENT_TYPE: &'static str = "text/plain";

    fn bytes(&self) -> Vec<u8> {
        Vec::new()
    }
}

impl Reply<Redirect> {
    pub fn redirect(url: &str) -> Reply<Redirect> {
        Reply::new(Redirect(())).location(url)
    }
}

/// What a handler answers: a value, and the few headers that handlers may set.
pub struct Reply<T> {
    pub(crate) value: T,
    pub(crate) status: Option<u16>,
    pub(crate) headers: Vec<(&'static str, String)>,
    is_kept: bool,
    version: Option<i32>,
}

impl<T> Reply<T> {
    /// Answers with the status that the contract names.
    pub fn new(value: T) -> Reply<T> {
        Reply { value, status: None, headers: Vec::new(), is_kept: false, version: None }
    }

    /// Another status than the contract's, such as 200 for a repeated creation.
    #[must_use]
    pub fn status(mut self, status: u16) -> Reply<T> {
        self.status = Some(status);
        self
    }

    /// The same answer with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        let Reply { value, status, headers, is_kept, version } = self;
        Reply { value: change(value), status, headers, is_kept, version }
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

    /// An answer that is the row, with its version as `ETag`.
    pub fn versioned(value: T) -> Reply<T>
    where
        T: Versioned,
    {
        Reply::new(value).etag(T::version)
    }

    /// `ETag` of an answer that shows more than the row of that version, such as a tier that ends by time: its version, by which
    /// `If-Match` goes, and what the answer is made of, so that `If-None-Match` covers all of it.
    #[must_use]
    pub fn etag_of_all(mut self, version: impl FnOnce(&T) -> i32) -> Reply<T> {
        self.version = Some(version(&self.value));
        self
    }

    /// `X-Total-Count`: how many rows a list has in all its pages.
    #[must_use]
    pub fn total(self, rows: i64) -> Reply<T> {
        self.header("x-total-count", &rows.to_string())
    }

    /// `X-Next-Cursor`: where a list goes on whose body is not a [`Page`](crate::Page); absent at its end.
    #[must_use]
    pub fn next_cursor(self, cursor: Option<&str>) -> Reply<T> {
        match cursor {
            Some(cursor) => self.header("x-next-cursor", cursor),
            None => self,
        }
    }

    /// `Content-Disposition`: a file of this name, to be saved and not shown. The name is ours and needs no escaping.
    #[must_use]
    pub fn file(self, name: &str) -> Reply<T> {
        self.header("content-disposition", &["attachment; filename=\"", name, "\""].concat())
    }

    /// `Set-Cookie`: sent back on every path of this host and by pages of every origin, over TLS only, and read by none. Name and
    /// value are of characters that need no escaping.
    #[must_use]
    pub fn cookie(self, name: &str, value: &str, lives: Duration) -> Reply<T> {
        self.set_cookie(name, value, lives.as_secs(), "None")
    }

    /// Has the browser send the operator's cookie to our own pages, for so many seconds; 0 takes it away.
    #[must_use]
    pub fn page_cookie(self, value: &str, seconds: u64) -> Reply<T> {
        self.set_cookie(crate::caller::PAGE_COOKIE, value, seconds, "Strict")
    }

    fn set_cookie(self, name: &str, value: &str, seconds: u64, same_site: &str) -> Reply<T> {
        let (age, end) = (seconds.to_string(), "; Path=/; Secure; HttpOnly; SameSite=");
        self.header("set-cookie", &[name, "=", value, "; Max-Age=", &age, end, same_site].concat())
    }

    /// The caller may keep the answer and ask whether it still holds: its `ETag` is made of its content.
    #[must_use]
    pub fn revalidated(mut self) -> Reply<T> {
        self.is_kept = true;
        self.header("cache-control", "private, no-cache")
    }

    /// Marks an answer given before to the same `Idempotency-Key`.
    #[must_use]
    pub fn replayed(self, replayed: bool) -> Reply<T> {
        if replayed { self.header("idempotency-replayed", "true") } else { self }
    }

    fn header(mut self, name: &'static str, value: &str) -> Reply<T> {
        self.headers.push((name, one_line(value)));
        self
    }
}

impl<T: Body> Reply<T> {
    pub(crate) fn answer(mut self, status: u16) -> Answer {
        let mut answer = Answer::new(self.status.unwrap_or(status));
        answer.headers = self.headers;
        answer.body = self.value.bytes();
        answer.stream = self.value.stream().map(Pieces);
        answer.complete(self.status, T::CONTENT_TYPE, T::POLICY, self.version, self.is_kept);
        answer
    }
}

/// A header's value without what would end it, and let another begin.
fn one_line(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).collect()
}

/// An answer as it goes to the runtime.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Stands for `body` where it comes piece by piece.
    pub stream: Option<Pieces>,
}

/// A body that is sent as it comes about.
pub struct Pieces(pub LocalBoxStream<'static, Vec<u8>>);

impl std::fmt::Debug for Pieces {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Pieces")
    }
}

impl Answer {
    pub(crate) fn new(status: u16) -> Answer {
        Answer { status, headers: Vec::new(), body: Vec::new(), stream: None }
    }

    /// The headers that follow from what it carries.
    fn complete(&mut self, status: Option<u16>, kind: &str, policy: Option<&str>, version: Option<i32>, is_kept: bool) {
        if self.stream.is_some() {
            // A proxy that gathers or compresses what comes piece by piece holds it back.
            self.header("x-accel-buffering", "no");
            self.header("cache-control", "no-store, no-transform");
        }
        // `()` is no body: a 204.
        if self.body == b"null" {
            self.body.clear();
            self.status = status.unwrap_or(204);
        } else if !(300..400).contains(&self.status) {
            self.header("content-type", kind);
        }
        if let Some(policy) = policy {
            self.header("content-security-policy", policy);
        }
        if let Some(version) = version {
            let content = &auth::sha256_hex(&self.body)[..16];
            self.header("etag", ["\"", &version.to_string(), "-", content, "\""].concat());
        }
        if is_kept {
            self.header("etag", ["\"", &auth::sha256_hex(&self.body)[..32], "\""].concat());
        }
    }

    pub(crate) fn header(&mut self, name: &'static str, value: impl Into<String>) {
        self.headers.push((name, value.into()));
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(known, _)| *known == name)
    }

    /// An answer that the caller has already, by what `If-None-Match` names, is not sent again.
    pub(crate) fn unless_known(mut self, if_none_match: Option<&str>) -> Answer {
        let tag = self.headers.iter().find(|(name, _)| *name == "etag").map(|(_, tag)| tag.as_str());
        if tag.is_some_and(|tag| if_none_match.is_some_and(|known| Tags::read(known).name(tag))) {
            self.status = 304;
            self.body.clear();
            self.headers.retain(|(name, _)| *name != "content-type");
        }
        self
    }
}
