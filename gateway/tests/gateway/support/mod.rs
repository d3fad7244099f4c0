//! A gateway in this process, its callers, and the owner's own look into the database.

pub mod cluster;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use gateway::{Gateway, Options, Target};
use reqwest::{RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, NoTls};

/// The owner's connection string.
pub fn database_url() -> String {
    std::env::var("DATABASE_URL")
        .expect("DATABASE_URL must be the TCP connection string of a PostgreSQL 18 superuser: these tests need a real one")
}

/// A gateway on a free port; stops when dropped.
pub struct Server {
    pub base: String,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub async fn serve(adjust: impl FnOnce(&mut Options)) -> Server {
    serve_target(&database_url(), adjust).await
}

pub async fn serve_target(url: &str, adjust: impl FnOnce(&mut Options)) -> Server {
    let mut options = Options::new(Target::parse(url).unwrap());
    adjust(&mut options);
    let gateway = Gateway::bind(options).await.unwrap();
    let base = format!("http://{}", gateway.local_addr().unwrap());
    let task = tokio::spawn(gateway.run(std::future::pending()));
    Server { base, task }
}

impl Server {
    /// A caller with a login of its own, a superuser's rights and raw, array-mode results.
    pub async fn caller(&self) -> Caller {
        self.caller_with("superuser").await
    }

    /// A caller whose fresh role has these attributes.
    pub async fn caller_with(&self, attributes: &str) -> Caller {
        let name = unique("gw");
        let owner = owner().await;
        let create = format!(
            "do $$ begin execute format('create role {name} login {attributes} password %L valid until %L', \
             'pa ss:{name}', now() + interval '10 minutes'); end $$"
        );
        owner.batch_execute(&create).await.unwrap();
        let database = owner.query_one("select current_database()", &[]).await.unwrap().get::<_, String>(0);
        let login = format!("postgres://{name}:pa%20ss%3A{name}@localhost/{database}");
        Caller { http: reqwest::Client::new(), url: format!("{}/sql", self.base), login, name }
    }

    /// A caller with this connection string.
    pub fn caller_as(&self, login: &str) -> Caller {
        let (url, login) = (format!("{}/sql", self.base), login.to_owned());
        Caller { http: reqwest::Client::new(), url, login, name: String::new() }
    }
}

/// Sends requests as one login.
#[derive(Clone)]
pub struct Caller {
    pub http: reqwest::Client,
    pub url: String,
    pub login: String,
    pub name: String,
}

impl Caller {
    pub fn post(&self) -> RequestBuilder {
        let post = self.http.post(&self.url).header("Neon-Connection-String", &self.login);
        post.header("Neon-Raw-Text-Output", "true").header("Neon-Array-Mode", "true")
    }

    pub async fn send(&self, body: &Value) -> (StatusCode, Value) {
        read(self.post().json(body).send().await.unwrap()).await
    }

    pub async fn query(&self, query: &str, params: &[Value]) -> (StatusCode, Value) {
        self.send(&json!({ "query": query, "params": params })).await
    }

    pub async fn batch(&self, queries: &[&str]) -> (StatusCode, Value) {
        self.send(&batch(queries)).await
    }

    /// The rows of a query that must succeed.
    pub async fn rows(&self, query: &str, params: &[Value]) -> Value {
        let (status, mut body) = self.query(query, params).await;
        assert_eq!(status, 200, "{body}");
        body["rows"].take()
    }

    /// The single cell of such a query.
    pub async fn cell(&self, query: &str) -> Value {
        self.rows(query, &[]).await[0][0].take()
    }

    /// The sessions PostgreSQL has for this login.
    pub async fn sessions(&self) -> i64 {
        let sql = "select count(*) from pg_stat_activity where usename = $1";
        owner().await.query_one(sql, &[&self.name]).await.unwrap().get(0)
    }
}

pub fn batch(queries: &[&str]) -> Value {
    let queries: Vec<_> = queries.iter().map(|query| json!({ "query": query })).collect();
    json!({ "queries": queries })
}

pub async fn read(response: Response) -> (StatusCode, Value) {
    let status = response.status();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON in a {status}: {text}"));
    (status, body)
}

pub async fn owner() -> Client {
    connect(&database_url()).await
}

pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("PostgreSQL must be reachable");
    tokio::spawn(connection);
    client
}

/// A name nothing else in the database has.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_nanos();
    format!("{prefix}_{since:x}_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// Asks again until it is so.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut check: impl FnMut() -> F) {
    let start = Instant::now();
    while !check().await {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
