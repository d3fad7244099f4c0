//! What a fresh machine lacks.

use anyhow::Result;

use crate::{
    merge, npm,
    project::Project,
    toolchain::{self, WasmToolchain},
};

/// Installs the wasm target and the npm packages where they are missing.
pub async fn ensure(project: &Project) -> Result<WasmToolchain> {
    let toolchain = toolchain::ensure(project)?;
    npm::ensure(project).await?;
    merge::configure(&project.root)?;
    Ok(toolchain)
}
