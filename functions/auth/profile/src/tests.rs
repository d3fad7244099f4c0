use serde_json::{Value, json};
use testing::{Answer, App, Person};

use super::FUNCTION;

async fn change(person: &Person, body: Value) -> Answer {
    App::native(&FUNCTION).put("/auth/profile").by(person).json(body).send().await
}

#[tokio::test]
async fn what_is_given_changes_and_the_rest_stays() {
    let ada = Person::new().await;
    let all = json!({"name": "Ada", "phone": "+33 1 23 45 67 89", "country": "fr", "locale": "en", "time_zone": "Asia/Tokyo"});
    let answer = change(&ada, all).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"2\"")), "{answer:?}");
    let user = answer.json();
    assert_eq!((&user["country"], &user["locale"], &user["time_zone"]), (&json!("FR"), &json!("en"), &json!("Asia/Tokyo")));
    let user = change(&ada, json!({"phone": ""})).await.json();
    assert_eq!((&user["name"], &user["phone"], &user["email"]), (&json!("Ada"), &Value::Null, &json!(ada.email)));
}

#[tokio::test]
async fn a_change_to_a_version_that_has_passed_is_refused() {
    let ada = Person::new().await;
    let at = |tag: &'static str, name: &'static str| {
        let call = App::native(&FUNCTION).put("/auth/profile").by(&ada).header("if-match", tag);
        call.json(json!({"name": name})).send()
    };
    assert_eq!(at("\"1\"", "Ada").await.header("etag"), Some("\"2\""));
    let late = at("\"1\"", "Eve").await;
    assert_eq!((late.status, late.code().as_str()), (412, "precondition_failed"));
    // As `GET /auth/me` has it, which covers more than the row.
    assert_eq!(at("\"2-0123456789abcdef\"", "Ada Lovelace").await.json()["name"], "Ada Lovelace");
}

#[tokio::test]
async fn nobody_raises_their_own_rights() {
    let ada = Person::new().await;
    for (field, value) in [
        ("role", json!("admin")),
        ("tier", json!("PREMIUM")),
        ("email", json!("other@example.org")),
        ("is_banned", json!(false)),
        ("email_verified", json!(true)),
        ("login_count", json!(0)),
    ] {
        let answer = change(&ada, json!({"name": "Ada", field: value})).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![format!("{field}:unknown_field")]));
    }
    let stored = testing::database().await.query_one("select role || tier from users where id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(stored.get::<_, &str>(0), "userFREE");
}

#[tokio::test]
async fn what_a_profile_cannot_be_is_named() {
    let ada = Person::new().await;
    for (body, refused) in [
        (json!({}), ":nothing_to_change"),
        (json!({"name": " "}), "name:blank"),
        (json!({"name": null}), "name:not_nullable"),
        (json!({"phone": "appelez-moi"}), "phone:not_allowed"),
        (json!({"country": "F1"}), "country:not_allowed"),
        (json!({"locale": "de"}), "locale:not_allowed"),
        (json!({"time_zone": "Europe/Nulle_Part"}), "time_zone:bad_time_zone"),
    ] {
        let answer = change(&ada, body).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refused.to_owned()]), "{answer:?}");
    }
}
