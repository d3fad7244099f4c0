use std::time::Duration;

use edge::auth::random_uuid;
use edge::chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use providers::seal_pair;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, provider_grant, variable};

use super::FUNCTION;

/// A person whose account at a provider no other test has, connected with tokens that the simulator gave.
struct Connected {
    person: Person,
    provider: &'static str,
    account: String,
    id: i64,
}

/// Seconds for which the tokens of a new connection are still good.
async fn connected(provider: &'static str, lives_s: i64) -> Connected {
    let person = Person::new().await;
    let account = (u64::from(person.id.as_fields().0) + 1_000_000_000_000).to_string();
    let given = provider_grant(provider, &account).await;
    let text = |name: &str| given[name].as_str().map(str::to_owned);
    let grant = providers::Grant { access: text("access_token").unwrap(), refresh: text("refresh_token"), ..Default::default() };
    let place = "select edge.token_place($1, $2::text::provider_type)";
    let place: String = database().await.query_one(place, &[&person.id, &provider]).await.unwrap().get(0);
    let keys = sealing::Keys::parse(&variable("SEALING_KEYS")).unwrap();
    let (access, refresh) = seal_pair(&keys, &place, &grant).unwrap();
    let insert = "insert into provider_connections (user_id, provider, status, provider_user_id, provider_username, provider_email,
                    provider_profile, scopes, access_token, refresh_token, token_expires_at, refresh_at, probed_at, connected_at)
                  values ($1, $2::text::provider_type, 'active', $3, 'john_doe', 'john@example.com', '{\"firstname\": \"John\"}',
                    'read,activity:read_all,profile:read_all', $4, $5, $6::timestamptz, case when $5::text is not null then $6::timestamptz end, edge.now(), edge.now())
                  returning id";
    let until = testing::now() + TimeDelta::seconds(lives_s);
    let row = database().await.query_one(insert, &[&person.id, &provider, &account, &access, &refresh, &until]).await.unwrap();
    Connected { person, provider, account, id: row.get(0) }
}

impl Connected {
    async fn asked(&self) -> Value {
        reqwest::get(self.control()).await.unwrap().json().await.unwrap()
    }

    fn control(&self) -> String {
        format!("{}/control/providers/{}/{}", variable("SIMULATORS_URL"), self.provider, self.account)
    }

    async fn change(&self, change: Value) {
        assert_eq!(reqwest::Client::new().post(self.control()).json(&change).send().await.unwrap().status(), 204);
    }

    async fn rule(&self, scenario: &str, times: Option<u32>) {
        let mut rule = json!({"world": "providers", "id": format!("{}-{}", self.provider, self.account), "scenario": scenario});
        if let Some(times) = times {
            rule["times"] = json!(times);
        }
        let url = format!("{}/control/rules", variable("SIMULATORS_URL"));
        assert_eq!(reqwest::Client::new().post(url).json(&rule).send().await.unwrap().status(), 204);
    }

    async fn standing(&self) -> Value {
        let sql = "select to_jsonb(c) from provider_connections c where id = $1";
        database().await.query_one(sql, &[&self.id]).await.unwrap().get(0)
    }

    async fn set(&self, what: &str) {
        database().await.execute(&format!("update provider_connections set {what} where id = $1"), &[&self.id]).await.unwrap();
    }

    fn path(&self, more: &str) -> String {
        format!("/providers/connections/{}{more}", self.id)
    }

    /// Without the repeat that `App` makes of a `POST`.
    async fn check(&self, app: &App) -> Answer {
        let key = random_uuid().unwrap().to_string();
        app.post(&self.path("/check")).header("idempotency-key", &key).by(&self.person).send().await
    }
}

fn app() -> App {
    App::native(&FUNCTION)
}

