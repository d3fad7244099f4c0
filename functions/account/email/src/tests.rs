use edge::auth::sha256_hex;
use serde_json::json;
use testing::{Answer, App, Person, database, letters_to};

use super::FUNCTION;

const PASSWORD: &str = "trois petits chats";

async fn ada() -> Person {
    let ada = Person::new().await;
    ada.set_password(PASSWORD).await;
    ada
}

async fn ask(person: &Person, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    App::native(&FUNCTION).put("/account/email").by(person).json(body).send().await
}

async fn address(person: &Person) -> String {
    database().await.query_one("select email from users where id = $1", &[&person.id]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_new_address_gets_a_link_the_old_one_a_notice_and_nothing_changes_yet() {
    let ada = ada().await;
    let new = format!("new.{}", ada.email);
    let answer = ask(&ada, &new, PASSWORD).await;
    assert_eq!((answer.status, answer.json()), (202, json!({"status": "verify_first"})), "{answer:?}");
    let link = letters_to(&new).await.remove(0);
    assert_eq!(link.subject, "Confirmez votre nouvelle adresse");
    let notice = letters_to(&ada.email).await.remove(0);
    assert_eq!(notice.subject, "Changement d'adresse demandé");
    assert!(!notice.text.contains("#token=") && !notice.text.contains(&new));
    assert_eq!(address(&ada).await, ada.email);
    let stored = "select purpose, email from user_tokens where hash = $1";
    let row = database().await.query_one(stored, &[&sha256_hex(link.token().as_bytes())]).await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, String>(1)), ("email_change", new));
}

#[tokio::test]
async fn an_address_with_an_account_gets_the_same_answer_and_no_link() {
    let (ada, bob) = (ada().await, Person::new().await);
    let answer = ask(&ada, &bob.email, PASSWORD).await;
    assert_eq!((answer.status, answer.json()), (202, json!({"status": "verify_first"})));
    assert!(letters_to(&bob.email).await.is_empty());
    assert_eq!(letters_to(&ada.email).await.len(), 1);
}

#[tokio::test]
async fn the_last_wish_counts() {
    let ada = ada().await;
    let (first, second) = (format!("first.{}", ada.email), format!("second.{}", ada.email));
    ask(&ada, &first, PASSWORD).await;
    ask(&ada, &second, PASSWORD).await;
    let open = "select email from user_tokens where user_id = $1 and used_at is null";
    assert_eq!(database().await.query_one(open, &[&ada.id]).await.unwrap().get::<_, String>(0), second);
}

#[tokio::test]
async fn the_fourth_wish_of_an_hour_is_refused_and_leaves_the_third_one_good() {
    let (ada, bob) = (ada().await, Person::new().await);
    let new = format!("new.{}", ada.email);
    let open = "select email from user_tokens where user_id = $1 and used_at is null";
    // An address with an account is refused no later and no earlier.
    for address in [&bob.email, &new] {
        for _ in 0..3 {
            assert_eq!(ask(&ada, address, PASSWORD).await.status, 202);
        }
        let fourth = ask(&ada, address, PASSWORD).await;
        assert_eq!((fourth.status, fourth.code().as_str()), (429, "enough_letters"));
    }
    let letters = letters_to(&new).await;
    assert_eq!((letters.len(), letters_to(&bob.email).await.len()), (3, 0));
    let good = database().await.query_one(open, &[&ada.id]).await.unwrap();
    assert_eq!(good.get::<_, String>(0), new);
    let stored = "select used_at is null from user_tokens where hash = $1";
    let last = sha256_hex(letters[2].token().as_bytes());
    assert!(database().await.query_one(stored, &[&last]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test]
async fn a_wish_for_an_address_with_an_account_ends_earlier_links_as_any_other() {
    let (ada, bob) = (ada().await, Person::new().await);
    ask(&ada, &format!("new.{}", ada.email), PASSWORD).await;
    ask(&ada, &bob.email, PASSWORD).await;
    let open = "select from user_tokens where user_id = $1 and used_at is null";
    assert!(database().await.query_opt(open, &[&ada.id]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_stranger_who_asks_first_keeps_no_letter_from_the_owner_of_an_address() {
    let (ada, eve) = (ada().await, ada().await);
    let new = format!("new.{}", ada.email);
    for _ in 0..4 {
        ask(&eve, &new, PASSWORD).await;
    }
    assert_eq!(ask(&ada, &new, PASSWORD).await.status, 202);
    assert_eq!(letters_to(&new).await.len(), 4);
}

#[tokio::test]
async fn an_address_gets_ten_letters_an_hour_at_most() {
    let new = format!("new.{}", Person::new().await.email);
    for _ in 0..4 {
        let eve = ada().await;
        for _ in 0..3 {
            ask(&eve, &new, PASSWORD).await;
        }
    }
    assert_eq!(letters_to(&new).await.len(), 10);
}

#[tokio::test]
async fn a_session_alone_moves_no_account() {
    let ada = ada().await;
    let new = format!("new.{}", ada.email);
    let wrong = ask(&ada, &new, "trois petits chiens").await;
    assert_eq!((wrong.status, wrong.code().as_str()), (403, "wrong_password"));
    assert!(letters_to(&new).await.is_empty() && letters_to(&ada.email).await.is_empty());
}

#[tokio::test]
async fn ones_own_address_is_no_change() {
    let ada = ada().await;
    let answer = ask(&ada, &ada.email.to_uppercase(), PASSWORD).await;
    assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["email:nothing_to_change".to_owned()]));
}
