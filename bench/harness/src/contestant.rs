//! Who is compared: how each is built and started.

use std::{collections::BTreeMap, fs, net::SocketAddr, path::PathBuf, process::Stdio, time::Duration};

use anyhow::{Context, Result, ensure};
use tokio::process::Command;

use crate::{
    ground::Ground,
    workerd::{self, Worker},
};
use xtask::{
    build, cargo,
    guard::{self, Guarded, Stop},
    modules,
    progress::Step,
    project::{Profile, Project},
    stack,
    toolchain::{WASM, WasmToolchain},
};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Contestant {
    Oree,
    TypeScript,
    Worker,
    FastApi,
    Node,
    Axum,
}

pub const ALL: [Contestant; 6] =
    [Contestant::Oree, Contestant::TypeScript, Contestant::Worker, Contestant::FastApi, Contestant::Node, Contestant::Axum];

/// The Workers that the endpoints of the bench belong to: what each contestant calls them.
const WORKERS: [(&str, &str); 4] = [
    ("operations-health", "health"),
    ("rise-kaizen-streak", "streak"),
    ("rise-kaizen", "kaizen"),
    ("grimoire-generate-scene", "scene"),
];

/// The address of each function, by its package.
pub type Addresses = BTreeMap<&'static str, u16>;

pub struct Running {
    pub contestant: Contestant,
    pub addresses: Addresses,
    process: Guarded,
}

/// Modules of a Worker, in bytes.
pub struct Size {
    pub raw: usize,
    pub gzip: usize,
}

impl Contestant {
    pub fn name(self) -> &'static str {
        match self {
            Self::Oree => "oree",
            Self::TypeScript => "typescript",
            Self::Worker => "worker",
            Self::FastApi => "fastapi",
            Self::Node => "node",
            Self::Axum => "axum",
        }
    }

    /// The functions of the bench.
    pub fn packages() -> impl Iterator<Item = &'static str> {
        WORKERS.into_iter().map(|(package, _)| package)
    }

    /// How many ports it listens on: workerd gives each Worker its own.
    pub fn ports(self) -> usize {
        match self {
            Self::Oree | Self::TypeScript => WORKERS.len(),
            _ => 1,
        }
    }

    fn addresses(self, ports: &[u16]) -> Addresses {
        Self::packages().enumerate().map(|(index, package)| (package, ports[index % ports.len()])).collect()
    }

    pub async fn build(self, project: &Project, toolchain: &WasmToolchain) -> Result<()> {
        match self {
            Self::Oree => {
                let mut functions = project.functions()?;
                functions.retain(|function| Self::packages().any(|package| package == function.package()));
                build::functions_as_modules(project, &functions, Profile::Release, toolchain).await.map(drop)
            }
            Self::TypeScript => bundle(project),
            Self::Worker => build_worker(project, toolchain).await,
            Self::FastApi => install_python(project).await,
            Self::Node => Ok(()),
            Self::Axum => build_peer(project, "peer-axum").await,
        }
    }

    /// Starts it; where `only` names a function, with nothing else.
    pub fn start(self, project: &Project, ground: &Ground, ports: &[u16], only: Option<&str>) -> Result<Running> {
        let addresses = self.addresses(ports);
        let process = match self {
            Self::Oree | Self::TypeScript | Self::Worker => {
                let mut workers: Vec<Worker> = Vec::new();
                for (package, _) in WORKERS.iter().filter(|(package, _)| only.is_none_or(|only| only == *package)) {
                    let port = addresses[package];
                    if workers.iter().all(|worker| worker.port != port) {
                        let bindings = self.bindings(ground);
                        let folder = self.modules(project, package);
                        workers.push(Worker { name: (*package).to_owned(), port, folder, bindings });
                    }
                }
                let scale = ground.variables["LIMIT_SCALE"].parse()?;
                workerd::start(project, self.name(), &workers, scale)?
            }
            Self::FastApi => {
                let mut command = guard::command(python(project), Stop::Terminate, None);
                let port = ports[0].to_string();
                command.args(["-m", "uvicorn", "main:app", "--no-access-log", "--log-level", "warning", "--port", &port]);
                serve(project, ground, command, "bench/fastapi", ports[0])?
            }
            Self::Node => {
                let mut command = guard::command("node", Stop::Terminate, None);
                command.arg("server.mjs");
                serve(project, ground, command, "bench/node", ports[0])?
            }
            Self::Axum => {
                let program = project.target().join("bench/release/peer-axum");
                serve(project, ground, guard::command(program, Stop::Terminate, None), "bench/axum", ports[0])?
            }
        };
        Ok(Running { contestant: self, addresses, process })
    }

    fn bindings(self, ground: &Ground) -> BTreeMap<String, String> {
        let mut bindings = ground.variables.clone();
        bindings.remove("DATABASE_URL");
        bindings.retain(|name, _| !name.ends_with("_PASSWORD") && name != "LIMIT_SCALE");
        bindings
    }

    fn modules(self, project: &Project, package: &str) -> PathBuf {
        match self {
            Self::Oree => project.modules(Profile::Release).join(package),
            Self::TypeScript => project.path("build/bench/typescript").join(package),
            _ => project.path("build/bench/worker/modules"),
        }
    }

    /// What is sent to the edge for one function: JavaScript and wasm. None where there is no edge.
    pub fn size(self, project: &Project, package: &str) -> Result<Option<Size>> {
        if !matches!(self, Self::Oree | Self::TypeScript | Self::Worker) {
            return Ok(None);
        }
        let mut size = Size { raw: 0, gzip: 0 };
        let mut folders = vec![self.modules(project, package)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "js" || extension == "wasm") {
                    let bytes = fs::read(path)?;
                    size.raw += bytes.len();
                    size.gzip += modules::gzip(&bytes)?;
                }
            }
        }
        Ok(Some(size))
    }
}

