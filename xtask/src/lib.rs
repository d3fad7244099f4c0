//! What the project's commands are made of: `main.rs` is their door, and `bench/harness` builds and starts the same.

pub mod attack;
pub mod bench;
pub mod build;
pub mod cargo;
pub mod chaos;
pub mod check;
pub mod clock;
pub mod control;
pub mod cron;
pub mod database;
pub mod deploy;
pub mod dev;
pub mod documents;
pub mod edge;
pub mod guard;
pub mod import;
pub mod logs;
pub mod manifest;
pub mod merge;
pub mod modules;
pub mod new;
pub mod npm;
pub mod postgres;
pub mod progress;
pub mod project;
pub mod reference;
pub mod secrets;
pub mod settings;
pub mod setup;
pub mod stack;
pub mod sync;
pub mod test;
pub mod toolchain;
pub mod watch;
pub mod welcome;

use std::{future::pending, process::ExitCode};

use anyhow::Result;
use tokio::signal::unix::{SignalKind, signal};

use crate::project::Project;

/// Runs a command to its end or to its interruption, and leaves no process behind.
pub fn run(command: impl AsyncFnOnce(&Project) -> Result<ExitCode>) -> ExitCode {
    // A thousand connections are tested; many systems give an ordinary user 1024 files unless asked. What is started inherits it.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let code = runtime.block_on(async {
        let code = tokio::select! {
            result = async { command(&Project::find()?).await } => result.unwrap_or_else(|error| failed(&error)),
            () = interrupted() => {
                eprintln!();
                ExitCode::from(130)
            }
        };
        guard::all_gone().await;
        code
    });
    // A module being generated on another thread must not hold up the end.
    runtime.shutdown_background();
    code
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

/// Resolves when the person or the system asks the command to end.
async fn interrupted() {
    let (Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()), signal(SignalKind::hangup()))
    else {
        return pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hangup.recv() => {}
    }
}
