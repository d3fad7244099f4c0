use crate::edge::Edge;
use crate::workspace::Workspace;

/// One of each kind: without and with parameters, with and without a body.
const MADE: [(&str, &str, &str); 4] = [
    ("rise/gratitude", "POST", "/rise/gratitude"),
    ("rise/day", "GET", "/rise/day"),
    ("aube/sleep-notes", "PUT", "/aube/notes/{user_id}/sleep"),
    ("aube/past", "DELETE", "/aube/past/{id}"),
];

/// Laws about one function each. The others are about the whole, which this project is not.
const LAWS: [&str; 5] = ["access::", "input::", "routes::the_edges_matcher", "sql::", "structure::"];
const ABOUT_THE_WHOLE: &str = "the_public_endpoints_are_those_that_were_reviewed";

#[tokio::test]
async fn a_new_function_passes_its_tests_and_the_laws_and_answers_on_the_edge() {
    let workspace = Workspace::new("new");
    for (name, method, path) in MADE {
        workspace.xtask(&["new", name, method, path]).unwrap();
    }
    let overview = std::fs::read_to_string(workspace.root.join("functions/README.md")).unwrap();
    assert!(overview.contains("| POST `/rise/gratitude` | Person | 60 |"), "{overview}");
    workspace.cargo(&["fmt", "--all", "--check"], &[]).unwrap();

    workspace.xtask(&["build"]).unwrap();
    let packages: Vec<String> = MADE.map(|(name, ..)| name.replace('/', "-")).to_vec();
    let paths = MADE.map(|(_, _, path)| path.split("/{").next().unwrap());
    let served: Vec<_> = packages.iter().map(String::as_str).zip(paths).collect();
    let edge = Edge::serve(&workspace, &served);
    let refused = reqwest::Client::new().post([&edge.url, "/api/v1/rise/gratitude"].concat()).send().await.unwrap();
    assert_eq!(refused.status(), 401);

    // Clippy compiles in place of rustc, so that the lints cost nothing.
    let choice = packages.iter().flat_map(|package| ["--package", package]);
    let tests: Vec<&str> = ["test", "--quiet"].into_iter().chain(choice).collect();
    workspace.cargo(&tests, &[("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")]).unwrap();
    // The tests have recorded the examples that a law asks for.
    workspace.xtask(&["sync"]).unwrap();
    let laws: Vec<&str> =
        ["test", "--quiet", "--package", "laws", "--", "--skip", ABOUT_THE_WHOLE].into_iter().chain(LAWS).collect();
    let said = workspace.cargo(&laws, &[("EDGE_URL", &edge.url)]).unwrap();
    assert!(said.contains("test result: ok. "), "{said}");
}

#[test]
fn what_cannot_become_a_function_is_refused() {
    let workspace = Workspace::new("refused");
    let refusal = workspace.xtask(&["new", "rise/x", "FETCH", "/rise/x"]).unwrap_err();
    assert!(refusal.starts_with("error: \"FETCH\" is not a method"), "{refusal}");
    let refusal = workspace.xtask(&["new", "wasm/bindgen", "GET", "/wasm"]).unwrap_err();
    assert_eq!(refusal, "error: a package wasm-bindgen exists already: choose another name\n");
}
