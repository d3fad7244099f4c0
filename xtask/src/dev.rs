//! `cargo xtask dev`: everything runs, and an edit is served as soon as it compiles.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::{
    build,
    control::{self, Control},
    database,
    edge::LogSink,
    postgres::Data,
    project::{Profile, Project},
    secrets,
    settings::{Ports, Settings},
    setup,
    stack::{Plan, Stack},
    sync,
    watch::{Change, Watcher},
    welcome,
};

pub async fn run(project: &Project, profile: Profile) -> Result<()> {
    let _alone = control::only_one(project, "dev")?;
    let settings = Settings::of_person(project)?;
    let ports = Ports::of_dev(&settings, settings.get("DATABASE_URL").is_none())?;
    let plan = Plan {
        data: Data::Dev,
        profile,
        ports,
        secrets: secrets::of_dev(project)?,
        settings,
        toolchain: setup::ensure(project).await?,
        edge_log: LogSink::Terminal,
        logs: project.state().join("logs"),
    };
    let mut watcher = Watcher::new(project)?;
    let mut stack = Stack::start(project, plan).await?;
    let mut control = Control::open(project).await?;
    welcome::show(&stack).await;
    loop {
        tokio::select! {
            change = watcher.next() => follow(project, &mut stack, change).await,
            call = control.next() => call.answer(project, &mut stack.edge, &stack.variables["JWT_KEYS"]).await,
            () = stack.edge.ended() => bail!("the edge ended by itself: start `cargo xtask dev` again"),
        }
    }
}

/// Serves what has changed; if it cannot, says why and goes on with what ran before.
async fn follow(project: &Project, stack: &mut Stack, change: Change) {
    let started = Instant::now();
    match apply(project, stack, change).await {
        Ok(0) => {}
        Ok(1) => eprintln!("  serving 1 new function after {:.1} s", started.elapsed().as_secs_f64()),
        Ok(count) => eprintln!("  serving {count} new functions after {:.1} s", started.elapsed().as_secs_f64()),
        Err(error) => eprintln!("error: {error:#}"),
    }
}

/// Returns how many functions are new.
async fn apply(project: &Project, stack: &mut Stack, change: Change) -> Result<usize> {
    if change.sql {
        database::migrate(project, stack.database_url()).await?.done("");
    }
    if !change.code && !change.manifest {
        return Ok(0);
    }
    let functions = project.functions()?;
    let modules = build::functions_as_modules(project, &functions, stack.profile, &stack.toolchain)
        .await
        .context("still serving the previous code")?;
    let changed = modules.iter().filter(|module| module.changed).count();
    if functions != stack.functions {
        sync::run(project, false).await?;
    }
    if changed > 0 || change.manifest || functions != stack.functions {
        stack.functions = functions;
        stack.reload(project).await?;
    }
    Ok(changed)
}
