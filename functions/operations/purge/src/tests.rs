use edge::auth::Keys;
use edge::chrono::{DateTime, Utc};
use testing::{Answer, App, database, variable};
use uuid::Uuid;

use super::FUNCTION;

async fn purge() -> Answer {
    let now: DateTime<Utc> = database().await.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("operations-purge", now);
    App::native(&FUNCTION).post("/").token(&token).send().await
}

/// Deliveries of a source that no other test has, so many days old.
async fn receive(source: &str, days: i32, count: i32) {
    let insert = "insert into webhook_deliveries (source, delivery_id, received_at)
         select $1, $2::int || '-' || n, edge.now() - make_interval(days => $2) from generate_series(1, $3::int) as n";
    database().await.execute(insert, &[&source, &days, &count]).await.unwrap();
}

/// How many are left once a run of another test, which may hold some of them, has ended too.
async fn left(source: &str, expected: i64) -> i64 {
    let count = "select count(*) from webhook_deliveries where source = $1";
    let mut left = -1;
    for _ in 0..50 {
        left = database().await.query_one(count, &[&source]).await.unwrap().get(0);
        if left == expected {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    left
}

fn source() -> String {
    format!("t{}", edge::auth::random_uuid().unwrap_or(Uuid::nil()).simple())
}

#[tokio::test]
async fn what_is_older_than_ninety_days_goes_and_the_rest_stays() {
    let source = source();
    receive(&source, 91, 3).await;
    receive(&source, 89, 2).await;
    let answer = purge().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let report = answer.json();
    assert_eq!(report["more"], false);
    assert!(report["deleted"]["webhook_deliveries"].is_number() && report["deleted"]["audit_logs"].is_number());
    assert_eq!(left(&source, 2).await, 2);
}

#[tokio::test]
async fn one_run_goes_on_until_nothing_is_left() {
    let source = source();
    receive(&source, 200, 2500).await;
    let report = purge().await.json();
    assert_eq!((left(&source, 0).await, &report["more"]), (0, &false.into()));
}

#[tokio::test]
async fn two_runs_at_once_share_the_work() {
    let source = source();
    receive(&source, 200, 1500).await;
    let (a, b) = tokio::join!(purge(), purge());
    assert_eq!((a.status, b.status, left(&source, 0).await), (200, 200, 0));
}

#[tokio::test]
async fn only_the_clock_may_purge() {
    assert_eq!(App::native(&FUNCTION).post("/").send().await.status, 401);
}
