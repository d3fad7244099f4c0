use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use edge::route::Found;
use edge::{Config, Function, Headers, Incoming, Root, Runtime};
use futures::StreamExt;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::seen::{self, Request};
use crate::{Person, now, variable};

/// Where requests go.
#[derive(Clone)]
pub struct App {
    target: Target,
    client: reqwest::Client,
    variables: Rc<BTreeMap<String, String>>,
    now: Option<DateTime<Utc>>,
}

#[derive(Clone)]
enum Target {
    Native(&'static Function),
    Edge(String),
}

/// Bytes that no connection takes in at once.
const LARGE: usize = 65_536;

/// A request being built.
pub struct Call {
    app: App,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    person: Option<Person>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
    /// The lines that the function logged; empty where it ran on the edge.
    pub log: Vec<String>,
    /// From the request to the answer, without what comes after it.
    pub took: Duration,
}

impl App {
    /// One function, run in this process against the real database.
    pub fn native(function: &'static Function) -> App {
        App::to(Target::Native(function))
    }

    /// Everything, as wasm on the edge.
    pub fn edge() -> App {
        App::to(Target::Edge(variable("EDGE_URL")))
    }

    fn to(target: Target) -> App {
        // Where an answer leads is for the test to see, as it is in the runtime for what a function asks.
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().expect("a client");
        App { target, client, variables: Rc::default(), now: None }
    }

    /// Another value of an environment variable, for this function alone. Natively only.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> App {
        Rc::make_mut(&mut self.variables).insert(name.to_owned(), value.to_owned());
        self
    }

    /// Moves the clock of every request that follows.
    ///
    /// # Panics
    /// Where `now` is not RFC 3339.
    #[must_use]
    pub fn at(mut self, now: &str) -> App {
        self.now = Some(now.parse().expect("a time in RFC 3339"));
        self
    }

    pub fn get(&self, path: &str) -> Call {
        self.call("GET", path)
    }

    pub fn post(&self, path: &str) -> Call {
        self.call("POST", path)
    }

    pub fn put(&self, path: &str) -> Call {
        self.call("PUT", path)
    }

    pub fn delete(&self, path: &str) -> Call {
        self.call("DELETE", path)
    }

    /// Runs a cron function on the edge, as `operations-tick` does; `now` moves its clock.
    ///
    /// # Panics
    /// Where this is not the edge, or `JWT_KEYS` is not usable.
    pub async fn cron(&self, package: &str) -> Answer {
        let Target::Edge(url) = &self.target else { panic!("cron functions are run on the edge") };
        let keys = auth::Keys::parse(&variable("JWT_KEYS")).expect("JWT_KEYS is not usable");
        let call = self.call("POST", "/").header("mf-route-override", package).token(&keys.issue_internal(package, now()));
        let call = call.header("x-oree-scheduled", &self.now.unwrap_or_else(now).to_rfc3339());
        Call { path: "/".to_owned(), ..call }.send_over_http(url).await.expect("the edge does not answer")
    }

    /// Any method; a path below `/api/v1`, unless it begins with a prefix of its own.
    pub fn call(&self, method: &str, path: &str) -> Call {
        let path = if Root::is_below_any(path) { path.to_owned() } else { ["/api/v1", path].concat() };
        let headers = vec![(ip_header(), own_address())];
        Call { app: self.clone(), method: method.to_owned(), path, headers, body: Vec::new(), person: None }
    }
}

impl Call {
    /// Signs the request in: at a page of operators by its cookie, elsewhere by an access token.
    #[must_use]
    pub fn by(mut self, person: &Person) -> Call {
        self.person = Some(person.clone());
        self
    }

    /// Signs the request in with a token as it is.
    #[must_use]
    pub fn token(self, token: &str) -> Call {
        self.header("authorization", &["Bearer ", token].concat())
    }

    /// Signs the request in with the cookie of an operator's page, as it is.
    #[must_use]
    pub fn page(self, token: &str) -> Call {
        self.header("cookie", &["__Host-page=", token].concat())
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Call {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes the value that `serde_json::json!` makes.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "so that json!(…) can stand in the call")]
    pub fn json(self, body: Value) -> Call {
        self.body("application/json", body.to_string().as_bytes())
    }

