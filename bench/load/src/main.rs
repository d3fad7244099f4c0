//! A closed loop: each connection asks, waits for the answer, and asks again. The orders come as one line of JSON on
//! standard input, the measurements go to standard output.

mod http;
mod postgres;

use std::collections::BTreeMap;
use std::future::Future;
use std::io::stdin;
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use tokio::task::{JoinSet, LocalSet};

/// What to ask, how long and on how many connections.
#[derive(Deserialize)]
struct Orders {
    connections: usize,
    seconds: f64,
    target: Target,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Target {
    /// Each connection asks these in turn.
    Http { address: String, status: u16, requests: Vec<Request> },
    /// One prepared statement with one integer parameter, from 1 to `keys`.
    Postgres { url: String, statement: String, keys: i32 },
}

/// `{n}` in the body becomes a number that no other request has.
#[derive(Clone, Deserialize)]
struct Request {
    method: String,
    path: String,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    body: String,
}

/// What was measured; times in milliseconds.
#[derive(Serialize)]
struct Measured {
    requests: u64,
    errors: u64,
    /// One of the answers that were not as wanted.
    error: Option<String>,
    seconds: f64,
    p50: f64,
    p99: f64,
    max: f64,
}

/// What one connection saw.
struct Seen {
    /// Microseconds.
    times: Histogram<u64>,
    errors: u64,
    error: Option<String>,
}

/// One connection.
trait Asks {
    /// Asks once; the outer error ends the connection, the inner one is an answer that was not as wanted.
    fn ask(&mut self) -> impl Future<Output = Result<Result<(), String>>>;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let mut text = String::new();
    stdin().read_line(&mut text)?;
    let orders: Orders = serde_json::from_str(&text)?;
    let measured = LocalSet::new().run_until(measure(orders)).await?;
    println!("{}", serde_json::to_string(&measured)?);
    Ok(())
}

async fn measure(orders: Orders) -> Result<Measured> {
    let mut connections = JoinSet::new();
    let started = Instant::now();
    let end = started + Duration::from_secs_f64(orders.seconds);
    for number in 0..orders.connections {
        match &orders.target {
            Target::Http { address, status, requests } => {
                let mut requests = requests.clone();
                let shift = number % requests.len();
                requests.rotate_left(shift);
                let connection = http::Connection::new(address.clone(), *status, requests, number);
                connections.spawn_local(ask_until(end, connection));
            }
            Target::Postgres { url, statement, keys } => {
                let connection = postgres::Connection::new(url, statement, *keys, number).await?;
                connections.spawn_local(ask_until(end, connection));
            }
        }
    }
    let mut all = Seen::new()?;
    while let Some(seen) = connections.join_next().await {
        let seen = seen??;
        all.times.add(&seen.times)?;
        all.errors += seen.errors;
        all.error = all.error.or(seen.error);
    }
    let at = |quantile| milliseconds(all.times.value_at_quantile(quantile));
    Ok(Measured {
        requests: all.times.len(),
        errors: all.errors,
        error: all.error,
        seconds: started.elapsed().as_secs_f64(),
        p50: at(0.5),
        p99: at(0.99),
        max: milliseconds(all.times.max()),
    })
}

async fn ask_until(end: Instant, mut connection: impl Asks) -> Result<Seen> {
    let mut seen = Seen::new()?;
    loop {
        let asked = Instant::now();
        if asked >= end {
            return Ok(seen);
        }
        let answer = connection.ask().await?;
        seen.times.record(u64::try_from(asked.elapsed().as_micros())?)?;
        if let Err(error) = answer {
            seen.errors += 1;
            seen.error = Some(error);
        }
    }
}

impl Seen {
    fn new() -> Result<Seen> {
        // Up to a minute, to three digits.
        Ok(Seen { times: Histogram::new_with_bounds(1, 60_000_000, 3)?, errors: 0, error: None })
    }
}

#[expect(clippy::cast_precision_loss, reason = "a minute of microseconds is far below 2^52")]
fn milliseconds(microseconds: u64) -> f64 {
    microseconds as f64 / 1000.0
}
