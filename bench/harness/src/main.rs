//! The functions beside what people would write instead, on this machine, interleaved; `cargo xtask bench` runs it. What is
//! measured goes to `bench/results.json`, and from there to `bench/RESULTS.md`.

mod construction;
mod contestant;
mod gateway;
mod ground;
mod growth;
mod load;
mod report;
mod results;
mod rounds;
mod workerd;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use xtask::{guard, project::Project, setup};

#[derive(Parser)]
#[command(
    name = "cargo xtask bench",
    bin_name = "cargo xtask bench",
    about = "Measures the functions beside their peers",
    args_conflicts_with_subcommands = true
)]
struct Command {
    #[command(subcommand)]
    guard: Option<Hidden>,
    #[command(flatten)]
    wanted: Wanted,
}

#[derive(Subcommand)]
enum Hidden {
    #[command(hide = true)]
    Guard(guard::Watch),
}

#[derive(Args)]
struct Wanted {
    /// What to measure
    #[arg(value_enum, default_value_t = What::Functions)]
    what: What,
    /// One short round, which is no measurement: for work on the bench itself
    #[arg(long)]
    quick: bool,
    /// Contestants, for example `oree,typescript`; all of them where absent
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Rounds
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Seconds per endpoint and round
    #[arg(long, default_value_t = 2.5)]
    seconds: f64,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Orée and its peers, endpoint by endpoint, and then the gateway
    Functions,
    /// The gateway beside direct connections to the same PostgreSQL
    Gateway,
    /// Ten years of data, ten million rows, and a purge of five million while others read
    Growth,
    /// A release build of every function, from nothing
    Build,
}

fn main() -> ExitCode {
    match Command::parse() {
        Command { guard: Some(Hidden::Guard(watch)), .. } => guard::stand(watch),
        Command { wanted, .. } => xtask::run(async |project| run(project, &wanted).await.map(|()| ExitCode::SUCCESS)),
    }
}

async fn run(project: &Project, wanted: &Wanted) -> Result<()> {
    let toolchain = setup::ensure(project).await?;
    let quick = wanted.quick;
    let (rounds, seconds) = if quick { (1, 1.0) } else { (wanted.rounds, wanted.seconds) };
    let mut results = results::Results::read(project)?;
    match wanted.what {
        What::Functions => {
            let functions = rounds::run(project, &toolchain, &wanted.only, rounds, seconds).await?;
            results.functions = Some(functions);
            results.gateway = Some(gateway::run(project, rounds, seconds).await?);
        }
        What::Gateway => results.gateway = Some(gateway::run(project, rounds, seconds).await?),
        What::Growth => results.growth = Some(growth::run(project, &toolchain, quick).await?),
        What::Build => results.construction = Some(construction::run(project, &toolchain).await?),
    }
    let text = report::write(project, &results)?;
    if quick {
        println!("{text}");
        return Ok(());
    }
    results.keep(project)?;
    std::fs::write(project.path("bench/RESULTS.md"), text)?;
    println!("bench/RESULTS.md");
    Ok(())
}
