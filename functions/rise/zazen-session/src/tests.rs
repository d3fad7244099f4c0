use serde_json::{Value, json};
use testing::{Answer, App, Person};

use super::FUNCTION;

const NOON: &str = "2026-06-10T10:00:00Z";

async fn record(person: &Person, body: Value) -> Answer {
    App::native(&FUNCTION).at(NOON).post("/rise/zazen-session").by(person).json(body).send().await
}

/// How many sessions the person has in the database.
async fn rows(person: &Person) -> i64 {
    let sql = "select count(*) from zazen_sessions where user_id = $1 and deleted_at is null";
    testing::database().await.query_one(sql, &[&person.id]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_duration_alone_has_just_ended() {
    let ada = Person::new().await;
    let answer = record(
        &ada,
        json!({"duration": 600, "triggered_by": " Stress ", "notes": "Le souffle", "mood_before": 2, "mood_after": 4}),
    )
    .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let session = answer.json();
    let id = session["id"].clone();
    assert_eq!(
        session,
        json!({
            "id": id, "user_id": ada.id, "timestamp": "2026-06-10T09:50:00Z", "ended_at": NOON, "duration": 600,
            "date": "2026-06-10", "triggered_by": "stress", "notes": "Le souffle", "mood_before": 2, "mood_after": 4,
            "client_id": null, "created_at": NOON, "updated_at": NOON, "version": 1,
        })
    );
}

#[tokio::test]
async fn any_two_of_start_end_and_duration_fix_a_session() {
    for body in [
        json!({"timestamp": "2026-06-09T21:50:00Z", "duration": 1200}),
        json!({"ended_at": "2026-06-09T22:10:00Z", "duration": 1200}),
        json!({"timestamp": "2026-06-09T23:50:00+02:00", "ended_at": "2026-06-09T22:10:00Z"}),
        json!({"timestamp": "2026-06-09T21:50:00Z", "ended_at": "2026-06-09T22:10:00.400Z", "duration": 1200}),
    ] {
        let session = record(&Person::new().await, body.clone()).await.json();
        assert_eq!(
            (&session["timestamp"], &session["ended_at"], &session["duration"], &session["date"]),
            (&json!("2026-06-09T21:50:00Z"), &json!("2026-06-09T22:10:00Z"), &json!(1200), &json!("2026-06-09")),
            "{body}: it belongs to the evening on which it began"
        );
    }
}

#[tokio::test]
async fn a_session_that_cannot_have_been_is_refused() {
    let ada = Person::new().await;
    for (body, refusal) in [
        (json!({}), "duration:required"),
        (json!({"timestamp": "2026-06-09T10:00:00Z"}), "duration:required"),
        (json!({"duration": 0}), "duration:range"),
        (json!({"duration": 86_400}), "duration:range"),
        (json!({"timestamp": "2026-06-09T10:00:00Z", "ended_at": "2026-06-09T10:00:00Z"}), "ended_at:bad_span"),
        (json!({"timestamp": "2026-06-08T10:00:00Z", "ended_at": "2026-06-09T10:00:00Z"}), "ended_at:bad_span"),
        (json!({"timestamp": "2026-06-09T10:00:00Z", "ended_at": "2026-06-09T10:10:00Z", "duration": 60}), "duration:bad_span"),
        (json!({"timestamp": "2026-06-10T10:00:00Z", "duration": 301}), "timestamp:date_in_future"),
        (json!({"ended_at": "9999-06-10T10:00:00Z", "duration": 60}), "ended_at:date_in_future"),
        (json!({"timestamp": "2026-05-10T21:00:00Z", "duration": 60}), "timestamp:date_too_old"),
        (json!({"timestamp": "0001-01-01T00:00:00Z", "duration": 60}), "timestamp:date_too_old"),
        (json!({"timestamp": "9999-12-31T23:59:59Z", "duration": 60}), "timestamp:date_in_future"),
        (json!({"timestamp": "0000-01-01T00:00:00Z", "duration": 60}), "timestamp:date_too_old"),
        (json!({"ended_at": "0000-01-01T00:00:00Z", "duration": 60}), "timestamp:date_too_old"),
        (json!({"timestamp": "+262142-12-31T23:59:59Z", "duration": 60}), "timestamp:bad_moment"),
        (json!({"timestamp": "yesterday", "duration": 60}), "timestamp:bad_moment"),
        (json!({"duration": 60, "mood_before": 6}), "mood_before:range"),
        (json!({"duration": 60, "triggered_by": "  "}), "triggered_by:blank"),
    ] {
        let answer = record(&ada, body.clone()).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{body}");
    }
    assert_eq!(rows(&ada).await, 0);
}

#[tokio::test]
async fn a_repeated_client_id_returns_the_first_session() {
    let ada = Person::new().await;
    let body = json!({"duration": 600, "triggered_by": "decision", "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"});
    let first = record(&ada, body.clone()).await;
    // Sent again a minute later: the duration alone does not say another moment.
    let later = App::native(&FUNCTION).at("2026-06-10T10:01:00Z");
    let second = later.post("/rise/zazen-session").by(&ada).json(body).send().await;
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.json(), second.json());
    let other = json!({"duration": 660, "triggered_by": "decision", "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"});
    assert_eq!(record(&ada, other).await.code(), "client_id_mismatch");
    assert_eq!(rows(&ada).await, 1);
}

#[tokio::test]
async fn a_device_that_sends_again_late_is_answered_whatever_became_of_the_session() {
    let (app, ada) = (App::native(&FUNCTION).at(NOON), Person::new().await);
    let body = json!({"timestamp": "2026-06-10T06:00:00.123456789Z", "duration": 600, "notes": "a",
        "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad3"});
    let first = record(&ada, body.clone()).await;
    let again = record(&ada, body.clone()).await;
    assert_eq!((first.status, again.status), (201, 200), "a moment finer than the database's is still the same: {again:?}");
    let path = format!("/rise/zazen-session/{}", first.json()["id"]);
    let changed = app.put(&path).by(&ada).json(json!({"notes": "b", "mood_after": 4})).send().await.json();
    assert_eq!(changed["version"], 2);
    let late = record(&ada, body.clone()).await;
    assert_eq!((late.status, late.json()), (200, changed), "the session as it is now");
    let delete = |tag: &'static str| app.delete(&path).by(&ada).header("if-match", tag).send();
    assert_eq!(delete("\"1\"").await.status, 412);
    assert_eq!(delete("\"2\"").await.status, 204);
    let removed = record(&ada, body).await;
    assert_eq!((removed.status, removed.code().as_str()), (410, "removed"));
}

#[tokio::test]
async fn one_word_for_a_trigger_however_it_was_typed_and_however_long_that_becomes() {
    let ada = Person::new().await;
    let mut words = Vec::new();
    for (minute, typed) in ["Décision  à prendre", "de\u{301}cision a\u{300} prendre ", &"İ".repeat(40)].into_iter().enumerate()
    {
        let from = format!("2026-06-10T06:{minute:02}:00Z");
        let answer = record(&ada, json!({"timestamp": from, "duration": 60, "triggered_by": typed})).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        words.push(answer.json()["triggered_by"].clone());
    }
    assert_eq!((words[0].as_str(), &words[1]), (Some("décision à prendre"), &words[0]));
    assert_eq!(words[2].as_str().unwrap().chars().count(), 80, "lower case has two characters for it");
}

#[tokio::test]
async fn nobody_sits_twice_at_once_not_even_in_one_moment() {
    let ada = Person::new().await;
    let sit = |from: &'static str, duration: i64| record(&ada, json!({"timestamp": from, "duration": duration}));
    let (a, b, c) =
        tokio::join!(sit("2026-06-10T08:00:00Z", 600), sit("2026-06-10T08:00:30Z", 600), sit("2026-06-10T08:05:00Z", 60));
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
    let again = sit("2026-06-10T08:05:00Z", 600).await;
    assert_eq!((again.status, again.code().as_str()), (409, "session_overlaps"));
    assert!(again.json()["session_id"].is_i64());
    assert_eq!(sit("2026-06-10T08:15:00Z", 600).await.status, 201, "one after the other is allowed");
    let bob = Person::new().await;
    assert_eq!(record(&bob, json!({"timestamp": "2026-06-10T08:00:00Z", "duration": 600})).await.status, 201);
}

#[tokio::test]
async fn what_a_session_was_about_can_be_added_and_taken_away() {
    let ada = Person::new().await;
    let id = record(&ada, json!({"duration": 600, "notes": "x"})).await.json()["id"].clone();
    let path = format!("/rise/zazen-session/{id}");
    let app = App::native(&FUNCTION).at(NOON);
    let changed = app.put(&path).by(&ada).json(json!({"mood_after": 5, "triggered_by": "Stress", "notes": ""})).send().await;
    let session = changed.json();
    assert_eq!(
        (&session["mood_after"], &session["triggered_by"], &session["notes"]),
        (&json!(5), &json!("stress"), &Value::Null)
    );
    assert_eq!(changed.header("etag"), Some("\"2\""));
    let late = app.put(&path).by(&ada).header("if-match", "\"1\"").json(json!({"mood_after": 4})).send().await;
    assert_eq!((late.status, late.code().as_str()), (412, "precondition_failed"));
    assert_eq!(app.put(&path).by(&ada).json(json!({})).send().await.wrong_fields(), [":nothing_to_change"]);

    let eve = Person::new().await;
    assert_eq!(app.put(&path).by(&eve).json(json!({"mood_after": 1})).send().await.status, 404);
    assert_eq!(app.delete(&path).by(&eve).send().await.status, 404);
    assert_eq!(app.delete(&path).by(&ada).send().await.status, 204);
    assert_eq!(app.delete(&path).by(&ada).send().await.status, 404);
    assert_eq!(record(&ada, json!({"duration": 600})).await.status, 201, "a removed session is in nobody's way");
}
