use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, variable};
use uuid::Uuid;

use super::FUNCTION;

/// Somebody's scene, on its way, with a Discord channel of its own.
struct Drawing {
    app: App,
    channel: String,
    scene: Uuid,
    job: Uuid,
    runpod_job_id: String,
}

impl Drawing {
    /// `None` as RunPod's id: RunPod's answer to the submission was lost.
    async fn new(runpod_job_id: Option<String>) -> Drawing {
        let ada = Person::new().await;
        let insert = "with job as (
               insert into jobs (user_id, kind, state, endpoint, runpod_job_id, submitted_at, expires_at)
               values ($1, 'scene', case when $2::text is null then 'submitting' else 'queued' end, 'image', $2,
                 case when $2 is not null then edge.now() end, edge.now() + interval '10 minutes')
               returning id)
             insert into scenes (user_id, world, era, class, pose, decor, job_id)
             select $1, 'Orée', 'an mil', 'mage', 'debout', '`@everyone`', id from job returning id, job_id";
        let row = database().await.query_one(insert, &[&ada.id, &runpod_job_id]).await.unwrap();
        let channel = Uuid::from_u128(row.get::<_, Uuid>(0).as_u128() ^ 1).simple().to_string();
        Drawing {
            app: App::native(&FUNCTION).with("DISCORD_WEBHOOK_URL", &webhook(&channel)),
            channel,
            scene: row.get(0),
            job: row.get(1),
            runpod_job_id: runpod_job_id.unwrap_or_default(),
        }
    }

    async fn queued() -> Drawing {
        Drawing::new(Some(format!("{}-u1", edge::auth::random_uuid().unwrap()))).await
    }

    fn done(&self) -> Value {
        let output = json!({"image_url": file(self.scene)});
        json!({"id": self.runpod_job_id, "status": "COMPLETED", "delayTime": 120, "executionTime": 2400, "output": output,
            "input": {"world": "Orée"}, "webhook": "https://elsewhere.example"})
    }

    async fn call(&self, body: Value) -> Answer {
        self.app.post(&link(self.job, in_minutes(10).await)).json(body).send().await
    }

    /// Status, image and error of the scene.
    async fn shown(&self) -> (String, Option<String>, Option<String>) {
        let select = "select status, image_url, error from scenes where id = $1";
        let row = database().await.query_one(select, &[&self.scene]).await.unwrap();
        (row.get(0), row.get(1), row.get(2))
    }

    async fn messages(&self) -> Vec<Value> {
        let url = format!("{}/control/discord/{}/messages", variable("SIMULATORS_URL"), self.channel);
        let answer: Value = reqwest::get(url).await.unwrap().json().await.unwrap();
        answer["messages"].as_array().unwrap().clone()
    }

    /// Attempts, whether delivered, whether given up, and why.
    async fn outbox(&self) -> (i32, bool, bool, Option<String>) {
        let select = "select attempts, delivered_at is not null, dead_at is not null, last_error from outbox where subject = $1";
        let row = database().await.query_one(select, &[&format!("job:{}:succeeded", self.job)]).await.unwrap();
        (row.get(0), row.get(1), row.get(2), row.get(3))
    }
}

/// A picture that nobody else's job has made.
fn file(scene: Uuid) -> String {
    format!("{}/files/{}.png", variable("SIMULATORS_URL"), &scene.simple().to_string()[..16])
}

/// What the storage knows of a file, by the address that the ledger has.
async fn stored(address: &str) -> Option<Value> {
    let key = address.strip_prefix("storage://").unwrap();
    let url = format!("{}/control/storage/oree/{key}", variable("SIMULATORS_URL"));
    reqwest::get(url).await.unwrap().json().await.ok()
}

fn webhook(channel: &str) -> String {
    format!("{}/discord/api/webhooks/{channel}/dev", variable("SIMULATORS_URL"))
}

async fn in_minutes(minutes: i64) -> DateTime<Utc> {
    let now: DateTime<Utc> = database().await.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
    now + TimeDelta::minutes(minutes)
}

/// As RunPod was given it, without the host.
fn link(job: Uuid, expires: DateTime<Utc>) -> String {
    let key = BASE64_STANDARD.decode(variable("LINK_KEY")).unwrap();
    runpod::callback_url("", &key, job, expires)
}

