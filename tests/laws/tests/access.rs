//! Who may call what.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use laws::subjects;
use testing::{App, Person};

/// Open to anyone. Reviewed: this list should only ever shrink.
const PUBLIC: &[&str] = &[
    "aube-diagnostic.list_diagnostic_questions",
    "auth-login.sign_in",
    "auth-password-reset.request_password_reset",
    "auth-password-reset.reset_password",
    "auth-refresh.refresh_tokens",
    "auth-register.sign_up",
    "auth-verify-email.verify_email",
    "operations-admin.show_sign_in",
    "operations-admin.sign_in_to_admin",
    "operations-health.get_health",
    "operations-openapi.get_openapi",
    "providers-connect.finish_authorization",
    "wellness-emotion-scans.list_emotions",
];

#[test]
fn the_public_endpoints_are_those_that_were_reviewed() {
    let public: Vec<String> = subjects().iter().filter(|subject| subject.is_public()).map(|subject| subject.name()).collect();
    assert_eq!(public, PUBLIC, "a public endpoint needs a review: then change this list");
}

#[tokio::test]
async fn without_credentials_nothing_but_the_public_endpoints_answers() {
    let app = App::edge();
    for subject in subjects().iter().filter(|subject| !subject.is_public()) {
        let answer = subject.call(&app, "00000000-0000-4000-8000-000000000000").send().await;
        // An outside service is told about its link or signature, a person about the token.
        assert_eq!(answer.status, 401, "{}: {answer:?}", subject.name());
        assert!(subject.is_signed() || answer.code() == "unauthenticated", "{}: {answer:?}", subject.name());
    }
}

#[tokio::test]
async fn a_forged_expired_or_unsigned_token_opens_nothing() {
    let app = App::edge();
    let ada = Person::new().await;
    let now = testing::now();
    let good = ada.token(now);
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let none = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    let kid = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","kid":"../../dev/null"}"#);
    let admin = BASE64_URL_SAFE_NO_PAD
        .encode(String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap().replace("\"user\"", "\"admin\""));
    let hour = std::time::Duration::from_secs(3600);
    let tokens = [
        (format!("{none}.{claims}."), "unauthenticated"),
        (format!("{kid}.{claims}.{signature}"), "unauthenticated"),
        (format!("{head}.{admin}.{signature}"), "unauthenticated"),
        (format!("{head}.{claims}."), "unauthenticated"),
        ("\u{e9}".to_owned(), "unauthenticated"),
        ("a".repeat(8000), "unauthenticated"),
        (ada.token(now - hour), "token_expired"),
        (ada.token(now + hour), "unauthenticated"),
    ];
    for subject in subjects().iter().filter(|subject| !subject.is_public() && !subject.is_signed() && !subject.is_page()) {
        for (token, code) in &tokens {
            let answer = subject.call(&app, &ada.id.to_string()).token(token).send().await;
            assert_eq!((answer.status, answer.code().as_str()), (401, *code), "{} with {token:.60}", subject.name());
        }
    }
}

#[tokio::test]
async fn the_cookie_of_a_page_opens_pages_and_nothing_else_does() {
    let app = App::edge();
    let admin = Person::admin().await;
    let (token, page) = (admin.token(testing::now()), admin.page(testing::now()));
    for subject in subjects().iter().filter(|subject| !subject.is_public()) {
        let call = || subject.call(&app, &admin.id.to_string());
        if subject.is_page() {
            assert_eq!((subject.endpoint.method, subject.function.root), ("GET", edge::Root::Admin), "{}", subject.name());
            assert_eq!(call().token(&token).send().await.status, 401, "{}", subject.name());
            assert_ne!(call().page(&page).send().await.status, 401, "{}", subject.name());
        } else if subject.endpoint.operation != "sign_out_of_admin" {
            assert_eq!(call().page(&page).send().await.status, 401, "{}", subject.name());
        }
    }
}

