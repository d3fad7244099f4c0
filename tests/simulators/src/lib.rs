//! The outside world of tests and development, played over real HTTP from its published documentation.
//!
//! One file per outside world; each gives a `Router` with the world's own paths and its paths below `/control`.
//! What a request meets is chosen by *markers* such as `sim:fail` in its own text, or by a rule for its endpoint
//! (see `README.md`), so that parallel tests share one server without disturbing each other.

mod control;
pub mod discord;
mod files;
pub mod mail;
pub mod providers;
pub mod runpod;
mod scenario;
pub mod storage;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use bytes::{Bytes, BytesMut};
use clap::Parser;
use http_body_util::BodyExt;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use scenario::Scenario;
use scenario::{Counters, Rules};

/// Where the server listens and how fast its worlds run. All times are milliseconds.
///
/// The defaults are quick, for development; `README.md` gives the real clouds' values beside them.
#[derive(Clone, Debug, Parser)]
#[command(name = "simulators", about = "Plays the outside world over real HTTP")]
pub struct Config {
    /// Address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8790")]
    pub listen: SocketAddr,
    /// Base URL of files named in outputs, when it is not the listening address.
    #[arg(long)]
    pub public_url: Option<String>,
    /// RunPod: time in the queue.
    #[arg(long, default_value_t = 100)]
    pub queue_ms: u64,
    /// RunPod: running time of the built-in worker.
    #[arg(long, default_value_t = 300)]
    pub run_ms: u64,
    /// RunPod: how long the result of `/run` can be read.
    #[arg(long, default_value_t = 30 * 60 * 1000)]
    pub retention_ms: u64,
    /// RunPod: how long the result of `/runsync` can be read.
    #[arg(long, default_value_t = 60 * 1000)]
    pub sync_retention_ms: u64,
    /// RunPod: pause between two tries of one webhook call (the cloud: 10,000).
    #[arg(long, default_value_t = 500)]
    pub callback_interval_ms: u64,
    /// RunPod: how long a webhook receiver may take to answer.
    #[arg(long, default_value_t = 10_000)]
    pub callback_timeout_ms: u64,
    /// RunPod: how long `job-take` and `job-stop` are held open.
    #[arg(long, default_value_t = 20_000)]
    pub hold_ms: u64,
    /// RunPod: a worker not heard of for so long counts as gone.
    #[arg(long, default_value_t = 30_000)]
    pub worker_silence_ms: u64,
    /// How long a hanging answer hangs, before it ends in 504.
    #[arg(long, default_value_t = 60_000)]
    pub hang_ms: u64,
    /// RunPod: leave out its documented rate limits (for load tests).
    #[arg(long)]
    pub no_limits: bool,
    /// Jobs remembered; the oldest are forgotten first.
    #[arg(long, default_value_t = 10_000)]
    pub max_jobs: usize,
    /// Bytes of job inputs and outputs remembered; the oldest jobs are forgotten first.
    #[arg(long, default_value_t = 256 * 1024 * 1024)]
    pub max_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self::parse_from(["simulators"])
    }
}

/// The outside worlds. A new one is its file, its `mod` and its line here.
const WORLDS: [World; 5] = [discord::WORLD, mail::WORLD, providers::WORLD, runpod::WORLD, storage::WORLD];

pub(crate) struct World {
    /// As in paths and rules.
    pub name: &'static str,
    /// The first of a scenario's markers that nobody knows, so that a misspelt one cannot pass for a quiet success.
    pub unknown_marker: fn(&Scenario) -> Option<String>,
    /// The world's own paths, and its paths below `/control`.
    pub routes: fn(&Arc<Context>) -> Router,
}

/// What all worlds share.
pub(crate) struct Context {
    pub config: Config,
    /// Base URL under which callers reach this server, without a trailing slash.
    pub url: String,
    pub rules: Rules,
    pub counters: Counters,
    pub http: reqwest::Client,
}

/// A running server; it stops when dropped.
pub struct Simulators {
    /// Base URL, such as `http://127.0.0.1:8790`.
    pub url: String,
    server: JoinHandle<std::io::Result<()>>,
}

impl Simulators {
    /// Binds and starts serving.
    ///
    /// # Errors
    /// When the address is taken or the HTTP client cannot be made.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(config.listen).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let context = Arc::new(Context {
            url: config.public_url.clone().unwrap_or_else(|| url.clone()),
            config,
            rules: Rules::default(),
            counters: Counters::default(),
            http: reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?,
        });
        let server = tokio::spawn(axum::serve(listener, routes(&context)).into_future());
        Ok(Self { url, server })
    }

    /// Serves until the server fails.
    ///
    /// # Errors
    /// Whatever ended it.
    pub async fn serve(mut self) -> anyhow::Result<()> {
        Ok((&mut self.server).await??)
    }
}

impl Drop for Simulators {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn routes(context: &Arc<Context>) -> Router {
    let shared = control::routes(context).merge(files::routes());
    WORLDS.iter().fold(shared, |routes, world| routes.merge((world.routes)(context)))
}

/// Reads a whole body; `None` if it is longer than `limit`.
///
/// A longer body is still read to its end (and thrown away), so that the caller sees the refusal and not a broken pipe.
pub(crate) async fn read_body(mut body: axum::body::Body, limit: usize) -> Option<Bytes> {
    let mut bytes = BytesMut::new();
    let mut fits = true;
    while let Some(Ok(frame)) = body.frame().await {
        if let Ok(data) = frame.into_data() {
            fits = fits && bytes.len() + data.len() <= limit;
            if fits {
                bytes.extend_from_slice(&data);
            }
        }
    }
    fits.then(|| bytes.freeze())
}

/// A lock that outlives a panic elsewhere: one failed request must not take the server with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
