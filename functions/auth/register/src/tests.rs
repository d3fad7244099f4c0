use edge::auth::{Keys, Role, random_uuid, sha256_hex};
use serde_json::{Value, json};
use testing::{Answer, App, database, letters_to, variable};
use tokio::sync::RwLock;

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";
const PASSWORD: &str = "trois petits chats";

/// `verify_first` holds for everybody, so its test runs alone.
static SETTING: RwLock<()> = RwLock::const_new(());

fn somebody() -> String {
    format!("{}@example.org", random_uuid().unwrap())
}

async fn register(body: Value) -> Answer {
    App::native(&FUNCTION).at(NOON).post("/auth/register").header("user-agent", "Firefox").json(body).send().await
}

async fn accounts(email: &str) -> i64 {
    database().await.query_one("select count(*) from users where lower(email) = lower($1)", &[&email]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_new_account_is_signed_in_at_once() {
    let _shared = SETTING.read().await;
    let email = somebody();
    let answer = register(json!({"email": email.to_uppercase(), "password": PASSWORD, "name": "Ada", "locale": "en"})).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert_eq!((&body["token_type"], &body["expires_in"]), (&json!("Bearer"), &json!(900)));
    let user = &body["user"];
    assert_eq!((&user["email"], &user["name"], &user["locale"]), (&json!(email), &json!("Ada"), &json!("en")));
    assert_eq!((&user["role"], &user["tier"], &user["time_zone"]), (&json!("user"), &json!("FREE"), &json!("Europe/Paris")));
    assert_eq!((&user["email_verified"], &user["login_count"]), (&json!(false), &json!(0)));
    assert_eq!(user["registration_date"], NOON);

    let cookie = answer.header("set-cookie").unwrap().split(['=', ';']).nth(1).unwrap();
    let known = "select user_id::text from sign_in_sources where source = edge.device_source($1)";
    let browser = database().await.query_one(known, &[&sha256_hex(cookie.as_bytes())]).await.unwrap();
    assert_eq!(browser.get::<_, &str>(0), user["id"].as_str().unwrap());

    let keys = Keys::parse(&variable("JWT_KEYS")).unwrap();
    let access = keys.verify(body["access_token"].as_str().unwrap(), NOON.parse().unwrap()).unwrap();
    assert_eq!((access.person.to_string().as_str(), access.role), (user["id"].as_str().unwrap(), Role::User));
    let session = database()
        .await
        .query_one("select user_id::text, refresh_hash, device from user_sessions where id = $1", &[&access.session])
        .await
        .unwrap();
    assert_eq!(session.get::<_, &str>(0), user["id"].as_str().unwrap());
    assert_eq!(session.get::<_, &str>(1), sha256_hex(body["refresh_token"].as_str().unwrap().as_bytes()));
    assert_eq!(session.get::<_, &str>(2), "Firefox");
}

#[tokio::test]
async fn a_new_account_gets_a_letter_that_verifies_its_address() {
    let _shared = SETTING.read().await;
    let email = somebody();
    register(json!({"email": email, "password": PASSWORD, "locale": "en"})).await;
    let letters = letters_to(&email).await;
    assert_eq!((letters.len(), letters[0].subject.as_str()), (1, "Verify your e-mail address"));
    let opens = "select u.email from user_tokens t join users u on u.id = t.user_id where t.hash = $1";
    let row = database().await.query_one(opens, &[&sha256_hex(letters[0].token().as_bytes())]).await.unwrap();
    assert_eq!(row.get::<_, String>(0), email);
}

#[tokio::test]
async fn a_registration_whose_answer_was_lost_is_repeated_under_its_key() {
    let _shared = SETTING.read().await;
    let email = somebody();
    let send = |key: &'static str, password: &'static str, at: &'static str| {
        let body = json!({"email": email, "password": password});
        App::native(&FUNCTION).at(at).post("/auth/register").header("idempotency-key", key).json(body).send()
    };
    let (first, again) = (send("lost", PASSWORD, NOON).await, send("lost", PASSWORD, "2026-06-02T11:59:00Z").await);
    assert_eq!([first.status, again.status], [201, 201], "{again:?}");
    assert_eq!((first.header("idempotency-replayed"), again.header("idempotency-replayed")), (None, Some("true")));
    assert_eq!(first.json()["user"]["id"], again.json()["user"]["id"]);
    assert_ne!(first.json()["refresh_token"], again.json()["refresh_token"], "a session of its own");
    assert_eq!((accounts(&email).await, letters_to(&email).await.len()), (1, 1));
    for (key, password, at) in
        [("lost", "un autre mot de passe", NOON), ("other", PASSWORD, NOON), ("lost", PASSWORD, "2026-06-02T12:00:01Z")]
    {
        let answer = send(key, password, at).await;
        assert_eq!((answer.status, answer.code().as_str()), (409, "email_taken"), "{key} {password} {at}");
    }
}

#[tokio::test]
async fn without_a_mail_provider_an_account_is_opened_all_the_same() {
    let _shared = SETTING.read().await;
    let body = json!({"email": somebody(), "password": PASSWORD});
    let answer = App::native(&FUNCTION).with("MAIL_URL", "").post("/auth/register").json(body).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

#[tokio::test]
async fn without_a_locale_a_new_account_is_french() {
    let _shared = SETTING.read().await;
    let answer = register(json!({"email": somebody(), "password": PASSWORD, "time_zone": "America/Toronto"})).await.json();
    assert_eq!((&answer["user"]["locale"], &answer["user"]["time_zone"]), (&json!("fr"), &json!("America/Toronto")));
}

#[tokio::test]
async fn without_a_locale_a_new_account_speaks_what_the_browser_speaks() {
    let _shared = SETTING.read().await;
    for (asked, locale) in [("en-GB,en;q=0.9,fr;q=0.4", "en"), ("fr-CA", "fr"), ("de-DE,de", "fr"), ("", "fr")] {
        let call = App::native(&FUNCTION).at(NOON).post("/auth/register").header("accept-language", asked);
        let answer = call.json(json!({"email": somebody(), "password": PASSWORD})).send().await;
        assert_eq!(answer.json()["user"]["locale"], locale, "{asked}");
    }
}

#[tokio::test]
async fn no_zone_of_a_browser_stands_in_the_way_of_an_account() {
    let _shared = SETTING.read().await;
    for (zone, taken) in [
        ("CET", "Europe/Brussels"),
        ("EST5EDT", "America/New_York"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("Etc/Unknown", "Europe/Paris"),
        ("Europe/Pari+5", "Europe/Paris"),
        ("Europe/Nulle_Part", "Europe/Paris"),
        ("+05:30", "Europe/Paris"),
        ("", "Europe/Paris"),
    ] {
        let answer = register(json!({"email": somebody(), "password": PASSWORD, "time_zone": zone})).await;
        assert_eq!((answer.status, &answer.json()["user"]["time_zone"]), (201, &json!(taken)), "{zone}");
    }
}

#[tokio::test]
async fn a_taken_address_is_refused_whatever_its_case() {
    let _shared = SETTING.read().await;
    let email = somebody();
    assert_eq!(register(json!({"email": email, "password": PASSWORD})).await.status, 201);
    let again = register(json!({"email": format!(" {}", email.to_uppercase()), "password": "une autre phrase"})).await;
    assert_eq!((again.status, again.code().as_str()), (409, "email_taken"));
    assert_eq!(accounts(&email).await, 1);
}

#[tokio::test]
async fn two_registrations_of_one_address_at_once_make_one_account() {
    let _shared = SETTING.read().await;
    let body = json!({"email": somebody(), "password": PASSWORD});
    let (a, b, c) = tokio::join!(register(body.clone()), register(body.clone()), register(body));
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409]);
}

#[tokio::test]
async fn where_addresses_are_verified_first_a_known_one_cannot_be_told_from_a_new_one() {
    let _alone = SETTING.write().await;
    let set = |value: &'static str| async move {
        let update = "update settings set value = $1::text::jsonb where key = 'verify_first'";
        database().await.execute(update, &[&value]).await.unwrap();
    };
    let email = somebody();
    set("true").await;
    let new = register(json!({"email": email, "password": PASSWORD})).await;
    let known = register(json!({"email": email, "password": "une autre phrase"})).await;
    set("false").await;
    assert_eq!((new.status, new.json()), (202, json!({"status": "verify_first"})));
    assert_eq!((known.status, &known.body), (202, &new.body));
    let headers = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        headers
    };
    assert_eq!(headers(&new), headers(&known));
    assert_eq!(accounts(&email).await, 1);
    let subjects: Vec<_> = letters_to(&email).await.into_iter().map(|letter| letter.subject).collect();
    assert_eq!(subjects, ["Vérifiez votre adresse e-mail", "Vous avez déjà un compte"], "its owner learns that somebody tried");

    // Nor a closed one, whose owner learns how to open it again.
    let email = somebody();
    register(json!({"email": email, "password": PASSWORD})).await;
    database().await.execute("update users set deleted_at = edge.now() where email = $1", &[&email]).await.unwrap();
    set("true").await;
    let closed = register(json!({"email": email, "password": PASSWORD})).await;
    set("false").await;
    assert_eq!((closed.status, &closed.body, headers(&closed)), (202, &new.body, headers(&new)));
    let last = letters_to(&email).await.pop().unwrap();
    assert_eq!(last.subject, "Votre compte est fermé, pas encore effacé");
}

