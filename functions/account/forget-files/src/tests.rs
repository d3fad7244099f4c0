use edge::auth::{Keys, random_uuid};
use edge::chrono::{DateTime, Utc};
use testing::{Answer, App, Person, database, variable};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::FUNCTION;

/// Whoever forgets, forgets everything: one test after the other.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

async fn run(app: &App) -> Answer {
    let now: DateTime<Utc> = database().await.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("account-forget-files", now);
    let answer = app.post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

fn control(key: &str) -> String {
    format!("{}/control/storage/oree/{key}", variable("SIMULATORS_URL"))
}

async fn is_stored(key: &str) -> bool {
    reqwest::get(control(key)).await.unwrap().status() == 200
}

/// A stored file, to be deleted so many minutes ago.
async fn due(by: &Person, minutes_ago: i32) -> (Uuid, String) {
    let id = random_uuid().unwrap();
    let key = format!("files/{}/{id}", by.id.simple());
    assert!(reqwest::Client::new().put(control(&key)).body("x").send().await.unwrap().status().is_success());
    let insert = "insert into files (id, user_id, kind, media_type, bytes, address, state, upload_until, delete_after)
                  values ($1, $2, 'avatar', 'image/png', 1, 'storage://' || $3, 'leaving', edge.now(),
                    clock_timestamp() - make_interval(mins => $4))";
    database().await.execute(insert, &[&id, &by.id, &key, &minutes_ago]).await.unwrap();
    (id, key)
}

async fn attempts(id: Uuid) -> Option<i32> {
    let row = database().await.query_opt("select attempts from files where id = $1", &[&id]).await.unwrap();
    row.map(|row| row.get(0))
}

#[tokio::test]
async fn what_is_due_leaves_the_storage_and_then_its_row_and_what_is_not_stays() {
    let _alone = alone().await;
    let ada = Person::new().await;
    let (gone, stays) = (due(&ada, 1).await, due(&ada, -60).await);
    run(&App::native(&FUNCTION)).await;
    assert_eq!((is_stored(&gone.1).await, attempts(gone.0).await), (false, None));
    assert_eq!((is_stored(&stays.1).await, attempts(stays.0).await), (true, Some(0)));
    assert_eq!(run(&App::native(&FUNCTION)).await.json()["left"], 0);
}

#[tokio::test]
async fn what_the_storage_does_not_delete_is_tried_again_later_and_holds_nothing_up() {
    let _alone = alone().await;
    let ada = Person::new().await;
    let stuck = due(&ada, 1).await;
    let rules = format!("{}/control/rules", variable("SIMULATORS_URL"));
    let bucket = format!("stuck-{}", ada.id.simple());
    let rule = format!(r#"{{"world": "storage", "id": "{bucket}", "scenario": "sim:503"}}"#);
    reqwest::Client::new().post(&rules).header("content-type", "application/json").body(rule).send().await.unwrap();
    let down = App::native(&FUNCTION).with("STORAGE_BUCKET", &bucket);
    let report = run(&down).await.json();
    assert!(report["left"].as_u64().unwrap() >= 1 && report["forgotten"] == 0, "{report}");
    assert_eq!(attempts(stuck.0).await, Some(1));
    assert_eq!(run(&down).await.json()["left"], 0, "it is left alone for a while");
    let next = due(&ada, 0).await;
    run(&App::native(&FUNCTION)).await;
    assert_eq!((attempts(stuck.0).await, attempts(next.0).await), (Some(1), None));
    let later = "update files set delete_after = clock_timestamp() where id = $1 and delete_after between
                 clock_timestamp() + interval '13 minutes' and clock_timestamp() + interval '16 minutes'";
    assert_eq!(database().await.execute(later, &[&stuck.0]).await.unwrap(), 1, "a quarter of an hour");
    run(&App::native(&FUNCTION)).await;
    assert_eq!((is_stored(&stuck.1).await, attempts(stuck.0).await), (false, None));
}

#[tokio::test]
async fn a_run_that_dies_after_the_storage_has_deleted_loses_nothing() {
    let _alone = alone().await;
    let ada = Person::new().await;
    let file = due(&ada, 1).await;
    // All that had happened when it died.
    database().await.execute("select edge.files_due()", &[]).await.unwrap();
    reqwest::Client::new().delete(control(&file.1)).send().await.unwrap();
    assert_eq!(attempts(file.0).await, Some(1));
    database().await.execute("update files set delete_after = clock_timestamp() where id = $1", &[&file.0]).await.unwrap();
    run(&App::native(&FUNCTION)).await;
    assert_eq!(attempts(file.0).await, None);
}
