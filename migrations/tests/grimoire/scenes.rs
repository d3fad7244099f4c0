use futures::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{Caller, Database, NOON, Params, code, enter};

const SUBMIT: &str = "select edge.submit_creation('scene', '{\"world\": \"forest\", \"era\": \"dawn\", \"class\": \"mage\",
    \"pose\": \"standing\", \"decor\": \"mist\"}', '{\"prompt\": \"forest\"}', 'image', 'https://api.example/scenes/', true)";
const KEYED: &str = "select edge.submit_creation('scene', '{\"world\": \"forest\", \"era\": \"dawn\", \"class\": \"mage\",
    \"pose\": \"standing\", \"decor\": \"mist\"}', '{\"prompt\": \"forest\"}', 'image', 'https://api.example/scenes/', true, $1, $2)";
/// Of what is being made or was made, not another one.
const SAME: &str = "select edge.submit_creation('scene', '{\"world\": \"forest\", \"era\": \"dawn\", \"class\": \"mage\",
    \"pose\": \"standing\", \"decor\": \"mist\"}', '{\"prompt\": \"forest\"}', 'image', 'https://api.example/scenes/')";
const SUBMITTED: &str = "select edge.job_submitted($1, $2, 120)";
const EVENT: &str = "select edge.job_event($1, $2, $3, $4::text::jsonb, $5, 1500, 8000, 0.002)";
const IMAGE: &str = r#"{"url": "storage://scene/1.png", "type": "image/png", "bytes": 9}"#;

fn job(answer: &Value) -> Uuid {
    answer["job"]["id"].as_str().unwrap().parse().unwrap()
}

fn id(answer: &Value) -> Uuid {
    answer["id"].as_str().unwrap().parse().unwrap()
}

impl Database {
    async fn event(&self, job: Uuid, runpod: &str, status: &str) -> Value {
        let output = (status == "succeeded").then_some(IMAGE);
        let error = (status == "failed").then_some("out of memory");
        self.call(&Caller::service(), NOON, EVENT, &[&job, &runpod, &status, &output, &error]).await
    }

