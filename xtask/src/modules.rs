//! From cargo's wasm to the modules that the edge runs.
//!
//! A function's folder in `build/<profile>` holds `index.js` (the shim of `shared/edge`), `bridge.js`, `bindings.js`, `module.wasm`,
//! `rehearsal.js` (what its endpoints are called with while it is loaded) and the stamp of what they were made from.

use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, anyhow, bail};
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;
use serde_json::{Value, json};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    progress::Step,
    project::{Function, Profile, Project},
    toolchain::WASM,
};

/// What every function is given besides its wasm: the entry that answers the edge's events, and what wasm asks of the edge.
const SCRIPTS: [(&str, &str); 2] = [("shared/edge/src/shim.js", "index.js"), ("shared/edge/src/bridge.js", "bridge.js")];

type Scripts = Vec<(&'static str, Vec<u8>)>;

/// Where examples of requests are committed, one file for each operation, `<package>.<operation>.json`.
const EXAMPLES: &str = "docs/examples";

/// Goes into every stamp: raise it when the same wasm has to become other modules.
const RECIPE: u32 = 3;

/// What rustc's wasm may use, which is less than wasm-opt would take for granted.
const WASM_FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-exception-handling",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// One function's modules.
pub struct Module {
    pub function: Function,
    pub folder: PathBuf,
    /// Whether this run has written them.
    pub changed: bool,
}

/// Bytes of `module.wasm`.
pub struct Size {
    pub raw: usize,
    pub gzip: usize,
}

/// Makes the modules of all `functions`, a thread per core; those whose wasm has not changed stay.
pub fn generate(project: &Project, functions: &[Function], profile: Profile, target: &Path, step: &Step) -> Result<Vec<Module>> {
    let read =
        |(source, name)| anyhow::Ok((name, fs::read(project.path(source)).with_context(|| format!("{source} cannot be read"))?));
    let scripts = SCRIPTS.into_iter().map(read).collect::<Result<Scripts>>()?;
    let (next, done, modules) = (AtomicUsize::new(0), AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(function) = functions.get(next.fetch_add(1, Ordering::Relaxed)) {
            let module = generate_one(project, function, profile, target, &scripts)
                .with_context(|| format!("{} did not become a module", function.package()));
            step.at(done.fetch_add(1, Ordering::Relaxed) as u64 + 1, functions.len() as u64, &function.package());
            if let Ok(mut modules) = modules.lock() {
                modules.push(module);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut modules =
        modules.into_inner().map_err(|_| anyhow!("a thread failed"))?.into_iter().collect::<Result<Vec<Module>>>()?;
    modules.sort_by(|a, b| a.function.cmp(&b.function));
    Ok(modules)
}

fn generate_one(project: &Project, function: &Function, profile: Profile, target: &Path, scripts: &Scripts) -> Result<Module> {
    let package = function.package();
    let wasm = target.join(WASM).join(profile.name()).join(format!("{}.wasm", package.replace('-', "_")));
    let folder = project.modules(profile).join(&package);
    let input = fs::read(&wasm).with_context(|| {
        format!(
            "{} is missing: its Cargo.toml needs name = \"{package}\" and crate-type = [\"cdylib\", \"rlib\"]",
            wasm.display()
        )
    })?;
    let rehearsal = rehearsal(project, &package)?;
    let stamp = stamp(&input, scripts, &rehearsal);
    let stamp_file = folder.join(".stamp");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(Module { function: function.clone(), folder, changed: false });
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    bind(&wasm, &folder, profile)?;
    if profile == Profile::Release {
        let module = folder.join("module.wasm");
        forget_unreachable(&module)?;
        optimise(project, &module)?;
    }
    for (name, text) in scripts {
        fs::write(folder.join(name), text)?;
    }
    fs::write(folder.join("rehearsal.js"), rehearsal)?;
    fs::write(stamp_file, stamp)?;
    Ok(Module { function: function.clone(), folder, changed: true })
}

fn stamp(wasm: &[u8], scripts: &Scripts, rehearsal: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (RECIPE, wasm, scripts, rehearsal).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// A request that a test has made: where to, and what with.
#[derive(Deserialize)]
struct Example {
    path: String,
    #[serde(default)]
    body: Value,
}

/// For each operation of which there is an example the first that was answered well, and one call of nothing where there is none.
fn rehearsal(project: &Project, package: &str) -> Result<String> {
    let mut calls = BTreeMap::new();
    // A project whose tests have recorded nothing has no such folder.
    for entry in fs::read_dir(project.path(EXAMPLES)).into_iter().flatten() {
        let path = entry?.path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(operation) = name.strip_prefix(package).and_then(|rest| rest.strip_prefix('.')) else { continue };
        let examples: BTreeMap<String, Example> =
            serde_json::from_slice(&fs::read(&path)?).with_context(|| format!("{} is no list of examples", path.display()))?;
        if let Some((_, example)) = examples.into_iter().find(|(status, _)| status.starts_with('2')) {
            let body = if example.body.is_null() { String::new() } else { example.body.to_string() };
            calls.insert(operation.to_owned(), json!({ "operation": operation, "path": example.path, "body": body }));
        }
    }
    let calls: Vec<Value> = calls.into_values().collect();
    let calls = if calls.is_empty() { json!([{ "operation": "", "path": "/", "body": "" }]) } else { json!(calls) };
    Ok(format!("export const calls = {calls:#};\n"))
}

/// Writes `bindings.js`, `module.wasm` and the snippets that they import.
fn bind(wasm: &Path, folder: &Path, profile: Profile) -> Result<()> {
    let release = profile == Profile::Release;
    Bindgen::new()
        .input_path(wasm)
        .out_name("bindings")
        .web(true)?
        .omit_default_module_path(true)
        .typescript(false)
        // After a panic the shim starts the instance anew.
        .reset_state_function(true)
        .demangle(!release)
        .remove_name_section(release)
        .remove_producers_section(release)
        .generate(folder)?;
    fs::rename(folder.join("bindings_bg.wasm"), folder.join("module.wasm"))?;
    Ok(())
}

/// Takes back the exports of classes that `worker` and its streams offer to JavaScript: nothing of ours makes one, and what an
/// export holds cannot be optimised away.
fn forget_unreachable(module: &Path) -> Result<()> {
    let mut wasm = walrus::Module::from_file(module)?;
    let is_of_a_class = |name: &str| name.starts_with("__wbg_") || name.starts_with("intounderlying");
    let exports: Vec<_> = wasm.exports.iter().filter(|export| is_of_a_class(&export.name)).map(walrus::Export::id).collect();
    for export in exports {
        wasm.exports.delete(export);
    }
    walrus::passes::gc::run(&mut wasm);
    wasm.emit_wasm_file(module)
}

fn optimise(project: &Project, module: &Path) -> Result<()> {
    let output = Command::new("node")
        .arg(project.path("node_modules/binaryen/bin/wasm-opt"))
        .args(WASM_FEATURES)
        .args(["-O", "-o"])
        .args([module, module])
        .output()
        .context("wasm-opt did not start")?;
    if !output.status.success() {
        bail!("wasm-opt refused {}: {}", module.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}

/// Size of a function's wasm, as it is and as it is sent.
pub fn size(folder: &Path) -> Result<Size> {
    let bytes = fs::read(folder.join("module.wasm"))?;
    Ok(Size { raw: bytes.len(), gzip: gzip(&bytes)? })
}

/// How many bytes are left of these by gzip.
pub fn gzip(bytes: &[u8]) -> Result<usize> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?.len())
}

/// Writes `index.js` and `index_bg.wasm` of a crate made with `worker`, as `worker-build` 0.8.7 does.
pub fn bind_as_worker_build(project: &Project, wasm: &Path, folder: &Path) -> Result<()> {
    Bindgen::new()
        .input_path(wasm)
        .out_name("index")
        .module(true)?
        .typescript(false)
        .reset_state_function(true)
        .force_enable_abort_handler(true)
        .generate(folder)?;
    let script = folder.join("index.js");
    fs::write(&script, fs::read_to_string(&script)?.replace("import source ", "import "))?;
    optimise(project, &folder.join("index_bg.wasm"))
}
