use edge::auth::Keys;
use providers::{Grant, seal_pair};
use serde_json::{Value, json};
use testing::{App, Person, database, now, provider_grant, variable};
use tokio::sync::{Mutex, MutexGuard};

use super::FUNCTION;

/// Whoever renews, renews everything: one test after the other.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

async fn run() -> Value {
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("providers-refresh", now());
    let answer = App::native(&FUNCTION).post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn account_of(person: &Person) -> String {
    (u64::from(person.id.as_fields().0) + 1_000_000_000_000).to_string()
}

/// What the simulator gives a person who consents.
async fn given(provider: &str, person: &Person) -> Grant {
    let given = provider_grant(provider, &account_of(person)).await;
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    Grant { access: text("access_token").unwrap(), refresh: text("refresh_token"), ..Grant::default() }
}

/// A connection whose tokens are due, and which was asked a year ago.
async fn connected(provider: &str) -> (Person, i64) {
    let person = Person::new().await;
    let grant = given(provider, &person).await;
    let place = "select edge.token_place($1, $2::text::provider_type)";
    let place: String = database().await.query_one(place, &[&person.id, &provider]).await.unwrap().get(0);
    let keys = sealing::Keys::parse(&variable("SEALING_KEYS")).unwrap();
    let (access, refresh) = seal_pair(&keys, &place, &grant).unwrap();
    let insert = "insert into provider_connections (user_id, provider, status, provider_user_id, access_token, refresh_token,
                    token_expires_at, refresh_at, probed_at)
                  values ($1, $2::text::provider_type, 'active', $3, $4, $5, edge.now() + interval '5 minutes',
                    case when $5::text is not null then edge.now() - interval '1 year' end, edge.now() - interval '1 year')
                  returning id";
    let row =
        database().await.query_one(insert, &[&person.id, &provider, &account_of(&person), &access, &refresh]).await.unwrap();
    (person, row.get(0))
}

async fn standing(id: i64) -> Value {
    database().await.query_one("select to_jsonb(c) from provider_connections c where id = $1", &[&id]).await.unwrap().get(0)
}

fn control(provider: &str, person: &Person) -> String {
    format!("{}/control/providers/{provider}/{}", variable("SIMULATORS_URL"), account_of(person))
}

async fn asked(provider: &str, person: &Person) -> Value {
    reqwest::get(control(provider, person)).await.unwrap().json().await.unwrap()
}

async fn change(provider: &str, person: &Person, change: Value) {
    assert_eq!(reqwest::Client::new().post(control(provider, person)).json(&change).send().await.unwrap().status(), 204);
}

#[tokio::test]
async fn tokens_are_renewed_before_they_run_out_and_only_then() {
    let _alone = alone().await;
    let (ada, strava) = connected("strava").await;
    let (eve, coros) = connected("coros").await;
    let (zoe, wahoo) = connected("wahoo").await;
    database()
        .await
        .execute("update provider_connections set status = 'paused_by_user' where id = $1", &[&strava])
        .await
        .unwrap();
    let report = run().await;
    assert!(report["renewed"].as_u64() >= Some(2), "{report}");
    for (provider, person, id) in [("strava", &ada, strava), ("coros", &eve, coros)] {
        assert_eq!(asked(provider, person).await["refreshes"], 1, "{provider}");
        let standing = standing(id).await;
        assert_eq!((&standing["token_version"], &standing["lease_until"]), (&json!(1), &Value::Null), "{provider}");
    }
    assert_eq!(standing(strava).await["status"], "paused_by_user", "what is paused stays healthy");
    assert_eq!(asked("wahoo", &zoe).await["refreshes"], 0, "these are renewed when they are used");
    assert_eq!(standing(wahoo).await["token_version"], 0);
    run().await;
    assert_eq!(asked("strava", &ada).await["refreshes"], 1);
}

