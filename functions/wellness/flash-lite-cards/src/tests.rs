use serde_json::{Value, json};
use testing::{App, Person};
use uuid::Uuid;

mod oracle;

use super::FUNCTION;

const BASE: &str = "/wellness/flash-lite-cards";

fn at(now: &str) -> App {
    App::native(&FUNCTION).at(now)
}

/// A session for up to so many cards.
async fn session(person: &Person, cards: i32) -> Uuid {
    let owner = testing::database_at("2026-06-10T12:00:00Z").await;
    let insert = "insert into flash_lite_sessions (user_id, mode, started_at, date, cards_total) values ($1, 'quick', edge.now(), '2026-06-10', $2) returning id";
    owner.query_one(insert, &[&person.id, &cards]).await.unwrap().get(0)
}

async fn counts(session: Uuid) -> Value {
    let owner = testing::database().await;
    let counts = "select jsonb_build_array(cards_completed, cards_correct, average_response_time, accuracy_percentage) from flash_lite_sessions where id = $1";
    owner.query_one(counts, &[&session]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_card_is_put_in_answered_taken_back_and_brought_again() {
    let (ada, bob) = (Person::new().await, Person::new().await);
    let first = session(&ada, 2).await;
    let add = |by: &Person, session: Uuid, question: &str| {
        at("2026-06-10T12:01:00Z")
            .post(BASE)
            .by(by)
            .json(json!({"session_id": session, "question": question, "answer": "Paris"}))
            .send()
    };
    let card = add(&ada, first, "Capitale ?").await;
    assert_eq!((card.status, &card.json()["is_correct"]), (201, &Value::Null), "{card:?}");
    assert_eq!(add(&ada, first, "Autre ?").await.status, 201);
    let full = add(&ada, first, "Trop ?").await;
    assert_eq!((full.status, full.code().as_str()), (409, "limit_reached"));
    assert_eq!(add(&bob, first, "x").await.status, 404, "somebody else's session");
    let path = format!("{BASE}/{}/answer", card.json()["id"].as_str().unwrap());
    let answer = |now: &str, path: &str, correct: bool, ms: i32| {
        at(now).put(path).by(&ada).json(json!({"is_correct": correct, "response_time_ms": ms})).send()
    };
    assert_eq!(at("2026-06-10T12:02:00Z").put(&path).by(&bob).json(json!({"is_correct": true})).send().await.status, 404);
    let known = answer("2026-06-10T12:02:00Z", &path, true, 4000).await.json();
    assert_eq!(
        (&known["repetitions"], &known["ease"], &known["stability"], &known["due_at"]),
        (&json!(1), &json!(2.6), &json!(1.0), &json!("2026-06-11T12:02:00Z"))
    );
    assert_eq!(counts(first).await, json!([1, 1, 4000, 100]));
    let wrong = answer("2026-06-10T12:03:00Z", &path, false, 2000).await.json();
    assert_eq!((&wrong["repetitions"], &wrong["stability"]), (&json!(0), &json!(1.0)), "an answer in place of an answer");
    assert_eq!(counts(first).await, json!([1, 0, 2000, 0]));
    let undone = at("2026-06-10T12:04:00Z").delete(&path).by(&ada).send().await.json();
    assert_eq!((&undone["due_at"], &undone["user_answer"]), (&Value::Null, &Value::Null));
    assert_eq!(counts(first).await, json!([0, 0, null, null]));
    answer("2026-06-10T12:05:00Z", &path, true, 4000).await;

    let second = session(&ada, 10).await;
    let again = add(&ada, second, "capitale ?").await.json();
    assert_eq!(again["card_key"], card.json()["card_key"], "the same card in another session");
    let path = format!("{BASE}/{}/answer", again["id"].as_str().unwrap());
    let due = |now: &'static str| at(now).get(&format!("{BASE}/due")).by(&ada).send();
    assert_eq!(due("2026-06-11T12:04:59Z").await.json()["items"], json!([]));
    assert_eq!(due("2026-06-11T12:05:00Z").await.json()["items"].as_array().unwrap().len(), 1);
    let twice = answer("2026-06-11T12:10:00Z", &path, true, 20_000).await.json();
    assert_eq!((&twice["repetitions"], &twice["stability"], &twice["ease"]), (&json!(2), &json!(6.0), &json!(2.6)));
    assert_eq!(due("2026-06-12T12:05:00Z").await.json()["items"], json!([]));
    at("2026-06-11T12:11:00Z").delete(&path).by(&ada).send().await;
    assert_eq!(due("2026-06-12T12:05:00Z").await.json()["items"][0]["session_id"], json!(first), "undone, it is due as before");

    let list = at("2026-06-10T12:05:00Z").get(&format!("{BASE}?session_id={first}&limit=1")).by(&ada).send().await.json();
    let next = list["next_cursor"].as_str().unwrap();
    let rest =
        at("2026-06-10T12:05:00Z").get(&format!("{BASE}?session_id={first}&limit=1&cursor={next}")).by(&ada).send().await.json();
    assert_ne!(list["items"][0]["id"], rest["items"][0]["id"]);
    let owner = testing::database_at("2026-06-11T13:00:00Z").await;
    owner
        .execute(
            "update flash_lite_sessions set state = 'completed', ended_at = edge.now(), duration_seconds = 60 where id = $1",
            &[&second],
        )
        .await
        .unwrap();
    let over = answer("2026-06-11T13:00:00Z", &path, true, 1).await;
    assert_eq!((over.status, over.code().as_str()), (409, "session_ended"));
    let over = at("2026-06-11T13:00:00Z").delete(&path).by(&ada).send().await;
    assert_eq!((over.status, over.code().as_str()), (409, "session_ended"));
    assert_eq!(at("2026-06-11T13:00:00Z").delete(&format!("{BASE}/{}/answer", Uuid::nil())).by(&ada).send().await.status, 404);
}
