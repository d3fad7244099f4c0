//! workerd by itself: a configuration with a socket for each Worker, and nothing in front.

use std::{
    collections::BTreeMap,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use anyhow::{Context, Result};

use xtask::{
    guard::{self, Guarded, Stop},
    manifest::Manifest,
    project::Project,
};

/// One Worker on one port.
pub struct Worker {
    pub name: String,
    pub port: u16,
    /// Holds its modules, `index.js` being the entry.
    pub folder: PathBuf,
    pub bindings: BTreeMap<String, String>,
}

/// The limits of contracts, calls per minute.
const LIMITS: [u64; 4] = [10, 60, 300, 1200];

/// Starts a process with these Workers.
pub fn start(project: &Project, name: &str, workers: &[Worker], scale: u64) -> Result<Guarded> {
    let folder = project.path("build/bench").join(name);
    fs::create_dir_all(&folder)?;
    let file = folder.join("workerd.capnp");
    fs::write(&file, config(project, workers, scale)?)?;
    let package = format!("workerd-{}-64", std::env::consts::OS);
    let program = project.path("node_modules/@cloudflare").join(package).join("bin/workerd");
    let mut command = guard::command(program, Stop::Terminate, None);
    // The paths of modules are relative to the root.
    command.arg("serve").arg(&file).arg("--import-path=/");
    let errors = fs::File::create(folder.join("errors.log"))?;
    command.stdout(Stdio::null()).stderr(errors);
    guard::spawn(command)
}

fn config(project: &Project, workers: &[Worker], scale: u64) -> Result<String> {
    let manifest = Manifest::read(project)?;
    let limiter = project.path("node_modules/miniflare/dist/src/workers/ratelimit/ratelimit.worker.js");
    let mut text =
        String::from("using Workerd = import \"/workerd/workerd.capnp\";\n\nconst config :Workerd.Config = (\n  services = [\n");
    for worker in workers {
        writeln!(text, "    (name = {}, worker = (", quoted(&worker.name))?;
        writeln!(text, "      compatibilityDate = {},", quoted(&manifest.compatibility_date))?;
        let flags: Vec<_> = manifest.compatibility_flags.iter().map(|flag| quoted(flag)).collect();
        writeln!(text, "      compatibilityFlags = [{}],", flags.join(", "))?;
        text.push_str("      modules = [\n");
        for (name, path) in modules(&worker.folder)? {
            let kind = if name.ends_with(".wasm") { "wasm" } else { "esModule" };
            writeln!(text, "        (name = {}, {kind} = embed {}),", quoted(&name), quoted(&path.to_string_lossy()))?;
        }
        text.push_str("      ],\n      bindings = [\n");
        for (name, value) in &worker.bindings {
            writeln!(text, "        (name = {}, text = {}),", quoted(name), quoted(value))?;
        }
        for limit in LIMITS {
            let of = [
                ("namespaceId", quoted(&limit.to_string())),
                ("limit", (limit * scale).to_string()),
                ("period", "60".to_owned()),
            ];
            let inner: Vec<_> = of.iter().map(|(name, json)| format!("(name = \"{name}\", json = {})", quoted(json))).collect();
            let inner = inner.join(", ");
            writeln!(
                text,
                "        (name = \"LIMIT_{limit}\", wrapped = (moduleName = \"bench:limits\", innerBindings = [{inner}])),"
            )?;
        }
        text.push_str("      ],\n      globalOutbound = \"outside\",\n    )),\n");
    }
    text.push_str("    (name = \"outside\", network = (allow = [\"public\", \"private\"])),\n  ],\n  sockets = [\n");
    for worker in workers {
        let (name, port) = (quoted(&worker.name), worker.port);
        writeln!(text, "    (name = {name}, address = \"127.0.0.1:{port}\", http = (), service = {name}),")?;
    }
    // The limiter of the local edge, which counts in the isolate's memory.
    let limiter = quoted(&limiter.to_string_lossy());
    writeln!(
        text,
        "  ],\n  extensions = [(modules = [(name = \"bench:limits\", internal = true, esModule = embed {limiter})])],\n);"
    )?;
    Ok(text)
}

/// Every module of a folder by its name inside it, the entry first.
fn modules(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| format!("{} cannot be read", next.display()))? {
            let path = entry?.path();
            let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
            } else if name.ends_with(".js") || name.ends_with(".wasm") {
                found.push((name, path));
            }
        }
    }
    found.sort_by_key(|(name, _)| (name != "index.js", name.clone()));
    Ok(found)
}

/// As text of the configuration's language, whose escapes are C's.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
