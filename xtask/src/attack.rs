//! `cargo xtask attack`: the attacks of `tests/attacks` on everything, and their numbers into docs/SECURITY.md.

use std::{fs, process::ExitCode};

use anyhow::{Context, Result};

use crate::{
    project::{Profile, Project},
    test,
};

/// What stands below it is written by this command.
const MARK: &str = "<!-- Written by `cargo xtask attack`. -->\n";

pub async fn run(project: &Project, profile: Profile) -> Result<ExitCode> {
    let counted = project.path("build/attacks.md");
    // The numbers of an earlier run must not stand for this one's.
    if counted.exists() {
        fs::remove_file(&counted)?;
    }
    let code = test::run(project, profile, None, &["-p", "attacks"].map(str::to_owned)).await?;
    let counted = fs::read_to_string(&counted).context("the attacks were not counted: what is shown above tells why")?;
    println!("\n{counted}");
    let document = project.path("docs/SECURITY.md");
    let text = fs::read_to_string(&document).context("docs/SECURITY.md cannot be read")?;
    let (by_hand, _) = text.split_once(MARK).with_context(|| format!("docs/SECURITY.md has no line {}", MARK.trim()))?;
    fs::write(document, [by_hand, MARK, "\n", &counted].concat())?;
    Ok(code)
}