impl Running {
    pub async fn stop(self) {
        self.process.stop().await;
    }

    /// Waits until a port answers.
    pub async fn listens(&self, port: u16) -> Result<()> {
        listens(&self.process, self.contestant.name(), port).await
    }

    pub async fn ready(&self) -> Result<()> {
        for port in self.addresses.values() {
            self.listens(*port).await?;
        }
        Ok(())
    }

    /// Processor time used so far, in seconds.
    pub fn processor_time(&self) -> Result<f64> {
        let stat = self.proc("stat")?;
        // The name in brackets may hold anything; the fields after it are numbered from 3.
        let fields: Vec<&str> = stat.rsplit_once(')').context("no stat")?.1.split_whitespace().collect();
        let ticks = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
        Ok(ticks / rustix::param::clock_ticks_per_second() as f64)
    }

    /// The most memory it has had, in megabytes.
    pub fn peak_memory(&self) -> Result<f64> {
        let status = self.proc("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? * 1.024 / 1000.0)
    }

    fn proc(&self, file: &str) -> Result<String> {
        let process = self.process.process().with_context(|| format!("{} has ended", self.contestant.name()))?;
        Ok(fs::read_to_string(format!("/proc/{process}/{file}"))?)
    }
}

fn serve(project: &Project, ground: &Ground, mut command: Command, folder: &str, port: u16) -> Result<Guarded> {
    let errors = project.path("build/bench-logs").join(format!("{}.log", folder.replace('/', "-")));
    command.envs(&ground.variables).env("DATABASE_URL", &ground.superuser_url).env("PORT", port.to_string());
    command.current_dir(project.path(folder)).stdout(Stdio::null()).stderr(fs::File::create(errors)?);
    guard::spawn(command)
}

/// One of the bench's own crates, for this machine.
pub async fn build_peer(project: &Project, package: &str) -> Result<()> {
    let step = Step::start(package);
    let mut command = cargo::command(project);
    command.args(["build", "--release", "--package", package]).current_dir(project.path("bench"));
    command.env("CARGO_TARGET_DIR", project.target().join("bench"));
    cargo::run(command, &step, "a crate in bench/ does not compile: mend what is shown above").await?;
    step.done("");
    Ok(())
}

/// Waits until a process answers on a port.
pub async fn listens(process: &Guarded, name: &str, port: u16) -> Result<()> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    ensure!(stack::listens(process, address, Duration::from_micros(200)).await, "{name} did not start");
    Ok(())
}

