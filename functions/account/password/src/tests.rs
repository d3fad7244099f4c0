use serde_json::json;
use testing::{Answer, App, Person, database, letters_to};

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";
const OLD: &str = "trois petits chats";
const NEW: &str = "quatre grands chiens";

async fn ada() -> Person {
    let ada = Person::new().await;
    ada.set_password(OLD).await;
    ada
}

async fn change(person: &Person, current: &str, new: &str) -> Answer {
    let body = json!({"current": current, "new": new});
    App::native(&FUNCTION).at(NOON).put("/account/password").by(person).json(body).send().await
}

#[tokio::test]
async fn the_password_changes_and_the_other_sessions_end() {
    let ada = ada().await;
    let laptop = ada.elsewhere().await;
    let answer = change(&ada, OLD, NEW).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0), "{answer:?}");
    let out = change(&laptop, NEW, OLD).await;
    assert_eq!((out.status, out.code().as_str()), (401, "session_revoked"));
    assert_eq!(change(&ada, OLD, NEW).await.code(), "wrong_password", "it is not the password any more");
    assert_eq!(change(&ada, NEW, OLD).await.status, 204, "this session stays");
    assert_eq!(letters_to(&ada.email).await[0].subject, "Votre mot de passe a changé");
}

#[tokio::test]
async fn a_wrong_password_changes_nothing_and_the_fifth_makes_wait() {
    let ada = ada().await;
    let wrong = change(&ada, "trois petits chiens", NEW).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (403, "wrong_password"));
    for _ in 0..4 {
        change(&ada, "trois petits chiens", NEW).await;
    }
    let locked = change(&ada, OLD, NEW).await;
    assert_eq!((locked.status, locked.code().as_str(), locked.header("retry-after")), (429, "locked", Some("30")));
    assert!(letters_to(&ada.email).await.is_empty());
}

#[tokio::test]
async fn links_that_were_sent_before_open_nothing_after() {
    let ada = ada().await;
    let owner = database().await;
    let insert = "insert into user_tokens (hash, user_id, purpose, email, email_hash, expires_at)
                  values (replace($1, '-', ''), $2, 'password_reset', $3, edge.address_hash($3), '2200-01-01')";
    owner.execute(insert, &[&ada.id.to_string(), &ada.id, &ada.email]).await.unwrap();
    assert_eq!(change(&ada, OLD, NEW).await.status, 204);
    let spent = "select used_at is not null from user_tokens where user_id = $1";
    assert!(owner.query_one(spent, &[&ada.id]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test]
async fn a_new_password_is_held_to_the_same_rules_as_a_first_one() {
    let ada = ada().await;
    for (new, refused) in [("neufcarac", "new:length"), ("motdepasse123", "new:weak_password")] {
        let answer = change(&ada, OLD, new).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refused.to_owned()]));
    }
}

#[tokio::test]
async fn ones_own_address_is_no_password() {
    let ada = ada().await;
    for new in [ada.email.to_uppercase(), ada.email.split('@').next().unwrap().to_owned()] {
        let answer = change(&ada, OLD, &new).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["new:weak_password".to_owned()]), "{new}");
    }
}

#[tokio::test]
async fn guesses_from_elsewhere_keep_nobody_who_is_signed_in_from_changing_their_password() {
    let ada = ada().await;
    let lock = "insert into login_failures (email_hash, ip, failures, locked_until) values (edge.address_hash($1), '*', 30, '2200-01-01')";
    database().await.execute(lock, &[&ada.email]).await.unwrap();
    let thief = ada.elsewhere().await;
    for _ in 0..6 {
        change(&thief, "trois petits chiens", NEW).await;
    }
    assert_eq!(change(&thief, OLD, NEW).await.code(), "locked");
    assert_eq!(change(&ada, OLD, NEW).await.status, 204);
}

#[tokio::test]
async fn guesses_at_once_are_counted_one_after_the_other() {
    let ada = ada().await;
    let app = App::native(&FUNCTION).at(NOON);
    let guess = || {
        let body = json!({"current": "trois petits chiens", "new": NEW});
        app.put("/account/password").header("cf-connecting-ip", "203.0.113.9").by(&ada).json(body).send()
    };
    let answers = futures::future::join_all((0..20).map(|_| guess())).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 403).count(), 5);
    assert!(answers.iter().all(|answer| answer.status == 403 || answer.code() == "locked"), "{answers:?}");
}

#[tokio::test]
async fn no_password_reaches_the_log() {
    let ada = ada().await;
    for answer in [change(&ada, NEW, OLD).await, change(&ada, OLD, NEW).await] {
        let said = [answer.log.concat(), String::from_utf8_lossy(&answer.body).into_owned()].concat();
        assert!(!said.contains(OLD) && !said.contains(NEW), "{answer:?}");
    }
}