#[tokio::test]
async fn a_finished_job_shows_its_image_and_is_told_in_discord() {
    let drawing = Drawing::queued().await;
    let answer = drawing.call(drawing.done()).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"outcome": "moved"})));
    let (status, image, error) = drawing.shown().await;
    assert_eq!((status.as_str(), error), ("succeeded", None));
    let image = image.unwrap();
    assert!(image.starts_with("storage://scene/"), "{image}");
    assert_eq!(stored(&image).await.unwrap()["kind"], "image/png");

    let [message] = drawing.messages().await.try_into().unwrap();
    let embed = &message["embeds"][0];
    assert_eq!((&embed["title"], &embed["color"]), (&json!("🌀 Scène générée"), &json!(0x34_98DB)));
    let link = embed["image"]["url"].as_str().unwrap();
    assert_eq!(reqwest::get(link).await.unwrap().headers()["content-type"], "image/png");
    assert!(embed["fields"].as_array().unwrap().contains(&json!({"name": "Décor", "value": "libre", "inline": true})));
    assert!(!message.to_string().contains("@everyone"), "a person's own words are not told");
    assert_eq!(message["sent"]["allowed_mentions"], json!({"parse": []}));
    assert_eq!(drawing.outbox().await, (1, true, false, None));
    assert!(answer.log.iter().all(|line| !line.contains("proof") && !line.contains("/files/")), "{:?}", answer.log);
}

#[tokio::test]
async fn a_repeated_callback_is_answered_and_changes_nothing() {
    let drawing = Drawing::queued().await;
    let done = drawing.done();
    let (a, b, c) = tokio::join!(drawing.call(done.clone()), drawing.call(done.clone()), drawing.call(done.clone()));
    assert_eq!([a.status, b.status, c.status], [200; 3]);
    let mut late = done;
    late["status"] = json!("FAILED");
    assert_eq!(drawing.call(late.clone()).await.json(), json!({"outcome": "unchanged"}));
    late["status"] = json!("IN_PROGRESS");
    assert_eq!(drawing.call(late).await.json(), json!({"outcome": "unchanged"}));
    assert_eq!(drawing.shown().await.0, "succeeded");
    assert_eq!(drawing.messages().await.len(), 1);
}

#[tokio::test]
async fn without_the_link_nothing_is_read_and_nobody_learns_why() {
    let drawing = Drawing::queued().await;
    let soon = in_minutes(10).await;
    let good = link(drawing.job, soon);
    let (path, query) = good.split_once('?').unwrap();
    let (expires, proof) = query.split_once('&').unwrap();
    let later = soon + TimeDelta::days(1);
    let other = link(Uuid::from_u128(7), soon);
    let answers = [
        path.to_owned(),
        format!("{path}?{expires}"),
        format!("{path}?{expires}&proof="),
        format!("{path}?{expires}&{proof}A"),
        format!("{path}?expires={}&{proof}", later.timestamp()),
        format!("{path}?{}", other.split_once('?').unwrap().1),
        link(drawing.job, in_minutes(-1).await),
        good.replace(&drawing.job.to_string(), "x"),
    ];
    for path in answers {
        let answer = drawing.app.post(&path).body("text/plain", b"\xff not JSON").send().await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "bad_link"), "{path}");
    }
    let keyless = drawing.app.clone().with("LINK_KEY", "").post(&good).json(json!({})).send().await;
    assert_eq!((keyless.status, keyless.code().as_str()), (503, "misconfigured"));
    assert_eq!(drawing.shown().await.0, "queued");
}

#[tokio::test]
async fn what_cannot_be_read_is_asked_for_again() {
    let drawing = Drawing::queued().await;
    let done = drawing.done().to_string();
    for body in ["", "null", "[]", "<html>", "\u{0}", &done[..done.len() - 1]] {
        let answer = drawing.app.post(&link(drawing.job, in_minutes(10).await)).body("text/plain", body.as_bytes()).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (422, "unreadable_report"), "{body}");
    }
    assert_eq!(drawing.shown().await.0, "queued");
    let odd = done.replace("\"Orée\"", "\"cut \\ud83d\", \"score\": NaN");
    let answer = drawing.app.post(&link(drawing.job, in_minutes(10).await)).body("text/plain", odd.as_bytes()).send().await;
    assert_eq!((answer.status, answer.json()), (200, json!({"outcome": "moved"})), "{odd}");
    assert_eq!(drawing.shown().await.0, "succeeded");
}

#[tokio::test]
async fn what_says_nothing_new_is_answered_200_so_that_it_is_not_repeated() {
    let drawing = Drawing::queued().await;
    for body in [r#"{"status":"WARMING_UP"}"#, r#"{"id":7,"status":{}}"#] {
        let answer = drawing.app.post(&link(drawing.job, in_minutes(10).await)).body("text/plain", body.as_bytes()).send().await;
        assert_eq!((answer.status, answer.json()), (200, json!({"outcome": "unchanged"})), "{body}");
    }
    let unknown = link(Uuid::from_u128(7), in_minutes(10).await);
    let answer = drawing.app.post(&unknown).json(drawing.done()).send().await;
    assert_eq!((answer.status, answer.json()), (200, json!({"outcome": "not_found"})));
    let mut foreign = drawing.done();
    foreign["id"] = json!("another-job-u1");
    assert_eq!(drawing.call(foreign).await.json(), json!({"outcome": "mismatch"}));
    assert_eq!(drawing.shown().await.0, "queued");
    assert!(drawing.messages().await.is_empty());
}

