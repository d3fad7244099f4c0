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
async fn nobody_else_looks_into_the_outbox() {
    let app = App::native(&FUNCTION);
    let (ada, id) = (Person::new().await, dead().await);
    for call in [app.get("/outbox"), app.get(&format!("/outbox/{id}")), app.post(&format!("/outbox/{id}/replay"))] {
        let answer = call.by(&ada).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    }
}
