use serde_json::{Value, json};
use testing::{App, Person, database};

use super::FUNCTION;

async fn sessions(app: &App, person: &Person, query: &str) -> Value {
    let answer = app.get(&format!("/account/sessions?{query}")).by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn open_sessions_are_listed_with_device_network_and_last_use() {
    let app = App::native(&FUNCTION);
    let (ada, _bob) = (Person::new().await, Person::new().await);
    let laptop = ada.elsewhere().await;
    let owner = database().await;
    let used = "update user_sessions set device = 'Firefox', ip = '203.0.113.0', created_at = '2026-06-01T12:00:00Z',
                  refreshed_at = '2026-06-02T12:00:00Z' where id = $1";
    owner.execute(used, &[&laptop.session]).await.unwrap();
    for ended in ["revoked_at = edge.now(), revoked_because = 'logout'", "expires_at = edge.now()"] {
        let update = format!("update user_sessions set {ended} where id = $1");
        owner.execute(&update, &[&ada.elsewhere().await.session]).await.unwrap();
    }
    let list = sessions(&app, &ada, "").await;
    let items = list["items"].as_array().unwrap();
    assert_eq!((items.len(), &list["next_cursor"]), (2, &Value::Null));
    assert_eq!((&items[0]["id"], &items[0]["current"]), (&json!(ada.session), &json!(true)));
    assert_eq!(
        items[1],
        json!({
            "id": laptop.session, "device": "Firefox", "ip": "203.0.113.0", "created_at": "2026-06-01T12:00:00Z",
            "last_used_at": "2026-06-02T12:00:00Z", "expires_at": "2200-01-01T00:00:00Z", "current": false,
        })
    );
}

#[tokio::test]
async fn sessions_come_in_pages() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    for _ in 0..4 {
        ada.elsewhere().await;
    }
    let first = sessions(&app, &ada, "limit=3").await;
    let second = sessions(&app, &ada, &format!("limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()).collect::<Vec<_>>();
    let (mut all, last) = (ids(&first), ids(&second));
    assert_eq!((all.len(), last.len(), &second["next_cursor"]), (3, 2, &Value::Null));
    all.extend(last);
    all.sort_by_key(Value::to_string);
    all.dedup();
    assert_eq!(all.len(), 5);
}

#[tokio::test]
async fn an_ended_session_opens_nothing_any_more_and_the_others_stay() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let stolen = ada.elsewhere().await;
    let path = format!("/account/sessions/{}", stolen.session);
    assert_eq!(app.delete(&path).by(&ada).send().await.status, 204);
    let refused = app.get("/account/sessions").by(&stolen).send().await;
    assert_eq!((refused.status, refused.code().as_str()), (401, "session_revoked"));
    assert_eq!(sessions(&app, &ada, "").await["items"].as_array().unwrap().len(), 1);
    assert_eq!(app.delete(&path).by(&ada).send().await.status, 404, "it has ended");
    let logged = "select count(*) from audit_logs where user_id = $1 and action = 'auth.session_revoked'";
    assert_eq!(database().await.query_one(logged, &[&ada.id]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn nobody_ends_somebody_elses_session() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let answer = app.delete(&format!("/account/sessions/{}", ada.session)).by(&eve).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    assert_eq!(sessions(&app, &ada, "").await["items"].as_array().unwrap().len(), 1);
}
