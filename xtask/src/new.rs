//! `cargo xtask new <area> <function>`: a function to begin with.

use anyhow::{Result, bail};

use crate::project::Project;

pub fn run(project: &Project, area: &str, function: &str) -> Result<()> {
    let folder = project.path("functions").join(area).join(function);
    bail!("{} cannot be made yet: copy a function of the same area", folder.display())
}
