//! `cargo xtask check`: everything that must hold besides the tests.

use std::{collections::BTreeMap, fs, process::Stdio};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::io::AsyncReadExt;

use crate::{
    build, cargo,
    guard::{self, Stop},
    postgres::Data,
    progress::Step,
    project::{Profile, Project},
    setup,
    stack::{Plan, Stack},
    sync, test,
    toolchain::{WASM, WasmToolchain},
};

/// What each endpoint of the bench may cross.
const CROSSINGS: &str = "bench/crossings.json";

/// Calls into wasm and out of it.
#[derive(Deserialize)]
struct Crossings {
    #[serde(rename = "in")]
    enter: u32,
    #[serde(rename = "out")]
    leave: u32,
}

pub async fn run(project: &Project, peers: bool) -> Result<()> {
    let toolchain = setup::ensure(project).await?;
    quick(project).await?;
    lint(project).await?;
    lint_wasm(project, &toolchain).await?;
    document(project).await?;
    build::run(project, Profile::Release, false).await?;
    count_crossings(project).await?;
    if peers { compare(project, toolchain).await } else { Ok(()) }
}

/// RunPod's SDK as client and as worker; what they see is written to `tests/simulators/peers/transcript.txt`. OAuth servers of others,
/// to which people are connected. Clients that public generators make of `build/openapi.json`. And a browser, which leaves its
/// pictures of the operators' pages in `build/browser`.
async fn compare(project: &Project, toolchain: WasmToolchain) -> Result<()> {
    let step = Step::start("RunPod's SDK");
    let mut command = cargo::command(project);
    command.args(["run", "-p", "simulators", "--example", "peers"]);
    cargo::run(command, &step, "RunPod's SDK and the simulator disagree: it is shown above").await?;
    step.done("");
    let stack = Stack::start(project, Plan::beside(project, Data::Peers, "build/peers-logs", toolchain)?).await?;
    let used: Result<()> = async {
        let step = Step::start("OAuth servers");
        let mut command = cargo::command(project);
        command.args(["test", "-p", "providers-connect", "peers", "--", "--ignored"]).envs(test::variables(&stack)?);
        cargo::run(command, &step, "an OAuth server of others does not connect whom we send: tests::peers").await?;
        step.done("");
        journey(project, "clients", &[stack.edge_url()]).await?;
        let reporter = &stack.variables["QA_REPORT_TOKEN"];
        journey(project, "browser", &[stack.edge_url(), stack.superuser_url(), reporter]).await
    }
    .await;
    stack.stop().await;
    used
}

/// `tests/journeys/<name>/run.mjs`.
async fn journey(project: &Project, name: &str, arguments: &[&str]) -> Result<()> {
    let step = Step::start(name);
    let mut command = guard::command("node", Stop::Terminate, None);
    command.arg(format!("tests/journeys/{name}/run.mjs")).args(arguments).current_dir(&project.root);
    if !guard::spawn(command)?.ended().await.success() {
        bail!("tests/journeys/{name} does not do: it is shown above");
    }
    step.done("");
    Ok(())
}

/// The number of calls between JavaScript and wasm for one request of each endpoint of the bench, which are what a request
/// costs beside its work: none may have more than is committed.
async fn count_crossings(project: &Project) -> Result<()> {
    let step = Step::start("crossings");
    let mut command = guard::command("node", Stop::Terminate, None);
    command.arg("dev/crossings.mjs").arg(project.modules(Profile::Release)).current_dir(&project.root);
    command.stdout(Stdio::piped());
    let mut process = guard::spawn(command)?;
    let mut counted = String::new();
    if let Some(mut stdout) = process.stdout.take() {
        stdout.read_to_string(&mut counted).await?;
    }
    if !process.ended().await.success() {
        bail!("crossings could not be counted: dev/crossings.mjs tells why above");
    }
    let counted: BTreeMap<String, Crossings> = serde_json::from_str(&counted)?;
    let file = fs::read(project.path(CROSSINGS)).with_context(|| format!("{CROSSINGS} is missing"))?;
    let known: BTreeMap<String, Crossings> = serde_json::from_slice(&file)?;
    for (endpoint, Crossings { enter, leave }) in counted {
        let known = known.get(&endpoint).with_context(|| format!("{CROSSINGS} says nothing of {endpoint}"))?;
        if enter > known.enter || leave > known.leave {
            bail!(
                "{endpoint} enters wasm {enter} times and leaves it {leave} times, more than {} and {}: let a call carry more, \
                 or write the new numbers into {CROSSINGS}",
                known.enter,
                known.leave
            );
        }
    }
    step.done("");
    Ok(())
}

/// What takes seconds: format, generated files, and what a public linter says of the OpenAPI document.
pub async fn quick(project: &Project) -> Result<()> {
    format(project).await?;
    sync::run(project, true).await?;
    lint_openapi(project).await
}

async fn lint_openapi(project: &Project) -> Result<()> {
    let step = Step::start("OpenAPI");
    let mut command = guard::command("node", Stop::Terminate, None);
    command.arg("dev/lint.mjs").current_dir(&project.root).stderr(Stdio::piped());
    let mut process = guard::spawn(command)?;
    let findings = sync::everything(process.stderr.take()).await?;
    if !process.ended().await.success() {
        bail!(
            "build/openapi.json does not pass the linter: mend the contract, type or example that it comes from\n{}",
            findings.trim()
        );
    }
    step.done("");
    Ok(())
}

async fn format(project: &Project) -> Result<()> {
    let step = Step::start("format");
    let mut command = cargo::command(project);
    command.args(["fmt", "--all", "--check", "--", "--files-with-diff"]).stdout(Stdio::piped());
    let mut process = guard::spawn(command)?;
    let mut files = String::new();
    if let Some(mut stdout) = process.stdout.take() {
        stdout.read_to_string(&mut files).await?;
    }
    if !process.ended().await.success() {
        let inside = format!("{}/", project.root.display());
        let files: Vec<_> = files.lines().map(|path| path.trim_start_matches(&inside)).collect();
        if files.is_empty() {
            bail!("the format could not be checked: cargo fmt tells why above");
        }
        bail!("not formatted: {}: run `cargo fmt --all`", files.join(", "));
    }
    step.done("");
    Ok(())
}

async fn lint(project: &Project) -> Result<()> {
    let step = Step::start("lints");
    let mut command = cargo::command(project);
    command.args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    cargo::run(command, &step, "a lint is not satisfied: it is shown above").await?;
    step.done("");
    Ok(())
}

async fn lint_wasm(project: &Project, toolchain: &WasmToolchain) -> Result<()> {
    if toolchain.name.is_some() {
        eprintln!("  lints for wasm, left out: clippy does not come with Debian's wasm tool chain");
        return Ok(());
    }
    let step = Step::start("lints for wasm");
    let mut command = cargo::command(project);
    command.args(["clippy", "--target", WASM, "--profile", "wasm-dev"]);
    for function in project.functions()? {
        command.args(["--package", &function.package()]);
    }
    command.args(["--", "-D", "warnings"]);
    cargo::run(command, &step, "a lint is not satisfied in wasm: it is shown above").await?;
    step.done("");
    Ok(())
}

async fn document(project: &Project) -> Result<()> {
    let step = Step::start("documentation");
    let mut command = cargo::command(project);
    command.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
    cargo::run(command, &step, "the documentation does not build: what is wrong is shown above").await?;
    step.done("");
    Ok(())
}
