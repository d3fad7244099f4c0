use std::fs;
use std::time::{Duration, Instant};

use reqwest::Response;
use serde_json::{Value, json};

use crate::edge::Edge;
use crate::workspace::Workspace;

async fn get(edge: &Edge, path: &str) -> Response {
    let url = [&edge.url, "/api/v1/panicking", path].concat();
    let request = reqwest::Client::new().get(url).timeout(Duration::from_secs(8));
    request.send().await.unwrap_or_else(|error| panic!("{path} is not answered: {error}"))
}

async fn is_internal_problem(answer: Response) {
    assert_eq!((answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()), (500, "application/problem+json"));
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!((&problem["code"], &problem["request_id"]), (&"internal".into(), &id.into()));
}

#[tokio::test]
async fn a_panic_answers_500_also_those_who_wait_and_the_next_request_works() {
    let workspace = Workspace::with_fixture("panicking");
    let edge = Edge::serve(&workspace, &[("fixture-panicking", "/panicking")]);
    assert_eq!(get(&edge, "/calm").await.status(), 200);

    for panics in ["/at-once", "/late"] {
        let started = Instant::now();
        let waiting = async {
            let answer = get(&edge, "/slow").await;
            (answer, started.elapsed())
        };
        let breaking = async {
            // The other request is with the database by then.
            tokio::time::sleep(Duration::from_millis(500)).await;
            get(&edge, panics).await
        };
        let ((waiting, after), breaking) = tokio::join!(waiting, breaking);
        is_internal_problem(breaking).await;
        is_internal_problem(waiting).await;
        assert!(after < Duration::from_secs(5), "who waited was kept for {after:?}");
        assert_eq!(get(&edge, "/calm").await.status(), 200);
        edge.logs("as it was asked to").await;
    }

    assert_eq!(get(&edge, "/after").await.status(), 200);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(get(&edge, "/calm").await.status(), 200);
}

#[tokio::test]
async fn a_rehearsal_that_panics_is_forgotten_and_the_first_request_works() {
    let workspace = Workspace::with_fixture("panicking");
    let examples = workspace.root.join("docs/examples");
    for (operation, path) in [("at_once", "/at-once"), ("late", "/late"), ("after", "/after")] {
        let _ = fs::remove_dir_all(&examples);
        fs::create_dir_all(&examples).unwrap();
        let example = json!({"200": {"path": format!("/api/v1/panicking{path}")}}).to_string();
        fs::write(examples.join(["fixture-panicking.", operation, ".json"].concat()), example).unwrap();
        workspace.xtask(&["build"]).unwrap();
        let edge = Edge::serve(&workspace, &[("fixture-panicking", "/panicking")]);
        assert_eq!(get(&edge, "/calm").await.status(), 200, "{operation}");
    }
}
