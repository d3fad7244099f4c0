//! Outbox, cron and purge.

use futures::future::join_all;
use serde_json::{Value, json};

use crate::database::{Caller, Database, NOON, Params};

const CLAIM: &str = "select coalesce(jsonb_agg(c), '[]') from edge.outbox_claim(10, 'w') c";
const SETTLE: &str = "select edge.outbox_settle($1, $2, $3, $4, $5)";

impl Database {
    async fn service(&self, now: &str, sql: &str, params: Params<'_>) -> Value {
        self.call(&Caller::service(), now, sql, params).await
    }

    async fn message(&self, count: i32) {
        let sql = "insert into outbox (kind, payload, next_attempt_at)
            select 'discord', '{}', edge.now() from generate_series(1, $1)";
        self.owner().await.execute(sql, &[&count]).await.unwrap();
    }
}

fn ids(claimed: &Value) -> Vec<i64> {
    claimed.as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn each_message_is_claimed_by_one_sender() {
    let database = Database::migrated().await;
    database.message(25).await;
    let claims = join_all((0..4).map(|_| database.service(NOON, CLAIM, &[]))).await;
    let mut all: Vec<i64> = claims.iter().flat_map(ids).collect();
    all.sort_unstable();
    assert_eq!(all, (1..=25).collect::<Vec<i64>>());
    let one = "select coalesce(jsonb_agg(c), '[]') from edge.outbox_claim_one(1) c";
    assert_eq!(database.service(NOON, one, &[]).await, json!([]));

    let later = "2026-11-21T12:01:00Z";
    let claims = join_all((0..4).map(|_| database.service(later, one, &[]))).await;
    assert_eq!(claims.iter().flat_map(ids).collect::<Vec<_>>(), [1], "its sender died");
    assert_eq!(claims.iter().find_map(|claim| claim[0]["attempt"].as_i64()), Some(2));
}

#[tokio::test]
async fn a_failed_delivery_waits_longer_each_time_and_dies_at_the_eighth() {
    let database = Database::migrated().await;
    database.message(1).await;
    let owner = database.owner().await;
    let mut waits = Vec::new();
    for attempt in 1..=8 {
        owner.execute("update outbox set next_attempt_at = edge.now()", &[]).await.unwrap();
        assert_eq!(database.service(NOON, CLAIM, &[]).await[0]["attempt"], attempt);
        let params: Params = &[&1_i64, &"retry", &503, &"unavailable", &None::<i32>];
        let settled = database.service(NOON, SETTLE, params).await;
        assert_eq!(settled["outcome"], if attempt == 8 { "dead" } else { "retry" });
        let wait = "select extract(epoch from next_attempt_at - edge.now())::float8 from outbox";
        waits.push(owner.query_one(wait, &[]).await.unwrap().get::<_, f64>(0));
    }
    for (index, wait) in waits[..7].iter().enumerate() {
        let middle = (60.0 * 3_f64.powi(i32::try_from(index).unwrap())).min(43_200.0);
        assert!((middle * 0.8..=middle * 1.2).contains(wait), "attempt {}: {wait} s", index + 1);
    }
    let log =
        "select jsonb_build_object('rows', count(*), 'dead', count(*) filter (where outcome = 'dead')) from outbox_deliveries";
    assert_eq!(database.service(NOON, log, &[]).await, json!({ "rows": 8, "dead": 1 }));
    assert_eq!(database.service("2027-01-01T00:00:00Z", CLAIM, &[]).await, json!([]));
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_gets_it() {
    let database = Database::migrated().await;
    database.message(1).await;
    database.service(NOON, CLAIM, &[]).await;
    let params: Params = &[&1_i64, &"retry", &429, &"slow down", &Some(600)];
    let settled = database.service(NOON, SETTLE, params).await;
    assert_eq!(settled["next_attempt_at"], "2026-11-21T12:10:00+00:00");
}

#[tokio::test]
async fn senders_that_die_eight_times_end_a_message() {
    let database = Database::migrated().await;
    database.message(1).await;
    for minute in 0..8 {
        assert_eq!(ids(&database.service(&format!("2026-11-21T12:{minute:02}:00Z"), CLAIM, &[]).await), [1]);
    }
    assert_eq!(database.service("2026-11-21T12:08:00Z", CLAIM, &[]).await, json!([]));
    let dead = "select to_jsonb(dead_at) from outbox";
    assert_eq!(database.service(NOON, dead, &[]).await, "2026-11-21T12:08:00+00:00");
}

const DUE: &str = r#"select coalesce(jsonb_agg(jsonb_build_object('id', run_id, 'name', function, 'due', due_at,
    'attempt', attempt)), '[]') from edge.cron_due('[{"name": "purge", "every_seconds": 86400}]')"#;
