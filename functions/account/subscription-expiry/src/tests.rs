use edge::auth::Keys;
use serde_json::Value;
use testing::{App, Person, database, variable};
use tokio::sync::{Mutex, MutexGuard};

use super::FUNCTION;

/// A run concerns everybody: these tests, each in a year of its own, take turns.
async fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::const_new(());
    TURN.lock().await
}

async fn run(now: &str) -> Value {
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("account-subscription-expiry", now.parse().unwrap());
    let answer = App::native(&FUNCTION).at(now).post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn subscriber(status: &str, period: [&str; 2], is_ending: bool) -> Person {
    let person = Person::new().await;
    let insert = "insert into user_subscriptions (subscription, customer, user_id, status, period_start, period_end, is_ending,
                    is_live, event_at, event_id)
                  values ('sub_' || gen_random_uuid(), 'cus', $1, $2, $3::text::timestamptz, $4::text::timestamptz, $5, false,
                    $3::text::timestamptz, 'evt')";
    database().await.execute(insert, &[&person.id, &status, &period[0], &period[1], &is_ending]).await.unwrap();
    person
}

/// The days that letters to this person named.
async fn letters(person: &Person) -> Vec<String> {
    let select = "select sealed ->> 'about' from outbox where user_id = $1 and payload ->> 'template' = 'subscription_ending'
                  order by id";
    let rows = database().await.query(select, &[&person.id]).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

async fn ends(person: &Person) -> i64 {
    let select = "select count(*) from audit_logs where user_id = $1 and action = 'subscriptions.ended'";
    database().await.query_one(select, &[&person.id]).await.unwrap().get(0)
}

#[tokio::test]
async fn the_letter_comes_once_before_the_end_and_the_end_is_logged_once() {
    let _turn = turn().await;
    let ada = subscriber("active", ["2001-03-10T10:00:00Z", "2001-04-10T10:00:00Z"], true).await;
    run("2001-04-07T09:59:59Z").await;
    assert!(letters(&ada).await.is_empty());
    for now in ["2001-04-07T10:00:00Z", "2001-04-08T10:00:00Z"] {
        run(now).await;
        assert_eq!(letters(&ada).await, ["10/04/2001"]);
    }
    assert_eq!(ends(&ada).await, 0);
    for now in ["2001-04-10T10:00:00Z", "2001-04-10T11:00:00Z"] {
        run(now).await;
        assert_eq!((letters(&ada).await.len(), ends(&ada).await), (1, 1));
    }
}

#[tokio::test]
async fn a_subscription_that_renews_itself_is_written_about_only_when_its_renewal_is_late() {
    let _turn = turn().await;
    let ada = subscriber("active", ["2002-03-10T10:00:00Z", "2002-04-10T10:00:00Z"], false).await;
    run("2002-04-10T09:00:00Z").await;
    run("2002-04-13T10:00:00Z").await;
    assert!(letters(&ada).await.is_empty());
    run("2002-04-14T10:00:00Z").await;
    assert_eq!(letters(&ada).await, ["17/04/2002"]);
    let renewed = "update user_subscriptions s set period_end = '2002-05-10T10:00:00Z' where user_id = $1";
    database().await.execute(renewed, &[&ada.id]).await.unwrap();
    run("2002-04-17T10:00:00Z").await;
    assert_eq!(ends(&ada).await, 0);
}

#[tokio::test]
async fn an_unpaid_renewal_is_written_about_at_once_in_the_persons_language() {
    let _turn = turn().await;
    let ada = subscriber("past_due", ["2003-03-10T10:00:00Z", "2003-04-10T10:00:00Z"], false).await;
    database().await.execute("update users set locale = 'en' where id = $1", &[&ada.id]).await.unwrap();
    run("2003-03-10T11:00:00Z").await;
    assert_eq!(letters(&ada).await, ["2003-03-17"]);
}

#[tokio::test]
async fn who_stays_premium_anyway_gets_no_letter() {
    let _turn = turn().await;
    let ada = subscriber("active", ["2004-03-10T10:00:00Z", "2004-04-10T10:00:00Z"], true).await;
    database().await.execute("update users set tier = 'PREMIUM' where id = $1", &[&ada.id]).await.unwrap();
    run("2004-04-09T10:00:00Z").await;
    assert!(letters(&ada).await.is_empty());
}