    #[must_use]
    /// Fields as a web page's form sends them.
    pub fn form(self, fields: &Value) -> Call {
        let pairs = fields.as_object().into_iter().flatten().map(|(name, value)| (name, plain(value)));
        let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        self.body("application/x-www-form-urlencoded", text.as_bytes())
    }

    /// A form with files: field, name, type and content of each.
    pub fn multipart(self, fields: &Value, files: &[(&str, &str, &str, &[u8])]) -> Call {
        let mut body = Vec::new();
        for (name, value) in fields.as_object().into_iter().flatten() {
            body.extend(
                format!("--part\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{}\r\n", plain(value)).into_bytes(),
            );
        }
        for (field, name, kind, content) in files {
            let head = format!(
                "--part\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\nContent-Type: {kind}\r\n\r\n"
            );
            body.extend([head.as_bytes(), content, b"\r\n"].concat());
        }
        body.extend(b"--part--\r\n");
        self.body("multipart/form-data; boundary=part", &body)
    }

    pub fn body(mut self, kind: &str, body: &[u8]) -> Call {
        self.body = body.to_vec();
        self.header("content-type", kind)
    }

    /// # Panics
    /// Where nothing answers.
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("the edge does not answer")
    }

    /// # Errors
    /// Where the connection is closed before the answer has come, as a server may on a request that it finds too large.
    pub async fn try_send(mut self) -> reqwest::Result<Answer> {
        let now = self.app.now.unwrap_or_else(now);
        if let Some(person) = self.person.take() {
            let is_page = self.path.strip_prefix("/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
            self = if is_page { self.page(&person.page(now)) } else { self.token(&person.token(now)) };
        }
        if let Some(now) = self.app.now {
            self = self.header("x-oree-now", &now.to_rfc3339());
        }
        let (method, path, body) = (self.method.clone(), self.path.clone(), self.body.clone());
        let answer = match self.app.target.clone() {
            Target::Native(function) if self.may_be_repeated(function) => self.send_twice(function).await,
            Target::Native(function) => self.send_native(function).await,
            Target::Edge(url) => self.send_over_http(&url).await?,
        };
        seen::keep(&Request { method, path, body, now }, &answer);
        Ok(answer)
    }

    /// Whether the frame keeps the answer where the request has a key, and the test has given none.
    fn may_be_repeated(&self, function: &'static Function) -> bool {
        let has_key = self.headers.iter().any(|(name, _)| name == "idempotency-key");
        let found = edge::route::find(function.root, function.endpoints, &self.method, &self.path);
        matches!(found, Found::Endpoint(endpoint, _) if endpoint.takes_key() && !endpoint.idempotent) && !has_key
    }

    /// What is made is made once, whatever is made: each such request of a test is sent again under its key.
    async fn send_twice(self, function: &'static Function) -> Answer {
        let call = self.header("idempotency-key", &auth::random_uuid().expect("randomness").to_string());
        let first = call.send_native(function).await;
        if first.status < 300 {
            let again = call.send_native(function).await;
            // Whoever has signed out is told so.
            if again.code() != "session_revoked" {
                let told = |answer: &Answer| (answer.status, String::from_utf8_lossy(&answer.body).into_owned());
                assert_eq!(told(&again), told(&first), "a repeat of {} {}", call.method, call.path);
                let headers = ["content-type", "etag", "location"];
                assert_eq!(headers.map(|name| again.header(name)), headers.map(|name| first.header(name)));
                assert_eq!(again.header("idempotency-replayed"), Some("true"), "{first:?} {again:?}");
            }
        }
        first
    }

    async fn send_native(&self, function: &'static Function) -> Answer {
        let variables = &self.app.variables;
        let lookup = |name: &str| variables.get(name).cloned().or_else(|| std::env::var(name).ok());
        let config = Config::load(function.needs().into_iter(), function.secrets, lookup).map(Rc::new);
        let public = variable("PUBLIC_URL");
        let length = ("content-length".to_owned(), self.body.len().to_string());
        let headers = self.headers.iter().chain([&length]).flat_map(|(name, value)| [name, ":", value, "\n"]).collect();
        let incoming =
            Incoming { method: self.method.clone(), url: [&public, self.path.as_str()].concat(), headers: Headers(headers) };
        let runtime = Runtime::new(self.app.client.clone(), self.body.clone());
        let started = Instant::now();
        let answer =
            edge::serve(function, incoming, config.as_ref().map(Rc::clone).map_err(String::as_str), runtime.clone()).await;
        let took = started.elapsed();
        let mut body = answer.body;
        if let Some(mut pieces) = answer.stream {
            while let Some(piece) = pieces.0.next().await {
                body.extend(piece);
            }
        }
        Answer {
            status: answer.status,
            headers: together(answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value))),
            body,
            log: runtime.finish().await,
            took,
        }
    }

    async fn send_over_http(self, url: &str) -> reqwest::Result<Answer> {
        let method = self.method.parse().expect("a method");
        let (length, is_read) = (self.body.len(), self.method == "GET" || self.method == "HEAD");
        let mut request =
            self.app.client.request(method, [url, &self.path].concat()).timeout(Duration::from_secs(30)).body(self.body);
        for (name, value) in self.headers {
            request = request.header(name, value);
        }
        // Where a server answers before it has read a large body, whether the answer or the end of the connection is seen first
        // is chance. And a read is repeated, as browsers do, where a connection that was kept open ends under it.
        let started = Instant::now();
        let mut tries = if length > LARGE || is_read { 5 } else { 1 };
        let answer = loop {
            tries -= 1;
            match request.try_clone().expect("a body of bytes").send().await {
                Err(error) if error.is_request() && tries > 0 => {}
                other => break other?,
            }
        };
        let text = |value: &reqwest::header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
        Ok(Answer {
            status: answer.status().as_u16(),
            headers: together(answer.headers().iter().map(|(name, value)| (name.to_string(), text(value)))),
            body: answer.bytes().await?.to_vec(),
            log: Vec::new(),
            took: started.elapsed(),
        })
    }
}

