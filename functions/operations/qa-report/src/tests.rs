use auth::random_uuid;
use edge::auth;
use edge::auth::Role;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, github_signature, variable};

use super::FUNCTION;

const COMMIT: &str = "acb5820ced9479c074f688cc328bf03f341a511d";
const OTHER: &str = "0000000000000000000000000000000000000001";

/// A repository that no other test has.
fn repository() -> String {
    format!("octo/{}", random_uuid().unwrap().simple())
}

/// A file of tests, each `(name, status)`.
fn ctrf(tests: &[(&str, &str)]) -> Value {
    let tests: Vec<_> = tests.iter().map(|(name, status)| json!({"name": name, "status": status, "duration": 1})).collect();
    json!({"results": {"tool": {"name": "jest"}, "tests": tests}})
}

async fn send(query: &str, kind: &str, body: &str) -> Answer {
    let call = App::native(&FUNCTION).post(&format!("/qa/report?{query}")).token(&variable("QA_REPORT_TOKEN"));
    call.body(kind, body.as_bytes()).send().await
}

async fn outcome(query: &str, body: &Value) -> String {
    let answer = send(query, "application/json", &body.to_string()).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()["outcome"].as_str().unwrap().to_owned()
}

async fn qa() -> Person {
    Person::of(Role::Qa, "Europe/Paris").await
}

