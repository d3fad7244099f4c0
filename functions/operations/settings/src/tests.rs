use serde_json::{Value, json};
use testing::{Answer, App, Person, database};

use super::FUNCTION;

/// A setting of this test's own: the others hold for everybody.
async fn setting(value: &str, is_secret: bool) -> String {
    let key = format!("test.{}", edge::auth::random_uuid().unwrap().simple());
    let insert = "insert into settings (key, value, is_secret) values ($1, $2::text::jsonb, $3)";
    database().await.execute(insert, &[&key, &value, &is_secret]).await.unwrap();
    key
}

async fn change(by: &Person, key: &str, value: Value) -> Answer {
    App::native(&FUNCTION).put(&format!("/settings/{key}")).by(by).json(json!({"value": value})).send().await
}

async fn find(by: &Person, key: &str) -> Value {
    let answer = App::native(&FUNCTION).get("/settings").by(by).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["items"].as_array().unwrap().iter().find(|setting| setting["key"] == key).unwrap().clone()
}

#[tokio::test]
async fn a_changed_value_is_in_effect_at_once_and_its_past_is_kept() {
    let (admin, key) = (Person::admin().await, setting("5", false).await);
    let answer = change(&admin, &key, json!(6)).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"2\"")), "{answer:?}");
    change(&admin, &key, json!(7)).await;
    let effect = database().await;
    assert_eq!(effect.query_one("select edge.setting($1)", &[&key]).await.unwrap().get::<_, Value>(0), json!(7));
    let setting = find(&admin, &key).await;
    assert_eq!((&setting["value"], &setting["updated_by"]), (&json!(7), &json!(admin.id)));
    let past: Vec<_> = setting["history"].as_array().unwrap().iter().map(|past| (&past["version"], &past["value"])).collect();
    assert_eq!(past, [(&json!(3), &json!(7)), (&json!(2), &json!(6))]);
    let logged = "select count(*) from audit_logs where user_id = $1 and action = 'settings.changed' and metadata ->> 'key' = $2";
    assert_eq!(effect.query_one(logged, &[&admin.id, &key]).await.unwrap().get::<_, i64>(0), 2);
}

#[tokio::test]
async fn a_secret_can_be_written_and_never_read() {
    let (admin, key) = (Person::admin().await, setting("\"first secret\"", true).await);
    let answer = change(&admin, &key, json!("second secret")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let shown = [answer.json(), find(&admin, &key).await].map(|setting| setting.to_string()).concat();
    assert!(!shown.contains("secret\"}") && !shown.contains("first") && !shown.contains("second"), "{shown}");
    let stored = "select (select value from settings where key = $1), (select value from settings_history where key = $1)";
    let row = database().await.query_one(stored, &[&key]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (json!("second secret"), None::<Value>));
}

#[tokio::test]
async fn a_value_of_another_type_or_out_of_bounds_is_refused() {
    let admin = Person::admin().await;
    for (key, value) in [
        ("verify_first", json!("yes")),
        ("retention_days", json!(30)),
        ("scenes_per_day", json!({"FREE": -1, "PREMIUM": 200})),
        ("erasure_grace_days", json!(0)),
        ("erasure_grace_days", json!([1])),
        ("bcrypt_cost", json!(9)),
        ("bcrypt_cost", json!(15)),
        ("security_alerts", json!({"login_failed": 10})),
        (
            "security_alerts",
            json!({"login_failed": -1, "networks_locked": 3, "refresh_reused": 5, "people_read": 50, "rights_given": 1}),
        ),
    ] {
        let answer = change(&admin, key, value).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["value:not_allowed".to_owned()]), "{key}");
    }
    let unknown = change(&admin, "never_heard_of", json!(1)).await;
    assert_eq!((unknown.status, unknown.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn an_integer_is_one_however_it_is_written() {
    let (admin, key) = (Person::admin().await, setting("5", false).await);
    let call = App::native(&FUNCTION).put(&format!("/settings/{key}")).by(&admin);
    let answer = call.body("application/json", br#"{"value": 6.0}"#).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let select = "select value::text from settings where key = $1";
    assert_eq!(database().await.query_one(select, &[&key]).await.unwrap().get::<_, String>(0), "6");
}

#[tokio::test]
async fn of_two_changes_to_one_version_the_second_is_refused() {
    let (admin, key) = (Person::admin().await, setting("true", false).await);
    let at = || {
        let call = App::native(&FUNCTION).put(&format!("/settings/{key}")).by(&admin).header("if-match", "\"1\"");
        call.json(json!({"value": false})).send()
    };
    let (first, second) = (at().await, at().await);
    assert_eq!((first.status, second.status, second.code().as_str()), (200, 412, "precondition_failed"));
}

#[tokio::test]
async fn settings_are_for_administrators() {
    let (ada, key) = (Person::new().await, setting("5", false).await);
    for answer in [App::native(&FUNCTION).get("/settings").by(&ada).send().await, change(&ada, &key, json!(6)).await] {
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"));
    }
}
