use serde_json::{Value, json};
use testing::{App, Person, database};

use super::FUNCTION;

/// What the audit log says about the person, oldest first.
async fn audit(person: &Person) -> Vec<(String, Value)> {
    let select = "select action, metadata from audit_logs where user_id = $1 order by id";
    let rows = database().await.query(select, &[&person.id]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

#[tokio::test]
async fn a_profile_shows_the_last_login_and_the_number_of_creations_and_is_audited() {
    let ada = Person::new().await;
    let prepare = "with scenes as (
           insert into scenes (user_id, world, era, class, pose, decor, status, image_url)
           select $1, 'w', 'e', 'c', 'p', 'd', status, 'storage://scene/1.png' from unnest('{succeeded,succeeded,failed}'::text[]) as status),
         sounds as (
           insert into creations (user_id, kind, input, status, result_url)
           select $1, 'audio', '{}', status, 'storage://audio/1.mp3' from unnest('{succeeded,queued}'::text[]) as status)
         update users set last_login_at = '2026-11-20T10:00:00Z', login_count = 3 where id = $1";
    database().await.execute(prepare, &[&ada.id]).await.unwrap();

    let answer = App::native(&FUNCTION).get("/user/profile").by(&ada).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let profile = answer.json();
    let made = json!({"scenes": 2, "poses": 0, "sounds": 1, "total": 3});
    assert_eq!((&profile["last_login_at"], &profile["creations"]), (&json!("2026-11-20T10:00:00Z"), &made));
    assert_eq!((&profile["email"], &profile["login_count"]), (&json!(ada.email), &json!(3)));
    assert!(!answer.json().to_string().contains("hash"), "no secret is shown");

    let [(action, metadata)] = audit(&ada).await.try_into().unwrap();
    assert_eq!((action.as_str(), &metadata["creations"]), ("profile.read", &made));
}

#[tokio::test]
async fn every_reading_leaves_a_row() {
    let ada = Person::new().await;
    let app = App::native(&FUNCTION);
    for _ in 0..2 {
        assert_eq!(app.get("/user/profile").by(&ada).send().await.status, 200);
    }
    assert_eq!(audit(&ada).await.len(), 2);
    assert_eq!(app.get("/user/profile").send().await.status, 401);
}