#[tokio::test]
async fn a_password_has_10_to_256_characters_of_any_kind() {
    let _shared = SETTING.read().await;
    for (password, status) in [
        ("neufcarac".to_owned(), 422),
        ("éèàùçôîûëï".to_owned(), 201),
        ("ab".repeat(128), 201),
        (["ab".repeat(128), "c".to_owned()].concat(), 422),
    ] {
        let answer = register(json!({"email": somebody(), "password": password})).await;
        assert_eq!(answer.status, status, "{password}");
        if status == 422 {
            assert_eq!(answer.wrong_fields(), ["password:length"]);
        }
    }
}

#[tokio::test]
async fn a_password_that_anybody_would_guess_is_refused() {
    let local = format!("ada.{}", random_uuid().unwrap().simple());
    let email = format!("{local}@example.org");
    for password in
        ["aaaaaaaaaaaa", "          ", "MotDePasse123", "azertyuiop", "1234567890", &local, &email, &email.to_uppercase()]
    {
        let answer = register(json!({"email": email, "password": password})).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["password:weak_password".to_owned()]), "{password}");
        assert!(String::from_utf8_lossy(&answer.body).contains("Mot de passe trop facile à deviner."));
    }
    assert_eq!(accounts(&email).await, 0);
}

#[tokio::test]
async fn what_an_account_cannot_be_is_named_and_nothing_stored() {
    let email = somebody();
    for (change, refusal) in [
        (json!({"email": "ada"}), "email:bad_email"),
        (json!({"email": null}), "email:not_nullable"),
        (json!({"password": 1_234_567_890}), "password:wrong_type"),
        (json!({"name": " "}), "name:blank"),
        (json!({"name": "x".repeat(101)}), "name:length"),
        (json!({"locale": "de"}), "locale:not_allowed"),
        (json!({"name": "Ada\r\nBcc: eve@example.org"}), "name:control_character"),
        (json!({"name": "\u{200b}\u{2060}"}), "name:blank"),
        (json!({"time_zone": 5}), "time_zone:wrong_type"),
        (json!({"role": "admin"}), "role:unknown_field"),
    ] {
        let mut body = json!({"email": email, "password": PASSWORD});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = register(body).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{answer:?}");
    }
    assert_eq!(accounts(&email).await, 0);
}

