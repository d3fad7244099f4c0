//! What was measured, as it is kept in `bench/results.json`.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::load::Load;
use xtask::project::Project;

const FILE: &str = "bench/results.json";

/// Each part is kept until it is measured again.
#[derive(Default, Serialize, Deserialize)]
pub struct Results {
    pub functions: Option<Functions>,
    pub gateway: Option<Gateway>,
    pub growth: Option<Growth>,
    pub construction: Option<Construction>,
}

#[derive(Serialize, Deserialize)]
pub struct Functions {
    pub machine: Machine,
    pub seconds: f64,
    pub endpoints: Vec<Endpoint>,
    /// By contestant, megabytes.
    pub memory: BTreeMap<String, f64>,
    /// Answers of functions never called.
    pub cold: Vec<Cold>,
    pub sizes: Sizes,
}

/// By contestant and function: bytes, and bytes gzip, of JavaScript and wasm.
pub type Sizes = BTreeMap<String, BTreeMap<String, (usize, usize)>>;

#[derive(Serialize, Deserialize)]
pub struct Endpoint {
    pub name: String,
    /// Whether it asks the database, which the goals are about.
    pub database: bool,
    /// By contestant, one of each round.
    pub rounds: BTreeMap<String, Vec<Round>>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub struct Round {
    #[serde(flatten)]
    pub load: Load,
    /// Of the runtime's process, microseconds per request.
    pub cpu_us: f64,
}

#[derive(Serialize, Deserialize)]
pub struct Cold {
    pub endpoint: String,
    /// By contestant, milliseconds: of the first answer, and from the start of the process to it.
    pub times: BTreeMap<String, Vec<(f64, f64)>>,
}

#[derive(Serialize, Deserialize)]
pub struct Gateway {
    pub machine: Machine,
    pub seconds: f64,
    /// By way and number of connections.
    pub rounds: Vec<(String, usize, Vec<Load>)>,
    /// Transactions per second and mean latency in milliseconds, by number of connections; empty without pgbench.
    pub pgbench: Vec<(usize, Vec<(f64, f64)>)>,
}

#[derive(Serialize, Deserialize)]
pub struct Growth {
    pub machine: Machine,
    pub rows: i64,
    pub purged: i64,
    /// Milliseconds.
    pub streak: (Load, Load),
    pub list: (Load, Load),
    pub purge_seconds: f64,
    pub purge_runs: u32,
    pub quiet: Load,
    pub purging: Load,
}

#[derive(Serialize, Deserialize)]
pub struct Construction {
    pub machine: Machine,
    pub functions: usize,
    /// From nothing, seconds.
    pub all: f64,
    /// After an edit of what they share.
    pub again: f64,
}

/// Where and with what it was measured.
#[derive(Clone, Serialize, Deserialize)]
pub struct Machine {
    pub when: String,
    pub commit: String,
    pub processor: String,
    pub cores: usize,
    pub memory_gb: f64,
    pub system: String,
    /// One minute's load average before it began.
    pub load: f64,
    pub versions: BTreeMap<String, String>,
}

impl Results {
    pub fn read(project: &Project) -> Result<Results> {
        match fs::read(project.path(FILE)) {
            Ok(text) => serde_json::from_slice(&text).context("bench/results.json is not as expected"),
            Err(_) => Ok(Results::default()),
        }
    }

    pub fn keep(&self, project: &Project) -> Result<()> {
        Ok(fs::write(project.path(FILE), format!("{:#}\n", serde_json::to_value(self)?))?)
    }
}

impl Machine {
    pub fn here(project: &Project) -> Machine {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let field = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kilobytes = field(&read("/proc/meminfo"), "MemTotal").unwrap_or_default();
        let kilobytes: f64 = kilobytes.trim_end_matches(" kB").parse().unwrap_or_default();
        let said = |program: &str, arguments: &[&str]| {
            let output = std::process::Command::new(program).args(arguments).current_dir(&project.root).output();
            output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned()).unwrap_or_default()
        };
        let workerd = project.path("node_modules/.bin/workerd");
        let versions = [
            ("rustc", said("rustc", &["--version"])),
            ("node", said("node", &["--version"])),
            ("workerd", said(&workerd.to_string_lossy(), &["--version"])),
            ("python", said("python3", &["--version"])),
            ("postgres", package_version(project, "embedded-postgres")),
            ("@neondatabase/serverless", package_version(project, "@neondatabase/serverless")),
            ("pg", package_version(project, "pg")),
            ("worker", "0.8.7".to_owned()),
        ];
        #[expect(clippy::disallowed_methods, reason = "a tool has no request to take the time from")]
        let when = chrono::Utc::now().format("%Y-%m-%d %H:%M UTC").to_string();
        Machine {
            when,
            commit: said("git", &["rev-parse", "--short", "HEAD"]),
            processor: field(&read("/proc/cpuinfo"), "model name").unwrap_or_default(),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_gb: (kilobytes / 1_048_576.0).round(),
            system: said("uname", &["-sr"]),
            load: read("/proc/loadavg").split(' ').next().and_then(|load| load.parse().ok()).unwrap_or_default(),
            versions: versions.into_iter().map(|(name, version)| (name.to_owned(), version)).collect(),
        }
    }
}

fn package_version(project: &Project, package: &str) -> String {
    let text = fs::read(project.path("node_modules").join(package).join("package.json")).unwrap_or_default();
    let package: serde_json::Value = serde_json::from_slice(&text).unwrap_or_default();
    package["version"].as_str().unwrap_or_default().to_owned()
}
