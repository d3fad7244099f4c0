use serde_json::Value;
use testing::{Answer, App, Person};

use super::FUNCTION;

/// A session of ten minutes for each start, about `trigger`.
async fn sat(person: &Person, trigger: Option<&str>, starts: &[&str]) {
    let owner = testing::database().await;
    for start in starts {
        owner
            .execute(
                "insert into zazen_sessions (user_id, \"timestamp\", ended_at, date, triggered_by)
                 values ($1, $2::text::timestamptz, $2::text::timestamptz + interval '10 minutes', $2::text::date, $3)",
                &[&person.id, start, &trigger],
            )
            .await
            .unwrap();
    }
}

async fn list(person: &Person, query: &str) -> Answer {
    App::native(&FUNCTION).get(&format!("/rise/zazen-sessions/{}?{query}", person.id)).by(person).send().await
}

fn starts(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|session| session["timestamp"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_history_comes_in_pages_newest_first_with_the_total_in_a_header() {
    let ada = Person::new().await;
    sat(&ada, None, &["2026-06-08T06:00:00Z", "2026-06-10T06:00:00Z", "2026-06-09T06:00:00Z"]).await;
    sat(&Person::new().await, None, &["2026-06-11T06:00:00Z"]).await;
    let first = list(&ada, "limit=2").await;
    assert_eq!((first.status, first.header("x-total-count")), (200, Some("3")), "{first:?}");
    let page = first.json();
    assert_eq!(starts(&page), ["2026-06-10T06:00:00Z", "2026-06-09T06:00:00Z"]);
    assert_eq!(page["items"][0]["duration"], 600);
    let cursor = page["next_cursor"].as_str().unwrap();
    let second = list(&ada, &format!("limit=2&cursor={cursor}")).await;
    assert_eq!((starts(&second.json()), second.header("x-total-count")), (vec!["2026-06-08T06:00:00Z"], Some("3")));
    assert_eq!(second.json()["next_cursor"], Value::Null);
    let owner = testing::database().await;
    owner.execute("update zazen_sessions set deleted_at = edge.now() where user_id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(list(&ada, "").await.header("x-total-count"), Some("0"));
}

#[tokio::test]
async fn it_can_be_narrowed_to_days_and_to_a_trigger() {
    let ada = Person::new().await;
    sat(&ada, Some("stress"), &["2026-06-08T06:00:00Z", "2026-06-10T06:00:00Z"]).await;
    sat(&ada, Some("décision"), &["2026-06-09T06:00:00Z"]).await;
    let of = async |query: &str| starts(&list(&ada, query).await.json()).len();
    assert_eq!(of("from=2026-06-09").await, 2);
    assert_eq!(of("from=2026-06-09&to=2026-06-09").await, 1);
    assert_eq!(of("triggered_by=Stress").await, 2);
    assert_eq!(of("triggered_by=D%C3%A9cision&to=2026-06-08").await, 0);
    assert_eq!(list(&ada, "from=2026-06-10&to=2026-06-09").await.wrong_fields(), ["from:from_after_to"]);
    assert_eq!(list(&ada, "limit=0").await.wrong_fields(), ["limit:range"]);
}

#[tokio::test]
async fn only_the_owner_may_read_it() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let answer = App::native(&FUNCTION).get(&format!("/rise/zazen-sessions/{}", ada.id)).by(&eve).send().await;
    assert_eq!((answer.status, answer.json()["detail"].as_str()), (403, Some("Accès non autorisé")));
}