#[tokio::test]
async fn a_callback_adopts_a_submission_whose_answer_was_lost() {
    let drawing = Drawing::new(None).await;
    let other = Drawing::queued().await;
    assert_eq!(drawing.call(other.done()).await.json(), json!({"outcome": "mismatch"}));
    assert_eq!(drawing.shown().await.0, "queued");

    let mut done = drawing.done();
    done["id"] = json!(format!("{}-u1", edge::auth::random_uuid().unwrap()));
    assert_eq!(drawing.call(done.clone()).await.json(), json!({"outcome": "moved"}));
    assert_eq!(drawing.shown().await.0, "succeeded");
    let select = "select runpod_job_id from jobs where id = $1";
    let id: String = database().await.query_one(select, &[&drawing.job]).await.unwrap().get(0);
    assert_eq!(done["id"], id);
}

#[tokio::test]
async fn the_local_server_of_the_sdk_needs_neither_id_nor_status() {
    let drawing = Drawing::queued().await;
    let answer = drawing.call(json!({"output": {"image_url": file(drawing.scene)}})).await;
    assert_eq!(answer.json(), json!({"outcome": "moved"}));
    assert_eq!(drawing.shown().await.0, "succeeded");
}

#[tokio::test]
async fn a_failure_is_told_without_its_traceback() {
    let drawing = Drawing::queued().await;
    let error = json!({"error_message": "CUDA out of memory", "error_traceback": "File /secret.py", "hostname": "h"}).to_string();
    drawing.call(json!({"id": drawing.runpod_job_id, "status": "FAILED", "error": error})).await;
    assert_eq!(drawing.shown().await, ("failed".to_owned(), None, Some("CUDA out of memory".to_owned())));
    let [message] = drawing.messages().await.try_into().unwrap();
    assert_eq!(message["embeds"][0]["title"], "🌀 Scène en échec");
}

/// The first bytes of a PNG, and so many more.
fn png(length: usize) -> String {
    let mut bytes = b"\x89PNG\r\n\x1a\n".to_vec();
    bytes.extend(edge::auth::random_uuid().unwrap().as_bytes());
    bytes.resize(length, 0);
    BASE64_STANDARD.encode(bytes)
}

#[tokio::test]
async fn an_image_inside_the_answer_is_stored_up_to_ten_megabytes() {
    for image in [png(200), format!("data:image/png;base64,{}", png(200)), png(10 * 1024 * 1024)] {
        let drawing = Drawing::queued().await;
        let answer = drawing.call(json!({"id": drawing.runpod_job_id, "status": "COMPLETED", "output": {"image": image}})).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"outcome": "moved"})));
        let (status, image, _) = drawing.shown().await;
        assert_eq!(status, "succeeded");
        assert_eq!(stored(&image.unwrap()).await.unwrap()["puts"], 1);
    }
    let drawing = Drawing::queued().await;
    drawing.call(json!({"id": drawing.runpod_job_id, "status": "COMPLETED", "output": png(10 * 1024 * 1024 + 1)})).await;
    assert_eq!(drawing.shown().await, ("failed".to_owned(), None, Some("output_too_large".to_owned())));

    let drawing = Drawing::queued().await;
    let image = "A".repeat(17_000_000);
    let answer = drawing.call(json!({"id": drawing.runpod_job_id, "status": "COMPLETED", "output": {"image": image}})).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    assert_eq!(drawing.shown().await.0, "queued");
}

#[tokio::test]
async fn what_is_not_an_image_or_not_to_be_fetched_is_refused() {
    let page = format!("{}/files/html/0000000000000001.png", variable("SIMULATORS_URL"));
    let gone = format!("{}/files/gone/0000000000000001.png", variable("SIMULATORS_URL"));
    let database = variable("SQL_URL");
    for (url, error) in [
        (page.as_str(), "output_unsupported"),
        (&gone, "output_unreachable"),
        (&database, "output_unreachable"),
        ("http://169.254.169.254/latest/meta-data", "output_unreachable"),
        ("https://localhost/1.png", "output_unreachable"),
    ] {
        let drawing = Drawing::queued().await;
        let answer =
            drawing.call(json!({"id": drawing.runpod_job_id, "status": "COMPLETED", "output": {"image_url": url}})).await;
        assert_eq!(answer.json(), json!({"outcome": "moved"}), "{url}");
        assert_eq!(drawing.shown().await, ("failed".to_owned(), None, Some(error.to_owned())), "{url}");
    }
}

