use serde_json::Value;
use testing::{App, Person, database};

use super::FUNCTION;

/// Gives a person one scene per status, the last one newest; their ids in that order.
async fn draw(person: &Person, statuses: &[&str]) -> Vec<String> {
    let statuses: Vec<String> = statuses.iter().map(|status| (*status).to_owned()).collect();
    let insert = "insert into scenes (user_id, world, era, class, pose, decor, status, image_url, error, created_at)
         select $1, 'Orée', 'an mil', 'mage', 'debout', 'un bois', status,
           case status when 'succeeded' then 'https://files.example/1.png' end, case status when 'failed' then 'timed_out' end,
           timestamptz '2026-06-01 12:00:00.123456+00' + n * interval '1 microsecond'
         from unnest($2::text[]) with ordinality as asked (status, n) order by n returning id::text";
    database().await.query(insert, &[&person.id, &statuses]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|scene| scene["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_scene_shows_what_was_asked_and_what_came_of_it() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let drawn = draw(&ada, &["succeeded", "failed"]).await;
    let answer = app.get(&format!("/scenes/{}", drawn[0])).by(&ada).send().await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")));
    let scene = answer.json();
    assert_eq!(scene["status"], "succeeded");
    assert_eq!(scene["decor"], "un bois");
    assert_eq!(scene["image_url"], "https://files.example/1.png");
    assert_eq!(scene["created_at"], "2026-06-01T12:00:00.123457Z");
    assert!(scene.get("version").is_none() && scene.get("user_id").is_none());
    let failed = app.get(&format!("/scenes/{}", drawn[1])).by(&ada).send().await.json();
    assert_eq!((failed["error"].as_str(), &failed["image_url"]), (Some("timed_out"), &Value::Null));
}

#[tokio::test]
async fn somebody_elses_scene_is_as_missing_as_one_that_never_was() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let drawn = draw(&ada, &["queued"]).await;
    let (mut hers, mut none) = (
        app.get(&format!("/scenes/{}", drawn[0])).by(&eve).send().await.json(),
        app.get("/scenes/00000000-0000-4000-8000-000000000000").by(&eve).send().await.json(),
    );
    assert_eq!(hers["status"], 404);
    (hers["request_id"], none["request_id"]) = (Value::Null, Value::Null);
    assert_eq!(hers, none);
    assert!(ids(&app.get("/scenes").by(&eve).send().await.json()).is_empty());
    let nonsense = app.get("/scenes/1").by(&ada).send().await;
    assert_eq!((nonsense.status, nonsense.wrong_fields()), (422, vec!["id:bad_uuid".to_owned()]));
}

#[tokio::test]
async fn the_list_comes_in_pages_newest_first() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let mut drawn = draw(&ada, &["queued", "failed", "queued", "succeeded", "queued"]).await;
    drawn.reverse();
    let mut seen = Vec::new();
    let mut path = "/scenes?limit=2".to_owned();
    loop {
        let page = app.get(&path).by(&ada).send().await.json();
        seen.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/scenes?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, drawn);
}

#[tokio::test]
async fn the_list_is_filtered_by_status_and_its_cursor_is_bound_to_that() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let drawn = draw(&ada, &["queued", "failed", "queued"]).await;
    let queued = app.get("/scenes?status=queued&limit=1").by(&ada).send().await.json();
    assert_eq!(ids(&queued), [drawn[2].as_str()]);
    let cursor = queued["next_cursor"].as_str().unwrap();
    let next = app.get(&format!("/scenes?status=queued&limit=1&cursor={cursor}")).by(&ada).send().await.json();
    assert_eq!((ids(&next), &next["next_cursor"]), (vec![drawn[0].clone()], &Value::Null));
    for (query, refusal) in [
        (format!("status=failed&cursor={cursor}"), "cursor:bad_cursor"),
        ("status=done".to_owned(), "status:not_allowed"),
        ("limit=0".to_owned(), "limit:range"),
        ("sort=world".to_owned(), "sort:unknown_field"),
    ] {
        let answer = app.get(&format!("/scenes?{query}")).by(&ada).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{query}");
    }
}