const FINISH: &str = "select edge.cron_finish($1, $2)";

#[tokio::test]
async fn overlapping_ticks_run_a_function_once() {
    let database = Database::migrated().await;
    let ticks = join_all((0..6).map(|_| database.service(NOON, DUE, &[]))).await;
    let runs: Vec<_> = ticks.iter().flat_map(|tick| tick.as_array().unwrap()).collect();
    assert_eq!(runs.len(), 1);
    assert_eq!(runs[0]["due"], "2026-11-21T00:00:00+00:00");
    let run = runs[0]["id"].as_i64().unwrap();
    assert_eq!(database.service(NOON, FINISH, &[&run, &"succeeded"]).await["outcome"], "ok");
    assert_eq!(database.service(NOON, FINISH, &[&run, &"succeeded"]).await["outcome"], "not_found");
    assert_eq!(database.service("2026-11-21T23:59:59Z", DUE, &[]).await, json!([]));
    assert_eq!(database.service("2026-11-22T00:10:00Z", DUE, &[]).await, json!([]), "its own tick comes later");
    assert_eq!(database.service("2026-11-22T00:15:00Z", DUE, &[]).await[0]["due"], "2026-11-22T00:00:00+00:00");
}

#[tokio::test]
async fn daily_functions_do_not_all_begin_at_midnight() {
    let database = Database::migrated().await;
    let functions: Vec<Value> = (0..30).map(|n| json!({"name": format!("job-{n}"), "every_seconds": 86400})).collect();
    // One that does not end is begun again.
    let due = "select to_jsonb(count(*) filter (where attempt = 1)) from edge.cron_due($1)";
    let mut begun = Vec::new();
    for minutes in (0..120).step_by(5) {
        let tick = format!("2026-11-22T{:02}:{:02}:00Z", minutes / 60, minutes % 60);
        begun.push(database.service(&tick, due, &[&json!(functions)]).await.as_i64().unwrap());
    }
    assert_eq!(begun.iter().sum::<i64>(), 30, "{begun:?}");
    assert!(begun.iter().all(|runs| *runs <= 6), "{begun:?}");
}

#[tokio::test]
async fn a_partial_run_goes_on_and_a_dead_one_is_taken_over() {
    let database = Database::migrated().await;
    let run = database.service(NOON, DUE, &[]).await[0]["id"].as_i64().unwrap();
    database.service(NOON, FINISH, &[&run, &"partial"]).await;
    assert_eq!(database.service("2026-11-21T12:05:00Z", DUE, &[]).await[0]["attempt"], 2);
    assert_eq!(database.service("2026-11-21T12:19:59Z", DUE, &[]).await, json!([]));
    let taken_over = join_all((0..4).map(|_| database.service("2026-11-21T12:20:00Z", DUE, &[]))).await;
    assert_eq!(taken_over.iter().filter(|tick| tick[0]["attempt"] == 3).count(), 1);
}

#[tokio::test]
async fn a_run_that_keeps_failing_is_given_up_until_it_is_due_again() {
    let database = Database::migrated().await;
    for _ in 0..5 {
        let run = database.service(NOON, DUE, &[]).await[0]["id"].as_i64().unwrap();
        database.service(NOON, FINISH, &[&run, &"failed"]).await;
    }
    assert_eq!(database.service(NOON, DUE, &[]).await, json!([]));
    assert_eq!(database.service("2026-11-22T00:15:00Z", DUE, &[]).await[0]["attempt"], 1);
}

/// Reports and log rows of the days before `NOON`, by age.
const AGED: &str = "
insert into qa_reports (repository, commit_sha, workflow, run_id, status, created_at)
select 'oree', repeat('a', 40), 'check', day, 'success', edge.now() - make_interval(days => day)
from generate_series(80, 100) day;
insert into audit_logs (action, timestamp)
select 'test.aged', edge.now() - make_interval(days => day) from generate_series(80, 100) day;";

