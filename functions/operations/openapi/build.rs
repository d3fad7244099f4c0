//! Joins the areas' OpenAPI documents into one. The parts are committed and the whole is not, for two branches that touch
//! different areas would meet in it.

use std::{env, error::Error, fs, path::PathBuf};

#[path = "../../../contracts/src/join.rs"]
mod join;

fn main() -> Result<(), Box<dyn Error>> {
    let mut areas: Vec<PathBuf> = fs::read_dir("../..")?.map(|entry| Ok(entry?.path())).collect::<Result<_, std::io::Error>>()?;
    areas.retain(|path| path.is_dir());
    areas.sort();
    let mut parts = Vec::new();
    for part in areas.iter().map(|area| area.join("openapi.json")) {
        println!("cargo:rerun-if-changed={}", part.display());
        // `cargo xtask sync` compiles this to write the part of a new area.
        if part.exists() {
            parts.push(serde_json::from_slice(&fs::read(&part)?).map_err(|error| format!("{}: {error}", part.display()))?);
        }
    }
    // The list of functions changes with the areas.
    println!("cargo:rerun-if-changed=../../../contracts/src/functions.rs");
    println!("cargo:rerun-if-changed=../../../contracts/src/join.rs");
    Ok(fs::write(PathBuf::from(env::var("OUT_DIR")?).join("openapi.json"), join::join(parts).to_string())?)
}
