//! `cargo xtask build`: every function as modules in `build/<profile>`.

use std::{collections::BTreeMap, fs};

use anyhow::{Result, ensure};

use crate::{
    cargo,
    modules::{self, Module},
    progress::Step,
    project::{Function, Profile, Project},
    setup,
    toolchain::{WASM, WasmToolchain},
};

/// The committed sizes, gzip, in bytes.
const SIZES: &str = "bench/sizes.json";

/// How much a module may grow before its new size is accepted, in percent.
const GROWTH: usize = 5;

/// No module is larger, gzip, in bytes. The goal is 100,000: bench/RESULTS.md says what is in the way.
const LARGEST: usize = 280_000;

pub async fn run(project: &Project, profile: Profile, accept: bool) -> Result<()> {
    let toolchain = setup::ensure(project).await?;
    let functions = project.functions()?;
    let modules = functions_as_modules(project, &functions, profile, &toolchain).await?;
    if profile == Profile::Release {
        let sizes = print_sizes(&modules)?;
        judge_sizes(project, &sizes, accept)?;
    }
    Ok(())
}

/// Compares with the committed sizes, or commits to these.
fn judge_sizes(project: &Project, sizes: &BTreeMap<String, usize>, accept: bool) -> Result<()> {
    let file = project.path(SIZES);
    let known: BTreeMap<String, usize> = serde_json::from_slice(&fs::read(&file).unwrap_or_default()).unwrap_or_default();
    let mut wrong = Vec::new();
    for (package, size) in sizes {
        if *size > LARGEST {
            wrong.push(format!("{package} is {size} bytes gzip, more than {LARGEST}"));
        }
        let grown = known.get(package).filter(|known| *size * 100 > *known * (100 + GROWTH));
        if let (Some(known), false) = (grown, accept) {
            wrong.push(format!("{package} has grown from {known} to {size} bytes: make it smaller, or accept it with --accept"));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n  "));
    if accept {
        fs::write(file, format!("{:#}\n", serde_json::json!(sizes)))?;
    }
    Ok(())
}

/// Compiles every function and makes the modules of those asked for.
///
/// All of them are compiled in one call, also after an edit of one: cargo unites the features of what it is asked to build,
/// and a different question would build the shared crates a second time.
pub async fn functions_as_modules(
    project: &Project,
    functions: &[Function],
    profile: Profile,
    toolchain: &WasmToolchain,
) -> Result<Vec<Module>> {
    let step = Step::start(format!("{} functions", functions.len()));
    let warnings = compile(project, &project.functions()?, profile, toolchain, &step).await?;
    let modules = {
        let (project, functions) = (Project { root: project.root.clone() }, functions.to_vec());
        let target = toolchain.target_folder.clone();
        tokio::task::spawn_blocking(move || {
            let modules = modules::generate(&project, &functions, profile, &target, &step)?;
            let changed = modules.iter().filter(|module| module.changed).count();
            step.done(&if changed == 0 { "unchanged".to_owned() } else { format!("{changed} built") });
            anyhow::Ok(modules)
        })
        .await??
    };
    eprint!("{warnings}");
    Ok(modules)
}

async fn compile(
    project: &Project,
    functions: &[Function],
    profile: Profile,
    toolchain: &WasmToolchain,
    step: &Step,
) -> Result<String> {
    let mut command = cargo::command(project);
    command.args(["build", "--target", WASM, "--profile", profile.name()]).env("CARGO_TARGET_DIR", &toolchain.target_folder);
    if let Some(name) = toolchain.name {
        command.env("RUSTUP_TOOLCHAIN", name);
    }
    for function in functions {
        command.args(["--package", &function.package()]);
    }
    cargo::run(command, step, "the functions do not compile: mend what is shown above").await
}

/// Compiles the servers that stand around the functions: gateway and simulators.
pub async fn servers(project: &Project) -> Result<()> {
    let step = Step::start("gateway and simulators");
    let failure = "gateway or simulators do not compile: mend what is shown above";
    let warnings = programs(project, &["gateway", "simulators"], &step, failure).await?;
    step.done("");
    eprint!("{warnings}");
    Ok(())
}

/// Compiles programs of the workspace, and returns what the compiler had to say.
///
/// All that depends on functions is asked for in one way, that of `cargo test`, `--examples` standing for the tests: cargo
/// unites the features of what it is asked for, and a function's library has one place for all answers. Another question
/// would compile every function again, under the feet of a test that runs.
pub async fn programs(project: &Project, names: &[&str], step: &Step, failure: &'static str) -> Result<String> {
    let mut command = cargo::command(project);
    command.args(["build", "--workspace", "--examples"]);
    for name in names {
        command.args(["--bin", name]);
    }
    cargo::run(command, step, failure).await
}

/// Compiles the same as they run in production, to `target/native`.
pub async fn native_servers(project: &Project) -> Result<()> {
    let step = Step::start("gateway and simulators, optimised");
    let mut command = cargo::command(project);
    command.args(["build", "--profile", "native", "--package", "gateway", "--package", "simulators", "--bins"]);
    cargo::run(command, &step, "gateway or simulators do not compile: mend what is shown above").await?;
    step.done("");
    Ok(())
}

/// Prints the sizes, and returns each gzip.
fn print_sizes(modules: &[Module]) -> Result<BTreeMap<String, usize>> {
    let mut sizes = BTreeMap::new();
    println!("{:<32} {:>10} {:>10}", "function", "wasm", "gzip");
    let (mut raw, mut gzip) = (0, 0);
    for module in modules {
        let size = modules::size(&module.folder)?;
        println!("{:<32} {:>7.1} KB {:>7.1} KB", module.function.package(), kilobytes(size.raw), kilobytes(size.gzip));
        sizes.insert(module.function.package(), size.gzip);
        raw += size.raw;
        gzip += size.gzip;
    }
    println!("{:<32} {:>7.1} KB {:>7.1} KB", "all", kilobytes(raw), kilobytes(gzip));
    Ok(sizes)
}

#[expect(clippy::cast_precision_loss, reason = "a module's size is far below 2^52")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1000.0
}
