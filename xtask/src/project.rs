//! Where things are.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

/// The project's folder and what is found in it.
pub struct Project {
    pub root: PathBuf,
}

/// How functions are compiled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Quick to build.
    Dev,
    /// Small, as deployed.
    Release,
}

impl Profile {
    pub fn new(release: bool) -> Self {
        if release { Self::Release } else { Self::Dev }
    }

    /// Cargo's name of the profile, of its output folder and of the folder in `build/`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dev => "wasm-dev",
            Self::Release => "release",
        }
    }
}

/// One function: a folder `functions/<area>/<name>`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    pub area: String,
    pub name: String,
}

impl Function {
    /// Package, worker and operation prefix: `rise-kaizen`.
    pub fn package(&self) -> String {
        format!("{}-{}", self.area, self.name)
    }
}

impl Project {
    pub fn find() -> Result<Self> {
        let crate_folder =
            std::env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = crate_folder.parent().context("xtask has no parent folder")?.to_path_buf();
        Ok(Self { root })
    }

    /// A path inside the project.
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.root.join(inside)
    }

    /// Where cargo puts what it builds.
    pub fn target(&self) -> PathBuf {
        self.path(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
    }

    /// What lasts from one run of `dev` to the next.
    pub fn state(&self) -> PathBuf {
        self.path(".dev")
    }

    /// The modules of one profile, a folder per function.
    pub fn modules(&self, profile: Profile) -> PathBuf {
        self.path("build").join(profile.name())
    }

    /// Tells apart two checkouts on one machine.
    pub fn hash(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.root.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Every function, in the order of their names.
    pub fn functions(&self) -> Result<Vec<Function>> {
        let mut functions = Vec::new();
        for area in folders(&self.path("functions"))? {
            for name in folders(&self.path("functions").join(&area))? {
                if self.path("functions").join(&area).join(&name).join("Cargo.toml").exists() {
                    functions.push(Function { area: area.clone(), name });
                }
            }
        }
        functions.sort();
        if functions.is_empty() {
            bail!("there is no function in functions/<area>/<function>: make one with `cargo xtask new <area> <function>`");
        }
        Ok(functions)
    }
}

fn folders(parent: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(parent).with_context(|| format!("{} cannot be read", parent.display()))?;
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    Ok(names)
}