#[tokio::test]
async fn a_connection_is_read_by_number_and_by_provider_as_it_was_made_and_by_nobody_else() {
    let ada = connected("strava", 21_600).await;
    let fetched = app().get("/providers/connections/provider/strava").by(&ada.person).send().await;
    assert_eq!(fetched.status, 200, "{fetched:?}");
    let body = fetched.json();
    for (field, value) in [
        ("id", json!(ada.id)),
        ("provider", json!("strava")),
        ("provider_user_id", json!(ada.account)),
        ("provider_username", json!("john_doe")),
        ("provider_email", json!("john@example.com")),
        ("provider_profile", json!({"firstname": "John"})),
        ("scopes", json!("read,activity:read_all,profile:read_all")),
        ("status", json!("active")),
        ("health", json!("ok")),
        ("active", json!(true)),
        ("problem", Value::Null),
        ("last_sync_error", Value::Null),
    ] {
        assert_eq!(body[field], value, "{field}");
    }
    assert!(!String::from_utf8_lossy(&fetched.body).contains("access_token"));
    assert_eq!(app().get(&ada.path("")).by(&ada.person).send().await.json(), body);
    assert_eq!(app().get("/providers/connections").by(&ada.person).send().await.json()["items"], json!([body]));
    let eve = Person::new().await;
    for path in [ada.path(""), ada.path("9999")] {
        let answer = app().get(&path).by(&eve).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
    let none = app().get("/providers/connections/provider/strava").by(&eve).send().await;
    assert_eq!((none.status, none.code().as_str()), (404, "not_connected"));
    assert_eq!(none.json()["authorize"], "/api/v1/providers/authorize/strava");
    let unknown = app().get("/providers/connections/provider/straav").by(&eve).send().await;
    assert_eq!((unknown.status, unknown.wrong_fields()), (422, vec!["provider:not_allowed".to_owned()]));
}

#[tokio::test]
async fn a_connection_is_paused_by_its_state_and_turned_over_without_one() {
    let ada = connected("polar", 86_400 * 300).await;
    let app = app();
    let toggle = async |body: Option<Value>| {
        let call = app.call("PATCH", &ada.path("/toggle")).by(&ada.person);
        let call = if let Some(body) = body { call.json(body) } else { call };
        let answer = call.send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["status"].clone()
    };
    for _ in 0..2 {
        assert_eq!(toggle(Some(json!({"active": false}))).await, "paused_by_user", "a repeat changes nothing");
    }
    assert_eq!(toggle(None).await, "active");
    assert_eq!(toggle(None).await, "paused_by_user");
    assert_eq!(toggle(Some(json!({"active": true}))).await, "active");
    let eve = Person::new().await;
    let answer = app.call("PATCH", &ada.path("/toggle")).by(&eve).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    ada.set("status = 'needs_reauth'").await;
    let answer = app.call("PATCH", &ada.path("/toggle")).by(&ada.person).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "not_active"));
    assert_eq!(answer.json()["state"], "needs_reauth");
}

