//! How long a release build of every function takes.

use std::{fs, path::Path, time::SystemTime};

use anyhow::Result;
use tokio::time::Instant;

use crate::results::{Construction, Machine};
use xtask::{
    build,
    project::{Profile, Project},
    toolchain::WasmToolchain,
};

/// Builds into a folder of its own, which is emptied before: all functions from nothing, and all again as after an edit of
/// the frame that they share.
pub async fn run(project: &Project, toolchain: &WasmToolchain) -> Result<Construction> {
    let machine = Machine::here(project);
    let toolchain = WasmToolchain { target_folder: project.target().join("bench-build"), ..toolchain.clone() };
    empty(&toolchain.target_folder)?;
    let functions = project.functions()?;
    let timed = async || {
        empty(&project.modules(Profile::Release))?;
        let started = Instant::now();
        build::functions_as_modules(project, &functions, Profile::Release, &toolchain).await?;
        anyhow::Ok(started.elapsed().as_secs_f64())
    };
    let all = timed().await?;
    let frame = fs::File::options().append(true).open(project.path("shared/edge/src/lib.rs"))?;
    #[expect(clippy::disallowed_methods, reason = "this is a file's time, by which cargo takes it for edited")]
    frame.set_modified(SystemTime::now())?;
    let again = timed().await?;
    fs::remove_dir_all(&toolchain.target_folder)?;
    Ok(Construction { machine, functions: functions.len(), all, again })
}

fn empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    Ok(())
}
