//! `cargo xtask deploy`: every function as a Worker, after everything that can be known beforehand has been checked.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use futures::{StreamExt, stream};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    build, database,
    guard::{self, Stop},
    progress::Step,
    project::{Profile, Project},
    setup,
    sync::{self, MARK},
};

#[derive(Args)]
pub struct Wanted {
    /// staging or production: `<folder>/<stage>.toml` describes it
    #[arg(long)]
    stage: String,
    /// Check everything and upload nothing
    #[arg(long)]
    dry_run: bool,
    /// For an account without a zone: one more Worker, at workers.dev, passes requests on to the others
    #[arg(long)]
    no_zone: bool,
    /// Check with the modules of `cargo xtask dev`, as they are, in place of small ones built for it
    #[arg(long, requires = "dry_run")]
    quick: bool,
    /// The folder of `<stage>.toml` and `<stage>.secrets.toml`
    #[arg(long, default_value = "deploy")]
    folder: PathBuf,
}

/// What `contracts` answers: see `contracts/src/deploy.rs`.
#[derive(Deserialize)]
struct Plan {
    problems: Vec<String>,
    manifest: String,
    entry: Option<String>,
    workers: Vec<Worker>,
}

#[derive(Deserialize)]
struct Worker {
    package: String,
    secrets: BTreeMap<String, String>,
}

pub async fn run(project: &Project, wanted: &Wanted) -> Result<()> {
    let toolchain = setup::ensure(project).await?;
    let profile = Profile::new(!wanted.quick);
    let mut plan = plan(project, wanted, profile).await?;
    let database = std::env::var("DATABASE_URL").ok();
    if let Some(url) = &database
        && !migrate::is_private(url)?
    {
        plan.problems.push("DATABASE_URL leads across a network without TLS: add ?sslmode=require".to_owned());
    }
    if !plan.problems.is_empty() {
        bail!("{} cannot be deployed:\n  {}", wanted.stage, plan.problems.join("\n  "));
    }
    if !wanted.quick {
        build::functions_as_modules(project, &project.functions()?, profile, &toolchain).await?;
    }
    if let Some(entry) = &plan.entry {
        let folder = project.modules(profile).join("entry");
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("index.js"), entry)?;
    }
    let config = project.path("build").join(format!("wrangler.{}.toml", wanted.stage));
    let by_hand = fs::read_to_string(project.path("wrangler.toml")).context("wrangler.toml cannot be read")?;
    let shared = by_hand.split_once(MARK).map_or(by_hand.as_str(), |(shared, _)| shared);
    fs::write(&config, [shared, &plan.manifest].concat())?;
    if let (false, Some(url)) = (wanted.dry_run, &database) {
        migrate(project, url, &plan.workers).await?;
    }
    deploy(project, wanted, &config, &plan.workers).await
}

/// The database first: a release must still work on the next schema, not the next release on the old one.
async fn migrate(project: &Project, url: &str, workers: &[Worker]) -> Result<()> {
    let applied = database::migrate_deployed(project, url).await?;
    let secrets = workers.iter().flat_map(|worker| &worker.secrets);
    let mut logins: Vec<&str> =
        secrets.filter(|(name, _)| name.starts_with("SQL_LOGIN_")).map(|(_, login)| login.as_str()).collect();
    logins.sort_unstable();
    logins.dedup();
    migrate::set_login_passwords(url, &logins).await.context("the functions' logins have no password")?;
    applied.done("");
    Ok(())
}

/// Reads the files of the stage and has them judged.
async fn plan(project: &Project, wanted: &Wanted, profile: Profile) -> Result<Plan> {
    let file = wanted.folder.join(format!("{}.toml", wanted.stage));
    let text = fs::read_to_string(project.path(&file))
        .with_context(|| format!("{} is missing: copy deploy/example.toml and fill it in", file.display()))?;
    let mut deployment: Value = toml::from_str(&text).with_context(|| format!("{} is not as expected", file.display()))?;
    let file = wanted.folder.join(format!("{}.secrets.toml", wanted.stage));
    if let Ok(text) = fs::read_to_string(project.path(&file)) {
        // No cause is shown: it would quote the line.
        let secrets = toml::from_str::<Value>(&text).ok().with_context(|| format!("{} is not TOML", file.display()))?;
        deployment["secrets"] = secrets;
    }
    deployment["stage"] = json!(wanted.stage);
    deployment["no_zone"] = json!(wanted.no_zone);
    deployment["modules"] = json!(profile.name());
    deployment["known"] = json!(own_secrets(project));
    sync::contracts(project, &[], &[("DEPLOYMENT", deployment.to_string())]).await
}

/// The secrets of this machine's `cargo xtask dev`.
fn own_secrets(project: &Project) -> Vec<String> {
    let secrets_of_dev = fs::read(project.state().join("secrets.json")).unwrap_or_default();
    serde_json::from_slice::<BTreeMap<String, String>>(&secrets_of_dev).unwrap_or_default().into_values().collect()
}

async fn deploy(project: &Project, wanted: &Wanted, config: &Path, workers: &[Worker]) -> Result<()> {
    let doing = if wanted.dry_run { "Workers checked" } else { "Workers deployed" };
    let step = Step::start(doing);
    // One at a time where it counts: a Worker that others call has to be there before them.
    let at_once = if wanted.dry_run { std::thread::available_parallelism().map_or(2, usize::from) } else { 1 };
    let runs = workers.iter().map(|worker| wrangler(project, wanted, config, worker));
    let mut runs = stream::iter(runs).buffered(at_once).zip(stream::iter(1_u64..));
    while let Some((package, done)) = runs.next().await.map(|(result, done)| result.map(|package| (package, done))).transpose()? {
        step.at(done, workers.len() as u64, package);
    }
    step.done(&workers.len().to_string());
    Ok(())
}

/// Uploads one Worker and its secrets in one step, so that none answers without what it needs.
async fn wrangler<'a>(project: &Project, wanted: &Wanted, config: &Path, worker: &'a Worker) -> Result<&'a str> {
    let secrets = Secrets::write(project, worker)?;
    let mut command = guard::command("node", Stop::Terminate, None);
    command
        .arg(project.path("node_modules/wrangler/bin/wrangler.js"))
        .args(["deploy", "--env", &worker.package, "--config"])
        .arg(config)
        .arg("--secrets-file")
        .arg(&secrets.0)
        .args(wanted.dry_run.then_some("--dry-run"))
        .envs([("WRANGLER_SEND_METRICS", "false"), ("WRANGLER_HIDE_BANNER", "true"), ("CI", "true")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut wrangler = guard::spawn(command)?;
    let (stdout, stderr) = (wrangler.stdout.take(), wrangler.stderr.take());
    let (printed, said) = tokio::try_join!(sync::everything(stdout), sync::everything(stderr))?;
    let said = [printed, said].concat();
    let works = wrangler.ended().await.success();
    // A warning is a field that wrangler does not understand.
    ensure!(works && !said.contains("WARNING"), "wrangler on {}:\n{}", worker.package, said.trim());
    Ok(&worker.package)
}

/// The secrets of one Worker in a file that only its owner can read, for as long as wrangler reads it.
struct Secrets(PathBuf);

impl Secrets {
    fn write(project: &Project, worker: &Worker) -> Result<Self> {
        let path = project.path("build").join(format!(".secrets-{}.json", worker.package));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.write_all(&serde_json::to_vec(&worker.secrets)?)?;
        Ok(Self(path))
    }
}

impl Drop for Secrets {
    fn drop(&mut self) {
        // What cannot be removed is still readable to its owner only.
        let _ = fs::remove_file(&self.0);
    }
}
