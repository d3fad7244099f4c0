use serde_json::{Value, json};
use testing::{Answer, App, database, github_signature as signature, variable};

use edge::auth;
use quality::github::{CONCLUSIONS, is_signed};
use uuid::Uuid;

use super::FUNCTION;

fn uuid() -> Uuid {
    auth::random_uuid().unwrap()
}

/// A run of a repository of its own.
fn completed(conclusion: &str) -> Value {
    let repository = json!({"id": 1, "full_name": format!("octo/{}", uuid().simple())});
    json!({
        "action": "completed",
        "workflow_run": {
            "id": 30_433_642, "name": "Check backend", "path": ".github/workflows/check-backend.yml",
            "display_title": "Add streaks", "run_number": 562, "run_attempt": 1, "event": "push", "status": "completed",
            "conclusion": conclusion, "head_branch": "main", "head_sha": "acb5820ced9479c074f688cc328bf03f341a511d",
            "html_url": "https://github.com/octo/hello/actions/runs/30433642",
            "run_started_at": "2026-06-01T12:00:00Z", "updated_at": "2026-06-01T12:01:30Z", "pull_requests": [], "head_repository": repository,
        },
        "workflow": {"id": 159_038, "name": "Check backend", "path": ".github/workflows/check-backend.yml"},
        "repository": repository,
        "sender": {"login": "octocat"},
    })
}

async fn deliver(app: &App, delivery: Uuid, event: &str, body: &str, signature: &str) -> Answer {
    let call = app.post("/webhooks/github").header("x-github-delivery", &delivery.to_string());
    let call = call.header("x-github-event", event).header("x-hub-signature-256", signature);
    call.body("application/json", body.as_bytes()).send().await
}

async fn outcome(delivery: Uuid, event: &str, body: &Value) -> String {
    let (app, body) = (App::native(&FUNCTION), body.to_string());
    let answer = deliver(&app, delivery, event, &body, &signature(&variable("GITHUB_WEBHOOK_SECRET"), &body)).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()["outcome"].as_str().unwrap().to_owned()
}

/// The reports of a run's repository, by attempt.
async fn reports(body: &Value) -> Value {
    let select = "select coalesce(jsonb_agg(jsonb_build_object('commit', commit_sha, 'branch', branch, 'workflow', workflow,
                    'run', run_id, 'attempt', attempt, 'status', status, 'summary', summary, 'url', url, 'ms', duration_ms)
                    order by attempt), '[]')
                  from qa_reports where repository = $1";
    let repository = body["repository"]["full_name"].as_str().unwrap();
    database().await.query_one(select, &[&repository]).await.unwrap().get(0)
}

#[test]
fn githubs_own_example_of_a_signature_holds_under_either_of_two_secrets() {
    const HEADER: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    const SECRET: &str = "It's a Secret to Everybody";
    for secrets in [SECRET, "It's a Secret to Everybody,the next one", "the next one, It's a Secret to Everybody"] {
        assert!(is_signed(HEADER, b"Hello, World!", secrets), "{secrets}");
    }
    for secrets in ["the next one", "the next one,the one after it", "", ","] {
        assert!(!is_signed(HEADER, b"Hello, World!", secrets), "{secrets}");
    }
    assert!(!is_signed(HEADER, b"Hello, World?", SECRET));
    let upper = HEADER.to_uppercase();
    for bad in ["", "sha256=", "sha256=75", "sha256=zz", &HEADER[7..], &HEADER.replace("sha256", "sha1"), &upper] {
        assert!(!is_signed(bad, b"Hello, World!", SECRET), "{bad}");
    }
}