#[tokio::test]
async fn ninety_days_are_kept_and_not_one_more() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    owner.batch_execute(AGED).await.unwrap();
    let report = database.service(NOON, "select edge.purge()", &[]).await;
    assert_eq!((&report["outcome"], &report["more"], &report["retention_days"]), (&json!("ok"), &json!(false), &json!(90)));
    assert_eq!((&report["deleted"]["qa_reports"], &report["deleted"]["audit_logs"]), (&json!(10), &json!(10)));
    let left = "select jsonb_build_object('qa', (select max(run_id) from qa_reports),
        'audit', (select max(extract(day from edge.now() - timestamp)) from audit_logs where action = 'test.aged'))";
    assert_eq!(database.service(NOON, left, &[]).await, json!({ "qa": 90, "audit": 90 }), "exactly 90 days are not older");

    let next_day = database.service("2026-11-22T12:00:00Z", "select edge.purge()", &[]).await;
    assert_eq!(next_day["deleted"]["qa_reports"], 1);
    let proof =
        "select jsonb_agg(metadata -> 'deleted' -> 'qa_reports' order by id) from audit_logs where action = 'retention.purged'";
    assert_eq!(database.service(NOON, proof, &[]).await, json!([10, 1]));
}

#[tokio::test]
async fn a_longer_retention_is_a_setting() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    owner.batch_execute(AGED).await.unwrap();
    owner.batch_execute("update settings set value = '95' where key = 'retention_days'").await.unwrap();
    assert_eq!(database.service(NOON, "select edge.purge()", &[]).await["deleted"]["qa_reports"], 5);
}

#[tokio::test]
async fn purges_are_bounded_resume_and_may_overlap() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    let fill = "insert into audit_logs (action, timestamp)
        select 'test.aged', edge.now() - interval '91 days' from generate_series(1, 1000)";
    owner.batch_execute(fill).await.unwrap();
    let first = database.service(NOON, "select edge.purge(100)", &[]).await;
    assert_eq!((&first["deleted"]["audit_logs"], &first["more"]), (&json!(100), &json!(true)));
    let rest = join_all((0..5).map(|_| database.service(NOON, "select edge.purge(300)", &[]))).await;
    let deleted: i64 = rest.iter().map(|report| report["deleted"]["audit_logs"].as_i64().unwrap()).sum();
    let after = database.service(NOON, "select edge.purge(2000)", &[]).await;
    assert_eq!(deleted + after["deleted"]["audit_logs"].as_i64().unwrap(), 900);
    assert_eq!(after["more"], false);
}

#[tokio::test]
async fn what_has_served_its_purpose_leaves_as_well() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let begin = "select edge.idempotency_begin('key', 'hash')";
    database.call(&person, NOON, begin, &[]).await;
    let refresh = "select edge.refresh(old_hash => $1, new_hashes => array[$2])";
    let (old, new) = (crate::database::hash("a@example.org"), crate::database::hash("t1"));
    database.call(&Caller::anon(), NOON, refresh, &[&old, &new]).await;
    let fail = "select edge.login('a@example.org', 'guess', repeat('x', 43))";
    database.call(&Caller::anon(), NOON, fail, &[]).await;

    let gone = |report: &Value| -> Vec<i64> {
        ["idempotency_keys", "login_failures", "user_sessions", "user_session_tokens"]
            .map(|table| report["deleted"][table].as_i64().unwrap())
            .to_vec()
    };
    let purge = "select edge.purge()";
    assert_eq!(gone(&database.service("2026-11-22T11:00:00Z", purge, &[]).await), [0, 0, 0, 0]);
    // A failure is counted for the address in its network, for the address anywhere, and for the network.
    assert_eq!(gone(&database.service("2026-11-22T13:00:00Z", purge, &[]).await), [1, 3, 0, 0]);
    assert_eq!(gone(&database.service("2026-12-21T13:00:00Z", purge, &[]).await), [0, 0, 0, 1]);
    assert_eq!(gone(&database.service("2027-01-20T13:00:00Z", purge, &[]).await), [0, 0, 1, 0]);
}
