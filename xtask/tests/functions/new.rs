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

/// The table of `aube/thanks-notes` in the database of all tests. No other test runs while these do, and it is gone afterwards.
struct Table(tokio_postgres::Client);

impl Table {
    async fn create(workspace: &Workspace) -> Table {
        let url = std::env::var("DATABASE_URL").expect("run tests with `cargo xtask test`");
        let client = migrate::connect(&url).await.unwrap();
        let steps = std::fs::read_dir(workspace.root.join("migrations/steps")).unwrap().flatten().map(|step| step.path());
        let step = steps.into_iter().find(|path| path.to_string_lossy().ends_with("_create_thanks_notes.sql")).unwrap();
        for file in [step, workspace.root.join("migrations/access/thanks_notes.sql")] {
            client.batch_execute(&std::fs::read_to_string(file).unwrap()).await.unwrap();
        }
        Table(client)
    }

    async fn drop(self) {
        self.0.batch_execute("drop table public.thanks_notes").await.unwrap();
    }
}

#[tokio::test]
async fn a_new_function_passes_its_tests_and_the_laws_and_answers_on_the_edge() {
    let workspace = Workspace::new("new");
    for (name, method, path) in MADE {
        workspace.xtask(&["new", name, method, path]).unwrap();
    }
    workspace.xtask(&["new", "aube/thanks-notes", "--row"]).unwrap();
    let table = Table::create(&workspace).await;
    let overview = std::fs::read_to_string(workspace.root.join("functions/README.md")).unwrap();
    assert!(overview.contains("| POST `/rise/gratitude` | Person | 60 |"), "{overview}");
    workspace.cargo(&["fmt", "--all", "--check"], &[]).unwrap();

    workspace.xtask(&["build"]).unwrap();
    let packages: Vec<String> =
        MADE.map(|(name, ..)| name).into_iter().chain(["aube/thanks-notes"]).map(|name| name.replace('/', "-")).collect();
    let paths = MADE.map(|(_, _, path)| path.split("/{").next().unwrap()).into_iter().chain(["/aube/thanks-notes"]);
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
    table.drop().await;
}

#[test]
fn what_cannot_become_a_function_is_refused() {
    let workspace = Workspace::new("refused");
    let refusal = workspace.xtask(&["new", "rise/x", "FETCH", "/rise/x"]).unwrap_err();
    assert!(refusal.starts_with("error: \"FETCH\" is not a method"), "{refusal}");
    let refusal = workspace.xtask(&["new", "wasm/bindgen", "GET", "/wasm"]).unwrap_err();
    assert_eq!(refusal, "error: a package wasm-bindgen exists already: choose another name\n");
}