fn bundle(project: &Project) -> Result<()> {
    let mut command = std::process::Command::new(project.path("node_modules/.bin/esbuild"));
    for (package, name) in WORKERS {
        command.arg(format!("{package}/index={}", project.path(format!("bench/typescript/{name}.ts")).display()));
    }
    command.args(["--bundle", "--minify", "--format=esm", "--target=es2024", "--conditions=workerd,worker,import"]);
    command.args(["--loader:.sql=text", "--log-level=warning", "--main-fields=module,main"]);
    command.arg(format!("--outdir={}", project.path("build/bench/typescript").display()));
    ensure!(command.status().context("esbuild did not start")?.success(), "esbuild refused bench/typescript");
    Ok(())
}

/// As `worker-build` 0.8.7 does it: cargo, wasm-bindgen for modules, wasm-opt, its shim, esbuild.
async fn build_worker(project: &Project, toolchain: &WasmToolchain) -> Result<()> {
    let step = Step::start("peer-worker");
    let mut command = cargo::command(project);
    command.args(["build", "--release", "--package", "peer-worker", "--target", WASM]).current_dir(project.path("bench"));
    command.env("CARGO_TARGET_DIR", project.target().join("bench")).env("WASM_BINDGEN_USE_JS_SYS", "1");
    if let Some(name) = toolchain.name {
        command.env("RUSTUP_TOOLCHAIN", name);
    }
    cargo::run(command, &step, "bench/worker does not compile: mend what is shown above").await?;
    let wasm = project.target().join("bench").join(WASM).join("release/peer_worker.wasm");
    let (staging, modules) = (project.path("build/bench/worker/staging"), project.path("build/bench/worker/modules"));
    modules::bind_as_worker_build(project, &wasm, &staging)?;
    fs::copy(project.path("bench/worker/shim.js"), staging.join("shim.js"))?;
    let mut command = std::process::Command::new(project.path("node_modules/.bin/esbuild"));
    command.arg(staging.join("shim.js")).args(["--bundle", "--minify", "--format=esm", "--external:./index_bg.wasm"]);
    command.args(["--external:cloudflare:*", "--log-level=error"]);
    command.arg(format!("--outfile={}", modules.join("index.js").display()));
    ensure!(command.status().context("esbuild did not start")?.success(), "esbuild refused bench/worker");
    fs::copy(staging.join("index_bg.wasm"), modules.join("index_bg.wasm"))?;
    step.done("");
    Ok(())
}

fn python(project: &Project) -> PathBuf {
    project.target().join("bench/python/bin/python")
}

async fn install_python(project: &Project) -> Result<()> {
    let requirements = fs::read_to_string(project.path("bench/fastapi/requirements.txt"))?;
    let installed = project.target().join("bench/python/requirements.txt");
    if fs::read_to_string(&installed).is_ok_and(|of| of == requirements) {
        return Ok(());
    }
    let step = Step::start("FastAPI");
    let folder = project.target().join("bench/python");
    let environment = ["-m", "venv"].map(str::to_owned).into_iter().chain([folder.display().to_string()]);
    run_quietly("python3", environment).await.context("Python 3.10 or newer with venv is missing")?;
    let packages = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"].map(str::to_owned);
    let packages = packages.into_iter().chain([project.path("bench/fastapi/requirements.txt").display().to_string()]);
    run_quietly(&python(project).display().to_string(), packages).await.context("pip could not install FastAPI")?;
    fs::write(installed, requirements)?;
    step.done("");
    Ok(())
}

async fn run_quietly(program: &str, arguments: impl Iterator<Item = String>) -> Result<()> {
    let mut command = guard::command(program, Stop::Terminate, None);
    command.args(arguments).stdout(Stdio::null());
    ensure!(guard::spawn(command)?.ended().await.success(), "{program} failed: it tells why above");
    Ok(())
}
