use edge::auth::{password_digest, random_uuid, sha256_hex};
use edge::{Config, Need};
use serde_json::{Value, json};
use testing::{Answer, App, Person, database};
use tokio::sync::RwLock;

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";
const PASSWORD: &str = "trois petits chats";

/// `verify_first` holds for everybody, so its test runs alone.
static SETTING: RwLock<()> = RwLock::const_new(());

async fn login(email: &str, password: &str) -> Answer {
    login_at(NOON, email, password).await
}

async fn login_at(now: &str, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    App::native(&FUNCTION).at(now).post("/auth/login").header("user-agent", "Firefox").json(body).send().await
}

/// Somebody whose password is [`PASSWORD`].
async fn account() -> Person {
    let config = Config::load([Need::Passwords].into_iter(), |name| std::env::var(name).ok()).unwrap();
    let digest = password_digest(&config.key("PASSWORD_PEPPER"), PASSWORD);
    let person = Person::new().await;
    change(&person, "password_hash = edge.bcrypt_hash($2)", &digest).await;
    person
}

/// An address that no account has.
fn nobody() -> String {
    format!("{}@example.org", random_uuid().unwrap())
}

async fn change(person: &Person, what: &str, value: &str) {
    let update = format!("update users set {what} where id = $1 and $2::text is not null");
    database().await.execute(&update, &[&person.id, &value]).await.unwrap();
}

/// What a caller can see, but for the id of the request.
fn seen(answer: &Answer) -> (u16, Value, Vec<(String, String)>) {
    let mut body = answer.json();
    body.as_object_mut().unwrap().remove("request_id");
    let headers = answer.headers.clone().into_iter().filter(|(name, _)| name != "x-request-id");
    (answer.status, body, headers.collect())
}

fn sql_calls(answer: &Answer) -> Value {
    serde_json::from_str::<Value>(&answer.log[0]).unwrap()["sql"]["calls"].clone()
}

#[tokio::test]
async fn the_right_password_opens_a_session() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    let answer = login(&format!(" {} ", ada.email.to_uppercase()), PASSWORD).await;
    assert_eq!((answer.status, sql_calls(&answer)), (200, json!(1)), "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    assert_eq!((&body["user"]["id"], &body["user"]["login_count"]), (&json!(ada.id), &json!(1)));
    assert_eq!((&body["user"]["last_login_at"], &body["user"]["email_verified"]), (&json!(NOON), &json!(true)));
    let hash = sha256_hex(body["refresh_token"].as_str().unwrap().as_bytes());
    let session = database()
        .await
        .query_one("select user_id::text, device from user_sessions where refresh_hash = $1", &[&hash])
        .await
        .unwrap();
    assert_eq!((session.get::<_, String>(0), session.get::<_, &str>(1)), (ada.id.to_string(), "Firefox"));
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_account_look_alike() {
    let ada = account().await;
    let wrong = login(&ada.email, "trois petits chiens").await;
    let missing = login(&nobody(), "trois petits chiens").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "invalid_credentials"));
    assert_eq!(wrong.header("www-authenticate"), Some("Bearer"));
    assert_eq!(seen(&wrong), seen(&missing));
    assert_eq!((sql_calls(&wrong), sql_calls(&missing)), (json!(1), json!(1)));
}

#[tokio::test]
async fn the_fifth_failure_makes_one_network_wait_for_30_seconds() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    for _ in 0..5 {
        assert_eq!(login(&ada.email, "trois petits chiens").await.status, 401);
    }
    let locked = login(&ada.email, PASSWORD).await;
    assert_eq!((locked.status, locked.code().as_str(), locked.header("retry-after")), (429, "locked", Some("30")));
    let elsewhere = App::native(&FUNCTION)
        .at(NOON)
        .post("/auth/login")
        .header("cf-connecting-ip", "203.0.113.9")
        .json(json!({"email": ada.email, "password": PASSWORD}));
    assert_eq!(elsewhere.send().await.status, 200);
    assert_eq!(login_at("2026-06-01T12:00:29Z", &ada.email, PASSWORD).await.header("retry-after"), Some("1"));
    assert_eq!(login_at("2026-06-01T12:00:31Z", &ada.email, PASSWORD).await.status, 200);
}

