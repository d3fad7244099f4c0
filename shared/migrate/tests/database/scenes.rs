use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Caller, Database, NOON, Params, code, enter};

const SUBMIT: &str = "select edge.submit_scene('forest', 'dawn', 'mage', 'standing', 'mist', 'image')";
const KEYED: &str = "select edge.submit_scene('forest', 'dawn', 'mage', 'standing', 'mist', 'image', $1, $2)";
const SUBMITTED: &str = "select edge.job_submitted($1, $2, 120)";
const EVENT: &str = "select edge.job_event($1, $2, $3, $4::text::jsonb, $5, 1500, 8000, 0.002)";
const IMAGE: &str = r#"{"image_url": "https://images.example/1.png"}"#;

fn job(answer: &Value) -> Uuid {
    answer["job"]["id"].as_str().unwrap().parse().unwrap()
}

impl Database {
    async fn event(&self, job: Uuid, runpod: &str, status: &str) -> Value {
        let output = (status == "succeeded").then_some(IMAGE);
        let error = (status == "failed").then_some("out of memory");
        self.call(&Caller::service(), NOON, EVENT, &[&job, &runpod, &status, &output, &error]).await
    }

    async fn count(&self, sql: &str) -> i64 {
        self.owner().await.query_one(sql, &[]).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn a_scene_goes_from_submission_to_image_and_tells_discord_once() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    assert_eq!(created["outcome"], "created");
    assert_eq!((&created["scene"]["status"], &created["job"]["state"]), (&json!("queued"), &json!("submitting")));
    assert_eq!(created["quota"]["used"], 1);
    assert_eq!(created["quota"]["resets_at"], "2026-11-21T23:00:00+00:00", "midnight in Paris");

    let queued = database.call(&person, NOON, SUBMITTED, &[&job(&created), &"r-1"]).await;
    assert_eq!((&queued["outcome"], &queued["job"]["state"]), (&json!("moved"), &json!("queued")));
    assert_eq!(database.event(job(&created), "r-1", "running").await["scene"]["status"], "running");
    let done = database.event(job(&created), "r-1", "succeeded").await;
    assert_eq!(done["scene"]["status"], "succeeded");
    assert_eq!(done["scene"]["image_url"], "https://images.example/1.png");
    let message = &done["outbox"]["payload"];
    assert_eq!((&message["event"], &message["response_time_ms"]), (&json!("scene.succeeded"), &json!(120)));
    assert_eq!((&message["delay_ms"], &message["execution_ms"]), (&json!(1500), &json!(8000)));
    assert!(!message.to_string().contains(&person.id().to_string()), "no personal data leaves");

    let again = database.event(job(&created), "r-1", "succeeded").await;
    assert_eq!((&again["outcome"], &again["outbox"]), (&json!("unchanged"), &json!(null)));
    assert_eq!(database.count("select count(*) from outbox").await, 1);
}

#[tokio::test]
async fn a_final_state_never_changes() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    for last in ["succeeded", "failed", "cancelled"] {
        let created = database.call(&person, NOON, SUBMIT, &[]).await;
        let runpod = format!("r-{last}");
        database.call(&person, NOON, SUBMITTED, &[&job(&created), &runpod]).await;
        assert_eq!(database.event(job(&created), &runpod, last).await["outcome"], "moved");
        for late in ["queued", "running", "succeeded", "failed", "cancelled"] {
            let answer = database.event(job(&created), &runpod, late).await;
            assert_eq!((&answer["outcome"], &answer["job"]["state"]), (&json!("unchanged"), &json!(last)));
        }
    }
}