    /// Status, image and error.
    async fn scene(&self, id: Uuid) -> (String, Option<String>, Option<String>) {
        let sql = "select status, image_url, error from scenes where id = $1";
        let row = self.owner().await.query_one(sql, &[&id]).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
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
    assert_eq!((&created["status"], &created["job"]["state"]), (&json!("queued"), &json!("submitting")));
    assert_eq!(created["quota"]["used"], 1);
    assert_eq!(created["quota"]["resets_at"], "2026-11-21T23:00:00+00:00", "midnight in Paris");

    let queued = database.call(&person, NOON, SUBMITTED, &[&job(&created), &"r-1"]).await;
    assert_eq!((&queued["outcome"], &queued["job"]["state"]), (&json!("moved"), &json!("queued")));
    database.event(job(&created), "r-1", "running").await;
    assert_eq!(database.scene(id(&created)).await.0, "running");
    let done = database.event(job(&created), "r-1", "succeeded").await;
    assert_eq!(database.scene(id(&created)).await, ("succeeded".to_owned(), Some("storage://scene/1.png".to_owned()), None));
    let message = &done["outbox"][0]["payload"];
    assert_eq!((&message["event"], &message["response_time_ms"]), (&json!("scene.succeeded"), &json!(120)));
    assert_eq!((&message["delay_ms"], &message["execution_ms"]), (&json!(1500), &json!(8000)));
    assert!(!message.to_string().contains(&person.id().to_string()), "no personal data leaves");

    let again = database.event(job(&created), "r-1", "succeeded").await;
    assert_eq!((&again["outcome"], &again["outbox"]), (&json!("unchanged"), &json!([])));
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
        let (job, scene) = (job(&created), id(&created));
        let submitted: Params = &[&job, &job.to_string()];
        let runpod = job.to_string();
        let cancel: Params = &[&scene];
        let events = ["running", "succeeded", "failed", "succeeded", "cancelled", "queued"];
        let events = join_all(events.map(|status| database.event(job, &runpod, status)));
        let (events, submitted, cancelled) = tokio::join!(
            events,
            database.call(&person, NOON, SUBMITTED, submitted),
            database.answer(&person, NOON, "select edge.cancel_creation($1, 'scenes')", cancel),
        );
        // A scene that has ended otherwise is not cancelled.
        let cancelled = cancelled.unwrap_or_else(|word| if word == "conflict" { json!([]) } else { panic!("{word}") });
        let told = |outbox: &Value| outbox.as_array().cloned().unwrap_or_default();
        let answers = events.iter().chain([&submitted]).map(|answer| &answer["outbox"]).chain([&cancelled]);
        let messages: Vec<_> = answers.flat_map(told).collect();
        let messages: Vec<_> = messages.iter().filter_map(|message| message["payload"]["event"].as_str()).collect();
        assert_eq!(messages.len(), 1, "one final move, one message: {messages:?}");

        let owner = database.owner().await;
        let sql = "select j.state, s.status, (select count(*) from outbox where subject like 'job:' || j.id || ':%')
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
    let scene = id(&created);
    assert_eq!(database.scene(scene).await, ("failed".to_owned(), None, Some("runpod_rejected".to_owned())));
    assert_eq!(failed["outbox"][0]["payload"]["event"], "scene.failed");

    let retry = "select edge.retry_creation($1, '{\"scene\": \"other\"}', 'scenes')";
    let again = database.call(&person, NOON, retry, &[&scene]).await;
    assert_eq!((&again["outcome"], &again["job"]["attempt"], &again["quota"]["used"]), (&json!("created"), &json!(2), &json!(1)));
    assert_eq!((&again["job"]["endpoint"], &again["input"]["prompt"]), (&json!("other"), &json!("forest")));
    assert_eq!(database.answer(&person, NOON, retry, &[&scene]).await.unwrap_err(), "conflict");
    database.event(job(&again), "r-2", "succeeded").await;
    assert_eq!(database.scene(scene).await.0, "succeeded");

    let stranger = database.person("b@example.org").await;
    for sql in [retry, "select edge.cancel_creation($1, 'scenes')", refused] {
        let id = if sql == refused { job(&again) } else { scene };
        let refused = database.answer(&stranger, NOON, sql, &[&id]).await;
        assert!(
            refused.as_ref().is_ok_and(|answer| answer["outcome"] == "not_found") || refused == Err("not_found".to_owned()),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_success_without_an_image_is_a_failure() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    for output in [None, Some("{}"), Some(r#"{"url": ""}"#)] {
        let params: Params = &[&job(&created), &"r-1", &"succeeded", &output, &None::<&str>];
        let answer = database.call(&Caller::service(), NOON, EVENT, params).await;
        assert_eq!((&answer["job"]["state"], &answer["job"]["error"]), (&json!("failed"), &json!("no_output")));
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
    assert_eq!(database.call(&person, NOON, "select edge.quota('scene')", &[]).await["limit"], 5);
}

#[tokio::test]
async fn a_repeated_key_makes_one_scene_and_replays_its_answer() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let answers = join_all((0..5).map(|_| database.call(&person, NOON, KEYED, &[&"key", &"hash"]))).await;
    assert_eq!(answers.iter().filter(|answer| answer["outcome"] == "created").count(), 1);
    assert_eq!(answers.iter().filter(|answer| answer["outcome"] == "in_progress").count(), 4);
    assert!(answers.iter().all(|answer| answer["id"] == answers[0]["id"]));

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
    let expire = "select edge.expire_jobs()";
    let early = database.call(&Caller::service(), "2026-11-21T12:09:59Z", expire, &[]).await;
    assert_eq!(early, json!({ "outcome": "ok", "expired": 0, "outbox": [] }));
    let late = database.call(&Caller::service(), "2026-11-21T12:10:00Z", expire, &[]).await;
    assert_eq!((&late["expired"], &late["outbox"][0]["payload"]["error"]), (&json!(1), &json!("submission_unknown")));
    let after = database.event(job(&created), "r-1", "succeeded").await;
    assert_eq!(after["outcome"], "moved", "RunPod's word is believed after all");
    assert_eq!(database.scene(id(&created)).await, ("succeeded".to_owned(), Some("storage://scene/1.png".to_owned()), None));
    assert_eq!(after["outbox"][0]["payload"]["event"], "scene.succeeded");
    assert_eq!(database.event(job(&created), "r-1", "failed").await["outcome"], "unchanged");
}

/// The first attempt is given up on, the scene is retried, and RunPod ends both, in each order and way.
#[tokio::test]
async fn one_scene_counts_once_and_has_what_was_made_for_it_first_however_often_it_was_tried() {
    const RETRY: &str = "select edge.retry_creation($1, '{}', 'scenes')";
    let later = "2026-11-21T12:10:00Z";
    for (first, second) in [
        (Some("succeeded"), None),
        (Some("succeeded"), Some("succeeded")),
        (Some("succeeded"), Some("failed")),
        (Some("failed"), Some("succeeded")),
        (Some("cancelled"), Some("succeeded")),
        (None, Some("succeeded")),
    ] {
        for second_ends_first in [false, true] {
            let database = Database::migrated().await;
            let (ada, bob) = (database.person("a@example.org").await, database.person("b@example.org").await);
            let created = database.call(&ada, NOON, SAME, &[]).await;
            let joined = database.call(&bob, NOON, SAME, &[]).await;
            assert_eq!(joined["outcome"], "joined");
            database.call(&Caller::service(), later, "select edge.expire_jobs()", &[]).await;
            let again = database.call(&ada, later, RETRY, &[&id(&created)]).await;
            assert_eq!(again["outcome"], "created", "{again}");
            assert_eq!(database.call(&bob, later, RETRY, &[&id(&joined)]).await["outcome"], "joined");
            database.call(&ada, later, SUBMITTED, &[&job(&again), &"r-2"]).await;

            let mut events = vec![(job(&created), "r-1", first), (job(&again), "r-2", second)];
            if second_ends_first {
                events.reverse();
            }
            let mut orders = Vec::new();
            for (job, runpod, status) in events {
                if let Some(status) = status {
                    orders.extend(database.event(job, runpod, status).await["outbox"].as_array().cloned().unwrap_or_default());
                }
            }
            let context = format!("{first:?}, {second:?}, second first: {second_ends_first}");
            for scene in [&created, &joined] {
                assert_eq!(database.scene(id(scene)).await.0, "succeeded", "{context}");
            }
            let used = database.call(&ada, later, "select edge.quota('scene') -> 'used'", &[]).await;
            let others = database.call(&bob, later, "select edge.quota('scene') -> 'used'", &[]).await;
            assert_eq!((used, others), (json!(1), json!(0)), "{context}");
            // What is not needed any more is not computed to its end.
            let unneeded = first == Some("succeeded") && (second.is_none() || !second_ends_first);
            let cancelled = orders.iter().filter(|entry| entry["payload"]["action"] == "cancel").count();
            assert_eq!(cancelled, usize::from(unneeded), "{context}: {orders:?}");
        }
    }
}

#[tokio::test]
async fn what_was_computed_is_known_and_priced_however_late_it_is_told() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let owner = database.owner().await;
    owner.batch_execute(r#"update settings set value = '{"scene": 0.5}' where key = 'gpu_prices'"#).await.unwrap();
    let told = "select edge.job_event($1, $2, $3, null, null, 1500, $4::bigint)";
    let known = async |job: Uuid| -> (String, Option<i64>, Option<i64>, Option<f64>) {
        let sql = "select state, delay_ms, execution_ms, cost::float8 from jobs where id = $1";
        let row = owner.query_one(sql, &[&job]).await.unwrap();
        (row.get(0), row.get(1), row.get(2), row.get(3))
    };
    for (index, status) in ["cancelled", "succeeded", "failed"].into_iter().enumerate() {
        let created = database.call(&person, NOON, SUBMIT, &[]).await;
        let runpod = format!("r-{index}");
        database.call(&person, NOON, SUBMITTED, &[&job(&created), &runpod]).await;
        database.call(&person, NOON, "select edge.cancel_creation($1, 'scenes')", &[&id(&created)]).await;
        assert_eq!(known(job(&created)).await, ("cancelled".to_owned(), None, None, None));
        let later = "2026-11-21T12:01:00Z";
        let answer = database.call(&Caller::service(), later, told, &[&job(&created), &runpod, &status, &8000_i64]).await;
        assert_eq!((&answer["outcome"], &answer["job"]["state"]), (&json!("unchanged"), &json!("cancelled")));
        assert_eq!(known(job(&created)).await, ("cancelled".to_owned(), Some(1500), Some(8000), Some(4.0)), "{status}");
        // The most that was told counts, and is priced.
        for (ms, most, cost) in [(7000_i64, 8000, 4.0), (9000, 9000, 4.5)] {
            database.call(&Caller::service(), later, told, &[&job(&created), &runpod, &status, &ms]).await;
            assert_eq!(known(job(&created)).await, ("cancelled".to_owned(), Some(1500), Some(most), Some(cost)), "{status}");
        }
    }
}

#[tokio::test]
async fn a_job_that_runpod_is_silent_about_ages_out_half_an_hour_after_its_time() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    for (state, runpod) in [("queued", "r-1"), ("running", "r-2")] {
        let created = database.call(&person, NOON, SUBMIT, &[]).await;
        database.event(job(&created), runpod, state).await;
        let expire = "select edge.expire_jobs()";
        assert_eq!(database.call(&Caller::service(), "2026-11-21T12:39:59Z", expire, &[]).await["expired"], 0);
        assert_eq!(database.call(&Caller::service(), "2026-11-21T12:40:00Z", expire, &[]).await["expired"], 1);
        assert_eq!(database.scene(id(&created)).await.2.as_deref(), Some("result_expired"));
    }
}

#[tokio::test]
async fn runpod_is_told_of_a_cancellation_as_soon_as_its_id_is_known() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let cancel = "select edge.cancel_creation($1, 'scenes')";
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    let cancelled = database.call(&person, NOON, cancel, &[&id(&created)]).await;
    let kinds = |answer: &Value| -> Vec<String> {
        // Cancelling gives the orders themselves.
        answer
            .get("outbox")
            .unwrap_or(answer)
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| entry["kind"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(kinds(&cancelled), ["discord"]);
    let submitted = database.call(&person, NOON, SUBMITTED, &[&job(&created), &"r-1"]).await;
    assert_eq!((kinds(&submitted), &submitted["job"]["state"]), (vec!["runpod".to_owned()], &json!("cancelled")));
    let order = json!({"action": "cancel", "endpoint": "image", "runpod_job_id": "r-1"});
    assert_eq!(submitted["outbox"][0]["payload"], order);
    assert_eq!(kinds(&database.call(&person, NOON, SUBMITTED, &[&job(&created), &"r-1"]).await), Vec::<String>::new());

    let known = database.call(&person, NOON, SUBMIT, &[]).await;
    database.call(&person, NOON, SUBMITTED, &[&job(&known), &"r-2"]).await;
    assert_eq!(kinds(&database.call(&person, NOON, cancel, &[&id(&known)]).await), ["discord", "runpod"]);
    let told = database.call(&person, NOON, SUBMIT, &[]).await;
    assert_eq!(kinds(&database.event(job(&told), "r-3", "cancelled").await), ["discord"], "RunPod knows its own word");
}

#[tokio::test]
async fn the_same_wish_at_once_is_one_job_and_afterwards_none() {
    let database = Database::migrated().await;
    let mut people = Vec::new();
    for index in 0..8 {
        people.push(database.person(&format!("p{index}@example.org")).await);
    }
    let answers = join_all(people.iter().map(|person| database.call(person, NOON, SAME, &[]))).await;
    let outcomes = |wanted: &str| answers.iter().filter(|answer| answer["outcome"] == wanted).count();
    assert_eq!((outcomes("created"), outcomes("joined")), (1, 7));
    assert_eq!(database.count("select count(*) from jobs").await, 1);

    let job = job(&answers[0]);
    let (asked, ended) = tokio::join!(database.call(&people[0], NOON, SAME, &[]), database.event(job, "r-1", "succeeded"));
    assert_eq!(ended["outcome"], "moved");
    assert!(asked["outcome"] == "joined" || asked["outcome"] == "cached", "{asked}");
    for answer in answers.iter().chain([&asked]) {
        assert_eq!(database.scene(id(answer)).await.1.as_deref(), Some("storage://scene/1.png"), "everybody has it");
    }
    let later = database.call(&people[1], NOON, SAME, &[]).await;
    assert_eq!((&later["outcome"], &later["status"]), (&json!("cached"), &json!("succeeded")));
    assert_eq!(database.count("select count(*) from outbox").await, 1, "told once");

    let newer = r#"update settings set value = '{"scene": "2"}' where key = 'models'"#;
    database.owner().await.batch_execute(newer).await.unwrap();
    assert_eq!(database.call(&people[1], NOON, SAME, &[]).await["outcome"], "created", "another model draws another picture");
}

#[tokio::test]
async fn joining_and_ending_at_once_leave_nobody_waiting() {
    let database = Database::migrated().await;
    let (ada, bob) = (database.person("a@example.org").await, database.person("b@example.org").await);
    for (round, end) in ["succeeded", "failed", "cancelled", "failed", "cancelled", "succeeded"].into_iter().enumerate() {
        let created = database.call(&ada, NOON, SAME, &[]).await;
        if created["outcome"] == "cached" {
            break;
        }
        let runpod = format!("r-{round}");
        let (joined, _) = tokio::join!(database.call(&bob, NOON, SAME, &[]), database.event(job(&created), &runpod, end));
        let status = database.scene(id(&joined)).await.0;
        match joined["outcome"].as_str().unwrap() {
            "joined" | "cached" => assert_eq!(status, end),
            "created" => {
                assert_eq!(status, "queued");
                database.event(job(&joined), &format!("s-{round}"), "failed").await;
            }
            other => panic!("{other}"),
        }
        let anew = "update jobs set input_hash = null";
        database.owner().await.batch_execute(anew).await.unwrap();
    }
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
async fn the_job_whose_result_would_be_lost_soonest_is_asked_about_first() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let mut jobs = Vec::new();
    for (index, (submitted, checked, checks)) in [
        ("2026-11-21T12:00:00Z", None, 0_i16),
        ("2026-11-21T11:20:00Z", None, 0),
        ("2026-11-21T11:00:00Z", Some("2026-11-21T11:58:00Z"), 5),
    ]
    .into_iter()
    .enumerate()
    {
        let created = database.call(&person, NOON, SUBMIT, &[]).await;
        database.call(&person, NOON, SUBMITTED, &[&job(&created), &format!("r-{index}")]).await;
        let age = "update jobs set submitted_at = $2::text::timestamptz, checked_at = $3::text::timestamptz, checks = $4
             where id = $1";
        database.owner().await.execute(age, &[&job(&created), &submitted, &checked, &checks]).await.unwrap();
        jobs.push(job(&created).to_string());
    }
    let ask = "select coalesce(jsonb_agg(job_id), '[]') from edge.jobs_to_reconcile(1)";
    let service = Caller::service();
    for (at, expected) in [
        ("2026-11-21T12:02:00Z", json!([jobs[0]])),
        ("2026-11-21T12:02:00Z", json!([jobs[1]])),
        ("2026-11-21T12:02:00Z", json!([])),
        ("2026-11-21T12:03:00Z", json!([jobs[2]])),
    ] {
        assert_eq!(database.call(&service, at, ask, &[]).await, expected, "{at}");
    }
}

#[tokio::test]
async fn deleting_a_person_takes_all_along_but_the_bare_ledger() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    let created = database.call(&person, NOON, KEYED, &[&"key", &"hash"]).await;
    database.event(job(&created), "r-1", "succeeded").await;
    let erase = "with gone as (delete from users where id = $1 returning 1) select to_jsonb(count(*)) from gone";
    assert_eq!(database.call(&Caller::service(), NOON, erase, &[&person.id()]).await, json!(1));
    let left = "select (select count(*) from scenes) + (select count(*) from idempotency_keys)
        + (select count(*) from jobs where user_id is not null or input is not null)
        + (select count(*) from user_sessions) + (select count(*) from outbox where user_id is not null)";
    assert_eq!(database.count(left).await, 0);
}

#[tokio::test]
async fn whoever_joined_keeps_their_scene_when_the_first_one_leaves() {
    let database = Database::migrated().await;
    let (ada, bob) = (database.person("a@example.org").await, database.person("b@example.org").await);
    let first = database.call(&ada, NOON, SAME, &[]).await;
    let second = database.call(&bob, NOON, SAME, &[]).await;
    let erase = "with gone as (delete from users where id = $1 returning 1) select to_jsonb(count(*)) from gone";
    database.call(&Caller::service(), NOON, erase, &[&ada.id()]).await;
    let done = database.event(job(&first), "r-1", "succeeded").await;
    assert_eq!(done["outbox"][0]["payload"]["id"], second["id"]);
    assert_eq!(database.scene(id(&second)).await.0, "succeeded");
}

#[tokio::test]
async fn a_person_settles_only_their_own_messages() {
    let database = Database::migrated().await;
    let (person, stranger) = (database.person("a@example.org").await, database.person("b@example.org").await);
    let created = database.call(&person, NOON, SUBMIT, &[]).await;
    let refused = "select edge.job_submission_failed($1, 'runpod_rejected')";
    let failed = database.call(&person, NOON, refused, &[&job(&created)]).await;
    let message = failed["outbox"][0]["id"].as_i64().unwrap();
    let settle = "select edge.outbox_settle($1, 'delivered', 204)";
    let stranger = stranger.claiming("request_id", "another");
    assert_eq!(database.call(&stranger, NOON, settle, &[&message]).await["outcome"], "not_found");
    assert_eq!(database.call(&person, NOON, settle, &[&message]).await["outcome"], "delivered");
    assert_eq!(database.call(&person, NOON, settle, &[&message]).await["outcome"], "unchanged");

    let mut client = database.login("oree_person").await;
    let request = enter(&mut client, &person, NOON).await.unwrap();
    let claim = request.query("select * from edge.outbox_claim()", &[]).await;
    assert_eq!(code(&claim.unwrap_err()), "42501");
}
