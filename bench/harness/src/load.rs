//! Asks for the bench's load generator, and what it gives back.

use std::{collections::BTreeMap, process::Stdio};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use xtask::{
    guard::{self, Stop},
    project::Project,
};

#[derive(Serialize)]
pub struct Orders {
    pub connections: usize,
    pub seconds: f64,
    pub target: Target,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    Http { address: String, status: u16, requests: Vec<Request> },
    Postgres { url: String, statement: String, keys: i32 },
}

/// `{n}` in the body becomes a number that no other request has.
#[derive(Clone, Serialize)]
pub struct Request {
    pub method: &'static str,
    pub path: String,
    pub headers: BTreeMap<&'static str, String>,
    pub body: String,
}

/// Times in milliseconds.
#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Load {
    pub requests: u64,
    pub seconds: f64,
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

#[derive(Deserialize)]
struct Measured {
    #[serde(flatten)]
    load: Load,
    errors: u64,
    error: Option<String>,
}

/// # Errors
/// Where one answer in a thousand or more was not as wanted.
pub async fn run(project: &Project, orders: &Orders) -> Result<Load> {
    let mut command = guard::command(project.target().join("bench/release/load"), Stop::Close, None);
    command.stdout(Stdio::piped());
    let mut process = guard::spawn(command)?;
    let mut input = process.stdin.take().context("the load generator has no input")?;
    let mut output = process.stdout.take().context("the load generator has no output")?;
    let mut line = serde_json::to_vec(orders)?;
    line.push(b'\n');
    input.write_all(&line).await?;
    input.flush().await?;
    let mut text = String::new();
    output.read_to_string(&mut text).await?;
    let Measured { load, errors, error } =
        serde_json::from_str(&text).context("the load generator could not measure: its last words are above")?;
    if errors * 1000 > load.requests || load.requests == 0 {
        bail!("{errors} of {} answers were not as wanted: {}", load.requests, error.unwrap_or_default());
    }
    Ok(load)
}

impl Load {
    #[expect(clippy::cast_precision_loss, reason = "requests of some seconds are far below 2^52")]
    pub fn per_second(&self) -> f64 {
        self.requests as f64 / self.seconds
    }
}
