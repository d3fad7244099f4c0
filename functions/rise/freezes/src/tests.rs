use serde_json::{Value, json};
use testing::{Answer, App, Person};

use super::FUNCTION;

/// A Wednesday.
const NOON: &str = "2026-06-10T10:00:00Z";

async fn place(person: &Person, body: Value) -> Answer {
    App::native(&FUNCTION).at(NOON).post("/rise/freezes").by(person).json(body).send().await
}

fn freeze(from: &str) -> Value {
    json!({"kind": "freeze", "from": from})
}

#[tokio::test]
async fn a_freeze_is_placed_once_however_often_it_is_sent() {
    let ada = Person::new().await;
    let first = place(&ada, freeze("2026-06-09")).await;
    let body = first.json();
    assert_eq!((first.status, &body["from"], &body["to"]), (201, &json!("2026-06-09"), &json!("2026-06-09")));
    let second = place(&ada, freeze("2026-06-09")).await;
    assert_eq!((second.status, second.json()), (200, body));
}

#[tokio::test]
async fn every_month_brings_two() {
    let ada = Person::new().await;
    for day in ["2026-06-01", "2026-06-02", "2026-05-30"] {
        assert_eq!(place(&ada, freeze(day)).await.status, 201, "{day}");
    }
    let third = place(&ada, freeze("2026-06-05")).await;
    assert_eq!((third.status, third.code().as_str()), (409, "no_freezes_left"));
    assert_eq!((&third.json()["month"], &third.json()["left"]), (&json!("2026-06"), &json!(0)));
    // One is left in May and none in June.
    let across = place(&ada, json!({"kind": "freeze", "from": "2026-05-31", "to": "2026-06-01"})).await;
    assert_eq!((across.status, across.code().as_str()), (409, "freeze_overlaps"));
    assert_eq!(place(&ada, freeze("2026-05-31")).await.status, 201);
    assert_eq!(place(&ada, freeze("2026-05-29")).await.code(), "no_freezes_left");
    assert_eq!(place(&ada, freeze("2026-07-01")).await.status, 201, "the next month brings its own");
}

#[tokio::test]
async fn two_requests_at_once_cannot_both_take_the_last_one() {
    let ada = Person::new().await;
    place(&ada, freeze("2026-06-01")).await;
    let (a, b, c) =
        tokio::join!(place(&ada, freeze("2026-06-02")), place(&ada, freeze("2026-06-03")), place(&ada, freeze("2026-06-04")));
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn a_freeze_may_lie_in_the_past_and_a_skip_may_not() {
    let ada = Person::new().await;
    for (body, refusal) in [
        (freeze("2026-05-10"), "from:date_too_old"),
        (freeze("2026-07-12"), "to:date_too_far"),
        (json!({"kind": "skip", "from": "2026-06-09"}), "from:date_too_old"),
        (json!({"kind": "skip", "from": "2026-06-11", "to": "2027-06-12"}), "to:date_too_far"),
        (json!({"kind": "skip", "from": "2026-06-12", "to": "2026-06-11"}), "from:from_after_to"),
        (json!({"kind": "pause", "from": "2026-06-12"}), "kind:not_allowed"),
    ] {
        let answer = place(&ada, body.clone()).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{body}");
    }
    assert_eq!(place(&ada, json!({"kind": "skip", "from": "2026-06-10", "to": "2026-08-31"})).await.status, 201);
}

#[tokio::test]
async fn a_skip_that_is_ended_keeps_the_days_that_have_been() {
    let ada = Person::new().await;
    let skip = place(&ada, json!({"kind": "skip", "from": "2026-06-11", "to": "2026-06-20"})).await.json();
    let path = format!("/rise/freezes/{}", skip["id"]);
    let at = |now: &'static str| {
        let (ada, path) = (ada.clone(), path.clone());
        async move { App::native(&FUNCTION).at(now).delete(&path).by(&ada).send().await }
    };
    let ended = at("2026-06-14T10:00:00Z").await;
    assert_eq!((ended.status, &ended.json()["to"]), (200, &json!("2026-06-13")));
    let again = at("2026-06-14T11:00:00Z").await;
    assert_eq!((again.status, again.code().as_str()), (409, "skip_is_over"));

    let freeze = place(&ada, freeze("2026-06-01")).await.json();
    let app = App::native(&FUNCTION).at(NOON);
    let path = format!("/rise/freezes/{}", freeze["id"]);
    assert_eq!(app.delete(&path).by(&Person::new().await).send().await.status, 404, "somebody else's is not there");
    let removed = app.delete(&path).by(&ada).send().await;
    assert_eq!((removed.status, removed.body.len()), (204, 0), "{removed:?}");
    assert_eq!(app.delete(&path).by(&ada).send().await.status, 404);
}

#[tokio::test]
async fn the_list_comes_latest_day_first_in_pages() {
    let ada = Person::new().await;
    place(&ada, freeze("2026-06-01")).await;
    place(&ada, json!({"kind": "skip", "from": "2026-06-15", "to": "2026-06-16"})).await;
    place(&ada, freeze("2026-06-05")).await;
    let app = App::native(&FUNCTION);
    let first = app.get("/rise/freezes?limit=2").by(&ada).send().await.json();
    let from = |page: &Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|freeze| freeze["from"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(from(&first), ["2026-06-15", "2026-06-05"]);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = app.get(&format!("/rise/freezes?limit=2&cursor={cursor}")).by(&ada).send().await.json();
    assert_eq!((from(&second), &second["next_cursor"]), (vec!["2026-06-01".to_owned()], &Value::Null));
}
