//! The Rust tool chain that `rust-toolchain.toml` names, and its wasm target.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Result, bail};

use crate::{progress::Step, project::Project};

/// The target that functions are compiled for.
pub const WASM: &str = "wasm32-unknown-unknown";

/// The tool chain that `xtask/debian-wasm-std.sh` links, on machines that cannot reach rustup's downloads.
const DEBIAN: &str = "oree-debian-wasm";

/// Which tool chain compiles functions.
#[derive(Clone)]
pub struct WasmToolchain {
    /// A name for `RUSTUP_TOOLCHAIN`, if it is not the project's own.
    pub name: Option<&'static str>,
    /// Two tool chains over one target folder would rebuild each other's crates.
    pub target_folder: PathBuf,
}

/// Finds a tool chain with the wasm target, and adds the target if it is missing.
pub fn ensure(project: &Project) -> Result<WasmToolchain> {
    let own = WasmToolchain { name: None, target_folder: project.target() };
    let debian = WasmToolchain { name: Some(DEBIAN), target_folder: project.target().join(DEBIAN) };
    if has_target(None) {
        return Ok(own);
    }
    if has_target(Some(DEBIAN)) {
        return Ok(debian);
    }
    let step = Step::start("Rust target for wasm");
    if add_target() && has_target(None) {
        step.done("");
        return Ok(own);
    }
    if on_debian_as_root() && build_from_debian(project) && has_target(Some(DEBIAN)) {
        step.done("built from Debian's sources");
        return Ok(debian);
    }
    bail!("the Rust target {WASM} is missing and could not be installed: run `rustup target add {WASM}` and try again")
}

/// Whether the standard library for wasm is installed.
fn has_target(toolchain: Option<&str>) -> bool {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "target-libdir", "--target", WASM]);
    if let Some(name) = toolchain {
        rustc.env("RUSTUP_TOOLCHAIN", name);
    }
    let Ok(output) = rustc.output() else { return false };
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success()
        && fs::read_dir(folder).is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
        })
}

fn add_target() -> bool {
    Command::new("rustup").args(["target", "add", WASM]).output().is_ok_and(|output| output.status.success())
}

fn on_debian_as_root() -> bool {
    rustix::process::geteuid().is_root() && Command::new("apt-get").arg("--version").output().is_ok()
}

fn build_from_debian(project: &Project) -> bool {
    Command::new("bash")
        .arg(project.path("xtask/debian-wasm-std.sh"))
        .arg(DEBIAN)
        .output()
        .is_ok_and(|output| output.status.success())
}
