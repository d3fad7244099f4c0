use edge::auth::sha256_hex;
use testing::{App, Person, database, letters_to};

use super::FUNCTION;

async fn unverified(locale: &str) -> Person {
    let person = Person::new().await;
    let update = "update users set email_verified_at = null, locale = $2 where id = $1";
    database().await.execute(update, &[&person.id, &locale]).await.unwrap();
    person
}

#[tokio::test]
async fn the_letter_has_a_link_to_the_front_end_in_the_persons_language() {
    let ada = unverified("en").await;
    let answer = App::native(&FUNCTION).post("/account/verify-email").by(&ada).send().await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let letters = letters_to(&ada.email).await;
    assert_eq!((letters.len(), letters[0].subject.as_str()), (1, "Verify your e-mail address"));
    assert!(letters[0].text.contains("http://localhost:3000/verify-email#token="), "{letters:?}");
    let token = letters[0].token();
    assert_eq!(token.len(), 43, "32 bytes");
    let stored = database().await;
    let is_used = "select user_id = $2 from user_tokens where hash = $1";
    let row = stored.query_one(is_used, &[&sha256_hex(token.as_bytes()), &ada.id]).await.unwrap();
    assert!(row.get::<_, bool>(0));
    assert!(!answer.log.concat().contains(&token) && !answer.log.concat().contains(&ada.email));
}

#[tokio::test]
async fn a_sent_letter_leaves_neither_address_nor_link_behind() {
    let ada = unverified("fr").await;
    App::native(&FUNCTION).post("/account/verify-email").by(&ada).send().await;
    let select = "select payload::text, sealed is null, delivered_at is not null from outbox where user_id = $1";
    let row = database().await.query_one(select, &[&ada.id]).await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get(1), row.get(2)), (r#"{"template": "email_verification"}"#, true, true));
}

#[tokio::test]
async fn the_fourth_letter_of_an_hour_must_wait() {
    let ada = unverified("fr").await;
    let ask = async |now| App::native(&FUNCTION).at(now).post("/account/verify-email").by(&ada).send().await;
    for _ in 0..3 {
        assert_eq!(ask("2026-06-01T12:00:00Z").await.status, 204);
    }
    let refused = ask("2026-06-01T12:30:00Z").await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "enough_letters"));
    assert_eq!(refused.header("retry-after"), Some("3600"));
    assert_eq!(letters_to(&ada.email).await.len(), 3);
    assert_eq!(ask("2026-06-01T14:00:00Z").await.status, 204);
}

#[tokio::test]
async fn a_verified_address_gets_no_letter() {
    let ada = Person::new().await;
    let answer = App::native(&FUNCTION).post("/account/verify-email").by(&ada).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "email_verified"));
    assert!(letters_to(&ada.email).await.is_empty());
}

#[tokio::test]
async fn without_a_mail_provider_it_says_so_and_writes_nothing() {
    let ada = unverified("fr").await;
    let answer = App::native(&FUNCTION).with("MAIL_URL", "").post("/account/verify-email").by(&ada).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "mail_not_configured"));
    let rows = database().await.query_one("select count(*) from user_tokens where user_id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(rows.get::<_, i64>(0), 0);
}

#[tokio::test]
async fn a_busy_provider_gets_the_letter_later() {
    let ada = unverified("fr").await;
    let rule = serde_json::json!({"world": "mail", "id": ada.email, "scenario": "sim:503"});
    let control = format!("{}/control/rules", testing::variable("SIMULATORS_URL"));
    reqwest::Client::new().post(control).json(&rule).send().await.unwrap().error_for_status().unwrap();
    assert_eq!(App::native(&FUNCTION).post("/account/verify-email").by(&ada).send().await.status, 204);
    let select = "select o.sealed ->> 'to', d.outcome, d.http_status, position('@' in o.payload::text)
                  from outbox o join outbox_deliveries d on d.outbox_id = o.id where o.user_id = $1";
    let row = database().await.query_one(select, &[&ada.id]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, &str>(1), row.get(2)), (ada.email.clone(), "retry", Some(503)));
    assert_eq!(row.get::<_, i32>(3), 0, "the payload, which people may see, names nobody");
}
