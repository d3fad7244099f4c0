//! How the code stands together.

use std::fs;
use std::path::Path;

use contracts::{FUNCTIONS, folder};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn manifest(function: &edge::Function) -> toml::Table {
    let path = root().join("functions").join(folder(function)).join("Cargo.toml");
    fs::read_to_string(path).unwrap().parse().unwrap()
}

#[test]
fn a_function_depends_on_no_function() {
    for function in FUNCTIONS {
        for part in ["dependencies", "dev-dependencies"] {
            for name in manifest(function).get(part).and_then(|part| part.as_table()).into_iter().flatten().map(|(name, _)| name)
            {
                assert!(!FUNCTIONS.iter().any(|other| other.package == name), "{} depends on {name}", function.package);
            }
        }
    }
}

#[test]
fn only_edge_knows_the_runtime() {
    for function in FUNCTIONS {
        let manifest = manifest(function);
        for runtime in ["worker", "wasm-bindgen", "js-sys", "web-sys"] {
            assert!(
                !manifest["dependencies"].as_table().unwrap().contains_key(runtime),
                "{} depends on {runtime}",
                function.package
            );
        }
    }
}

#[test]
fn every_function_has_tests_of_its_own_and_inherits_the_lints() {
    for function in FUNCTIONS {
        let source = root().join("functions").join(folder(function)).join("src");
        let tests = source.join("tests.rs");
        assert!(tests.exists(), "{} has no tests", function.package);
        assert!(fs::read_to_string(source.join("lib.rs")).unwrap().contains("mod tests;"), "{}", function.package);
        assert_eq!(manifest(function)["lints"]["workspace"].as_bool(), Some(true), "{}", function.package);
    }
}

#[test]
fn nothing_is_named_utils_common_helpers_or_core() {
    for area in ["functions", "shared"] {
        for entry in fs::read_dir(root().join(area)).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            assert!(!["utils", "common", "helpers", "core"].contains(&name.as_str()), "{area}/{name}");
        }
    }
}

#[test]
fn every_endpoint_has_an_example_and_no_example_is_left_of_one_that_is_gone() {
    let examples = contracts::examples(false);
    let http = FUNCTIONS.iter().filter(|function| function.trigger == edge::Trigger::Http);
    for (function, endpoint) in http.flat_map(|function| function.endpoints.iter().map(move |endpoint| (function, endpoint))) {
        let name = format!("{}.{}", function.package, endpoint.operation);
        let statuses: Vec<&String> = examples[&name].keys().collect();
        let has_success = [endpoint.reply].iter().chain(endpoint.also).any(|status| statuses.contains(&&status.to_string()));
        let is_json = (endpoint.describe)(&mut edge::schemars::SchemaGenerator::default()).reply_type == "application/json";
        // Its answer is the document that would hold it.
        let shows_none = !is_json || name == "operations-openapi.get_openapi";
        assert!(
            has_success || shows_none,
            "{name} has no example of success: run `cargo xtask test -- -p {}`, then `cargo xtask sync`",
            function.package
        );
    }
    for file in fs::read_dir(root().join("docs/examples")).unwrap().flatten() {
        let name = file.path().file_stem().unwrap().to_str().unwrap().to_owned();
        assert!(examples.contains_key(&name), "docs/examples/{name}.json is of no endpoint: delete it");
    }
}
