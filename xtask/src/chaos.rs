//! `cargo xtask chaos`: scenes are asked for while RunPod and Discord fail and the processes of the stack are killed, and
//! what was lost, made twice or left hanging is counted. `tests/chaos` asks and counts; here is who kills.

use std::{collections::BTreeMap, process::Stdio, time::Duration};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Deserialize;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::sleep,
};

use crate::{
    build, control,
    guard::{self, Stop},
    postgres::Data,
    progress::Step,
    project::Project,
    setup,
    stack::{Part, Plan, Stack},
    sync,
};

#[derive(Args)]
pub struct Wanted {
    /// Scenes to ask for
    #[arg(long, default_value_t = 2000)]
    jobs: u64,
    /// The same seed chooses the same faults
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Seconds between two kills, at most; 0 kills nothing
    #[arg(long, default_value_t = 6)]
    every: u64,
    /// Measure first, before anything fails, how much CPU one request of each kind costs the edge
    #[arg(long)]
    cpu: bool,
}

pub async fn run(project: &Project, wanted: &Wanted) -> Result<()> {
    let _alone = control::only_one(project, "chaos")?;
    let toolchain = setup::ensure(project).await?;
    sync::run(project, false).await?;
    let plan = Plan::beside(project, Data::Chaos, "build/chaos-logs", toolchain)?;
    let step = Step::start("chaos, compiling");
    build::programs(project, &["chaos"], &step, "tests/chaos does not compile: mend what is shown above").await?;
    step.done("");
    let mut stack = Stack::start(project, plan).await?;
    let outcome = rage(project, &mut stack, wanted).await;
    stack.stop().await;
    println!("{}", requests(&std::fs::read_to_string(project.path("build/chaos-logs/edge.log")).unwrap_or_default()));
    outcome
}

/// One line of the edge's log.
#[derive(Deserialize)]
struct Line {
    function: String,
    operation: String,
    ms: f64,
    sql: Statements,
}

#[derive(Deserialize)]
struct Statements {
    calls: u32,
}

/// By operation: how many, round trips at most, and milliseconds at the median and the 95th percentile.
fn requests(log: &str) -> String {
    let mut found: BTreeMap<String, (u32, Vec<f64>)> = BTreeMap::new();
    for line in log.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()) {
        let (calls, times) = found.entry(format!("{}.{}", line.function, line.operation)).or_default();
        *calls = line.sql.calls.max(*calls);
        times.push(line.ms);
    }
    let of = |(operation, (calls, mut times)): (String, (u32, Vec<f64>))| {
        times.sort_by(f64::total_cmp);
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        format!("{operation}: {}, round trips {calls}, {:.0} ms, {:.0} ms at the 95th percentile", times.len(), at(50), at(95))
    };
    found.into_iter().map(of).collect::<Vec<_>>().join("\n")
}

async fn rage(project: &Project, stack: &mut Stack, wanted: &Wanted) -> Result<()> {
    let mut command = guard::command(project.target().join("debug/chaos"), Stop::Terminate, None);
    command.args(["--jobs", &wanted.jobs.to_string(), "--seed", &wanted.seed.to_string()]);
    command.args(wanted.cpu.then_some("--cpu")).envs(&stack.variables).stdout(Stdio::piped());
    let mut process = guard::spawn(command)?;
    let mut lines = BufReader::new(process.stdout.take().context("tests/chaos has no output")?).lines();
    let mut killed = [0_u32; 3];
    let mut kills = false;
    let mut dice = wanted.seed;
    loop {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let pause = Duration::from_millis(1000 + (dice >> 33) % (wanted.every.max(1) * 1000));
        let line = tokio::select! {
            line = lines.next_line() => line?,
            () = sleep(pause), if kills => {
                let which = usize::try_from((dice >> 20) % 3)?;
                stack.kill(project, [Part::Edge, Part::Gateway, Part::Database][which]).await?;
                killed[which] += 1;
                continue;
            }
        };
        match line.as_deref() {
            Some("load") => kills = wanted.every > 0,
            Some("mend") => kills = false,
            Some(line) => println!("{line}"),
            None => break,
        }
    }
    println!("killed: the edge {} times, the gateway {}, PostgreSQL {}", killed[0], killed[1], killed[2]);
    match process.ended().await.success() {
        true => Ok(()),
        false => bail!("tests/chaos could not measure: its last words are above"),
    }
}
