use std::fs;
use std::path::Path;
use std::process::Command;

use crate::workspace::real;

/// A folder with a deployment that has nothing wrong, but for one line.
fn folder(name: &str, more: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let staging = format!(
        "host = \"api.example.org\"\n[vars]\nSQL_URL = \"https://sql.example.org/sql\"\nAPP_URL = \"https://app.example.org\"\n{more}\n"
    );
    fs::write(folder.join("staging.toml"), staging).unwrap();
    fs::write(folder.join("staging.secrets.toml"), SECRETS).unwrap();
    folder.to_str().unwrap().to_owned()
}

/// Random once, and used nowhere.
const SECRETS: &str = r#"
JWT_KEYS = "a:vbxuIHGSMV4fzPYTmK8W0rjQwTSoZlUGqEeLOgD1n2c="
PASSWORD_PEPPER = "x7kPZ0cUeYqJvI9mDnB1sLw4RgfHtA6oV2iKMbSuE3c="
LINK_KEY = "Qm5T8yXwJr0ZkLpVbNc2HsGdFaE7uI4oRt1KiMqYz9w="
SQL_LOGIN_PERSON = "postgres://oree_person:8f14e45fceea167a5a36dedd4bea2543@localhost/oree"
SQL_LOGIN_SERVICE = "postgres://oree_service:c9f0f895fb98ab9159f51fd0297e236d@localhost/oree"
"#;

/// Runs `cargo xtask deploy` with nothing of this test's environment that a function would read.
fn deploy(folder: &str, more: &[&str]) -> Result<String, String> {
    let kept = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "CARGO_TARGET_DIR", "RUSTUP_TOOLCHAIN"];
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["deploy", "--stage", "staging", "--dry-run", "--quick", "--folder", folder])
        .args(more)
        .env_clear()
        .envs(std::env::vars().filter(|(name, _)| kept.contains(&name.as_str())))
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
    for secret in SECRETS.split('"').filter(|text| text.len() > 20) {
        assert!(!manifest.contains(secret), "a secret stands in the manifest");
    }
    let left = fs::read_dir(&build).unwrap().flatten().filter(|entry| entry.file_name().to_string_lossy().contains("secrets"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_deployment_with_something_wrong_is_refused_before_anything_is_built() {
    let refusal = deploy(&folder("wrong", "LINK_KEY = \"x\"\nRUNPOD_BASE_URL = \"http://127.0.0.1:8790\""), &[]).unwrap_err();
    assert!(refusal.starts_with("error: staging cannot be deployed:\n  LINK_KEY is a secret: set it"), "{refusal}");
    assert!(refusal.contains("RUNPOD_BASE_URL does not begin with https://"), "{refusal}");
}
