//! The local edge: `dev/workerd.mjs`, which runs every function in workerd.

use std::{
    collections::BTreeMap,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::ChildStdout,
    sync::mpsc,
};

use crate::{
    guard::{self, Guarded, Stop},
    logs,
    manifest::{Manifest, Simple, Worker},
    project::{Function, Profile, Project},
};

/// Answers what no other function does; workerd's first worker is the one without a route.
const FALLBACK: &str = "operations-not-found";

/// Runs on every request; beyond it, only what the manifest says.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Config {
    host: &'static str,
    port: u16,
    compatibility_date: String,
    compatibility_flags: Vec<String>,
    keep_time: bool,
    workers: Vec<WorkerConfig>,
}

#[derive(Serialize)]
struct WorkerConfig {
    name: String,
    folder: PathBuf,
    routes: Vec<String>,
    bindings: BTreeMap<String, String>,
    services: BTreeMap<String, String>,
    ratelimits: BTreeMap<String, Limit>,
    crons: Vec<String>,
}

#[derive(Serialize)]
struct Limit {
    simple: Simple,
}

/// What the workers are given that `wrangler.toml` does not hold.
pub struct Surroundings<'a> {
    pub port: u16,
    pub profile: Profile,
    pub variables: &'a BTreeMap<String, String>,
    /// Whether schedules fire by themselves.
    pub keep_time: bool,
}

/// Where the functions' log lines go.
pub enum LogSink {
    Terminal,
    File(PathBuf),
    /// To what is there already.
    Added(PathBuf),
}

/// What a run of a cron function came to.
#[derive(Deserialize, Serialize)]
pub struct Ran {
    pub ok: bool,
    pub report: String,
    pub log: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Order<'a> {
    Serve(&'a Config),
    Run { name: &'a str, headers: BTreeMap<&'a str, String> },
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Ready {},
    Ran(Ran),
    Failed(String),
    Log { level: String, message: String },
}

/// The running edge.
pub struct Edge {
    process: Guarded,
    replies: mpsc::Receiver<Word>,
}

impl Config {
    pub fn new(project: &Project, functions: &[Function], surroundings: &Surroundings<'_>) -> Result<Self> {
        let manifest = Manifest::read(project)?;
        let mut workers = functions
            .iter()
            .map(|function| worker_config(project, &manifest, function, surroundings))
            .collect::<Result<Vec<_>>>()?;
        workers.sort_by_key(|worker| worker.name != FALLBACK);
        Ok(Self {
            host: "127.0.0.1",
            port: surroundings.port,
            compatibility_date: manifest.compatibility_date,
            compatibility_flags: manifest.compatibility_flags,
            keep_time: surroundings.keep_time,
            workers,
        })
    }

    /// Names that a function requires and nothing gives, which makes it answer 503.
    pub fn missing(&self, project: &Project) -> Result<Vec<String>> {
        let manifest = Manifest::read(project)?;
        let mut missing: Vec<String> = Vec::new();
        for worker in &self.workers {
            let required = manifest.workers.get(&worker.name).map_or(&[][..], |worker| &worker.secrets.required);
            missing.extend(required.iter().filter(|name| worker.bindings.get(*name).is_none_or(String::is_empty)).cloned());
        }
        missing.sort();
        missing.dedup();
        Ok(missing)
    }
}

fn worker_config(
    project: &Project,
    manifest: &Manifest,
    function: &Function,
    surroundings: &Surroundings<'_>,
) -> Result<WorkerConfig> {
    let name = function.package();
    let worker = manifest
        .workers
        .get(&name)
        .with_context(|| format!("wrangler.toml has no [env.{name}]: write it with `cargo xtask sync`"))?;
    let scale = surroundings.variables.get("LIMIT_SCALE").and_then(|scale| scale.parse().ok()).unwrap_or(1);
    let limit = |of: Simple| Limit { simple: Simple { limit: of.limit.saturating_mul(scale), ..of } };
    Ok(WorkerConfig {
        folder: project.modules(surroundings.profile).join(&name),
        routes: worker.local_routes(),
        bindings: bindings(worker, surroundings.variables),
        services: manifest.services(worker),
        ratelimits: worker.ratelimits.iter().map(|of| (of.name.clone(), limit(of.simple))).collect(),
        crons: worker.crons().to_vec(),
        name,
    })
}

/// A worker sees the variables that its contract names, and no others.
fn bindings(worker: &Worker, variables: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut bindings = worker.vars.clone();
    let named = worker.secrets.required.iter().chain(worker.vars.keys());
    for name in named {
        if let Some(value) = variables.get(name) {
            bindings.insert(name.clone(), value.clone());
        }
    }
    bindings
}

impl Edge {
    pub async fn start(project: &Project, config: &Config, logs: LogSink) -> Result<Self> {
        let mut command = guard::command("node", Stop::Close, None);
        command.arg(project.path("dev/workerd.mjs")).current_dir(&project.root).stdout(Stdio::piped());
        let mut process = guard::spawn(command)?;
        let stdout = process.stdout.take().context("the edge has no output")?;
        let (sender, replies) = mpsc::channel(8);
        tokio::spawn(listen(stdout, sender, LogWriter::open(logs)?));
        let mut edge = Self { process, replies };
        edge.serve(config).await?;
        Ok(edge)
    }

