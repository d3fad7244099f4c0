use serde_json::json;
use testing::{App, Person, database};

use super::FUNCTION;

async fn open_sessions(person: &Person) -> i64 {
    let select = "select count(*) from user_sessions where user_id = $1 and revoked_at is null";
    database().await.query_one(select, &[&person.id]).await.unwrap().get(0)
}

/// The same person on another device.
async fn elsewhere(person: &Person) -> Person {
    let insert = "insert into user_sessions (user_id, refresh_hash, expires_at)
                  values ($1, gen_random_uuid()::text, '2200-01-01') returning id";
    let session = database().await.query_one(insert, &[&person.id]).await.unwrap().get(0);
    Person { session, ..person.clone() }
}

#[tokio::test]
async fn signing_out_ends_this_session_and_its_tokens_at_once() {
    let app = App::native(&FUNCTION);
    let phone = Person::new().await;
    let laptop = elsewhere(&phone).await;
    let out = app.post("/auth/logout").by(&phone).send().await;
    assert_eq!((out.status, out.body.len()), (204, 0), "{out:?}");
    assert_eq!(open_sessions(&phone).await, 1);
    let again = app.post("/auth/logout").by(&phone).send().await;
    assert_eq!((again.status, again.code().as_str()), (401, "session_revoked"));
    assert_eq!(app.post("/auth/logout").by(&laptop).json(json!({})).send().await.status, 204);
    assert_eq!(open_sessions(&phone).await, 0);
}

#[tokio::test]
async fn signing_out_everywhere_ends_all_sessions_of_this_person_only() {
    let app = App::native(&FUNCTION);
    let (ada, bob) = (Person::new().await, Person::new().await);
    let laptop = elsewhere(&ada).await;
    let out = app.post("/auth/logout").by(&ada).json(json!({"everywhere": true})).send().await;
    assert_eq!(out.status, 204);
    assert_eq!((open_sessions(&ada).await, open_sessions(&bob).await), (0, 1));
    assert_eq!(app.post("/auth/logout").by(&laptop).send().await.code(), "session_revoked");
}

#[tokio::test]
async fn who_has_no_token_cannot_sign_anybody_out() {
    let answer = App::native(&FUNCTION).post("/auth/logout").json(json!({"everywhere": true})).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"));
}

#[tokio::test]
async fn anything_but_the_wish_is_refused_and_ends_nothing() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    for (body, refusal) in [
        (json!({"everywhere": null}), "everywhere:not_nullable"),
        (json!({"everywhere": "yes"}), "everywhere:wrong_type"),
        (json!({"session": ada.session}), "session:unknown_field"),
    ] {
        let answer = app.post("/auth/logout").by(&ada).json(body).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]));
    }
    let forged = app.post("/auth/logout").by(&ada).body("text/plain", b"{}").send().await;
    assert_eq!((forged.status, forged.code().as_str()), (415, "unsupported_media_type"));
    assert_eq!(open_sessions(&ada).await, 1);
}
