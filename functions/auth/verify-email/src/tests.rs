use edge::auth::sha256_hex;
use serde_json::json;
use testing::{Answer, App, Person, database, letters_to};

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";

async fn verify(now: &str, token: &str) -> Answer {
    App::native(&FUNCTION).at(now).post("/auth/verify-email").json(json!({"token": token})).send().await
}

/// A token as a letter sent at noon has it.
async fn token(person: &Person, purpose: &str, email: &str) -> String {
    let token = edge::auth::random_uuid().unwrap().to_string();
    let insert = "insert into user_tokens (hash, user_id, purpose, email, email_hash, created_at, expires_at)
                  values ($1, $2, $3, $4, edge.address_hash($4), '2026-06-01T12:00:00Z', '2026-06-02T12:00:00Z')";
    let hash = sha256_hex(token.as_bytes());
    database().await.execute(insert, &[&hash, &person.id, &purpose, &email]).await.unwrap();
    token
}

async fn unverified() -> Person {
    let person = Person::new().await;
    database().await.execute("update users set email_verified_at = null where id = $1", &[&person.id]).await.unwrap();
    person
}

/// The address, and whether it is verified.
async fn address(person: &Person) -> (String, bool) {
    let select = "select email, email_verified_at is not null from users where id = $1";
    let row = database().await.query_one(select, &[&person.id]).await.unwrap();
    (row.get(0), row.get(1))
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

#[tokio::test]
async fn the_link_in_the_letter_verifies_the_address_and_may_be_opened_twice() {
    let ada = unverified().await;
    let token = token(&ada, "email_verification", &ada.email).await;
    let answer = verify(NOON, &token).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer:?}");
    assert_eq!(address(&ada).await, (ada.email.clone(), true));
    assert_eq!(verify(NOON, &token).await.status, 204);
}

#[tokio::test]
async fn a_link_is_good_for_a_day_and_for_the_address_it_went_to() {
    let ada = unverified().await;
    let late = token(&ada, "email_verification", &ada.email).await;
    assert_eq!(refusal(&verify("2026-06-02T12:00:00Z", &late).await), (410, "link_invalid".to_owned()));
    let former = token(&ada, "email_verification", "former@example.org").await;
    assert_eq!(refusal(&verify(NOON, &former).await), (410, "link_invalid".to_owned()));
    let other_purpose = token(&ada, "password_reset", &ada.email).await;
    assert_eq!(refusal(&verify(NOON, &other_purpose).await), (410, "link_invalid".to_owned()));
    assert_eq!(refusal(&verify(NOON, "never made").await), (410, "link_invalid".to_owned()));
    assert_eq!(address(&ada).await, (ada.email.clone(), false));
}

#[tokio::test]
async fn a_change_of_address_takes_effect_and_ends_links_that_went_to_the_old_one() {
    let ada = Person::new().await;
    let new = format!("new.{}", ada.email);
    let reset = token(&ada, "password_reset", &ada.email).await;
    let change = token(&ada, "email_change", &new).await;
    assert_eq!(verify(NOON, &change).await.status, 204);
    assert_eq!(address(&ada).await, (new.clone(), true));
    let spent = "select used_at is not null from user_tokens where hash = $1";
    let row = database().await.query_one(spent, &[&sha256_hex(reset.as_bytes())]).await.unwrap();
    assert!(row.get::<_, bool>(0));
    assert_eq!(letters_to(&new).await[0].subject, "Votre adresse a changé");
    assert_eq!(verify(NOON, &change).await.status, 204, "repeated");
}

#[tokio::test]
async fn an_address_that_was_taken_in_the_meantime_stays_with_its_owner() {
    let (ada, bob) = (Person::new().await, Person::new().await);
    let change = token(&ada, "email_change", &bob.email).await;
    assert_eq!(refusal(&verify(NOON, &change).await), (409, "email_taken".to_owned()));
    assert_eq!(address(&ada).await.0, ada.email);
}

#[tokio::test]
async fn an_erased_account_verifies_nothing() {
    let ada = unverified().await;
    let token = token(&ada, "email_verification", &ada.email).await;
    database().await.execute("update users set deleted_at = edge.now() where id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(refusal(&verify(NOON, &token).await), (410, "link_invalid".to_owned()));
}