#[tokio::test]
async fn events_at_once_move_a_job_once() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    for _ in 0..5 {
        let created = database.call(&person, NOON, SUBMIT, &[]).await;
        let (job, scene) = (job(&created), created["scene"]["id"].as_str().unwrap().parse::<Uuid>().unwrap());
        let submitted: Params = &[&job, &job.to_string()];
        let runpod = job.to_string();
        let cancel: Params = &[&scene];
        let events = ["running", "succeeded", "failed", "succeeded", "cancelled", "queued"];
        let events = join_all(events.map(|status| database.event(job, &runpod, status)));
        let (events, submitted, cancelled) = tokio::join!(
            events,
            database.call(&person, NOON, SUBMITTED, submitted),
            database.call(&person, NOON, "select edge.cancel_scene($1)", cancel),
        );
        let answers = events.iter().chain([&submitted, &cancelled]);
        let messages: Vec<_> = answers.filter_map(|answer| answer["outbox"]["payload"]["event"].as_str()).collect();
        assert_eq!(messages.len(), 1, "one final move, one message: {messages:?}");

        let owner = database.owner().await;
        let sql = "select j.state, s.status, (select count(*) from outbox where subject = 'job:' || j.id)
            from jobs j join scenes s on s.job_id = j.id where j.id = $1";
        let row = owner.query_one(sql, &[&job]).await.unwrap();
        assert_eq!(row.get::<_, &str>(0), row.get::<_, &str>(1));
        assert_eq!(messages[0], format!("scene.{}", row.get::<_, &str>(0)));
        assert_eq!(row.get::<_, i64>(2), 1);
    }
}

#[tokio::test]
async fn a_callback_adopts_a_job_whose_submission_was_never_answered() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    let adopted = database.event(job(&created), "r-1", "running").await;
    assert_eq!((&adopted["outcome"], &adopted["job"]["runpod_job_id"]), (&json!("moved"), &json!("r-1")));

    let slow = database.call(&person, NOON, SUBMITTED, &[&job(&created), &"r-1"]).await;
    assert_eq!((&slow["outcome"], &slow["job"]["state"]), (&json!("unchanged"), &json!("running")));
    let refused = "select edge.job_submission_failed($1, 'timeout')";
    let answer = database.call(&person, NOON, refused, &[&job(&created)]).await;
    assert_eq!((&answer["outcome"], &answer["job"]["state"]), (&json!("unchanged"), &json!("running")));
    assert_eq!(database.event(job(&created), "r-2", "failed").await, json!({ "outcome": "mismatch" }));
    assert_eq!(database.event(Uuid::new_v4(), "r-1", "failed").await, json!({ "outcome": "not_found" }));
}

#[tokio::test]
async fn a_refused_submission_fails_the_scene_and_may_be_retried() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    let refused = "select edge.job_submission_failed($1, 'runpod_rejected', 80)";
    let failed = database.call(&person, NOON, refused, &[&job(&created)]).await;
    assert_eq!((&failed["scene"]["status"], &failed["scene"]["error"]), (&json!("failed"), &json!("runpod_rejected")));
    assert_eq!(failed["outbox"]["payload"]["event"], "scene.failed");

    let scene: Uuid = created["scene"]["id"].as_str().unwrap().parse().unwrap();
    let retry = "select edge.retry_scene($1, 'image')";
    let again = database.call(&person, NOON, retry, &[&scene]).await;
    assert_eq!((&again["outcome"], &again["job"]["attempt"], &again["quota"]["used"]), (&json!("created"), &json!(2), &json!(1)));
    assert_eq!(database.call(&person, NOON, retry, &[&scene]).await["outcome"], "conflict");
    assert_eq!(database.event(job(&again), "r-2", "succeeded").await["scene"]["status"], "succeeded");

    let stranger = database.person("b@example.org").await;
    for sql in [retry, "select edge.cancel_scene($1)", refused] {
        let id = if sql == refused { job(&again) } else { scene };
        assert_eq!(database.call(&stranger, NOON, sql, &[&id]).await, json!({ "outcome": "not_found" }), "{sql}");
    }
}

