use edge::auth::random_uuid;
use serde_json::{Value, json};
use testing::{Answer, App, Person, Timing, database, letters_to};

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";
const PASSWORD: &str = "trois petits chats";

async fn ask(now: &str, email: &str) -> Answer {
    App::native(&FUNCTION).at(now).post("/auth/password-reset").json(json!({"email": email})).send().await
}

async fn confirm(now: &str, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    App::native(&FUNCTION).at(now).post("/auth/password-reset/confirm").json(body).send().await
}

fn refusal(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

/// Sessions that are open, and the password hash.
async fn stored(person: &Person) -> (i64, String) {
    let select = "select (select count(*) from user_sessions where user_id = $1 and revoked_at is null), password_hash
                  from users where id = $1";
    let row = database().await.query_one(select, &[&person.id]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn the_link_sets_a_password_once_and_ends_every_session() {
    let ada = Person::new().await;
    let laptop = ada.elsewhere().await;
    let before = stored(&ada).await;
    assert_eq!(ask(NOON, &ada.email.to_uppercase()).await.status, 202);
    let letter = letters_to(&ada.email).await.remove(0);
    assert_eq!(letter.subject, "Choisissez un nouveau mot de passe");
    assert!(letter.text.contains("http://localhost:3000/reset-password#token="));
    let answer = confirm("2026-06-01T12:59:00Z", &letter.token(), PASSWORD).await;
    assert_eq!(answer.status, 204, "{answer:?}");
    let after = stored(&ada).await;
    assert_eq!((before.0, after.0), (2, 0));
    assert_ne!(before.1, after.1);
    let because = "select distinct revoked_because from user_sessions where user_id = $1";
    assert_eq!(database().await.query_one(because, &[&laptop.id]).await.unwrap().get::<_, &str>(0), "password");
    assert_eq!(letters_to(&ada.email).await[1].subject, "Votre mot de passe a changé");
    let again = confirm("2026-06-01T12:59:00Z", &letter.token(), "une autre phrase").await;
    assert_eq!(refusal(&again), (410, "link_invalid".to_owned()));
    assert_eq!(stored(&ada).await, after);
}

#[tokio::test]
async fn two_uses_of_one_link_at_once_set_one_password() {
    let ada = Person::new().await;
    ask(NOON, &ada.email).await;
    let token = letters_to(&ada.email).await[0].token();
    let (a, b) = tokio::join!(confirm(NOON, &token, "une phrase longue"), confirm(NOON, &token, "une autre phrase"));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 410]);
}

#[tokio::test]
async fn a_link_lives_an_hour_and_every_link_ends_with_the_first_use() {
    let ada = Person::new().await;
    for _ in 0..2 {
        ask(NOON, &ada.email).await;
    }
    let letters = letters_to(&ada.email).await;
    let late = confirm("2026-06-01T13:00:00Z", &letters[0].token(), PASSWORD).await;
    assert_eq!(refusal(&late), (410, "link_invalid".to_owned()));
    assert_eq!(confirm(NOON, &letters[0].token(), PASSWORD).await.status, 204);
    assert_eq!(refusal(&confirm(NOON, &letters[1].token(), PASSWORD).await), (410, "link_invalid".to_owned()));
}

#[tokio::test]
async fn a_known_and_an_unknown_address_get_one_answer_by_the_same_work() {
    let ada = Person::new().await;
    let nobody = format!("{}@example.org", random_uuid().unwrap());
    let (known, unknown) = (ask(NOON, &ada.email).await, ask(NOON, &nobody).await);
    let seen = |answer: &Answer| {
        let mut headers = answer.headers.clone();
        headers.remove("x-request-id");
        let log: Value = serde_json::from_str(&answer.log[0]).unwrap();
        (answer.status, answer.body.clone(), headers, log["sql"]["calls"].clone())
    };
    assert_eq!(known.json(), json!({"status": "accepted"}));
    assert_eq!(seen(&known), seen(&unknown));
    assert!(letters_to(&nobody).await.is_empty());
    let owner = database().await;
    let rows = "select count(*), count(user_id) from user_tokens where email_hash = edge.address_hash($1)";
    for (email, opens) in [(&ada.email, 1), (&nobody, 0)] {
        let row = owner.query_one(rows, &[email]).await.unwrap();
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (1, opens), "both leave a row");
    }
}

/// 200 known and 200 unknown addresses in pairs; the answer's own time, without the letter that follows it. The bound is
/// five standard deviations of chance.
#[tokio::test]
async fn the_time_of_the_answer_does_not_tell_whether_the_address_has_an_account() {
    const PAIRS: i32 = 200;
    let tag = random_uuid().unwrap().simple().to_string();
    let insert = "insert into users (email, password_hash)
                  select n || $1 || '@example.org', '$2a$10$YmMxk/RqYuHcrkvNeQ4GKefkPZusfGFRz6Z0QrtoUz9KapS56lJny'
                  from generate_series(1, $2::integer) as n";
    database().await.execute(insert, &[&tag, &PAIRS]).await.unwrap();
    let timed = async |email: String| {
        let answer = ask(NOON, &email).await;
        assert_eq!(answer.status, 202);
        answer.took.as_secs_f64() * 1000.0
    };
    let mut timing = Timing::default();
    for number in 1..=PAIRS {
        let (one, none) = (format!("{number}{tag}@example.org"), format!("{number}x{tag}@example.org"));
        // Who is first alternates, so that neither always meets the warmer cache.
        let (known, unknown) = if number % 2 == 0 {
            let known = timed(one).await;
            (known, timed(none).await)
        } else {
            let unknown = timed(none).await;
            (timed(one).await, unknown)
        };
        timing.add(known, unknown);
    }
    let (known, unknown) = timing.medians();
    println!("reset: known {known:.2} ms, unknown {unknown:.2} ms, longer with chance {:.3}", timing.chance());
    assert!((timing.chance() - 0.5).abs() < 0.15, "known {known:.2} ms, unknown {unknown:.2} ms, {}", timing.chance());
}

