use testing::{App, Person, database};

use super::FUNCTION;

/// A creation of the person that waits for a job of theirs.
async fn waiting(person: &Person, kind: &str, state: &str) -> String {
    let insert = "with job as (
           insert into jobs (user_id, kind, state, endpoint, input, expires_at, finished_at)
           values ($1, $2, $3, $4, '{\"prompt\": \"sim:queued\"}', edge.now() + interval '10 minutes',
             case when $3 = 'failed' then edge.now() end) returning id)
         insert into creations (user_id, kind, input, licence, status, job_id)
         select $1, $2, '{\"effect\": \"rune\"}', 'CC-BY-4.0', $3, id from job returning id::text";
    let endpoint = edge::auth::random_uuid().unwrap().simple().to_string();
    database().await.query_one(insert, &[&person.id, &kind, &state, &endpoint]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_creation_shows_what_was_asked_and_under_which_terms_it_may_be_used() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let sound = waiting(&ada, "audio", "queued").await;
    let shown = app.get(&format!("/creations/{sound}")).by(&ada).send().await.json();
    assert_eq!((&shown["input"]["effect"], &shown["licence"]), (&"rune".into(), &"CC-BY-4.0".into()));
    assert_eq!((&shown["queue_position"], &shown["attempt"]), (&1.into(), &1.into()));
}

#[tokio::test]
async fn the_list_is_filtered_by_kind() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let (sound, pose) = (waiting(&ada, "audio", "queued").await, waiting(&ada, "pose", "failed").await);
    let ids = |page: serde_json::Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(ids(app.get("/creations?kind=audio").by(&ada).send().await.json()), [sound]);
    assert_eq!(ids(app.get("/creations?status=failed").by(&ada).send().await.json()), [pose]);
    assert_eq!(ids(app.get("/creations?from=2026-01-02&to=2026-01-03").by(&ada).send().await.json()), Vec::<String>::new());
    let answer = app.get("/creations?from=2026-02-01&to=2026-01-01").by(&ada).send().await;
    assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["from:from_after_to".to_owned()]));
}

#[tokio::test]
async fn a_creation_is_cancelled_retried_and_followed_like_a_scene() {
    let ada = Person::new().await;
    let endpoint = edge::auth::random_uuid().unwrap().simple().to_string();
    let app = App::native(&FUNCTION).with("RUNPOD_ENDPOINT_ID_AUDIO", &endpoint);
    let sound = waiting(&ada, "audio", "failed").await;
    let retried = app.post(&format!("/creations/{sound}/retry")).by(&ada).send().await;
    assert_eq!((retried.status, &retried.json()["id"]), (202, &sound.clone().into()), "{retried:?}");
    let cancelled = app.post(&format!("/creations/{sound}/cancel")).by(&ada).send().await;
    assert_eq!((cancelled.status, &cancelled.json()["status"]), (200, &"cancelled".into()), "{cancelled:?}");
    let events = app.get(&format!("/creations/{sound}/events")).by(&ada).send().await.events();
    assert_eq!((events.len(), &events[0].1["status"]), (1, &"cancelled".into()));
    let eve = Person::new().await;
    assert_eq!(app.get(&format!("/creations/{sound}")).by(&eve).send().await.status, 404);
}
