use edge::auth::random_uuid;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database};

use super::FUNCTION;

const NOON: &str = "2026-06-10T10:00:00Z";

async fn consent(person: &Person, granted: bool) {
    let insert = "insert into consents (user_id, purpose, version, granted) values ($1, 'aube-events', 1, $2)";
    database().await.execute(insert, &[&person.id, &granted]).await.unwrap();
}

async fn send(person: &Person, events: Value) -> Answer {
    App::native(&FUNCTION).at(NOON).post("/aube/events").by(person).json(json!({"events": events})).send().await
}

async fn stored(person: &Person) -> Vec<(String, Value, i32)> {
    let select = "select type, properties, consent_version from exploration_analytics where user_id = $1 order by id";
    let rows = database().await.query(select, &[&person.id]).await.unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

fn event(kind: &str) -> Value {
    json!({"id": random_uuid().unwrap(), "type": kind})
}

fn with(mut event: Value, name: &str, value: Value) -> Value {
    event[name] = value;
    event
}

#[tokio::test]
async fn nothing_is_recorded_without_consent_or_once_it_is_taken_back() {
    let ada = Person::new().await;
    let refused = send(&ada, json!([event("result_opened")])).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "consent_required"));
    consent(&ada, true).await;
    assert_eq!(send(&ada, json!([event("result_opened")])).await.status, 202);
    consent(&ada, false).await;
    assert_eq!(send(&ada, json!([event("result_opened")])).await.status, 403);
    assert_eq!(stored(&ada).await, [("result_opened".to_owned(), json!({}), 1)]);
}

#[tokio::test]
async fn an_event_is_taken_once_however_often_it_is_sent() {
    let ada = Person::new().await;
    consent(&ada, true).await;
    let (one, other) = (event("result_opened"), with(event("match_opened"), "occupation", json!("15-1252.00")));
    let first = send(&ada, json!([one, one, other])).await;
    assert_eq!(first.status, 202, "{first:?}");
    assert_eq!((&first.json()["accepted"], &first.json()["repeated"]), (&json!(2), &json!(1)));
    let second = send(&ada, json!([other, event("page_shared")])).await.json();
    assert_eq!((&second["accepted"], &second["repeated"]), (&json!(1), &json!(1)));
    let kinds: Vec<String> = stored(&ada).await.into_iter().map(|(kind, ..)| kind).collect();
    assert_eq!(kinds, ["result_opened", "match_opened", "page_shared"]);
    let bob = Person::new().await;
    consent(&bob, true).await;
    assert_eq!(send(&bob, json!([one])).await.json()["accepted"], 1, "ids are per person");
}

#[tokio::test]
async fn each_type_has_its_own_members_and_none_holds_an_answer() {
    let ada = Person::new().await;
    consent(&ada, true).await;
    for (event, wrong) in [
        (event("match_opened"), "events.0.occupation:required"),
        (with(event("match_opened"), "occupation", json!("99-9999.99")), "events.0.occupation:not_allowed"),
        (with(event("result_opened"), "occupation", json!("15-1252.00")), "events.0.occupation:not_allowed"),
        (event("filter_used"), "events.0.filter:required"),
        (with(event("filter_used"), "filter", json!("age")), "events.0.filter:not_allowed"),
        (with(event("recommendation_opened"), "recommendation", json!("buy")), "events.0.recommendation:not_allowed"),
        (with(event("questionnaire_left"), "answered", json!(51)), "events.0.answered:range"),
        (with(event("result_opened"), "answer", json!(5)), "events.0.answer:unknown_field"),
        (with(event("result_opened"), "answers", json!([1])), "events.0.answers:unknown_field"),
        (event("question_answered"), "events.0.type:not_allowed"),
        (with(event("result_opened"), "at", json!("2026-06-10T10:06:00Z")), "events.0.at:date_in_future"),
        (with(event("result_opened"), "at", json!("2026-05-11T09:59:59Z")), "events.0.at:date_too_old"),
    ] {
        let answer = send(&ada, json!([event])).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![wrong.to_owned()]), "{event}");
    }
    assert_eq!(send(&ada, json!([])).await.wrong_fields(), ["events:length"]);
    assert_eq!(stored(&ada).await, []);
    let left = with(with(event("questionnaire_left"), "answered", json!(12)), "at", json!("2026-06-09T10:00:00Z"));
    assert_eq!(
        send(&ada, json!([left, with(event("recommendation_opened"), "recommendation", json!("take-again"))])).await.status,
        202
    );
    assert_eq!(stored(&ada).await[0], ("questionnaire_left".to_owned(), json!({"answered": 12}), 1));
}

/// Weeks of these tests lie in a year in which nothing else happens.
#[tokio::test]
async fn administrators_see_shares_of_groups_that_are_large_enough_and_each_week_once() {
    let (mut group, admin) = (Vec::new(), Person::admin().await);
    for place in 0..12 {
        let person = Person::new().await;
        consent(&person, place < 11).await;
        for kind in if place < 5 { vec!["result_opened", "page_shared"] } else { vec!["result_opened"] } {
            let insert = "insert into exploration_analytics (user_id, client_id, type, occurred_at, consent_version, created_at)
                values ($1, gen_random_uuid(), $2, '2031-03-05T10:00:00Z', 1, '2031-03-05T10:00:00Z')";
            database().await.execute(insert, &[&person.id, &kind]).await.unwrap();
        }
        group.push(person);
    }
    let few = "insert into exploration_analytics (user_id, client_id, type, occurred_at, consent_version, created_at)
        select unnest($1::uuid[]), gen_random_uuid(), 'result_opened', '2031-03-12T10:00:00Z', 1, '2031-03-12T10:00:00Z'";
    let ids: Vec<_> = group.iter().take(4).map(|person| person.id).collect();
    database().await.execute(few, &[&ids]).await.unwrap();

    let app = App::native(&FUNCTION).at("2031-03-20T10:00:00Z");
    let weeks = app.get("/aube/events/weeks").by(&admin).send().await;
    assert_eq!(weeks.status, 200, "{weeks:?}");
    let weeks = weeks.json();
    let of = |weeks: &Value, week: &str, kind: &str| {
        let found = weeks["items"].as_array().unwrap().iter().find(|item| item["week"] == week && item["type"] == kind);
        found.map(|item| (item["people"].clone(), item["share"].clone()))
    };
    assert_eq!(of(&weeks, "2031-03-03", "result_opened"), Some((json!(10), json!(0.75))), "eleven agree: {weeks}");
    assert_eq!(of(&weeks, "2031-03-03", "page_shared"), Some((json!(10), json!(0.25))));
    assert_eq!(of(&weeks, "2031-03-10", "result_opened"), Some((Value::Null, Value::Null)), "four people are too few");
    assert_eq!(of(&weeks, "2031-03-17", "result_opened"), None, "it is not over");
    consent(&group[0], false).await;
    let again = app.get("/aube/events/weeks").by(&admin).send().await.json();
    assert_eq!(of(&again, "2031-03-03", "result_opened"), of(&weeks, "2031-03-03", "result_opened"), "a week is kept as it was");
    assert_eq!(app.get("/aube/events/weeks").by(&group[1]).send().await.status, 403);
    let read: i64 = database()
        .await
        .query_one("select count(*) from audit_logs where user_id = $1 and action = 'aube.aggregates_read'", &[&admin.id])
        .await
        .unwrap()
        .get(0);
    assert_eq!(read, 2);
}
