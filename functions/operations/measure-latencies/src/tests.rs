use edge::auth::{Keys, random_uuid};
use serde_json::{Value, json};
use testing::{App, database, variable};

use super::FUNCTION;

/// Runs the function on a day that no other test has, so that its notice is this test's own.
async fn measure(day: &str) -> Value {
    let now = format!("{day}T18:00:00Z");
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("operations-measure-latencies", now.parse().unwrap());
    let answer = App::native(&FUNCTION).at(&now).post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn endpoint() -> String {
    random_uuid().unwrap().simple().to_string()
}

/// Jobs of one day whose times are 1 to `count` times `step` milliseconds.
async fn jobs(endpoint: &str, day: &str, count: i32, step: i64) {
    let insert =
        "insert into jobs (kind, state, endpoint, delay_ms, execution_ms, response_time_ms, created_at, expires_at, finished_at)
         select 'scene', 'succeeded', $1, n * $4::bigint, n * $4::bigint * 2, null, $2::text::date + interval '9 hours', edge.now(), edge.now()
         from generate_series(1, $3::int) as n";
    database().await.execute(insert, &[&endpoint, &day, &count, &step]).await.unwrap();
}

/// What has been kept: day, measure, jobs, p50, p95, max.
async fn stored(endpoint: &str) -> Vec<(String, String, i32, i64, i64, i64)> {
    let select = "select day::text, measure, jobs, p50_ms, p95_ms, max_ms from job_latencies where endpoint = $1
         order by day, measure";
    let rows = database().await.query(select, &[&endpoint]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2), row.get(3), row.get(4), row.get(5))).collect()
}

/// The notice of a day, and how many there are.
async fn notices(day: &str) -> Vec<Value> {
    let select = "select payload from outbox where kind = 'discord' and subject = $1";
    let rows = database().await.query(select, &[&format!("latency:{day}")]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn a_day_is_kept_by_kind_endpoint_and_measure_and_measured_anew_while_it_lasts() {
    let endpoint = endpoint();
    jobs(&endpoint, "2001-02-01", 100, 10).await;
    jobs(&endpoint, "2001-02-02", 3, 10).await;
    measure("2001-02-02").await;
    let expected = |day: &str, measure: &str, jobs, p50, p95, max| (day.to_owned(), measure.to_owned(), jobs, p50, p95, max);
    assert_eq!(
        stored(&endpoint).await,
        [
            expected("2001-02-01", "execution_time", 100, 1010, 1901, 2000),
            expected("2001-02-01", "queue_delay", 100, 505, 951, 1000),
            expected("2001-02-02", "execution_time", 3, 40, 58, 60),
            expected("2001-02-02", "queue_delay", 3, 20, 29, 30),
        ],
        "nothing is said of a measure that no job has"
    );
    jobs(&endpoint, "2001-02-02", 1, 5000).await;
    measure("2001-02-02").await;
    let today = stored(&endpoint).await.pop().unwrap();
    assert_eq!((today.2, today.5), (4, 5000));
}

#[tokio::test]
async fn a_drift_is_told_once_a_day_and_says_what_is_usual() {
    let (slow, steady, rare) = (endpoint(), endpoint(), endpoint());
    for day in ["2001-03-06", "2001-03-07", "2001-03-08"] {
        jobs(&slow, day, 20, 10).await;
        jobs(&steady, day, 20, 10).await;
        jobs(&rare, day, 20, 10).await;
        measure(day).await;
    }
    // Three times as long; a little longer; too few to say.
    jobs(&slow, "2001-03-09", 20, 30).await;
    jobs(&steady, "2001-03-09", 20, 15).await;
    jobs(&rare, "2001-03-09", 19, 90).await;
    let report = measure("2001-03-09").await;
    assert_eq!((&report["drifted"], &report["told"]), (&json!(2), &json!(1)), "queue and execution of one endpoint");
    let again = measure("2001-03-09").await;
    assert_eq!((&again["drifted"], &again["told"]), (&json!(2), &json!(0)));

    let alerts = notices("2001-03-09").await;
    assert_eq!(alerts.len(), 1);
    assert_eq!(
        alerts[0]["drifts"],
        json!([
            {"kind": "scene", "endpoint": slow, "measure": "execution_time", "jobs": 20, "p95_ms": 1143, "usual_ms": 381},
            {"kind": "scene", "endpoint": slow, "measure": "queue_delay", "jobs": 20, "p95_ms": 572, "usual_ms": 191},
        ])
    );
}

#[tokio::test]
async fn becoming_much_faster_is_a_drift_too() {
    let fast = endpoint();
    for day in ["2001-04-06", "2001-04-07", "2001-04-08"] {
        jobs(&fast, day, 20, 90).await;
        measure(day).await;
    }
    jobs(&fast, "2001-04-09", 20, 10).await;
    assert_eq!(measure("2001-04-09").await["told"], 1);
}

#[tokio::test]
async fn without_three_days_of_before_nothing_is_unusual() {
    let fresh = endpoint();
    for day in ["2001-05-07", "2001-05-08"] {
        jobs(&fresh, day, 20, 10).await;
        measure(day).await;
    }
    jobs(&fresh, "2001-05-09", 20, 900).await;
    assert_eq!(measure("2001-05-09").await["told"], 0);
}

#[tokio::test]
async fn only_the_clock_may_measure() {
    assert_eq!(App::native(&FUNCTION).post("/").send().await.status, 401);
}
