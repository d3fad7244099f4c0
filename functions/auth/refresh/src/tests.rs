use edge::auth::{Keys, Role, random_uuid, sha256_hex};
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, variable};

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";

/// Somebody who signed in at noon, and the refresh token of that session.
async fn signed_in() -> (Person, String) {
    let person = Person::new().await;
    let token = random_uuid().unwrap().simple().to_string();
    let update = "update user_sessions set refresh_hash = $2, created_at = $3::text::timestamptz,
                    expires_at = $3::text::timestamptz + interval '30 days' where id = $1";
    let hash = sha256_hex(token.as_bytes());
    database().await.execute(update, &[&person.session, &hash, &NOON]).await.unwrap();
    (person, token)
}

async fn refresh(now: &str, token: &str) -> Answer {
    let body = json!({"refresh_token": token});
    App::native(&FUNCTION).at(now).post("/auth/refresh").header("user-agent", "Firefox").json(body).send().await
}

fn successor(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["refresh_token"].as_str().unwrap().to_owned()
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

async fn revoked_because(person: &Person) -> Option<String> {
    let select = "select revoked_because from user_sessions where id = $1";
    database().await.query_one(select, &[&person.session]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_new_tokens_of_the_same_session() {
    let (ada, first) = signed_in().await;
    database().await.execute("update users set role = 'manager' where id = $1", &[&ada.id]).await.unwrap();
    let answer = refresh("2026-06-01T12:14:00Z", &first).await;
    let second = successor(&answer);
    assert_ne!(first, second);
    let body = answer.json();
    assert_eq!((&body["user"]["id"], &body["token_type"], &body["expires_in"]), (&json!(ada.id), &json!("Bearer"), &json!(900)));
    let keys = Keys::parse(&variable("JWT_KEYS")).unwrap();
    let access = keys.verify(body["access_token"].as_str().unwrap(), "2026-06-01T12:28:00Z".parse().unwrap()).unwrap();
    assert_eq!((access.person, access.session), (ada.id, ada.session));
    assert_eq!(access.role, Role::Manager, "the role of this moment");

    let select = "select refresh_hash, device, expires_at::text from user_sessions where id = $1";
    let session = database().await.query_one(select, &[&ada.session]).await.unwrap();
    assert_eq!((session.get::<_, &str>(0), session.get::<_, &str>(1)), (sha256_hex(second.as_bytes()).as_str(), "Firefox"));
    assert!(session.get::<_, &str>(2).starts_with("2026-07-01 12:14:00"), "the end moves along");
    assert_eq!(refresh("2026-06-20T12:00:00Z", &second).await.status, 200);
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_both_stay_signed_in() {
    let (_, first) = signed_in().await;
    let (a, b, c) = tokio::join!(refresh(NOON, &first), refresh(NOON, &first), refresh(NOON, &first));
    let second = successor(&a);
    assert_eq!((&second, &second), (&successor(&b), &successor(&c)));
    let (a, b) = tokio::join!(refresh("2026-06-01T12:15:00Z", &second), refresh("2026-06-01T12:15:01Z", &second));
    assert_eq!(successor(&a), successor(&b));
    assert_eq!(refresh("2026-06-01T12:30:00Z", &successor(&a)).await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_may_be_asked_for_again_within_30_seconds() {
    let (_, first) = signed_in().await;
    let lost = successor(&refresh(NOON, &first).await);
    assert_eq!(successor(&refresh("2026-06-01T12:00:30Z", &first).await), lost);
    assert_eq!(refresh("2026-06-01T12:10:00Z", &lost).await.status, 200);
}

#[tokio::test]
async fn a_lost_answer_may_be_asked_for_again_for_as_long_as_it_was_never_used() {
    let (ada, first) = signed_in().await;
    let lost = successor(&refresh(NOON, &first).await);
    for late in ["2026-06-01T12:00:40Z", "2026-06-03T12:00:00Z"] {
        assert_eq!(successor(&refresh(late, &first).await), lost, "{late}");
    }
    assert_eq!(refresh("2026-06-03T12:01:00Z", &lost).await.status, 200);
    // From here on the first has a successor that was used.
    assert_eq!(refusal(&refresh("2026-06-03T12:02:00Z", &first).await), (401, "refresh_reused".to_owned()));
    assert_eq!(revoked_because(&ada).await.as_deref(), Some("reuse"));
}

#[tokio::test]
async fn a_lost_answer_that_is_asked_for_late_while_the_key_changes_harms_nobody() {
    let (ada, first) = signed_in().await;
    let second = successor(&refresh(NOON, &first).await);
    let rotated = format!("k2:{}=,{}", "A".repeat(43), variable("JWT_KEYS"));
    let app = App::native(&FUNCTION).with("JWT_KEYS", &rotated).at("2026-06-01T12:10:00Z");
    let again = app.post("/auth/refresh").json(json!({"refresh_token": first})).send().await;
    assert_eq!(refusal(&again), (401, "refresh_invalid".to_owned()));
    assert_eq!(revoked_because(&ada).await, None);
    assert_eq!(refresh("2026-06-01T12:15:00Z", &second).await.status, 200);
}

#[tokio::test]
async fn a_tab_that_lags_two_refreshes_behind_disturbs_nobody() {
    let (_, first) = signed_in().await;
    let second = successor(&refresh(NOON, &first).await);
    let third = successor(&refresh("2026-06-01T12:00:10Z", &second).await);
    assert_eq!(successor(&refresh("2026-06-01T12:00:20Z", &first).await), third, "one that is good");
    assert_eq!(successor(&refresh("2026-06-01T12:00:25Z", &second).await), third);
    let (a, b) = tokio::join!(refresh("2026-06-01T12:15:00Z", &third), refresh("2026-06-01T12:15:00Z", &third));
    assert_eq!(successor(&a), successor(&b));
}

#[tokio::test]
async fn a_tab_that_lags_further_behind_is_refused_and_harms_nobody() {
    let (ada, first) = signed_in().await;
    let mut newest = first.clone();
    for second in 0..9 {
        newest = successor(&refresh(&format!("2026-06-01T12:00:0{second}Z"), &newest).await);
    }
    assert_eq!(refusal(&refresh("2026-06-01T12:00:20Z", &first).await), (401, "refresh_invalid".to_owned()));
    assert_eq!(revoked_because(&ada).await, None);
    assert_eq!(refresh("2026-06-01T12:15:00Z", &newest).await.status, 200);
}

#[tokio::test]
async fn a_tab_that_asks_again_while_the_key_changes_harms_nobody() {
    let (ada, first) = signed_in().await;
    let second = successor(&refresh(NOON, &first).await);
    let rotated = format!("k2:{}=,{}", "A".repeat(43), variable("JWT_KEYS"));
    let app = App::native(&FUNCTION).with("JWT_KEYS", &rotated).at("2026-06-01T12:00:10Z");
    let again = app.post("/auth/refresh").json(json!({"refresh_token": first})).send().await;
    assert_eq!(refusal(&again), (401, "refresh_invalid".to_owned()));
    assert_eq!(revoked_because(&ada).await, None);
    assert_eq!(refresh("2026-06-01T12:15:00Z", &second).await.status, 200);
}

#[tokio::test]
async fn a_token_that_returns_later_ends_the_session_for_everybody() {
    let (ada, first) = signed_in().await;
    let second = successor(&refresh(NOON, &first).await);
    let second = successor(&refresh("2026-06-01T12:00:10Z", &second).await);
    let stolen = refresh("2026-06-01T12:00:31Z", &first).await;
    assert_eq!(refusal(&stolen), (401, "refresh_reused".to_owned()));
    assert_eq!(stolen.header("www-authenticate"), Some("Bearer"));
    assert_eq!(revoked_because(&ada).await.as_deref(), Some("reuse"));
    assert_eq!(refusal(&refresh("2026-06-01T12:01:00Z", &second).await), (401, "session_revoked".to_owned()));
    assert_eq!(refusal(&refresh("2026-06-01T12:01:00Z", &first).await), (401, "session_revoked".to_owned()));
    let logged = "select count(*) from audit_logs where user_id = $1 and action = 'auth.refresh_reused'";
    assert_eq!(database().await.query_one(logged, &[&ada.id]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn a_successor_cannot_be_had_without_the_key() {
    let (_, first) = signed_in().await;
    let second = successor(&refresh(NOON, &first).await);
    let foreign = format!("k1:{}=", "A".repeat(43));
    let guessed = Keys::parse(&foreign).unwrap().successor(&first);
    assert_ne!(guessed.text(), second);
    assert_eq!(refusal(&refresh(NOON, guessed.text()).await), (401, "refresh_invalid".to_owned()));
}

#[tokio::test]
async fn a_changed_key_signs_nobody_out() {
    let (_, first) = signed_in().await;
    let second = successor(&refresh(NOON, &first).await);
    let rotated = format!("k2:{}=,{}", "A".repeat(43), variable("JWT_KEYS"));
    let app = App::native(&FUNCTION).with("JWT_KEYS", &rotated).at("2026-06-01T12:10:00Z");
    let third = app.post("/auth/refresh").json(json!({"refresh_token": second})).send().await;
    assert_eq!(successor(&third), Keys::parse(&rotated).unwrap().successor(&second).text());
}

#[tokio::test]
async fn a_session_ends_after_30_unused_days_and_after_180_days_in_any_case() {
    let (_, unused) = signed_in().await;
    assert_eq!(refusal(&refresh("2026-07-01T12:00:00Z", &unused).await), (401, "refresh_expired".to_owned()));

    let (_, mut token) = signed_in().await;
    for day in ["2026-06-30", "2026-07-29", "2026-08-27", "2026-09-25", "2026-10-24", "2026-11-22"] {
        token = successor(&refresh(&format!("{day}T12:00:00Z"), &token).await);
    }
    assert_eq!(refusal(&refresh("2026-11-28T12:00:00Z", &token).await), (401, "refresh_expired".to_owned()));
}

#[tokio::test]
async fn who_may_no_longer_act_gets_no_tokens() {
    for (change, status, code) in [
        ("update users set is_banned = true where id = $1", 403, "banned"),
        ("update users set is_active = false where id = $1", 401, "session_revoked"),
        ("update users set deleted_at = edge.now() where id = $1", 401, "session_revoked"),
        (
            "update user_sessions set revoked_at = edge.now(), revoked_because = 'logout' where user_id = $1",
            401,
            "session_revoked",
        ),
    ] {
        let (ada, token) = signed_in().await;
        database().await.execute(change, &[&ada.id]).await.unwrap();
        assert_eq!(refusal(&refresh(NOON, &token).await), (status, code.to_owned()), "{change}");
    }
}

#[tokio::test]
async fn a_browser_that_brings_its_cookie_to_a_refresh_is_known() {
    let (ada, first) = signed_in().await;
    let known = async || {
        let select = "select source from sign_in_sources where user_id = $1";
        let rows = database().await.query(select, &[&ada.id]).await.unwrap();
        rows.into_iter().map(|row| row.get(0)).collect::<Vec<String>>()
    };
    let refreshed = refresh(NOON, &first).await;
    let cookie = refreshed.header("set-cookie").unwrap().split("; ").next().unwrap();
    assert_eq!(known().await, Vec::<String>::new(), "whether it keeps cookies is not known yet");
    let body = json!({"refresh_token": successor(&refreshed)});
    let app = App::native(&FUNCTION).at("2026-06-01T12:15:00Z");
    let again = app.post("/auth/refresh").header("cookie", cookie).json(body).send().await;
    assert!(again.header("set-cookie").unwrap().starts_with(cookie), "{again:?}");
    let hash = sha256_hex(cookie.split_once('=').unwrap().1.as_bytes());
    assert_eq!(known().await, [format!("device {}", &hash[..32])]);
    let refused = refresh("2026-06-01T13:00:00Z", &first).await;
    assert_eq!((refused.status, refused.header("set-cookie")), (401, None));
}

#[tokio::test]
async fn only_a_refresh_token_is_taken_and_only_as_json() {
    let app = App::native(&FUNCTION);
    for (body, refused) in [
        (json!({}), "refresh_token:required"),
        (json!({"refresh_token": ""}), "refresh_token:length"),
        (json!({"refresh_token": "x".repeat(129)}), "refresh_token:length"),
        (json!({"refresh_token": "x", "device": "y"}), "device:unknown_field"),
    ] {
        let answer = app.post("/auth/refresh").json(body).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refused.to_owned()]));
    }
    let forged = app.post("/auth/refresh").body("text/plain", br#"{"refresh_token": "x"}"#).send().await;
    assert_eq!(refusal(&forged), (415, "unsupported_media_type".to_owned()));
    let (ada, _) = signed_in().await;
    let access = refresh(NOON, &ada.token(NOON.parse().unwrap())).await;
    assert_eq!(access.status, 422, "an access token is longer than any refresh token");
}

#[tokio::test]
async fn no_token_reaches_the_log_or_an_error() {
    let (ada, first) = signed_in().await;
    let answer = refresh(NOON, &first).await;
    let (second, access) = (successor(&answer), answer.json()["access_token"].as_str().unwrap().to_owned());
    let hashes = [sha256_hex(first.as_bytes()), sha256_hex(second.as_bytes())];
    let silent = |text: &str| [&first, &second, &access, &hashes[0], &hashes[1]].iter().all(|secret| !text.contains(*secret));
    assert_eq!(answer.log.len(), 1);
    assert!(silent(&answer.log[0]));
    assert_eq!(serde_json::from_str::<Value>(&answer.log[0]).unwrap()["sql"]["calls"], 1);

    let down = App::native(&FUNCTION).with("SQL_URL", "http://127.0.0.1:9/sql").post("/auth/refresh");
    let down = down.json(json!({"refresh_token": second})).send().await;
    assert_eq!(down.status, 503);
    assert_eq!(refresh("2026-06-01T12:30:00Z", &second).await.status, 200);
    let stolen = refresh("2026-06-01T13:00:00Z", &first).await;
    let revoked = refresh("2026-06-01T13:00:00Z", &second).await;
    for answer in [down, stolen, revoked] {
        assert!(answer.status >= 400 && silent(&answer.log.concat()), "{answer:?}");
        assert!(silent(&String::from_utf8_lossy(&answer.body)), "{answer:?}");
    }
    assert_eq!(revoked_because(&ada).await.as_deref(), Some("reuse"));
}
