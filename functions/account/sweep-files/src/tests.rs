use edge::auth::{Keys, random_uuid};
use edge::chrono::{DateTime, Utc};
use serde_json::Value;
use testing::{App, Person, database, variable};

use super::FUNCTION;

async fn sweep(bucket: &str) -> Value {
    let now: DateTime<Utc> = database().await.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("account-sweep-files", now);
    let answer = App::native(&FUNCTION).with("STORAGE_BUCKET", bucket).post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn control(bucket: &str, key: &str) -> String {
    format!("{}/control/storage/{bucket}/{key}", variable("SIMULATORS_URL"))
}

async fn store(bucket: &str, key: &str, since: &str) {
    let put = reqwest::Client::new().put(format!("{}?since={since}", control(bucket, key))).body("x");
    assert!(put.send().await.unwrap().status().is_success());
}

async fn is_stored(bucket: &str, key: &str) -> bool {
    reqwest::get(control(bucket, key)).await.unwrap().status() == 200
}

#[tokio::test]
async fn old_files_without_a_row_go_and_all_others_stay() {
    let ada = Person::new().await;
    let bucket = format!("sweep-{}", ada.id.simple());
    let key = |folder: &str| format!("{folder}/{}/{}", ada.id.simple(), random_uuid().unwrap());
    let (orphan, young, known, foreign) = (key("files"), key("files"), key("files"), key("scene"));
    for key in [&orphan, &known, &foreign] {
        store(&bucket, key, "2020-01-01T00:00:00Z").await;
    }
    store(&bucket, &young, "2200-01-01T00:00:00Z").await;
    let insert = "insert into files (user_id, kind, media_type, bytes, address, state, upload_until)
                  values ($1, 'avatar', 'image/png', 1, 'storage://' || $2, 'kept', edge.now())";
    database().await.execute(insert, &[&ada.id, &known]).await.unwrap();
    let report = sweep(&bucket).await;
    assert_eq!((&report["seen"], &report["deleted"], &report["left"]), (&3.into(), &1.into(), &0.into()));
    assert!(!is_stored(&bucket, &orphan).await);
    for key in [young, known, foreign] {
        assert!(is_stored(&bucket, &key).await, "{key}");
    }
}

#[tokio::test]
async fn more_than_one_run_may_delete_are_left_for_the_next_and_every_page_is_seen() {
    let bucket = format!("many-{}", random_uuid().unwrap().simple());
    // All over the keys, so that some lie before the day's beginning and some behind it, and on three pages.
    let keys: Vec<String> = (0..2100).map(|n| format!("files/{:02x}{n:030}/x", n % 256)).collect();
    for key in &keys {
        let since = if key.ends_with("7/x") && key < &keys[200] { "2020-01-01T00:00:00Z" } else { "2200-01-01T00:00:00Z" };
        store(&bucket, key, since).await;
    }
    let (first, second) = (sweep(&bucket).await, sweep(&bucket).await);
    assert_eq!((&first["seen"], &first["deleted"]), (&2100.into(), &20.into()), "{first}");
    let left = first["left"].as_u64().unwrap();
    assert!(left > 0 && second["deleted"] == left.min(20), "{first} {second}");
    assert_eq!(second["seen"], 2080);
}