#[tokio::test]
async fn who_leaves_is_revoked_at_every_provider_and_a_repeat_changes_nothing() {
    for provider in ["strava", "polar", "coros", "wahoo", "fitbit"] {
        let ada = connected(provider, 3600).await;
        for _ in 0..2 {
            let answer = app().delete(&ada.path("")).by(&ada.person).send().await;
            assert_eq!(answer.status, 200, "{provider}: {answer:?}");
            assert_eq!(answer.json()["erased"], json!(provider == "strava"));
        }
        let standing = ada.standing().await;
        assert_eq!((&standing["status"], &standing["cause"]), (&json!("disconnected"), &Value::Null), "{provider}: {standing}");
        assert_eq!((&standing["access_token"], &standing["refresh_token"]), (&Value::Null, &Value::Null));
        let asked = ada.asked().await;
        assert_eq!((&asked["revocations"], &asked["access_tokens"]), (&json!(1), &json!(0)), "{provider}");
        assert!(app().get("/providers/connections").by(&ada.person).send().await.json()["items"].as_array().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_revocation_that_fails_waits_and_one_whose_token_has_run_out_renews_it() {
    let ada = connected("wahoo", 3600).await;
    ada.change(json!({"expire": true})).await;
    app().delete(&ada.path("")).by(&ada.person).send().await;
    assert_eq!(ada.standing().await["status"], "disconnected");
    let asked = ada.asked().await;
    assert_eq!((&asked["refreshes"], &asked["revocations"]), (&json!(1), &json!(1)));

    let ada = connected("strava", 3600).await;
    ada.rule("sim:revoke-503", Some(1)).await;
    let answer = app().delete(&ada.path("?data=erase")).by(&ada.person).send().await;
    assert_eq!(answer.json(), json!({"status": "disconnect_pending", "erased": true}));
    assert_eq!(ada.standing().await["status"], "disconnect_pending");
    let waiting = "select last_error, sealed ? 'access_token' from outbox where kind = 'provider_revoke' and payload -> 'connection' = to_jsonb($1::bigint)";
    let row = database().await.query_one(waiting, &[&ada.id]).await.unwrap();
    assert_eq!((row.get::<_, String>(0), row.get::<_, bool>(1)), ("status 503".to_owned(), true));

    let ada = connected("polar", 3600).await;
    ada.change(json!({"revoke": true})).await;
    app().delete(&ada.path("")).by(&ada.person).send().await;
    assert_eq!(ada.standing().await["status"], "disconnected", "who has left there already has left");
}

#[tokio::test]
async fn what_may_not_be_kept_is_not() {
    let ada = connected("strava", 3600).await;
    let answer = app().delete(&ada.path("?data=keep")).by(&ada.person).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "must_be_erased"));
    assert_eq!(ada.standing().await["status"], "active", "nothing has happened");
    let eve = Person::new().await;
    let answer = app().delete(&ada.path("")).by(&eve).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    let polar = connected("polar", 3600).await;
    let answer = app().delete(&polar.path("?data=keep")).by(&polar.person).send().await;
    assert_eq!((answer.status, &answer.json()["erased"]), (200, &json!(false)));
    assert_eq!(polar.standing().await["provider_username"], "john_doe");
    app().delete(&polar.path("?data=erase")).by(&polar.person).send().await;
    assert_eq!(polar.standing().await["provider_username"], Value::Null, "it can still be erased later");
    let log = "select count(*) from audit_logs where user_id = $1 and action = 'providers.left'";
    assert_eq!(database().await.query_one(log, &[&polar.person.id]).await.unwrap().get::<_, i64>(0), 2);
}

#[tokio::test]
async fn a_check_asks_the_provider_and_tells_what_to_do() {
    for provider in ["strava", "polar", "coros", "wahoo", "fitbit"] {
        let ada = connected(provider, 86_400 * 30).await;
        let answer = ada.check(&app()).await;
        assert_eq!((answer.status, &answer.json()["health"]), (200, &json!("ok")), "{provider}: {answer:?}");
    }
    // Polar renews nothing: a token that it does not take is the end.
    let polar = connected("polar", 86_400 * 30).await;
    polar.change(json!({"revoke": true})).await;
    let told = polar.check(&app()).await.json();
    assert_eq!((&told["status"], &told["problem"]["next_action"]), (&json!("revoked_by_provider"), &json!("reconnect")));
    assert!(told["problem"]["message"].as_str().unwrap().contains("retiré"), "{told}");
    // COROS says itself that somebody has left.
    let coros = connected("coros", 86_400 * 30).await;
    coros.change(json!({"revoke": true})).await;
    assert_eq!(coros.check(&app()).await.json()["status"], "revoked_by_provider");
    // Wahoo's token is renewed first, and that is refused.
    let wahoo = connected("wahoo", 7200).await;
    wahoo.change(json!({"revoke": true})).await;
    let told = wahoo.check(&app()).await.json();
    assert_eq!((&told["status"], &told["problem"]["code"]), (&json!("active"), &json!("rejected")), "{told}");
    let told = wahoo.check(&app()).await.json();
    assert_eq!((&told["status"], &told["problem"]["code"]), (&json!("revoked_by_provider"), &json!("revoked")), "{told}");
    // One whose access tokens are gone and whose refresh token is good is mended.
    let strava = connected("strava", 7200).await;
    strava.change(json!({"expire": true})).await;
    assert_eq!(strava.check(&app()).await.json()["problem"]["code"], "rejected");
    let told = strava.check(&app()).await.json();
    assert_eq!((&told["status"], &told["problem"]), (&json!("active"), &Value::Null), "{told}");
    let eve = Person::new().await;
    let answer = app().post(&strava.path("/check")).by(&eve).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn a_provider_that_fails_takes_nothing_from_anybody() {
    for fault in ["sim:token-500", "sim:token-html", "sim:token-truncated", "sim:token-429", "sim:token-404"] {
        let ada = connected("strava", -1).await;
        ada.rule(fault, Some(1)).await;
        let answer = ada.check(&app()).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "provider_unavailable"), "{fault}: {answer:?}");
        assert!(answer.header("retry-after").is_some_and(|wait| wait.parse::<u32>().unwrap() >= 30), "{fault}: {answer:?}");
        let standing = ada.standing().await;
        assert_eq!((&standing["status"], &standing["failures"]), (&json!("active"), &json!(1)), "{fault}");
        assert_eq!(ada.check(&app()).await.code(), "provider_unavailable", "it is left alone for a while");
        assert_eq!(ada.asked().await["refreshes"], 0, "{fault}");
        ada.set("refresh_at = edge.now()").await;
        assert_eq!(ada.check(&app()).await.json()["health"], "ok", "{fault}");
    }
    // What is still good serves on.
    let ada = connected("strava", 3600).await;
    ada.set("refresh_at = edge.now()").await;
    ada.rule("sim:token-503", Some(1)).await;
    let answer = ada.check(&app()).await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("active")), "{answer:?}");
}