#[tokio::test]
async fn a_result_that_cannot_be_kept_yet_is_asked_for_again() {
    let drawing = Drawing::queued().await;
    let bucket = format!("b{}", drawing.channel);
    let rules = format!("{}/control/rules", variable("SIMULATORS_URL"));
    let rule = json!({"world": "storage", "id": bucket, "scenario": "sim:503=1"});
    reqwest::Client::new().post(rules).json(&rule).send().await.unwrap().error_for_status().unwrap();
    let drawing = Drawing { app: drawing.app.clone().with("STORAGE_BUCKET", &bucket), ..drawing };
    let first = drawing.call(drawing.done()).await;
    assert_eq!((first.status, drawing.shown().await.0.as_str()), (503, "queued"));
    assert_eq!(drawing.call(drawing.done()).await.json(), json!({"outcome": "moved"}));
    assert_eq!(drawing.shown().await.0, "succeeded");
}

#[tokio::test]
async fn what_was_given_up_is_believed_when_runpods_word_comes_after_all() {
    for error in ["submission_unknown", "runpod_busy", "result_expired"] {
        let drawing = Drawing::new(None).await;
        let give_up = "with gone as (update jobs set state = 'failed', error = $2, is_presumed = true, finished_at = edge.now()
               where id = $1 returning id)
             update scenes set status = 'failed', error = $2 where job_id = $1";
        database().await.execute(give_up, &[&drawing.job, &error]).await.unwrap();
        let mut done = drawing.done();
        done["id"] = json!(format!("{}-u1", edge::auth::random_uuid().unwrap()));
        assert_eq!(drawing.call(done.clone()).await.json(), json!({"outcome": "moved"}), "{error}");
        assert_eq!(drawing.shown().await.0, "succeeded", "{error}");
        done["status"] = json!("FAILED");
        assert_eq!(drawing.call(done).await.json(), json!({"outcome": "unchanged"}), "{error}");
        assert_eq!(drawing.messages().await.len(), 1, "{error}");
    }
}

#[tokio::test]
async fn discords_troubles_are_not_runpods() {
    for (scenario, error) in [("sim:discord-500", "status 500"), ("sim:discord-429", "You are being rate limited.")] {
        let drawing = Drawing::queued().await;
        let rule = json!({"world": "discord", "id": drawing.channel, "scenario": scenario});
        let rules = format!("{}/control/rules", variable("SIMULATORS_URL"));
        let set = reqwest::Client::new().post(rules).json(&rule).send().await.unwrap();
        assert!(set.status().is_success(), "{set:?}");
        assert_eq!(drawing.call(drawing.done()).await.status, 200);
        assert_eq!(drawing.outbox().await, (1, false, false, Some(error.to_owned())), "to be tried again");
    }
    for (url, error) in [(webhook("missing"), "Unknown Webhook"), (String::new(), "discord_not_configured")] {
        let mut drawing = Drawing::queued().await;
        drawing.app = drawing.app.with("DISCORD_WEBHOOK_URL", &url);
        assert_eq!(drawing.call(drawing.done()).await.status, 200);
        assert_eq!(drawing.outbox().await, (1, false, true, Some(error.to_owned())), "never again");
    }
}

#[tokio::test]
async fn a_job_costs_what_its_seconds_cost() {
    let owner = database().await;
    let set = "update settings set value = $1 where key = 'gpu_prices'";
    for wrong in [json!({"scene": "free"}), json!({"scene": -1}), json!({"scene": 31}), json!([])] {
        let refused = owner.execute(set, &[&wrong]).await.unwrap_err();
        assert_eq!(refused.code().unwrap().code(), "23514", "{wrong}");
    }
    let (priced, unpriced) = (Drawing::queued().await, Drawing::queued().await);
    owner.execute(set, &[&json!({"scene": 0.00031})]).await.unwrap();
    priced.call(priced.done()).await;
    owner.execute(set, &[&json!({})]).await.unwrap();
    unpriced.call(unpriced.done()).await;
    let cost = async |drawing: &Drawing| {
        let select = "select cost::text from jobs where id = $1";
        database().await.query_one(select, &[&drawing.job]).await.unwrap().get::<_, Option<String>>(0)
    };
    assert_eq!(cost(&priced).await.as_deref(), Some("0.000744"), "2.4 seconds");
    assert_eq!(cost(&unpriced).await, None);
}
