use testing::{App, Person, database};

use super::FUNCTION;

/// A message that was given up.
async fn dead() -> i64 {
    let insert = "with message as (
           insert into outbox (kind, subject, payload, attempts, dead_at, last_error)
           values ('discord', $1, '{\"event\": \"of another release\"}', 8, edge.now(), 'status 500') returning id)
         insert into outbox_deliveries (outbox_id, attempt, outcome, http_status, error)
         select id, 8, 'dead', 500, 'status 500' from message returning outbox_id";
    let subject = edge::auth::random_uuid().unwrap().to_string();
    database().await.query_one(insert, &[&subject]).await.unwrap().get(0)
}

#[tokio::test]
async fn an_admin_sees_what_was_given_up_and_sends_it_once_more() {
    let app = App::native(&FUNCTION);
    let (grace, id) = (Person::admin().await, dead().await);
    let listed = app.get("/outbox?state=dead&limit=100").by(&grace).send().await.json();
    let found = listed["items"].as_array().unwrap().iter().find(|item| item["id"] == id).unwrap().clone();
    assert_eq!((&found["attempts"], &found["last_error"]), (&8.into(), &"status 500".into()));
    assert!(found.get("payload").is_none());
    let whole = app.get(&format!("/outbox/{id}")).by(&grace).send().await.json();
    assert_eq!((&whole["deliveries"][0]["http_status"], &whole["payload"]["event"]), (&500.into(), &"of another release".into()));

    let replayed = app.post(&format!("/outbox/{id}/replay")).by(&grace).send().await;
    assert_eq!((replayed.status, &replayed.json()["state"]), (202, &"waiting".into()), "{replayed:?}");
    let select = "select attempts, dead_at is null, next_attempt_at <= clock_timestamp() from outbox where id = $1";
    let row = database().await.query_one(select, &[&id]).await.unwrap();
    assert!(row.get::<_, i32>(0) < 8 && (row.get(1) || row.get::<_, i32>(0) > 0));
    let audit = "select action from audit_logs where user_id = $1 order by id";
    let rows = database().await.query(audit, &[&grace.id]).await.unwrap();
    let actions: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(actions, ["outbox.read", "outbox.replayed"]);
}

#[tokio::test]
async fn what_was_not_given_up_is_not_sent_again() {
    let app = App::native(&FUNCTION);
    let (grace, id) = (Person::admin().await, dead().await);
    let deliver = "update outbox set dead_at = null, delivered_at = edge.now() where id = $1";
    database().await.execute(deliver, &[&id]).await.unwrap();
    let answer = app.post(&format!("/outbox/{id}/replay")).by(&grace).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "conflict"));
    assert_eq!(app.post("/outbox/9223372036854775807/replay").by(&grace).send().await.status, 404);
    assert_eq!(app.get("/outbox/9223372036854775807").by(&grace).send().await.status, 404);
}

#[tokio::test]
async fn a_message_waits_longer_each_time_never_less_than_it_was_asked_to_and_is_given_up_after_the_eighth() {
    let ada = Person::new().await;
    let mut owner = database().await;
    let settle = owner.transaction().await.unwrap();
    settle.execute("select set_config('oree.uid', $1::text, true)", &[&ada.id.to_string()]).await.unwrap();
    settle.batch_execute("set local role edge_owner").await.unwrap();
    let insert =
        "insert into outbox (user_id, kind, subject, payload, attempts) values ($1, 'discord', $2, '{}', 1) returning id";
    let subject = edge::auth::random_uuid().unwrap().to_string();
    let id: i64 = settle.query_one(insert, &[&ada.id, &subject]).await.unwrap().get(0);
    let mut waits = Vec::new();
    for attempt in 1..=8 {
        let asked = (attempt == 2).then_some(3600_i32);
        let answer = "select edge.outbox_settle($1, 'retry', 429, 'status 429', $2) ->> 'outcome'";
        let outcome: String = settle.query_one(answer, &[&id, &asked]).await.unwrap().get(0);
        assert_eq!(outcome, if attempt < 8 { "retry" } else { "dead" }, "attempt {attempt}");
        let wait =
            "select extract(epoch from next_attempt_at - edge.now())::float8, dead_at is not null from outbox where id = $1";
        let row = settle.query_one(wait, &[&id]).await.unwrap();
        waits.push(row.get::<_, f64>(0));
        assert_eq!(row.get::<_, bool>(1), attempt == 8);
        settle.execute("update outbox set attempts = attempts + 1 where id = $1", &[&id]).await.unwrap();
    }
    for (wait, nominal) in waits.iter().zip([60.0, 3600.0, 540.0, 1620.0, 4860.0, 14_580.0, 43_200.0]) {
        // Give or take a fifth; what the receiver asks for is a floor.
        let least = if nominal == 3600.0 { 3600.0 } else { nominal * 0.8 };
        assert!((least - 1.0..=nominal * 1.2 + 1.0).contains(wait), "{waits:?}");
    }
    let log = "select count(*) from outbox_deliveries where outbox_id = $1";
    assert_eq!(settle.query_one(log, &[&id]).await.unwrap().get::<_, i64>(0), 8, "every attempt is in the log");
    settle.rollback().await.unwrap();
}

#[tokio::test]
async fn nobody_else_looks_into_the_outbox() {
    let app = App::native(&FUNCTION);
    let (ada, id) = (Person::new().await, dead().await);
    for call in [app.get("/outbox"), app.get(&format!("/outbox/{id}")), app.post(&format!("/outbox/{id}/replay"))] {
        let answer = call.by(&ada).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    }
}