async fn get(by: &Person, path: &str) -> Value {
    let answer = App::native(&FUNCTION).get(path).by(by).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn an_attempt_is_taken_once_and_its_tests_are_told_with_its_commit() {
    let (repository, maya) = (repository(), qa().await);
    let run = format!("repository={repository}&commit={COMMIT}&branch=main&workflow=Tests&run=7&url=https://ci.example/7");
    let file = ctrf(&[("adds", "passed"), ("subtracts", "failed"), ("waits", "skipped")]);
    assert_eq!(outcome(&run, &file).await, "archived");
    assert_eq!(outcome(&run, &file).await, "duplicate");
    assert_eq!(outcome(&run, &ctrf(&[("adds", "passed")])).await, "duplicate", "what is there stays");
    let page = get(&maya, &format!("/qa/report?repository={repository}")).await;
    let commit = &page["items"][0];
    assert_eq!(
        (&commit["commit_sha"], &commit["branch"], &commit["status"]),
        (&json!(COMMIT), &json!("main"), &json!("failure"))
    );
    let counts = json!({"tests": 3, "passed": 1, "failed": 1, "skipped": 1, "flaky": 0});
    assert_eq!(
        commit["runs"],
        json!([{"workflow": "Tests", "run_id": 7, "attempt": 1, "status": "failure",
        "url": "https://ci.example/7", "duration_ms": null, "tests": counts}])
    );
    let again = format!("{run}&attempt=2");
    assert_eq!(outcome(&again, &ctrf(&[("adds", "passed"), ("subtracts", "passed")])).await, "archived");
    let page = get(&maya, &format!("/qa/report?repository={repository}")).await;
    assert_eq!((&page["items"][0]["status"], &page["items"][0]["runs"][0]["attempt"]), (&json!("success"), &json!(2)));
}

#[tokio::test]
async fn junit_comes_as_xml_and_several_workflows_of_a_commit_stand_side_by_side() {
    let (repository, maya) = (repository(), qa().await);
    let xml = "<testsuites><testsuite name=\"s\"><testcase classname=\"c\" name=\"n\"><failure message=\"no\"/></testcase></testsuite></testsuites>";
    let run = |workflow: &str, run: u32| format!("repository={repository}&commit={COMMIT}&workflow={workflow}&run={run}");
    assert_eq!(send(&run("Linux", 1), "application/xml; charset=utf-8", xml).await.status, 202);
    assert_eq!(outcome(&run("Windows", 1), &ctrf(&[("adds", "passed")])).await, "archived");
    let fork = format!("repository={repository}&commit={COMMIT}&branch=eve:main&workflow=Linux&run=2");
    assert_eq!(outcome(&fork, &ctrf(&[("adds", "passed")])).await, "archived");
    let page = get(&maya, &format!("/qa/report?repository={repository}")).await;
    let mut shown: Vec<_> = page["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|commit| (commit["fork"].clone(), commit["status"].clone(), commit["runs"].as_array().unwrap().len()))
        .collect();
    shown.sort_by_key(|(fork, ..)| fork.to_string());
    assert_eq!(shown, [(json!("eve"), json!("success"), 1), (Value::Null, json!("failure"), 2)]);
    let only = get(&maya, &format!("/qa/report?repository={repository}&status=success")).await;
    assert_eq!(only["items"].as_array().unwrap().len(), 1, "filtered by the status of the commit");
    let windows = get(&maya, &format!("/qa/report?repository={repository}&workflow=Windows")).await;
    assert_eq!(windows["items"][0]["status"], "success");
}

#[tokio::test]
async fn a_test_that_fails_and_passes_on_one_commit_is_flaky_with_its_rate_and_its_first_commit() {
    let (repository, maya) = (repository(), qa().await);
    let run = |commit: &str, run: u32, attempt: u32| {
        format!("repository={repository}&commit={commit}&branch=main&workflow=Tests&run={run}&attempt={attempt}")
    };
    outcome(&run(COMMIT, 1, 1), &ctrf(&[("wavers", "failed"), ("breaks", "failed"), ("holds", "passed")])).await;
    outcome(&run(COMMIT, 1, 2), &ctrf(&[("wavers", "passed"), ("breaks", "failed"), ("holds", "passed")])).await;
    outcome(&run(OTHER, 2, 1), &ctrf(&[("wavers", "passed"), ("breaks", "failed"), ("holds", "passed")])).await;
    let flaky = get(&maya, &format!("/qa/report/flaky?repository={repository}")).await;
    assert_eq!(flaky["items"].as_array().unwrap().len(), 1, "{flaky}");
    let one = &flaky["items"][0];
    assert_eq!(
        (&one["name"], &one["flaky_commits"], &one["commits"], &one["rate"]),
        (&json!("wavers"), &json!(1), &json!(2), &json!(0.5))
    );
    assert_eq!(one["first_commit"], COMMIT);
    let fork = format!("repository={repository}&commit={OTHER}&branch=eve:x&workflow=Tests&run=9");
    outcome(&fork, &json!({"results": {"tests": [{"name": "holds", "status": "passed", "flaky": true}]}})).await;
    assert_eq!(get(&maya, &format!("/qa/report/flaky?repository={repository}")).await["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_file_must_say_of_which_run_it_is_and_what_cannot_be_read_is_recorded() {
    let answer = send("repository=octo/hello&commit=12", "application/json", &ctrf(&[]).to_string()).await;
    assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["commit:not_allowed".to_owned()]));
    let answer = send("repository=octo/hello", "application/json", &ctrf(&[]).to_string()).await;
    assert_eq!(
        (answer.status, answer.wrong_fields()),
        (422, ["commit:required", "workflow:required", "run:required"].map(str::to_owned).to_vec())
    );
    let known = json!({"results": {"tests": [], "environment": {"repositoryName": repository(), "commit": COMMIT, "buildName": "CI", "buildNumber": 4}}});
    assert_eq!(outcome("", &known).await, "archived", "CTRF knows it itself");
    let body = format!("{{\"results\": \"{}\"}}", random_uuid().unwrap());
    let answer = send("", "application/json", &body).await;
    assert_eq!((answer.status, answer.code().as_str()), (422, "unreadable_event"));
    let select = "select count(*) from webhook_deliveries where source = 'qa_unreadable' and delivery_id = $1";
    let count = database().await.query_one(select, &[&auth::sha256_hex(body.as_bytes())]).await.unwrap();
    assert_eq!(count.get::<_, i64>(0), 1);
}

#[tokio::test]
async fn githubs_conclusion_completes_a_file_and_a_file_its_conclusion() {
    let (repository, maya) = (repository(), qa().await);
    let event = json!({"action": "completed", "repository": {"full_name": repository}, "workflow_run": {
        "id": 5, "run_attempt": 1, "name": "Tests", "display_title": "Add streaks", "head_branch": "main",
        "head_repository": {"full_name": repository}, "head_sha": COMMIT, "conclusion": "timed_out",
        "run_started_at": "2026-06-01T12:00:00Z", "updated_at": "2026-06-01T12:01:30Z"}});
    let body = event.to_string();
    let signature = github_signature(&variable("GITHUB_WEBHOOK_SECRET"), &body);
    let deliver = |signature: &str| {
        let call = App::native(&FUNCTION).post("/qa/report").header("x-github-delivery", &random_uuid().unwrap().to_string());
        call.header("x-github-event", "workflow_run")
            .header("x-hub-signature-256", signature)
            .body("application/json", body.as_bytes())
    };
    let run = format!("repository={repository}&commit={COMMIT}&workflow=Tests&run=5");
    assert_eq!(outcome(&run, &ctrf(&[("adds", "passed")])).await, "archived");
    assert_eq!(deliver(&signature).send().await.json()["outcome"], "archived");
    assert_eq!(deliver(&signature).send().await.json()["outcome"], "duplicate", "replayed under another delivery");
    let forged = deliver("sha256=00").send().await;
    assert_eq!((forged.status, forged.code().as_str()), (401, "bad_signature"));
    let page = get(&maya, &format!("/qa/report?repository={repository}")).await;
    let commit = &page["items"][0];
    assert_eq!(
        (&commit["title"], &commit["status"], &commit["runs"][0]["status"]),
        (&json!("Add streaks"), &json!("failure"), &json!("timed_out"))
    );
    assert_eq!((&commit["runs"][0]["tests"]["passed"], &commit["runs"][0]["duration_ms"]), (&json!(1), &json!(90_000)));
}

#[tokio::test]
async fn reports_are_read_by_quality_and_administration_alone_and_sent_by_who_has_the_token() {
    let (ada, admin, maya) = (Person::new().await, Person::admin().await, qa().await);
    for path in ["/qa/report", "/qa/report/flaky", "/qa/report/runs.csv"] {
        let app = App::native(&FUNCTION);
        assert_eq!(app.get(path).by(&ada).send().await.status, 403);
        assert_eq!(app.get(path).send().await.status, 401);
        assert_eq!((app.get(path).by(&admin).send().await.status, app.get(path).by(&maya).send().await.status), (200, 200));
    }
    let app = App::native(&FUNCTION);
    for refused in [app.post("/qa/report").token("wrong"), app.post("/qa/report"), app.post("/qa/report").by(&maya)] {
        let refused = refused.body("application/json", b"{}").send().await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "unauthenticated"));
    }
    let unset = app.with("QA_REPORT_TOKEN", "").post("/qa/report").body("application/json", b"{}").send().await;
    assert_eq!((unset.status, unset.code().as_str()), (503, "qa_reports_not_configured"));
}

#[tokio::test]
async fn commits_come_in_pages_and_every_attempt_is_a_line_of_the_table() {
    let (repository, maya) = (repository(), qa().await);
    for run in 1..=5 {
        let query = format!("repository={repository}&commit={run:040}&branch=main&workflow==Tests&run={run}");
        outcome(&query, &ctrf(&[("adds", "passed")])).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = get(&maya, &format!("/qa/report?repository={repository}&limit=2{cursor}")).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|commit| commit["commit_sha"].clone()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let expected: Vec<_> = (1..=5).rev().map(|run| json!(format!("{run:040}"))).collect();
    assert_eq!(seen, expected);
    let csv = App::native(&FUNCTION).get(&format!("/qa/report/runs.csv?repository={repository}")).by(&maya).send().await;
    let text = String::from_utf8(csv.body).unwrap();
    assert!(text.starts_with("id,repository,commit_sha,") && text.lines().count() == 6, "{text}");
    assert!(text.contains("\"'=Tests\""), "no workflow's name is a formula: {text}");
}