#[tokio::test]
async fn the_fourth_request_of_an_hour_looks_the_same_and_sends_nothing() {
    let ada = Person::new().await;
    for _ in 0..4 {
        assert_eq!(ask(NOON, &ada.email).await.json(), json!({"status": "accepted"}));
    }
    assert_eq!(letters_to(&ada.email).await.len(), 3);
    ask("2026-06-01T13:00:01Z", &ada.email).await;
    assert_eq!(letters_to(&ada.email).await.len(), 4);
}

#[tokio::test]
async fn who_goes_on_asking_keeps_no_letter_from_the_owner() {
    let ada = Person::new().await;
    for quarter in 0..12 {
        let (hour, minute) = (12 + quarter / 4, quarter % 4 * 15);
        ask(&format!("2026-06-01T{hour}:{minute:02}:00Z"), &ada.email).await;
    }
    let before = letters_to(&ada.email).await.len();
    ask("2026-06-01T15:01:00Z", &ada.email).await;
    let letters = letters_to(&ada.email).await;
    assert_eq!((before, letters.len()), (9, 10));
    assert_eq!(confirm("2026-06-01T15:02:00Z", &letters[9].token(), PASSWORD).await.status, 204);
}

#[tokio::test]
async fn requests_at_once_send_three_letters_as_well() {
    let ada = Person::new().await;
    let asked = futures::future::join_all((0..12).map(|_| ask(NOON, &ada.email))).await;
    assert!(asked.iter().all(|answer| answer.status == 202));
    assert_eq!(letters_to(&ada.email).await.len(), 3);
}

#[tokio::test]
async fn a_new_password_unlocks_the_account_and_proves_the_address() {
    let ada = Person::new().await;
    let owner = database().await;
    owner.execute("update users set email_verified_at = null where id = $1", &[&ada.id]).await.unwrap();
    let lock = "insert into login_failures (email_hash, ip, failures, locked_until) values (edge.address_hash($1), '*', 30, '2200-01-01')";
    owner.execute(lock, &[&ada.email]).await.unwrap();
    ask(NOON, &ada.email).await;
    confirm(NOON, &letters_to(&ada.email).await[0].token(), PASSWORD).await;
    let select = "select email_verified_at is not null, not exists (
                    select from login_failures where email_hash = edge.address_hash(email)) from users where id = $1";
    let row = owner.query_one(select, &[&ada.id]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (true, true));
}

#[tokio::test]
async fn a_closed_account_gets_a_letter_that_says_so_and_a_password_for_as_long_as_it_can_be_opened_again() {
    let (ada, gone) = (Person::new().await, Person::new().await);
    let close = "update users set deleted_at = $2::text::timestamptz where id = $1";
    database().await.execute(close, &[&ada.id, &"2026-05-20T12:00:00Z"]).await.unwrap();
    database().await.execute(close, &[&gone.id, &"2026-05-02T12:00:00Z"]).await.unwrap();
    let asked = ask(NOON, &ada.email).await;
    assert_eq!((asked.status, &asked.body), (202, &ask(NOON, &gone.email).await.body));
    assert!(letters_to(&gone.email).await.is_empty(), "its grace period is over");
    let letter = letters_to(&ada.email).await.remove(0);
    assert!(letter.text.contains("Votre compte est fermé et sera effacé le 19/06/2026."), "{}", letter.text);
    assert_eq!(confirm(NOON, &letter.token(), PASSWORD).await.status, 204);
    let closed = "select deleted_at is not null from users where id = $1";
    assert!(database().await.query_one(closed, &[&ada.id]).await.unwrap().get::<_, bool>(0), "it stays closed");
}

#[tokio::test]
async fn a_weak_password_spends_no_link() {
    let ada = Person::new().await;
    ask(NOON, &ada.email).await;
    let token = letters_to(&ada.email).await[0].token();
    for (password, refused) in [("neufcarac", "password:length"), ("motdepasse123", "password:weak_password")] {
        let answer = confirm(NOON, &token, password).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refused.to_owned()]));
    }
    let own = confirm(NOON, &token, &ada.email).await;
    assert_eq!((own.status, own.wrong_fields()), (422, vec!["password:weak_password".to_owned()]));
    assert_eq!(confirm(NOON, &token, PASSWORD).await.status, 204);
}

#[tokio::test]
async fn no_token_password_or_address_reaches_the_log() {
    let ada = Person::new().await;
    let asked = ask(NOON, &ada.email).await;
    let token = letters_to(&ada.email).await[0].token();
    let confirmed = confirm(NOON, &token, PASSWORD).await;
    let down = App::native(&FUNCTION).with("SQL_URL", "http://127.0.0.1:9/sql").post("/auth/password-reset/confirm");
    let down = down.json(json!({"token": token, "password": PASSWORD})).send().await;
    assert_eq!(down.status, 503);
    for answer in [asked, confirmed, down] {
        let said = [answer.log.concat(), String::from_utf8_lossy(&answer.body).into_owned()].concat();
        assert!([&token, PASSWORD, &ada.email].iter().all(|secret| !said.contains(*secret)), "{answer:?}");
    }
}