    /// Starts the workers of `config`, in place of those that ran before.
    pub async fn serve(&mut self, config: &Config) -> Result<()> {
        match self.ask(&Order::Serve(config)).await? {
            Word::Failed(reason) => bail!("workerd refused the functions: {reason}"),
            _ => Ok(()),
        }
    }

    /// Runs a cron function now; `headers` prove that the clock calls.
    pub async fn run(&mut self, name: &str, headers: BTreeMap<&str, String>) -> Result<Ran> {
        match self.ask(&Order::Run { name, headers }).await? {
            Word::Ran(ran) => Ok(ran),
            Word::Failed(reason) => bail!("{name} failed: {reason}"),
            _ => bail!("{name} gave no report"),
        }
    }

    /// Waits until the edge ends, which it should not.
    pub async fn ended(&mut self) {
        self.process.ended().await;
    }

    pub async fn stop(self) {
        self.process.stop().await;
    }

    /// Ends it as a crash would.
    pub async fn kill(&mut self) {
        self.process.kill().await;
    }

    /// Starts it after [`kill`](Edge::kill).
    pub async fn start_again(&mut self, project: &Project, config: &Config, log: PathBuf) -> Result<()> {
        *self = Self::start(project, config, LogSink::Added(log)).await?;
        Ok(())
    }

    async fn ask(&mut self, order: &Order<'_>) -> Result<Word> {
        let input = self.process.stdin.as_mut().context("the edge has ended")?;
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        input.write_all(&line).await.context("the edge has ended")?;
        input.flush().await?;
        self.replies.recv().await.context("the edge has ended: its last words are above")
    }
}

async fn listen(stdout: ChildStdout, replies: mpsc::Sender<Word>, mut log: LogWriter) {
    let mut lines = BufReader::new(stdout).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Word::Log { level, message }) => log.write(&level, &message),
            // Nobody waits for an answer any more.
            Ok(word) => drop(replies.send(word).await),
            Err(_) => log.write("info", &line),
        }
    }
}

enum LogWriter {
    Terminal,
    File(File),
}

impl LogWriter {
    fn open(sink: LogSink) -> Result<Self> {
        let (path, added) = match sink {
            LogSink::Terminal => return Ok(Self::Terminal),
            LogSink::File(path) => (path, false),
            LogSink::Added(path) => (path, true),
        };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let file = if added { File::options().append(true).create(true).open(path)? } else { File::create(path)? };
        Ok(Self::File(file))
    }

    fn write(&mut self, level: &str, message: &str) {
        match self {
            Self::Terminal => println!("{}", logs::short(level, message)),
            // A log that cannot be written must not stop the functions.
            Self::File(file) => drop(writeln!(file, "{message}")),
        }
    }
}

/// Where [`Edge`] writes its log in `cargo xtask test`.
pub fn test_log(project: &Project) -> PathBuf {
    Path::new(&project.root).join("build/test-edge.log")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{EXAMPLE, Ports, Settings, setting, variables};

    /// The workers as `dev` serves them where a person has set this.
    fn served(set: &[(&str, &str)]) -> Config {
        let project = Project::find().unwrap();
        let variables = variables(&Settings::of_file(set), Ports::DEV, BTreeMap::new());
        let around = Surroundings { port: 8787, profile: Profile::Dev, variables: &variables, keep_time: false };
        Config::new(&project, &project.functions().unwrap(), &around).unwrap()
    }

    #[test]
    fn limit_scale_multiplies_every_limit_of_every_worker() {
        let limits = |config: Config| {
            let of = |worker: WorkerConfig| {
                worker.ratelimits.into_iter().map(move |(name, of)| (worker.name.clone(), name, of.simple.limit))
            };
            config.workers.into_iter().flat_map(of).collect::<Vec<_>>()
        };
        let (once, thrice) = (limits(served(&[])), limits(served(&[("LIMIT_SCALE", "3")])));
        assert!(once.len() > 50, "{once:?}");
        for ((worker, name, limit), (.., scaled)) in once.into_iter().zip(thrice) {
            assert_eq!((limit > 0, scaled), (true, 3 * limit), "{worker} {name}");
        }
    }

    /// What `xtask` itself reads, or gives to all: ports, databases, limits.
    const OURS: [&str; 4] = ["DATABASE_URL", "LIMIT_SCALE", "SQL_LOGIN_PERSON", "SQL_LOGIN_SERVICE"];

    #[test]
    fn each_documented_setting_reaches_the_workers_that_use_it_and_no_others() {
        let documented: Vec<&str> = EXAMPLE.lines().filter_map(setting).map(|(name, _)| name).collect();
        let of_functions = documented.into_iter().filter(|name| !OURS.contains(name) && !Ports::NAMES.contains(name));
        let value = |name: &str| format!("{name} as a person sets it");
        let set: Vec<(&str, String)> = of_functions.map(|name| (name, value(name))).collect();
        assert!(set.len() > 35, "{set:?}");
        let config = served(&set.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>());
        for (name, value) in &set {
            let users: Vec<&WorkerConfig> = config.workers.iter().filter(|worker| worker.bindings.contains_key(*name)).collect();
            assert!(!users.is_empty(), "no function is given {name}");
            for worker in users {
                assert_eq!(&worker.bindings[*name], value, "{name} of {}", worker.name);
            }
        }
        let health = config.workers.iter().find(|worker| worker.name == "operations-health").unwrap();
        assert!(!health.bindings.contains_key("RUNPOD_API_KEY") && health.bindings.contains_key("STAGE"));
    }
}