#[tokio::test]
async fn a_run_that_has_ended_is_archived_once() {
    let (run, delivery) = (completed("failure"), uuid());
    assert_eq!(outcome(delivery, "workflow_run", &run).await, "archived");
    let report = json!({
        "commit": "acb5820ced9479c074f688cc328bf03f341a511d", "branch": "main", "workflow": "Check backend", "run": 30_433_642,
        "attempt": 1, "status": "failure", "summary": "Add streaks",
        "url": "https://github.com/octo/hello/actions/runs/30433642", "ms": 90_000,
    });
    assert_eq!(reports(&run).await, json!([report]));
    assert_eq!(outcome(delivery, "workflow_run", &run).await, "duplicate");
    assert_eq!(outcome(uuid(), "workflow_run", &run).await, "duplicate", "the same body under another delivery");
    assert_eq!(reports(&run).await, json!([report]));
    let count = "select count(*) from webhook_deliveries where source = 'github' and delivery_id = $1";
    assert_eq!(database().await.query_one(count, &[&delivery.to_string()]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn a_delivery_that_comes_twice_at_once_is_archived_once() {
    let (run, delivery) = (completed("success"), uuid());
    let (one, other) = tokio::join!(outcome(delivery, "workflow_run", &run), outcome(delivery, "workflow_run", &run));
    let mut both = [one, other];
    both.sort();
    assert_eq!(both, ["archived", "duplicate"]);
}

#[tokio::test]
async fn each_attempt_and_each_conclusion_is_kept() {
    let mut run = completed("success");
    for (attempt, conclusion) in (1..).zip(CONCLUSIONS) {
        run["workflow_run"]["run_attempt"] = json!(attempt);
        run["workflow_run"]["conclusion"] = json!(conclusion);
        assert_eq!(outcome(uuid(), "workflow_run", &run).await, "archived");
    }
    let stored = reports(&run).await;
    let words: Vec<&str> = stored.as_array().unwrap().iter().filter_map(|report| report["status"].as_str()).collect();
    assert_eq!(words, CONCLUSIONS);
}

#[tokio::test]
async fn a_run_without_a_name_or_a_branch_goes_by_its_file() {
    let mut run = completed("success");
    run["workflow_run"]["name"] = Value::Null;
    run["workflow_run"]["head_branch"] = Value::Null;
    run["workflow_run"]["updated_at"] = json!("2026-06-01T11:59:59Z");
    assert_eq!(outcome(uuid(), "workflow_run", &run).await, "archived");
    let report = &reports(&run).await[0];
    assert_eq!(
        (&report["workflow"], &report["branch"], &report["ms"]),
        (&json!(".github/workflows/check-backend.yml"), &Value::Null, &json!(0))
    );
}

#[tokio::test]
async fn a_run_of_a_fork_is_not_a_run_of_our_branch() {
    for (head, branch) in [(json!({"full_name": "eve/hello"}), json!("eve:main")), (Value::Null, Value::Null)] {
        let mut run = completed("success");
        run["workflow_run"]["head_repository"] = head;
        assert_eq!(outcome(uuid(), "workflow_run", &run).await, "archived");
        assert_eq!(reports(&run).await[0]["branch"], branch);
    }
}

#[tokio::test]
async fn whatever_a_signed_run_holds_is_kept_or_refused_and_never_a_fault() {
    let app = App::native(&FUNCTION);
    let odd = [
        Value::Null,
        json!(""),
        json!(" "),
        json!("\0"),
        json!("a\0b"),
        json!("é".repeat(20_000)),
        json!("ab".repeat(20)),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(true),
        json!([]),
        json!({}),
        json!("-262143-01-01T00:00:00Z"),
        json!("+262142-12-31T23:59:60Z"),
        json!({"full_name": "\0"}),
        json!({"full_name": ""}),
    ];
    let members: Vec<String> = completed("success")["workflow_run"].as_object().unwrap().keys().cloned().collect();
    for member in members.iter().map(String::as_str).chain(["repository"]) {
        for value in &odd {
            let mut run = completed("success");
            let object = if member == "repository" { &mut run } else { &mut run["workflow_run"] };
            object[member] = value.clone();
            let body = run.to_string();
            let good = signature(&variable("GITHUB_WEBHOOK_SECRET"), &body);
            let answer = deliver(&app, uuid(), "workflow_run", &body, &good).await;
            let is_refused = answer.status == 422 && answer.code() == "unreadable_event";
            assert!(answer.status == 202 || is_refused, "{member}: {value}: {answer:?}");
        }
    }
    let mut run = completed("success");
    run["workflow_run"]["display_title"] = json!("Fix \0 in names");
    run["workflow_run"]["head_branch"] = json!("");
    assert_eq!(outcome(uuid(), "workflow_run", &run).await, "archived");
    let report = &reports(&run).await[0];
    assert_eq!((&report["summary"], &report["branch"]), (&json!("Fix  in names"), &Value::Null));
}

#[tokio::test]
async fn every_other_event_is_answered_and_forgotten() {
    let ping = json!({"zen": "Keep it logically awesome.", "hook_id": 1});
    assert_eq!(outcome(uuid(), "ping", &ping).await, "ignored");
    let mut begun = completed("success");
    begun["action"] = json!("requested");
    begun["workflow_run"]["conclusion"] = Value::Null;
    let unheard_of = completed("exploded");
    let large = json!({"commits": ["x".repeat(2_000_000)]});
    assert_eq!(outcome(uuid(), "push", &large).await, "ignored");
    for run in [&begun, &unheard_of] {
        assert_eq!(outcome(uuid(), "workflow_run", run).await, "ignored");
        assert_eq!(reports(run).await, json!([]));
    }
}

#[tokio::test]
async fn while_the_secret_is_replaced_both_are_good_and_no_other() {
    let app = App::native(&FUNCTION).with("GITHUB_WEBHOOK_SECRET", "the former secret, the secret to come");
    for (secret, status) in [("the former secret", 202), ("the secret to come", 202), ("simulated", 401)] {
        let body = completed("success").to_string();
        let answer = deliver(&app, uuid(), "workflow_run", &body, &signature(secret, &body)).await;
        assert_eq!(answer.status, status, "{secret}: {answer:?}");
    }
}

#[tokio::test]
async fn without_a_good_signature_nothing_happens() {
    let run = completed("success");
    let body = run.to_string();
    let good = signature(&variable("GITHUB_WEBHOOK_SECRET"), &body);
    let (here, changed) = (App::native(&FUNCTION), body.replace("success", "failure"));
    for (body, header) in [(&body, ""), (&body, "sha256=00"), (&changed, good.as_str())] {
        let answer = deliver(&here, uuid(), "workflow_run", body, header).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "bad_signature"), "{header}: {answer:?}");
    }
    let unnamed = here.post("/webhooks/github").header("x-github-event", "workflow_run").header("x-hub-signature-256", &good);
    assert_eq!(unnamed.body("application/json", body.as_bytes()).send().await.code(), "bad_signature");
    let none = App::native(&FUNCTION).with("GITHUB_WEBHOOK_SECRET", "");
    let answer = deliver(&none, uuid(), "workflow_run", &body, &good).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "github_not_configured"));
    assert_eq!(reports(&run).await, json!([]));
}

#[tokio::test]
async fn in_production_a_weak_secret_is_as_bad_as_none() {
    let body = completed("success").to_string();
    for weak in ["changeme", "0123456789abcdef0123, short"] {
        let app = App::native(&FUNCTION).with("STAGE", "production").with("GITHUB_WEBHOOK_SECRET", weak);
        let answer = deliver(&app, uuid(), "workflow_run", &body, &signature(weak, &body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "misconfigured"), "{answer:?}");
        assert!(!answer.log.concat().contains(weak), "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_signed_and_cannot_be_read_is_refused_and_recorded() {
    let app = App::native(&FUNCTION);
    let count = "select count(*) from webhook_deliveries where source = 'github_unreadable' and delivery_id = $1";
    for body in ["{", "payload=%7B%7D", r#"{"action":"completed"}"#] {
        let delivery = uuid();
        let answer = deliver(&app, delivery, "workflow_run", body, &signature(&variable("GITHUB_WEBHOOK_SECRET"), body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "unreadable_event"), "{body}: {answer:?}");
        assert_eq!(database().await.query_one(count, &[&delivery.to_string()]).await.unwrap().get::<_, i64>(0), 1);
    }
}
