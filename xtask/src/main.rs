//! The project's commands: `cargo xtask --help` lists them.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use xtask::{
    attack, bench, build, chaos, check, clock, cron, deploy, dev, guard, import, new, npm,
    project::{Profile, Project},
    sync, test,
};

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's commands")]
enum Command {
    /// Start everything on http://localhost:8787 and serve every edit as it is saved
    Dev {
        /// Serve the modules as they are deployed: small, slower to build
        #[arg(long)]
        release: bool,
    },
    /// Start everything on free ports, then run every test
    Test {
        /// Test the modules as they are deployed
        #[arg(long)]
        release: bool,
        /// Move the wall clock of everything that runs: `+40d`, or to a time, `2026-12-31T23:59:00Z` (Linux)
        #[arg(long)]
        clock: Option<clock::ClockShift>,
        /// Run everything on another Node, which comes through npm: 20, 22 or 24
        #[arg(long)]
        node: Option<u32>,
        /// Arguments for `cargo test`, for example `-- -p rise-kaizen`
        #[arg(last = true)]
        arguments: Vec<String>,
    },
    /// Compile functions to build/<profile>/<function>
    Build {
        /// Small modules, as they are deployed, and a table of their sizes, compared with bench/sizes.json
        #[arg(long)]
        release: bool,
        /// Write bench/sizes.json, in place of comparing with it
        #[arg(long, requires = "release")]
        accept: bool,
    },
    /// Everything that must hold besides the tests: format, lints, generated files, documentation
    Check {
        /// Also what needs somebody else's programs: RunPod's own SDK against its simulator, clients that generators make of the
        /// OpenAPI document against the functions, the operators' pages in Chromium (python3, npm, the registries, chromium)
        #[arg(long)]
        peers: bool,
    },
    /// Make a new function, which passes every check: `cargo xtask new rise/gratitude POST /rise/gratitude`
    New {
        /// Its folder, <area>/<function>
        name: String,
        /// The verb of its first endpoint
        #[arg(required_unless_present = "row")]
        method: Option<String>,
        /// The path of its first endpoint, without `/api/v1`; parameters in braces
        #[arg(required_unless_present = "row")]
        path: Option<String>,
        /// Rows of a person, in a table called after the function: add, list, change, remove, also from devices that were offline
        #[arg(long, conflicts_with_all = ["method", "path"])]
        row: bool,
    },
    /// Write the generated files: wrangler.toml, functions/README.md, functions/<area>/openapi.json and more
    Sync {
        /// Change nothing; fail if a file is out of date
        #[arg(long)]
        check: bool,
    },
    /// Run a cron function of the running `cargo xtask dev` now
    Cron {
        /// The function, for example `purge` or `operations-purge`
        function: String,
    },
    /// Attack every endpoint and every table, and write how it went into docs/SECURITY.md
    Attack {
        /// Attack the modules as they are deployed
        #[arg(long)]
        release: bool,
    },
    /// Measure the functions beside what people would write instead, and write bench/RESULTS.md (Linux)
    #[command(disable_help_flag = true)]
    Bench {
        /// What `bench/harness` is told: `--help` lists it
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Ask for scenes while everything fails and processes are killed, and count what was lost (Linux)
    Chaos(chaos::Wanted),
    /// Bring people and their bcrypt hashes from Supabase, passlib or another source into the database of `DATABASE_URL`
    ImportUsers {
        /// A file of comma-separated values with a header (.csv), or of one JSON object a line (.jsonl)
        file: PathBuf,
    },
    /// Check a deployment of every function, and deploy it
    Deploy(deploy::Wanted),
    #[command(hide = true)]
    Guard(guard::Watch),
}

fn main() -> ExitCode {
    match Command::parse() {
        Command::Guard(watch) => guard::stand(watch),
        command => xtask::run(async |project| perform(project, command).await),
    }
}

async fn perform(project: &Project, command: Command) -> Result<ExitCode> {
    match command {
        Command::Dev { release } => dev::run(project, Profile::new(release)).await?,
        Command::Test { release, clock, node, arguments } => {
            if let Some(major) = node {
                npm::use_node(project, major).await?;
            }
            return test::run(project, Profile::new(release), clock, &arguments).await;
        }
        Command::Build { release, accept } => build::run(project, Profile::new(release), accept).await?,
        Command::Check { peers } => check::run(project, peers).await?,
        Command::New { name, method, path, .. } => {
            new::run(project, &name, method.as_deref().zip(path.as_deref())).await?;
        }
        Command::Sync { check } => sync::run(project, check).await?,
        Command::Cron { function } => cron::run(project, &function).await?,
        Command::Attack { release } => return attack::run(project, Profile::new(release)).await,
        Command::Bench { arguments } => return bench::run(project, &arguments).await,
        Command::Chaos(wanted) => chaos::run(project, &wanted).await?,
        Command::ImportUsers { file } => return import::run(&file).await,
        Command::Deploy(wanted) => deploy::run(project, &wanted).await?,
        Command::Guard(_) => {}
    }
    Ok(ExitCode::SUCCESS)
}
