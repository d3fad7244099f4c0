use serde_json::{Value, json};
use testing::{App, Person, database};

use super::FUNCTION;

async fn subscribe(person: &Person, status: &str, is_ending: bool) {
    let insert = "insert into user_subscriptions (subscription, customer, user_id, status, period_start, period_end, is_ending,
                    is_live, event_at, event_id)
                  values ('sub_' || gen_random_uuid(), 'cus', $1, $2, '2026-05-20T10:00:00Z', '2026-06-20T10:00:00Z', $3, false,
                    '2026-05-20T10:00:00Z', 'evt')";
    database().await.execute(insert, &[&person.id, &status, &is_ending]).await.unwrap();
}

async fn standing(person: &Person, now: &str) -> Value {
    let answer = App::native(&FUNCTION).at(now).get("/account/subscription").by(person).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn tier(person: &Person, now: &str) -> String {
    standing(person, now).await["tier"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn who_never_subscribed_is_free_and_sees_what_premium_allows() {
    let ada = Person::new().await;
    let standing = standing(&ada, "2026-06-01T12:00:00Z").await;
    assert_eq!(
        (&standing["tier"], &standing["is_granted"], &standing["subscription"]),
        (&json!("FREE"), &json!(false), &Value::Null)
    );
    let scenes = standing["entitlements"].as_array().unwrap().iter().find(|item| item["name"] == "scenes_per_day").unwrap();
    assert_eq!(scenes, &json!({"name": "scenes_per_day", "allowed": 20, "premium": 200}));
}

#[tokio::test]
async fn a_subscription_that_renews_itself_has_the_grace_period() {
    let ada = Person::new().await;
    subscribe(&ada, "active", false).await;
    let now = standing(&ada, "2026-06-27T09:59:59Z").await;
    assert_eq!(now["tier"], "PREMIUM");
    assert_eq!(
        now["subscription"],
        json!({"status": "active", "period_end": "2026-06-20T10:00:00Z", "is_ending": false, "entitled_until": "2026-06-27T10:00:00Z"})
    );
    let scenes = now["entitlements"].as_array().unwrap().iter().find(|item| item["name"] == "scenes_per_day").unwrap();
    assert_eq!(scenes["allowed"], 200);
    assert_eq!(tier(&ada, "2026-06-27T10:00:00Z").await, "FREE");
}

#[tokio::test]
async fn one_that_was_given_notice_ends_with_its_period() {
    let ada = Person::new().await;
    subscribe(&ada, "active", true).await;
    assert_eq!(tier(&ada, "2026-06-20T09:59:59Z").await, "PREMIUM");
    assert_eq!(tier(&ada, "2026-06-20T10:00:00Z").await, "FREE");
}

#[tokio::test]
async fn an_unpaid_renewal_has_its_grace_from_when_we_learn_of_it() {
    let ada = Person::new().await;
    subscribe(&ada, "past_due", false).await;
    assert_eq!(tier(&ada, "2026-05-27T09:59:59Z").await, "PREMIUM");
    assert_eq!(tier(&ada, "2026-05-27T10:00:00Z").await, "FREE");
}

#[tokio::test]
async fn no_other_status_entitles_to_anything() {
    for status in ["incomplete", "incomplete_expired", "canceled", "unpaid", "paused", "something_new"] {
        let ada = Person::new().await;
        subscribe(&ada, status, false).await;
        assert_eq!(tier(&ada, "2026-06-01T12:00:00Z").await, "FREE", "{status}");
    }
}

#[tokio::test]
async fn what_an_administrator_granted_needs_no_subscription_and_each_sees_only_their_own() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    subscribe(&ada, "canceled", false).await;
    database().await.execute("update users set tier = 'PREMIUM' where id = $1", &[&ada.id]).await.unwrap();
    let granted = standing(&ada, "2026-06-01T12:00:00Z").await;
    assert_eq!((&granted["tier"], &granted["is_granted"]), (&json!("PREMIUM"), &json!(true)));
    assert_eq!(granted["subscription"]["entitled_until"], Value::Null);
    assert_eq!(standing(&eve, "2026-06-01T12:00:00Z").await["subscription"], Value::Null);
}
