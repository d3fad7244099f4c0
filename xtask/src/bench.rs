//! `cargo xtask bench`: builds `bench/harness`, which measures the functions beside what people would write instead.

use std::process::ExitCode;

use anyhow::Result;

use crate::{
    build, control,
    guard::{self, Stop},
    progress::Step,
    project::Project,
    setup, sync,
};

pub async fn run(project: &Project, arguments: &[String]) -> Result<ExitCode> {
    let _alone = control::only_one(project, "bench")?;
    setup::ensure(project).await?;
    sync::run(project, false).await?;
    let step = Step::start("bench, compiling");
    build::programs(project, &["bench"], &step, "bench/harness does not compile: mend what is shown above").await?;
    step.done("");
    let mut command = guard::command(project.target().join("debug/bench"), Stop::Terminate, None);
    command.args(arguments);
    let ended = guard::spawn(command)?.ended().await;
    Ok(if ended.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