#[tokio::test]
async fn a_revoked_session_and_a_banned_person_are_refused_everywhere() {
    let app = App::edge();
    let owner = testing::database().await;
    for subject in subjects().iter().filter(|subject| !subject.is_public() && !subject.is_signed() && subject.endpoint.sql > 0) {
        let (gone, banned) = (subject.person().await, subject.person().await);
        owner
            .execute("update user_sessions set revoked_at = now(), revoked_because = 'logout' where id = $1", &[&gone.session])
            .await
            .unwrap();
        owner.execute("update users set is_banned = true where id = $1", &[&banned.id]).await.unwrap();
        let welcome = subject.person().await;
        if subject.call(&app, &welcome.id.to_string()).by(&welcome).send().await.status == 422 {
            // The sample does not get as far as the database, for nobody: it tells nothing.
            continue;
        }
        let answer = subject.call(&app, &gone.id.to_string()).by(&gone).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "session_revoked"), "{}", subject.name());
        let answer = subject.call(&app, &banned.id.to_string()).by(&banned).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "banned"), "{}", subject.name());
    }
}

#[tokio::test]
async fn somebody_elses_id_gives_403_or_404() {
    let app = App::edge();
    let ada = Person::new().await;
    for subject in subjects().iter().filter(|subject| !subject.is_public() && !subject.is_signed() && subject.names_a_row()) {
        let eve = subject.person().await;
        let answer = subject.call(&app, &ada.id.to_string()).by(&eve).send().await;
        assert!(matches!(answer.status, 403 | 404), "{}: {answer:?}", subject.name());
    }
}

#[test]
fn nobody_writes_in_somebody_elses_name() {
    for subject in subjects().iter().filter(|subject| subject.is_of_a_person()) {
        assert_eq!(subject.endpoint.method, "GET", "{}", subject.name());
    }
}

#[tokio::test]
async fn what_a_path_says_is_a_persons_an_administrator_may_read() {
    let app = App::edge();
    let (ada, admin) = (Person::new().await, Person::admin().await);
    let profile = "insert into user_profiles (user_id, display_name) values ($1, 'Ada')";
    testing::database().await.execute(profile, &[&ada.id]).await.unwrap();
    let of_people = |subject: &&laws::Subject| subject.endpoint.method == "GET" && subject.endpoint.path.contains("{user_id}");
    for subject in subjects().iter().filter(|subject| subject.is_of_a_person() || of_people(subject)) {
        let answer = subject.call(&app, &ada.id.to_string()).by(&admin).send().await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", subject.name());
        let nobody = subject.call(&app, "00000000-0000-4000-8000-000000000000").by(&admin).send().await;
        assert_eq!(nobody.status, 404, "{}: {nobody:?}", subject.name());
    }
}

#[tokio::test]
async fn whatever_an_administrator_gets_of_somebody_else_is_in_the_audit_log() {
    let app = App::edge();
    let owner = testing::database().await;
    let admin = Person::admin().await;
    let mut seen = 0;
    for subject in subjects().iter().filter(|subject| !subject.is_public() && subject.has_path_parameters()) {
        let ada = Person::new().await;
        let profile = "insert into user_profiles (user_id, display_name) values ($1, 'Ada')";
        owner.execute(profile, &[&ada.id]).await.unwrap();
        let answer = subject.call(&app, &ada.id.to_string()).by(&admin).send().await;
        if answer.status >= 300 {
            continue;
        }
        seen += 1;
        let logged = "select count(*) from audit_logs
                      where user_id = $1 and metadata ->> 'subject' = $2 and request_id = $3";
        let request = answer.header("x-request-id").unwrap();
        let rows = owner.query_one(logged, &[&admin.id, &ada.id.to_string(), &request]).await.unwrap();
        assert!(rows.get::<_, i64>(0) > 0, "{}: nothing in the log", subject.name());
    }
    let due = subjects().iter().filter(|subject| subject.is_of_a_person()).count();
    assert!(seen >= due, "the law reached {seen} endpoints only, of at least {due}");
}
