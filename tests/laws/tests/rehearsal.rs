//! Functions rehearse while they are loaded (`shared/edge/src/shim.js`): safely, and to the end.

use std::path::Path;
use std::process::Command;

use contracts::FUNCTIONS;
use edge::Config;

#[test]
fn every_function_has_settings_to_rehearse_with() {
    for function in FUNCTIONS {
        let (_, token) =
            Config::rehearsed(function, testing::now()).unwrap_or_else(|wrong| panic!("{}: {wrong}", function.package));
        let is_signed_in = function.endpoints.iter().any(|endpoint| endpoint.caller == "Person");
        assert!(token.is_some() || !is_signed_in, "{}", function.package);
    }
}

#[test]
fn loading_a_function_touches_nothing_and_a_rehearsal_that_breaks_is_forgotten() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut node = Command::new("node");
    node.arg(root.join("tests/laws/tests/rehearsal.mjs")).arg(root.join("build/wasm-dev"));
    let output = node.output().expect("node runs");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    assert_eq!(said, ["{}\n", ""]);
}
