//! The official RunPod SDK as client and as worker against the simulator.
//!
//! `cargo run -p simulators --example peers` installs it from PyPI below `build/peers` (needs `python3` with `venv`),
//! runs both and writes what they saw to `tests/simulators/peers/transcript.txt`. It fails where they disagree.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use serde_json::Value;
use simulators::{Config, Simulators};
use tokio::process::{Child, Command};

const SDK: &str = "runpod==1.12.0";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let python = install().await?;
    let listen = ([127, 0, 0, 1], 0).into();
    let simulators = Simulators::start(Config { listen, hold_ms: 2_000, ..Config::default() }).await?;
    let peers = Peers { python, url: simulators.url.clone() };
    let mut transcript = format!("{SDK} against the simulator.\n");

    for part in ["endpoint_without_worker", "asyncio_client"] {
        peers.client(part, &mut transcript).await?;
    }
    for (endpoint, part) in [("peer-worker", "endpoint_with_worker"), ("peer-stream", "endpoint_with_streaming_worker")] {
        let worker = peers.worker(endpoint)?;
        let seen = peers.with_worker(endpoint, part, &mut transcript).await;
        stop(worker).await?;
        seen?;
    }
    print!("{transcript}");
    Ok(tokio::fs::write(here().join("transcript.txt"), transcript).await?)
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers")
}

/// A virtual environment with the SDK; its Python.
async fn install() -> anyhow::Result<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../build/peers/venv");
    let python = home.join("bin/python");
    if !tokio::fs::try_exists(&python).await? {
        succeed(Command::new("python3").args(["-m", "venv"]).arg(&home)).await?;
    }
    succeed(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", SDK])).await?;
    Ok(python)
}

async fn succeed(command: &mut Command) -> anyhow::Result<()> {
    let status = command.status().await.with_context(|| format!("{command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// Asks a worker to end: killed, it would leave the process of its heartbeat behind.
async fn stop(mut worker: Child) -> anyhow::Result<()> {
    if let Some(id) = worker.id() {
        succeed(Command::new("kill").arg(id.to_string())).await?;
    }
    worker.wait().await?;
    Ok(())
}

struct Peers {
    python: PathBuf,
    url: String,
}

impl Peers {
    fn command(&self, script: &str) -> Command {
        let mut command = Command::new(&self.python);
        command.arg(here().join(script)).kill_on_drop(true);
        command.env("RUNPOD_ENDPOINT_BASE_URL", format!("{}/runpod/v2", self.url));
        // Without it the SDK would use a developer's own key.
        command.env("HOME", self.python.with_file_name("home"));
        command
    }

    async fn client(&self, part: &str, transcript: &mut String) -> anyhow::Result<()> {
        let output = self.command("client.py").arg(part).output().await?;
        let seen = String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "{part}:\n{seen}\n{}", String::from_utf8_lossy(&output.stderr));
        writeln!(transcript, "\nclient, {}\n{}", part.replace('_', " "), seen.trim_end())?;
        Ok(())
    }

    fn worker(&self, endpoint: &str) -> anyhow::Result<Child> {
        let base = format!("{}/runpod/v2/{endpoint}", self.url);
        let mut command = self.command("worker.py");
        if endpoint == "peer-stream" {
            command.env("PEER_HANDLER", "stream");
        }
        // The SDK appends `&…`, so each URL has its `?` already; it fills in the names with `$` itself.
        command
            .env("RUNPOD_WEBHOOK_GET_JOB", format!("{base}/job-take/$ID?gpu=cpu"))
            .env("RUNPOD_WEBHOOK_POST_OUTPUT", format!("{base}/job-done/$RUNPOD_POD_ID/$ID?gpu=cpu"))
            .env("RUNPOD_WEBHOOK_POST_STREAM", format!("{base}/job-stream/$RUNPOD_POD_ID/$ID?gpu=cpu"))
            .env("RUNPOD_WEBHOOK_PING", format!("{base}/ping/$RUNPOD_POD_ID"))
            .env("RUNPOD_POD_ID", "peer")
            .env("RUNPOD_AI_API_KEY", "peer-key")
            .env("RUNPOD_SKIP_AUTO_SYSTEM_CHECKS", "true")
            .env("RUNPOD_SKIP_GPU_CHECK", "true")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Ok(command.spawn()?)
    }

    async fn with_worker(&self, endpoint: &str, part: &str, transcript: &mut String) -> anyhow::Result<()> {
        self.until_attached(endpoint).await?;
        self.client(part, transcript).await?;
        self.ledger(endpoint, transcript).await
    }

    /// A job for outside workers only is the proof: it ends once one is there.
    async fn until_attached(&self, endpoint: &str) -> anyhow::Result<()> {
        let input = match endpoint {
            "peer-stream" => serde_json::json!({ "count": 1, "first": "sim:worker=external" }),
            _ => serde_json::json!({ "do": "add", "numbers": [], "first": "sim:worker=external" }),
        };
        let http = reqwest::Client::new();
        let run = http.post(format!("{}/runpod/v2/{endpoint}/run", self.url)).bearer_auth("peer-key");
        run.json(&serde_json::json!({ "input": input })).send().await?.error_for_status()?;
        let found = self.jobs(&format!("endpoint={endpoint}&wait=60000")).await?;
        ensure!(found["jobs"][0]["status"] == "COMPLETED", "no worker came: {found}");
        Ok(())
    }

    async fn jobs(&self, query: &str) -> anyhow::Result<Value> {
        let answer = reqwest::get(format!("{}/control/runpod/jobs?{query}", self.url)).await?;
        Ok(answer.error_for_status()?.json().await?)
    }

    /// What the simulator saw of a worker's jobs, oldest first.
    async fn ledger(&self, endpoint: &str, transcript: &mut String) -> anyhow::Result<()> {
        let found = self.jobs(&format!("endpoint={endpoint}&wait=5000")).await?;
        writeln!(transcript, "\nsimulator, jobs of {endpoint}")?;
        for job in found["jobs"].as_array().into_iter().flatten().rev() {
            ensure!(job["executions"] == 1 && job["workerId"] == "peer", "{job}");
            let result = job.get("output").or_else(|| job.get("error")).cloned().unwrap_or_default();
            writeln!(transcript, "  {} {} → {}", job["input"], job["status"], shortened(&result))?;
        }
        Ok(())
    }
}

/// A raised error is a document with paths of this machine; its two telling members are enough.
fn shortened(result: &Value) -> String {
    let raised = result.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    match raised {
        Some(raised) => format!("(document in a string) {} {}", raised["error_type"], raised["error_message"]),
        None => result.to_string(),
    }
}
