use edge::auth::Keys;
use edge::{HttpAnswer, HttpFailure};
use serde_json::json;
use testing::{App, database, variable};
use uuid::Uuid;

use super::{Cron, FUNCTION, Outcome, crons, finish};

const NOON: &str = "2026-06-10T12:00:00Z";

/// The token that the runtime's clock comes with.
fn token(package: &str) -> String {
    Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal(package, NOON.parse().unwrap())
}

/// Names that no other test has; no function answers to them.
fn names() -> [String; 2] {
    [1, 2].map(|number| format!("test-{}-{number}", edge::auth::random_uuid().unwrap_or(Uuid::nil())))
}

/// How often a function was called, and what became of it.
async fn runs(function: &str) -> Vec<(i32, Option<String>, Option<String>)> {
    let select = "select attempt, outcome, error from cron_runs where function = $1 order by due_at";
    let rows = database().await.query(select, &[&function]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

fn answer(status: u16, body: &str) -> Result<HttpAnswer, HttpFailure> {
    Ok(HttpAnswer { status, body: body.as_bytes().to_vec(), ..HttpAnswer::default() })
}

#[tokio::test]
async fn a_function_that_fails_is_recorded_and_the_others_are_called_all_the_same() {
    let [first, second] = names();
    let app = App::native(&FUNCTION).with("CRONS", &format!("{first}=300,{second}=86400")).at(NOON);
    let answer = app.post("/").token(&token("operations-tick")).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let report = answer.json();
    assert_eq!(report["runs"].as_array().unwrap().len(), 2);
    assert!(report["runs"].as_array().unwrap().iter().all(|run| run["outcome"] == "failed"));
    for function in [first, second] {
        let [(attempt, outcome, error)] = runs(&function).await.try_into().unwrap();
        assert_eq!((attempt, outcome.as_deref()), (1, Some("failed")));
        assert!(error.is_some());
    }
}

#[tokio::test]
async fn of_several_ticks_at_once_one_calls_a_function() {
    let [name, _] = names();
    let app = App::native(&FUNCTION).with("CRONS", &format!("{name}=86400")).at(NOON);
    let tick = || app.post("/").token(&token("operations-tick")).send();
    let (a, b, c) = tokio::join!(tick(), tick(), tick());
    let called: usize = [a, b, c].iter().map(|answer| answer.json()["runs"].as_array().unwrap().len()).sum();
    let [(attempt, ..)] = runs(&name).await.try_into().unwrap();
    // A failed run is due again at once: a tick that comes after its end may repeat it.
    assert_eq!(called, usize::try_from(attempt).unwrap());
}

#[tokio::test]
async fn without_cron_functions_nothing_happens() {
    let answer = App::native(&FUNCTION).with("CRONS", "").at(NOON).post("/").token(&token("operations-tick")).send().await;
    assert_eq!((answer.status, answer.json()), (200, json!({"runs": []})));
}

#[tokio::test]
async fn only_the_clock_may_tick() {
    let app = App::native(&FUNCTION).with("CRONS", "").at(NOON);
    for call in [app.post("/"), app.post("/").token("x"), app.post("/").token(&token("operations-purge"))] {
        assert_eq!(call.send().await.status, 401);
    }
}

#[test]
fn the_list_of_functions_is_read_or_refused_as_a_whole() {
    let cron = |name, every_seconds| Cron { name, every_seconds };
    assert_eq!(crons("a=300, b=86400"), Some(vec![cron("a", 300), cron("b", 86400)]));
    assert_eq!(crons(""), Some(Vec::new()));
    for wrong in ["a", "a=", "a=x", "a=0", "a=-1", "a=300;b=1"] {
        assert_eq!(crons(wrong), None, "{wrong}");
    }
}

#[test]
fn the_report_of_a_function_says_whether_it_is_done() {
    let done = finish(1, answer(200, r#"{"deleted":{"outbox":3},"more":false}"#));
    assert_eq!(
        (done.outcome, done.counts, done.error),
        (Outcome::Succeeded, json!({"deleted": {"outbox": 3}, "more": false}), None)
    );
    assert_eq!(finish(1, answer(200, r#"{"more":true}"#)).outcome, Outcome::Partial);
    let huge = format!(r#"{{"more":false,"a":"{}"}}"#, "x".repeat(20_000));
    for odd in ["", "[]", huge.as_str()] {
        let finished = finish(1, answer(200, odd));
        assert_eq!((finished.outcome, finished.counts), (Outcome::Succeeded, json!({})));
    }
    let failed = |answer| finish(1, answer).error.unwrap();
    assert_eq!(failed(answer(503, r#"{"code":"unavailable"}"#)), "503 unavailable");
    assert_eq!(failed(answer(500, "")), "500");
    assert_eq!(failed(Err(HttpFailure::Timeout)), "timeout");
}