#[tokio::test]
async fn a_body_that_is_not_declared_as_json_is_not_read() {
    let email = somebody();
    let body = json!({"email": email, "password": PASSWORD}).to_string();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let answer = App::native(&FUNCTION).post("/auth/register").body(kind, body.as_bytes()).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_media_type"), "{kind}");
    }
    assert_eq!(accounts(&email).await, 0);
}

#[tokio::test]
async fn no_password_and_no_token_reaches_the_log_or_an_error() {
    let _shared = SETTING.read().await;
    let body = json!({"email": somebody(), "password": PASSWORD});
    let created = register(body.clone()).await;
    let tokens = created.json();
    let secrets = [PASSWORD, tokens["access_token"].as_str().unwrap(), tokens["refresh_token"].as_str().unwrap()];
    let silent = |text: &str| secrets.iter().all(|secret| !text.contains(secret));
    assert!(!created.log.is_empty() && silent(&created.log.concat()), "{:?}", created.log);

    let without_database = App::native(&FUNCTION).with("SQL_URL", "http://127.0.0.1:9/sql");
    let down = without_database.post("/auth/register").json(body.clone()).send().await;
    assert_eq!(down.status, 503);
    let misspelt = register(json!({"email": somebody(), "pasword": PASSWORD})).await;
    let nested = register(json!({"email": somebody(), "password": [PASSWORD]})).await;
    for answer in [register(body).await, down, misspelt, nested] {
        assert!(answer.status >= 400 && silent(&answer.log.concat()), "{answer:?}");
        assert!(silent(&String::from_utf8_lossy(&answer.body)), "{answer:?}");
    }
}