#[tokio::test]
async fn a_success_without_an_image_is_a_failure() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    for output in [None, Some("{}"), Some(r#"{"image_url": ""}"#)] {
        let params: Params = &[&job(&created), &"r-1", &"succeeded", &output, &None::<&str>];
        let answer = database.call(&Caller::service(), NOON, EVENT, params).await;
        assert_eq!((&answer["job"]["state"], &answer["job"]["error"]), (&json!("failed"), &json!("no_image")));
    }
    let params: Params = &[&job(&created), &"r-1", &"COMPLETED", &None::<&str>, &None::<&str>];
    assert_eq!(database.refusal(&Caller::service(), EVENT, params).await, "OR422");
}

#[tokio::test]
async fn the_last_scene_of_the_day_is_given_once() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let set = r#"update settings set value = '{"FREE": 3, "PREMIUM": 5}' where key = 'scenes_per_day'"#;
    database.owner().await.batch_execute(set).await.unwrap();
    let answers = join_all((0..8).map(|_| database.call(&person, NOON, SUBMIT, &[]))).await;
    assert_eq!(answers.iter().filter(|answer| answer["outcome"] == "created").count(), 3);
    let refused = answers.iter().find(|answer| answer["outcome"] == "quota_exceeded").unwrap();
    let quota = json!({ "limit": 3, "used": 3, "left": 0, "resets_at": "2026-11-21T23:00:00+00:00" });
    assert_eq!(refused["quota"], quota);

    assert_eq!(database.call(&person, "2026-11-21T22:59:59Z", SUBMIT, &[]).await["outcome"], "quota_exceeded");
    assert_eq!(database.call(&person, "2026-11-21T23:00:00Z", SUBMIT, &[]).await["outcome"], "created");
    database.owner().await.batch_execute("update users set tier = 'PREMIUM'").await.unwrap();
    assert_eq!(database.call(&person, NOON, "select edge.scene_quota()", &[]).await["limit"], 5);
}

#[tokio::test]
async fn a_repeated_key_makes_one_scene_and_replays_its_answer() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let answers = join_all((0..5).map(|_| database.call(&person, NOON, KEYED, &[&"key", &"hash"]))).await;
    assert_eq!(answers.iter().filter(|answer| answer["outcome"] == "created").count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer["outcome"] == "in_progress").count(), 4);
    assert!(answers.iter().all(|answer| answer["scene"]["id"] == answers[0]["scene"]["id"]));

    let settle = "select edge.idempotency_settle('key', 202, '{\"id\": 1}')";
    assert_eq!(database.call(&person, NOON, settle, &[]).await["outcome"], "ok");
    let replayed = database.call(&person, NOON, KEYED, &[&"key", &"hash"]).await;
    assert_eq!(replayed, json!({ "outcome": "replayed", "status": 202, "body": { "id": 1 } }));
    let other = database.call(&person, NOON, KEYED, &[&"key", &"other"]).await;
    assert_eq!(other, json!({ "outcome": "mismatch" }));

    let elsewhere = person.claiming("operation", "another");
    assert_eq!(database.call(&elsewhere, NOON, KEYED, &[&"key", &"other"]).await["outcome"], "created");
    let stranger = database.person("b@example.org").await;
    assert_eq!(database.call(&stranger, NOON, KEYED, &[&"key", &"other"]).await["outcome"], "created");
    let tomorrow = "2026-11-22T12:00:00Z";
    assert_eq!(database.call(&person, tomorrow, KEYED, &[&"key", &"other"]).await["outcome"], "created");
}

#[tokio::test]
async fn a_key_refused_for_quota_may_be_used_again() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let set = r#"update settings set value = '{"FREE": 0, "PREMIUM": 5}' where key = 'scenes_per_day'"#;
    database.owner().await.batch_execute(set).await.unwrap();
    assert_eq!(database.call(&person, NOON, KEYED, &[&"key", &"hash"]).await["outcome"], "quota_exceeded");
    database.owner().await.batch_execute("update users set tier = 'PREMIUM'").await.unwrap();
    assert_eq!(database.call(&person, NOON, KEYED, &[&"key", &"hash"]).await["outcome"], "created");
}

