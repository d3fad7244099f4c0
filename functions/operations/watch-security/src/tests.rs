use edge::auth::Keys;
use edge::chrono::{DateTime, Utc};
use serde_json::{Value, json};
use testing::{App, Person, database, variable};

use super::FUNCTION;

/// Runs the function in an hour that no other test has, so that its notices are this test's own.
async fn watch(now: &str) -> Value {
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("operations-watch-security", now.parse().unwrap());
    let answer = App::native(&FUNCTION).at(now).post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()["told"].clone()
}

async fn log(now: &str, person: &Person, action: &str, metadata: Value, times: i32) {
    let at: DateTime<Utc> = now.parse().unwrap();
    let insert = "insert into audit_logs (user_id, action, metadata, \"timestamp\")
                  select $1, $2, $3, $4 from generate_series(1, $5)";
    database().await.execute(insert, &[&person.id, &action, &metadata, &at, &times]).await.unwrap();
}

async fn notice(rule: &str, hour: &str) -> Value {
    let select = "select payload from outbox where kind = 'discord' and subject = $1";
    let subject = format!("security:{rule}:{hour}");
    database().await.query_one(select, &[&subject]).await.unwrap().get(0)
}

#[tokio::test]
async fn tokens_that_come_back_are_told_once_an_hour_and_name_nobody() {
    let ada = Person::new().await;
    log("2014-01-01T10:01:00Z", &ada, "auth.refresh_reused", json!({}), 4).await;
    assert_eq!(watch("2014-01-01T10:05:00Z").await, json!([]), "four may be a broken client");
    log("2014-01-01T10:06:00Z", &ada, "auth.refresh_reused", json!({}), 1).await;
    assert_eq!(watch("2014-01-01T10:10:00Z").await, json!(["refresh_reused"]));
    assert_eq!(watch("2014-01-01T10:15:00Z").await, json!([]), "within the hour it is no news");
    let alert = notice("refresh_reused", "2014010110").await;
    assert_eq!((&alert["event"], &alert["events"], &alert["threshold"]), (&json!("security.alert"), &json!(5), &json!(5)));
    assert!(!alert.to_string().contains(&ada.id.to_string()), "{alert}");
    let logged = "select count(*) from audit_logs where action = 'security.alert' and metadata ->> 'rule' = 'refresh_reused'
                  and \"timestamp\" = '2014-01-01T10:10:00Z'";
    assert_eq!(database().await.query_one(logged, &[]).await.unwrap().get::<_, i64>(0), 1);
    assert_eq!(watch("2014-01-01T12:00:00Z").await, json!([]), "what is over is over");
}

#[tokio::test]
async fn failed_sign_ins_are_told_from_five_hundred_on() {
    let ada = Person::new().await;
    log("2014-02-01T10:01:00Z", &ada, "auth.login_failed", json!({}), 499).await;
    assert_eq!(watch("2014-02-01T10:05:00Z").await, json!([]));
    log("2014-02-01T10:06:00Z", &ada, "auth.login_failed", json!({}), 1).await;
    assert_eq!(watch("2014-02-01T10:10:00Z").await, json!(["login_failed"]));
}

#[tokio::test]
async fn networks_that_try_many_addresses_are_told() {
    let insert = "insert into login_failures (email_hash, ip, failures, failed_at, locked_until)
                  values ('*', $1, 100, '2014-03-01T10:00:00Z', '2014-03-01T10:30:00Z')";
    for network in ["2014:1::/48", "2014:2::/48"] {
        database().await.execute(insert, &[&network]).await.unwrap();
    }
    assert_eq!(watch("2014-03-01T10:05:00Z").await, json!([]));
    database().await.execute(insert, &[&"2014:3::/48"]).await.unwrap();
    assert_eq!(watch("2014-03-01T10:10:00Z").await, json!(["networks_locked"]));
}

#[tokio::test]
async fn an_administrator_who_reads_many_people_is_told_and_two_who_share_them_are_not() {
    let (one, other) = (Person::admin().await, Person::admin().await);
    for number in 0..50_u128 {
        let reader = if number < 25 { &one } else { &other };
        log("2014-04-01T10:01:00Z", reader, "data.read", json!({"subject": number.to_string()}), 1).await;
    }
    assert_eq!(watch("2014-04-01T10:05:00Z").await, json!([]));
    for number in 0..50_u128 {
        log("2014-04-01T10:06:00Z", &one, "accounts.read", json!({"subject": number.to_string()}), 1).await;
    }
    assert_eq!(watch("2014-04-01T10:10:00Z").await, json!(["people_read"]));
}

#[tokio::test]
async fn every_right_that_is_given_is_told() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    let created = |person: &Person| json!({"subject": person.id});
    log("2014-05-01T10:01:00Z", &admin, "accounts.changed", json!({"subject": ada.id, "fields": ["is_banned"]}), 1).await;
    log("2014-05-01T10:01:00Z", &admin, "accounts.created", created(&ada), 1).await;
    assert_eq!(watch("2014-05-01T10:05:00Z").await, json!([]), "a ban and an ordinary account are none");
    log("2014-05-01T10:06:00Z", &admin, "accounts.changed", json!({"subject": ada.id, "fields": ["role"]}), 1).await;
    assert_eq!(watch("2014-05-01T10:10:00Z").await, json!(["rights_given"]));
    log("2014-05-01T12:01:00Z", &admin, "accounts.created", created(&Person::admin().await), 1).await;
    assert_eq!(watch("2014-05-01T12:05:00Z").await, json!(["rights_given"]));
}

#[tokio::test]
async fn only_the_clock_may_watch() {
    assert_eq!(App::native(&FUNCTION).post("/").send().await.status, 401);
}