#[tokio::test]
async fn only_the_right_password_learns_that_an_account_is_banned_or_inactive() {
    for (column, code) in [("is_banned = true", "banned"), ("is_active = false", "inactive")] {
        let ada = account().await;
        change(&ada, column, "").await;
        let refused = login(&ada.email, PASSWORD).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, code));
        assert_eq!(login(&ada.email, "trois petits chiens").await.code(), "invalid_credentials");
    }
}

#[tokio::test]
async fn where_addresses_are_verified_first_an_unverified_one_does_not_sign_in() {
    let _alone = SETTING.write().await;
    let set = |value: &'static str| async move {
        let update = "update settings set value = $1::text::jsonb where key = 'verify_first'";
        database().await.execute(update, &[&value]).await.unwrap();
    };
    let (ada, bob) = (account().await, account().await);
    change(&ada, "email_verified_at = null", "").await;
    set("true").await;
    let (unverified, verified) = (login(&ada.email, PASSWORD).await, login(&bob.email, PASSWORD).await);
    set("false").await;
    assert_eq!((unverified.status, unverified.code().as_str()), (403, "verify_first"));
    assert_eq!(verified.status, 200);
}

#[tokio::test]
async fn an_imported_password_signs_in_and_is_stored_our_way_from_then_on() {
    let _shared = SETTING.read().await;
    let ada = Person::new().await;
    change(&ada, "password_is_legacy = true, password_hash = replace(edge.bcrypt_hash($2), '$2a$', '$2b$')", "court").await;
    let wrong = login(&ada.email, "trop court").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "invalid_credentials"));
    let first = login(&ada.email, "court").await;
    assert_eq!((first.status, sql_calls(&first)), (200, json!(2)));
    let second = login(&ada.email, "court").await;
    assert_eq!((second.status, sql_calls(&second)), (200, json!(1)));
}

#[tokio::test]
async fn only_an_email_and_a_password_are_taken_and_only_as_json() {
    let app = App::native(&FUNCTION);
    for (body, refusal) in [
        (json!({"email": "a@example.org"}), "password:required"),
        (json!({"email": "a@example.org", "password": ""}), "password:length"),
        (json!({"email": "a@example.org", "password": "x".repeat(257)}), "password:length"),
        (json!({"email": "a", "password": "x"}), "email:bad_email"),
        (json!({"email": "a@example.org", "password": "x", "legacy_password": "x"}), "legacy_password:unknown_field"),
    ] {
        let answer = app.post("/auth/login").json(body).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]));
    }
    let forged = app.post("/auth/login").body("text/plain", br#"{"email": "a@example.org", "password": "x"}"#).send().await;
    assert_eq!((forged.status, forged.code().as_str()), (415, "unsupported_media_type"));
}

#[tokio::test]
async fn no_password_and_no_token_reaches_the_log_or_an_error() {
    let _shared = SETTING.read().await;
    let ada = account().await;
    let entered = login(&ada.email, PASSWORD).await;
    let tokens = entered.json();
    let secrets = [PASSWORD, tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap()];
    let silent = |text: &str| secrets.iter().all(|secret| !text.contains(secret));
    assert_eq!(entered.log.len(), 1);
    assert!(silent(&entered.log[0]));

    change(&ada, "is_banned = true", "").await;
    let without_database = App::native(&FUNCTION).with("SQL_URL", "http://127.0.0.1:9/sql");
    let body = json!({"email": ada.email, "password": PASSWORD});
    let down = without_database.post("/auth/login").json(body).send().await;
    assert_eq!(down.status, 503);
    for answer in [login(&ada.email, PASSWORD).await, login(&nobody(), PASSWORD).await, down] {
        assert!(answer.status >= 400 && silent(&answer.log.concat()), "{answer:?}");
        assert!(silent(&String::from_utf8_lossy(&answer.body)), "{answer:?}");
    }
}