#[tokio::test]
async fn a_pair_that_was_lost_on_the_way_ends_as_a_connection_that_needs_its_person() {
    for fault in ["sim:token-500-after", "sim:token-truncated-after"] {
        let ada = connected("wahoo", -1).await;
        // The provider has given a new pair, and nobody has it.
        ada.rule(fault, Some(1)).await;
        assert_eq!(ada.check(&app()).await.status, 503, "{fault}");
        assert_eq!(ada.asked().await["refreshes"], 1);
        ada.set("refresh_at = edge.now()").await;
        let told = ada.check(&app()).await.json();
        assert_eq!(
            (&told["status"], &told["problem"]["code"]),
            (&json!("needs_reauth"), &json!("invalid_grant")),
            "{fault}: {told}"
        );
        assert_eq!(told["problem"]["next_action"], "reconnect");
    }
}

#[tokio::test]
async fn a_provider_that_has_closed_sends_people_to_its_successor() {
    let ada = connected("fitbit", -1).await;
    ada.rule("sim:token-410", None).await;
    let told = ada.check(&app()).await.json();
    assert_eq!(
        (&told["status"], &told["problem"]["next_action"]),
        (&json!("needs_reauth"), &json!("connect_successor")),
        "{told}"
    );
}

/// Rounds in all; the goal of a thousand is run by `PROVIDER_RACES=1000`.
fn races() -> usize {
    std::env::var("PROVIDER_RACES").ok().and_then(|races| races.parse().ok()).unwrap_or(10)
}

const CALLERS: usize = 50;

/// Rounds in which fifty callers at once meet a connection whose tokens have run out, on `lanes` connections side by side; how many
/// callers were served, and how many told when to come back. The provider is asked once a round, and nobody loses a connection.
async fn raced(provider: &'static str, fault: Option<&str>, lanes: usize) -> (usize, usize) {
    let app = app().with("LIMIT_SCALE", "0");
    let started: DateTime<Utc> = testing::now();
    let lane = async || {
        let ada = connected(provider, -1).await;
        if let Some(fault) = fault {
            ada.rule(fault, None).await;
        }
        let (mut served, mut busy) = (0, 0);
        for round in 1..=races().div_ceil(lanes) {
            ada.set("token_expires_at = edge.now() - interval '1 second', refresh_at = edge.now() - interval '1 second'").await;
            for answer in join_all((0..CALLERS).map(|_| ada.check(&app))).await {
                if answer.status == 200 {
                    assert_eq!(answer.json()["status"], "active", "round {round}: {answer:?}");
                    served += 1;
                } else {
                    let wait: Option<u32> = answer.header("retry-after").and_then(|wait| wait.parse().ok());
                    let is_told = answer.code() == "connection_busy" && wait.is_some_and(|wait| (1..=60).contains(&wait));
                    assert!(is_told, "round {round}: {answer:?}");
                    busy += 1;
                }
            }
            assert_eq!(ada.asked().await["refreshes"], json!(round), "one refresh a round");
            let standing = ada.standing().await;
            assert_eq!((&standing["status"], &standing["cause"]), (&json!("active"), &Value::Null), "round {round}");
            if round % 10 == 0 {
                println!("{provider} {}: {round} rounds, {served} served, {busy} busy", ada.account);
            }
        }
        (served, busy)
    };
    let all = join_all((0..lanes).map(|_| lane())).await;
    let (served, busy) = all.into_iter().fold((0, 0), |sum, lane| (sum.0 + lane.0, sum.1 + lane.1));
    let seconds = (testing::now() - started).num_seconds();
    println!("{} rounds of {CALLERS} at {provider}, {fault:?}: {served} served, {busy} busy, {seconds} s", races());
    (served, busy)
}

#[tokio::test]
async fn fifty_callers_at_once_renew_a_connection_once_and_nobody_loses_it() {
    let (served, busy) = raced("strava", None, (races() / 5).clamp(1, 4)).await;
    assert!(served > busy, "{served} {busy}");
}

#[tokio::test]
async fn fifty_callers_of_a_slow_provider_ask_it_once_and_are_told_when_to_come_back() {
    let (served, busy) = raced("wahoo", Some("sim:token-slow=4000"), (races() / 2).clamp(1, 20)).await;
    assert!(busy > served && served >= races(), "{served} {busy}");
}

#[tokio::test]
async fn who_leaves_while_tokens_are_renewed_has_left() {
    let ada = connected("strava", -1).await;
    ada.rule("sim:token-slow=1500", Some(1)).await;
    let app = app();
    let leave = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        app.delete(&ada.path("")).by(&ada.person).send().await
    };
    let (checked, left) = futures::future::join(ada.check(&app), leave).await;
    assert_eq!((checked.status, left.status), (200, 200), "{checked:?} {left:?}");
    let standing = ada.standing().await;
    assert_eq!((&standing["status"], &standing["access_token"]), (&json!("disconnected"), &Value::Null), "{standing}");
}