/// Values of one name on lines of their own.
fn together(headers: impl Iterator<Item = (String, String)>) -> BTreeMap<String, String> {
    let mut known = BTreeMap::<String, String>::new();
    for (name, value) in headers {
        known.entry(name).and_modify(|known| *known = [known, "\n", &value].concat()).or_insert(value);
    }
    known
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// Where it is something else.
    pub fn json(&self) -> Value {
        self.as_type()
    }

    /// # Panics
    /// Where the body is not a `T`.
    pub fn as_type<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error} in {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Each header `Set-Cookie`.
    pub fn cookies(&self) -> impl Iterator<Item = &str> {
        self.header("set-cookie").unwrap_or_default().lines()
    }

    /// The data of server-sent events, each with its id.
    ///
    /// # Panics
    /// Where the body is something else.
    pub fn events(&self) -> Vec<(String, Value)> {
        assert_eq!(self.header("content-type"), Some("text/event-stream"), "{self:?}");
        let text = String::from_utf8(self.body.clone()).expect("events are UTF-8");
        let of = |event: &str| {
            let part = |name: &str| event.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
            let data = serde_json::from_str(&part("data: ")?).expect("the data of an event is JSON");
            Some((part("id: ")?, data))
        };
        text.split("\n\n").filter_map(of).collect()
    }

    /// The `code` of a problem; empty for any other answer.
    pub fn code(&self) -> String {
        self.member("code")
    }

    /// `field:code` of the wrong fields.
    ///
    /// # Panics
    /// Where the answer is not a problem.
    pub fn wrong_fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| format!("{}:{}", text(&error["field"]), text(&error["code"]))).collect()
    }

    fn member(&self, name: &str) -> String {
        serde_json::from_slice::<Value>(&self.body).map_or(String::new(), |body| text(&body[name]))
    }
}

/// A value as a form has it: a text without its quotes.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn ip_header() -> String {
    std::env::var("CLIENT_IP_HEADER").unwrap_or_else(|_| "cf-connecting-ip".to_owned()).to_ascii_lowercase()
}

/// An address of documentation (RFC 9637) that no other request has, nor its network, so that limits do not meet.
fn own_address() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    // Four blocks for each process: a campaign has more requests than one holds.
    let block = (std::process::id() * 4 + next / 0x1_0000) & 0xfff;
    format!("3fff:{block:x}:{:x}::1", next & 0xffff)
}
