use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::workspace::real;

/// A folder with a deployment that has nothing wrong, but for one line.
fn folder(name: &str, more: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let (vars, secrets) = needed();
    let lines = |values: BTreeMap<String, String>| {
        values.iter().map(|(name, value)| format!("{name} = \"{value}\"\n")).collect::<String>()
    };
    fs::write(folder.join("staging.toml"), format!("host = \"api.example.org\"\n[vars]\n{}{more}\n", lines(vars))).unwrap();
    fs::write(folder.join("staging.secrets.toml"), lines(secrets)).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// What the functions need, by the example manifest: variables and secrets.
fn needed() -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let manifest: toml::Table = fs::read_to_string(real().join("wrangler.toml")).unwrap().parse().unwrap();
    let (mut vars, mut secrets) = (BTreeMap::new(), BTreeMap::new());
    for worker in manifest["env"].as_table().unwrap().values() {
        for (name, example) in worker["vars"].as_table().unwrap() {
            if let Some(example) = example.as_str().filter(|example| example.contains("oree.example")) {
                vars.insert(name.clone(), example.to_owned());
            }
        }
        for name in worker["secrets"]["required"].as_array().unwrap().iter().filter_map(toml::Value::as_str) {
            let seed = u8::try_from(secrets.len()).unwrap();
            secrets.entry(name.to_owned()).or_insert_with(|| secret(name, seed));
        }
    }
    (vars, secrets)
}

/// Looks random, and is the same in every run.
fn secret(name: &str, seed: u8) -> String {
    let bytes: Vec<u8> = (0..32u8).map(|index| index.wrapping_mul(151).wrapping_add(seed)).collect();
    let key = STANDARD.encode(bytes);
    match name {
        _ if name.starts_with("SQL_LOGIN") => {
            format!("postgres://login_{seed}:8f14e45fceea167a5a36dedd4bea{seed}@localhost/oree")
        }
        "JWT_KEYS" | "SEALING_KEYS" => format!("a:{key}"),
        _ => key,
    }
}

/// Runs `cargo xtask deploy` with nothing of this test's environment that a function would read.
fn deploy(folder: &str, more: &[&str]) -> Result<String, String> {
    let is_kept = |name: &str| ["PATH", "HOME"].contains(&name) || name.starts_with("CARGO_") || name.starts_with("RUSTUP_");
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["deploy", "--stage", "staging", "--dry-run", "--quick", "--folder", folder])
        .args(more)
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| is_kept(name)))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

#[test]
fn every_function_is_taken_by_wrangler_and_no_secret_stays_behind() {
    let build = real().join("build");
    assert!(build.join("wasm-dev").exists(), "run tests with `cargo xtask test`");
    deploy(&folder("deployable", ""), &["--no-zone"]).unwrap();
    let manifest = fs::read_to_string(build.join("wrangler.staging.toml")).unwrap();
    let workers = manifest.matches("\n[env.").count();
    assert!(workers > 10 && manifest.contains("\n[env.entry]"), "{workers} workers");
    for secret in needed().1.values() {
        assert!(!manifest.contains(secret.as_str()), "a secret stands in the manifest");
    }
    let left = fs::read_dir(&build).unwrap().flatten().filter(|entry| entry.file_name().to_string_lossy().contains("secrets"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_deployment_with_something_wrong_is_refused_before_anything_is_built() {
    let refusal = deploy(&folder("wrong", "LINK_KEY = \"x\"\nRUNPOD_BASE_URL = \"http://127.0.0.1:8790\""), &[]).unwrap_err();
    assert!(refusal.contains("error: staging cannot be deployed:\n  LINK_KEY is a secret: set it"), "{refusal}");
    assert!(refusal.contains("RUNPOD_BASE_URL does not begin with https://"), "{refusal}");
}
