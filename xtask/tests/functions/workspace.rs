use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A project beside the real one: the same shared crates and tools, and only the functions that a test makes.
///
/// It compiles into the real project's target folder, so that third-party crates are built once. Its own crates carry
/// another version: cargo tells crates of two projects apart by name, version and place inside the project, and these
/// must not be taken for one another.
pub struct Workspace {
    pub root: PathBuf,
    /// Held by one process at a time.
    _lock: File,
}

/// What is the same in both projects.
const SHARED: [&str; 8] =
    ["shared", "dev", "node_modules", "package.json", "package-lock.json", "clippy.toml", "rustfmt.toml", "rust-toolchain.toml"];

/// Crates that know where they are: they contain the list of functions, or look for files.
const COPIED: [&str; 4] = ["migrations", "contracts", "tests/laws", "tests/testing"];

impl Workspace {
    pub fn new(name: &str) -> Workspace {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        fs::create_dir_all(root.join("tests")).unwrap();
        let lock = File::create(root.join(".lock")).unwrap();
        lock.lock().unwrap();
        for path in SHARED {
            let _ = fs::remove_file(root.join(path));
            symlink(real().join(path), root.join(path)).unwrap();
        }
        for path in COPIED {
            copy(&real().join(path), &root.join(path));
        }
        // Steps that an earlier run has made.
        for folder in ["migrations/steps", "migrations/access"] {
            for file in fs::read_dir(root.join(folder)).unwrap().flatten().map(|file| file.path()) {
                if !real().join(folder).join(file.file_name().unwrap()).exists() {
                    fs::remove_file(file).unwrap();
                }
            }
        }
        write(&root.join("contracts/Cargo.toml"), &without_functions("contracts/Cargo.toml"));
        for made in ["functions", "docs"] {
            let _ = fs::remove_dir_all(root.join(made));
        }
        fs::create_dir_all(root.join("functions")).unwrap();
        fs::copy(real().join("Cargo.lock"), root.join("Cargo.lock")).unwrap();
        write(&root.join("Cargo.toml"), &manifest());
        let deployed = fs::read_to_string(real().join("wrangler.toml")).unwrap();
        let mark = deployed.find("\n[env.").unwrap();
        write(&root.join("wrangler.toml"), &deployed[..mark]);
        fs::create_dir_all(root.join("docs")).unwrap();
        fs::copy(real().join("docs/OPERATIONS.md"), root.join("docs/OPERATIONS.md")).unwrap();
        Workspace { root, _lock: lock }
    }

    /// A project with the function of `tests/functions/<name>`, built; it is called `fixture-<name>`.
    pub fn with_fixture(name: &str) -> Workspace {
        let workspace = Workspace::new(name);
        let folder = workspace.root.join("functions/fixture");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("README.md"), "# Fixture\n\nWhat a test needs.\n").unwrap();
        copy(&real().join("xtask/tests/functions").join(name), &folder.join(name));
        workspace.xtask(&["build"]).unwrap();
        workspace
    }

    /// Runs `cargo xtask …` here, and returns what it printed.
    pub fn xtask(&self, arguments: &[&str]) -> Result<String, String> {
        // xtask takes the folder above its own crate for the project.
        run(Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_MANIFEST_DIR", self.root.join("xtask"))
            .env("CARGO_TARGET_DIR", target()))
    }

    /// Runs `cargo …` here.
    pub fn cargo(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Result<String, String> {
        run(Command::new("cargo")
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target())
            .envs(variables.iter().copied()))
    }
}

/// The real project.
pub fn real() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_path_buf()
}

/// The real manifest with other members, another version and warnings as errors.
fn manifest() -> String {
    let text = fs::read_to_string(real().join("Cargo.toml")).unwrap();
    let members = text.lines().find(|line| line.starts_with("members = ")).unwrap();
    let version = text.lines().find(|line| line.starts_with("version = ")).unwrap();
    let defaults = text.lines().find(|line| line.starts_with("default-members = ")).unwrap();
    text.replace(members, "members = [\"functions/*/*\", \"contracts\", \"tests/*\"]")
        .replace(defaults, "")
        .replace(version, "version = \"0.0.0\"")
        .replace("[workspace.lints.rust]\n", "[workspace.lints.rust]\nwarnings = \"deny\"\n")
}

/// A manifest of the real project without its functions, which are not here.
fn without_functions(manifest: &str) -> String {
    let text = fs::read_to_string(real().join(manifest)).unwrap();
    text.lines().filter(|line| !line.contains("../functions/")).flat_map(|line| [line, "\n"]).collect()
}

fn run(command: &mut Command) -> Result<String, String> {
    // Cargo's own variables for this test must not reach another crate's build.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name == "CARGO_CRATE_NAME") {
            command.env_remove(name);
        }
    }
    // Nor may a moved clock, which is for the tests that it runs (`xtask/src/clock.rs`).
    command.env_remove("LD_PRELOAD");
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// Copies a folder, leaving alone what is as it should be.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            write(&target, &fs::read_to_string(entry.path()).unwrap());
        }
    }
}

/// Leaves a file alone that is as it should be: cargo goes by times.
fn write(path: &Path, text: &str) {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return;
    }
    fs::write(path, text).unwrap();
}