#[tokio::test]
async fn an_unanswered_submission_fails_when_its_time_is_up() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    let expire = "select edge.expire_submitting()";
    let early = database.call(&Caller::service(), "2026-11-21T12:09:59Z", expire, &[]).await;
    assert_eq!(early, json!({ "outcome": "ok", "expired": 0, "outbox": [] }));
    let late = database.call(&Caller::service(), "2026-11-21T12:10:00Z", expire, &[]).await;
    assert_eq!((&late["expired"], &late["outbox"][0]["payload"]["error"]), (&json!(1), &json!("submission_unknown")));
    let after = database.event(job(&created), "r-1", "succeeded").await;
    assert_eq!((&after["outcome"], &after["scene"]["error"]), (&json!("unchanged"), &json!("submission_unknown")));
}

#[tokio::test]
async fn silent_jobs_are_handed_out_once_a_minute() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let mut expected = Vec::new();
    for index in 0..6 {
        let created = database.call(&person, NOON, SUBMIT, &[]).await;
        database.call(&person, NOON, SUBMITTED, &[&job(&created), &format!("r-{index}")]).await;
        expected.push(job(&created).to_string());
    }
    let ask = "select coalesce(jsonb_agg(job_id), '[]') from edge.jobs_to_reconcile(4)";
    let service = Caller::service();
    assert_eq!(database.call(&service, "2026-11-21T12:00:59Z", ask, &[]).await, json!([]));
    let minute = "2026-11-21T12:01:00Z";
    let shares = join_all((0..3).map(|_| database.call(&service, minute, ask, &[]))).await;
    let mut found: Vec<String> =
        shares.iter().flat_map(|share| share.as_array().unwrap()).map(|id| id.as_str().unwrap().to_owned()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "each once, whoever asks at the same time");
    assert_eq!(database.call(&service, "2026-11-21T12:01:59Z", ask, &[]).await, json!([]));
}

#[tokio::test]
async fn deleting_a_person_takes_scenes_and_jobs_along() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let created = database.call(&person, NOON, KEYED, &[&"key", &"hash"]).await;
    database.event(job(&created), "r-1", "succeeded").await;
    let erase = "with gone as (delete from users where id = $1 returning 1) select to_jsonb(count(*)) from gone";
    assert_eq!(database.call(&Caller::service(), NOON, erase, &[&person.id()]).await, json!(1));
    let left = "select (select count(*) from scenes) + (select count(*) from jobs) + (select count(*) from idempotency_keys)
        + (select count(*) from user_sessions) + (select count(*) from outbox where user_id is not null)";
    assert_eq!(database.count(left).await, 0);
}

#[tokio::test]
async fn a_person_settles_only_their_own_messages() {
    let database = Database::migrated().await;
    let (person, stranger) = (database.person("a@example.org").await, database.person("b@example.org").await);
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    let refused = "select edge.job_submission_failed($1, 'runpod_rejected')";
    let failed = database.call(&person, NOON, refused, &[&job(&created)]).await;
    let message = failed["outbox"]["id"].as_i64().unwrap();
    let settle = "select edge.outbox_settle($1, 'delivered', 204)";
    assert_eq!(database.call(&stranger, NOON, settle, &[&message]).await["outcome"], "not_found");
    assert_eq!(database.call(&person, NOON, settle, &[&message]).await["outcome"], "delivered");
    assert_eq!(database.call(&person, NOON, settle, &[&message]).await["outcome"], "unchanged");

    let mut client = database.login("oree_person").await;
    let request = enter(&mut client, &person, NOON).await.unwrap();
    let claim = request.query("select * from edge.outbox_claim()", &[]).await;
    assert_eq!(code(&claim.unwrap_err()), "42501");
}