#[tokio::test]
async fn two_runs_at_once_renew_each_connection_once() {
    let _alone = alone().await;
    let mut all = Vec::new();
    for _ in 0..12 {
        all.push(connected("strava").await);
    }
    futures::future::join(run(), run()).await;
    for (person, id) in all {
        assert_eq!(asked("strava", &person).await["refreshes"], 1);
        assert_eq!(standing(id).await["status"], "active");
    }
}

#[tokio::test]
async fn who_has_left_a_provider_that_tells_nothing_is_noticed() {
    let _alone = alone().await;
    let (ada, polar) = connected("polar").await;
    let (eve, coros) = connected("coros").await;
    let (_, stays) = connected("polar").await;
    change("polar", &ada, json!({"revoke": true})).await;
    run().await;
    assert_eq!(standing(polar).await["status"], "revoked_by_provider");
    assert_eq!((&standing(stays).await["status"], &standing(stays).await["cause"]), (&json!("active"), &Value::Null));
    // COROS's tokens live on for a month: the next probe sees it.
    change("coros", &eve, json!({"revoke": true})).await;
    database()
        .await
        .execute("update provider_connections set probed_at = edge.now() - interval '2 days' where id = $1", &[&coros])
        .await
        .unwrap();
    run().await;
    assert_eq!(standing(coros).await["status"], "revoked_by_provider");
}

#[tokio::test]
async fn a_connection_that_was_not_completed_is_gone_on_with() {
    let _alone = alone().await;
    let ada = Person::new().await;
    let grant = Grant { scopes: Some("workouts_read,offline_data".to_owned()), ..given("wahoo", &ada).await };
    let state = edge::auth::sha256_hex(ada.id.as_bytes());
    let keys = sealing::Keys::parse(&variable("SEALING_KEYS")).unwrap();
    let place = sealing::Place { table: "provider_authorizations", column: "granted", row: &state };
    let granted = keys.seal(place, &serde_json::to_string(&grant).unwrap()).unwrap();
    let insert = "insert into provider_authorizations (state_hash, user_id, provider, return_url, expires_at, taken_at, granted, resume_at)
                  values ($1, $2, 'wahoo', 'http://localhost:3000/', edge.now(), edge.now(), $3, edge.now())";
    database().await.execute(insert, &[&state, &ada.id, &granted]).await.unwrap();
    let rule = json!({"world": "providers", "id": format!("wahoo-{}", account_of(&ada)), "scenario": "sim:api-503", "times": 1});
    let url = format!("{}/control/rules", variable("SIMULATORS_URL"));
    assert_eq!(reqwest::Client::new().post(url).json(&rule).send().await.unwrap().status(), 204);
    assert!(run().await["resumed"].as_u64() >= Some(1));
    let stands = "select status, provider_user_id from provider_connections where user_id = $1";
    assert!(database().await.query_opt(stands, &[&ada.id]).await.unwrap().is_none(), "Wahoo did not answer");
    database()
        .await
        .execute("update provider_authorizations set resume_at = edge.now() where state_hash = $1", &[&state])
        .await
        .unwrap();
    run().await;
    let row = database().await.query_one(stands, &[&ada.id]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, String>(1)), ("active".to_owned(), account_of(&ada)));
    let left = "select granted is null and ended_at is not null from provider_authorizations where state_hash = $1";
    assert!(database().await.query_one(left, &[&state]).await.unwrap().get::<_, bool>(0));
}

#[tokio::test]
async fn what_was_left_behind_is_erased() {
    let _alone = alone().await;
    let (_, id) = connected("polar").await;
    let leave =
        "update provider_connections set status = 'disconnected', access_token = null, erase_due_at = edge.now() where id = $1";
    database().await.execute(leave, &[&id]).await.unwrap();
    run().await;
    let standing = standing(id).await;
    assert_eq!((&standing["erase_due_at"], &standing["provider_user_id"]), (&Value::Null, &Value::Null));
}
