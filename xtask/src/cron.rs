//! `cargo xtask cron <function>`: a cron function runs now, without waiting for its hour.

use anyhow::{Result, bail};

use crate::{control, logs, project::Project};

pub async fn run(project: &Project, function: &str) -> Result<()> {
    let ran = control::ask(project, function).await?;
    for line in &ran.log {
        println!("{}", logs::short("log", line));
    }
    println!("{}", ran.report);
    if !ran.ok {
        bail!("{function} did not succeed: its report and log are above");
    }
    Ok(())
}
