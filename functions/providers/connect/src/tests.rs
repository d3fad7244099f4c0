use futures::future::join_all;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, variable};

use super::FUNCTION;

mod peers;

const HOME: &str = "http://localhost:3000/settings";
/// Before Fitbit's last day, and before the end of OAuth 1 at Garmin.
const EARLY: &str = "2026-10-01T12:00:00Z";

/// A person's browser, and their account at a provider, which no other test has.
struct Browser {
    person: Person,
    account: String,
}

impl Browser {
    async fn new() -> Browser {
        let person = Person::new().await;
        let account = (u64::from(person.id.as_fields().0) + 1_000_000_000_000).to_string();
        Browser { person, account }
    }

    async fn authorize(&self, app: &App, provider: &str, body: Value) -> Answer {
        let answer = app.post(&format!("/providers/authorize/{provider}")).by(&self.person).json(body).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }

    /// Where the consent page sends the browser back to, as a path of ours.
    async fn consent(&self, page: &str, choice: &str) -> String {
        let url = format!("{page}&sim_account={}&sim_consent={choice}", self.account);
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let answer = client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 302, "{}", answer.text().await.unwrap());
        let back = answer.headers()["location"].to_str().unwrap().to_owned();
        back.strip_prefix(&format!("{}/api/v1", variable("PUBLIC_URL"))).unwrap().to_owned()
    }

    /// The whole way; the query with which the browser comes home.
    async fn connect(&self, app: &App, provider: &str, choice: &str, body: Value) -> String {
        let page = self.authorize(app, provider, body).await.json()["authorize_url"].as_str().unwrap().to_owned();
        home(&app.get(&self.consent(&page, choice).await).send().await)
    }

    async fn standing(&self, provider: &str) -> Option<Value> {
        let sql = "select to_jsonb(c) from provider_connections c where user_id = $1 and provider::text = $2";
        database().await.query_opt(sql, &[&self.person.id, &provider]).await.unwrap().map(|row| row.get(0))
    }

    async fn asked(&self, provider: &str) -> Value {
        let url = format!("{}/control/providers/{provider}/{}", variable("SIMULATORS_URL"), self.account);
        reqwest::get(url).await.unwrap().json().await.unwrap()
    }

    async fn rule(&self, provider: &str, scenario: &str, times: u32) {
        let rule =
            json!({"world": "providers", "id": format!("{provider}-{}", self.account), "scenario": scenario, "times": times});
        let url = format!("{}/control/rules", variable("SIMULATORS_URL"));
        assert_eq!(reqwest::Client::new().post(url).json(&rule).send().await.unwrap().status(), 204);
    }

    async fn waits(&self, provider: &str, waits: bool) {
        let url = format!("{}/control/providers/{provider}/{}", variable("SIMULATORS_URL"), self.account);
        let body = json!({"waits": waits});
        assert_eq!(reqwest::Client::new().post(url).json(&body).send().await.unwrap().status(), 204);
    }
}

fn home(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{answer:?}");
    answer.header("location").unwrap().strip_prefix(HOME).unwrap().to_owned()
}

fn app() -> App {
    App::native(&FUNCTION).at(EARLY)
}

fn body() -> Value {
    json!({"return_url": HOME})
}

#[tokio::test]
async fn every_provider_is_connected_by_its_own_way_and_its_tokens_are_sealed() {
    for provider in ["strava", "garmin", "polar", "coros", "wahoo", "fitbit", "google_health"] {
        let browser = Browser::new().await;
        let back = browser.connect(&app(), provider, "all", body()).await;
        let standing = browser.standing(provider).await.unwrap();
        assert_eq!(back, format!("?provider={provider}&status=connected&connection={}", standing["id"]), "{provider}");
        assert_eq!(
            (&standing["status"], &standing["provider_user_id"]),
            (&json!("active"), &json!(browser.account)),
            "{provider}"
        );
        let access = standing["access_token"].as_str().unwrap();
        assert!(access.split(':').count() == 3 && !access.contains("access-"), "{provider}: {access}");
        assert_eq!(standing["refresh_at"].is_null(), provider == "polar", "{provider}");
        let asked = browser.asked(provider).await;
        assert_eq!((&asked["exchanges"], &asked["refreshes"]), (&json!(1), &json!(0)), "{provider}");
        assert_eq!(asked["registered"], json!(provider == "polar"));
    }
}

#[tokio::test]
async fn garmin_of_old_is_connected_by_signed_requests() {
    let browser = Browser::new().await;
    let legacy = app().with("GARMIN_OAUTH", "1");
    let back = browser.connect(&legacy, "garmin", "all", body()).await;
    assert!(back.starts_with("?provider=garmin&status=connected"), "{back}");
    let standing = browser.standing("garmin").await.unwrap();
    assert_eq!((&standing["provider_user_id"], &standing["refresh_at"]), (&json!(browser.account), &Value::Null));
    let denied = Browser::new().await;
    assert!(denied.connect(&legacy, "garmin", "deny", body()).await.contains("error=access_denied"));
    // Another secret signs nothing.
    let page = app().with("GARMIN_OAUTH", "1").with("GARMIN_CLIENT_SECRET", "another-secret-of-ours");
    let answer = page.post("/providers/authorize/garmin").by(&browser.person).json(body()).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "provider_unavailable"));
    assert!(answer.header("retry-after").is_some());
    // After the last day it is OAuth 2, whatever the setting says.
    let later = App::native(&FUNCTION).at("2027-01-01T00:00:00Z").with("GARMIN_OAUTH", "1");
    let url = browser.authorize(&later, "garmin", body()).await.json()["authorize_url"].as_str().unwrap().to_owned();
    assert!(url.contains("/oauth2Confirm?") && url.contains("code_challenge="), "{url}");
}

#[tokio::test]
async fn a_no_and_half_a_yes_come_home_and_connect_nothing() {
    for provider in ["strava", "polar", "coros", "wahoo"] {
        let browser = Browser::new().await;
        let back = browser.connect(&app(), provider, "deny", body()).await;
        assert!(back.starts_with(&format!("?provider={provider}&error=access_denied&message=")), "{back}");
        assert!(browser.standing(provider).await.is_none(), "{provider}");
    }
    for provider in ["strava", "wahoo", "google_health"] {
        let browser = Browser::new().await;
        let back = browser.connect(&app(), provider, "partial", body()).await;
        assert!(back.contains("error=insufficient_scopes"), "{back}");
        assert!(browser.standing(provider).await.is_none(), "{provider}");
    }
    let strava = Browser::new().await;
    strava.connect(&app(), "strava", "partial", body()).await;
    assert_eq!(strava.asked("strava").await["exchanges"], 0, "it was seen before anything was exchanged");
    let garmin = Browser { account: format!("none-{}", strava.account), ..Browser::new().await };
    assert!(garmin.connect(&app(), "garmin", "all", body()).await.contains("error=insufficient_scopes"));
}

#[tokio::test]
async fn an_account_of_somebody_else_and_another_account_are_told() {
    let (ada, mut eve) = (Browser::new().await, Browser::new().await);
    ada.connect(&app(), "strava", "all", body()).await;
    let own = std::mem::replace(&mut eve.account, ada.account.clone());
    assert!(eve.connect(&app(), "strava", "all", body()).await.contains("error=already_linked"));
    assert!(eve.standing("strava").await.is_none());
    eve.account = own.clone();
    eve.connect(&app(), "strava", "all", body()).await;
    eve.account = format!("{own}7");
    assert!(eve.connect(&app(), "strava", "all", body()).await.contains("error=other_account"));
    assert_eq!(eve.standing("strava").await.unwrap()["provider_user_id"], json!(own));
    let back = eve.connect(&app(), "strava", "all", json!({"return_url": HOME, "replace": true})).await;
    assert!(back.contains("status=connected"), "{back}");
    assert_eq!(eve.standing("strava").await.unwrap()["provider_user_id"], json!(eve.account));
}

#[tokio::test]
async fn a_state_is_used_once_however_many_come_with_it() {
    let browser = Browser::new().await;
    let page = browser.authorize(&app(), "polar", body()).await.json()["authorize_url"].as_str().unwrap().to_owned();
    let back = browser.consent(&page, "all").await;
    let app = app();
    let answers = join_all((0..12).map(|_| app.get(&back).send())).await;
    let homes: Vec<String> = answers.iter().map(home).collect();
    assert_eq!(homes.iter().filter(|home| home.contains("status=connected")).count(), 1, "{homes:?}");
    assert_eq!(homes.iter().filter(|home| home.contains("error=state_expired")).count(), 11, "{homes:?}");
    assert_eq!(browser.asked("polar").await["exchanges"], 1);
}

#[tokio::test]
async fn a_state_of_another_provider_or_day_or_of_nobody_connects_nothing() {
    let browser = Browser::new().await;
    let page = browser.authorize(&app(), "strava", body()).await.json()["authorize_url"].as_str().unwrap().to_owned();
    let back = browser.consent(&page, "all").await;
    let elsewhere = app().get(&back.replace("/strava?", "/wahoo?")).send().await;
    assert!(home(&elsewhere).contains("provider=wahoo&error=state_expired"));
    let late = App::native(&FUNCTION).at("2026-10-01T12:15:01Z").get(&back).send().await;
    assert!(home(&late).contains("error=state_expired"));
    assert!(browser.standing("strava").await.is_none());
    let forged = app().get("/providers/callback/strava?state=abc&code=def&authuser=0").send().await;
    assert_eq!((forged.status, forged.code().as_str()), (400, "state_unknown"));
    let empty = app().get("/providers/callback/strava").send().await;
    assert_eq!((empty.status, empty.code().as_str()), (400, "state_unknown"));
    // Whoever is banned meanwhile is connected to nothing.
    database().await.execute("update users set is_banned = true where id = $1", &[&browser.person.id]).await.unwrap();
    assert!(home(&app().get(&back).send().await).contains("error=state_expired"));
}

#[tokio::test]
async fn a_provider_that_fails_is_told_or_gone_on_with() {
    // No tokens: nothing can be gone on with.
    for fault in ["sim:token-500", "sim:token-html", "sim:token-truncated", "sim:token-429"] {
        let browser = Browser::new().await;
        browser.rule("wahoo", fault, 1).await;
        assert!(browser.connect(&app(), "wahoo", "all", body()).await.contains("error=provider_error"), "{fault}");
        assert!(browser.standing("wahoo").await.is_none(), "{fault}");
    }
    // Tokens, but not yet whose: a connection that waits.
    let browser = Browser::new().await;
    browser.rule("wahoo", "sim:api-503", 2).await;
    assert_eq!(browser.connect(&app(), "wahoo", "all", body()).await, "?provider=wahoo&status=pending");
    let standing = browser.standing("wahoo").await.unwrap();
    assert_eq!((&standing["status"], &standing["cause"]), (&json!("pending"), &json!("provider_unavailable")));
    assert_eq!(standing["access_token"], Value::Null, "the pair stands with the authorization");
    let polar = Browser::new().await;
    polar.waits("polar", true).await;
    assert_eq!(polar.connect(&app(), "polar", "all", body()).await, "?provider=polar&status=pending");
    assert_eq!(polar.standing("polar").await.unwrap()["cause"], "consents_missing");
}

#[tokio::test]
async fn people_are_sent_home_and_nowhere_else() {
    let browser = Browser::new().await;
    for evil in ["https://evil.example/", "http://localhost:3000.evil.example/", "//evil.example", "http://localhost:3000/#x"] {
        let answer = app().post("/providers/authorize/strava").by(&browser.person).json(json!({"return_url": evil})).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["return_url:not_allowed".to_owned()]), "{evil}");
    }
    let unknown = app().post("/providers/authorize/oura").by(&browser.person).json(body()).send().await;
    assert_eq!((unknown.status, unknown.wrong_fields()), (422, vec!["provider:not_allowed".to_owned()]));
    assert!(String::from_utf8_lossy(&unknown.body).contains("google_health"), "the allowed ones are named: {unknown:?}");
}

#[tokio::test]
async fn a_provider_without_application_is_disabled_and_one_that_has_closed_names_its_successor() {
    let browser = Browser::new().await;
    let without = app().with("COROS_CLIENT_ID", "").with("COROS_CLIENT_SECRET", "");
    let answer = without.post("/providers/authorize/coros").by(&browser.person).json(body()).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "provider_not_configured"));
    let closed = App::native(&FUNCTION).at("2026-11-02T00:00:00Z");
    let answer = closed.post("/providers/authorize/fitbit").by(&browser.person).json(body()).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (410, "provider_gone"));
    assert_eq!(answer.json()["successor"], "google_health");
    let list = without.get("/providers/available-providers").by(&browser.person).send().await;
    let list: Vec<Value> = list.json()["items"].as_array().unwrap().clone();
    let of = |name: &str, list: &[Value]| list.iter().find(|item| item["provider"] == name).unwrap().clone();
    assert_eq!(list.len(), 7);
    assert_eq!((&of("coros", &list)["configured"], &of("coros", &list)["available"]), (&json!(false), &json!(false)));
    assert_eq!(
        of("strava", &list),
        json!({
            "provider": "strava", "name": "Strava", "configured": true, "available": true, "oauth_version": "2", "pkce": false,
            "refresh": "maybe", "delivery": ["pull", "ping"], "history_days": null, "window_days": null, "tells_departure": true,
            "tells_deletion": true, "sunset_on": null, "successor": null,
        })
    );
    let list = closed.get("/providers/available-providers").by(&browser.person).send().await.json();
    let fitbit = of("fitbit", list["items"].as_array().unwrap());
    assert_eq!(
        (&fitbit["available"], &fitbit["sunset_on"], &fitbit["successor"]),
        (&json!(false), &json!("2026-11-02"), &json!("google_health"))
    );
}

#[tokio::test]
async fn an_id_without_its_secret_is_misconfigured() {
    let person = Person::new().await;
    let half = app().with("STRAVA_CLIENT_SECRET", "");
    let answer = half.get("/providers/available-providers").by(&person).send().await;
    // The environment has both: an empty value is none, so what is left is half.
    assert_eq!((answer.status, answer.code().as_str()), (503, "misconfigured"));
}

#[tokio::test]
async fn the_summary_counts_what_stands_and_what_needs_its_person() {
    let browser = Browser::new().await;
    for provider in ["strava", "polar"] {
        browser.connect(&app(), provider, "all", body()).await;
    }
    let lose = "update provider_connections set status = 'needs_reauth', cause = 'invalid_grant' where user_id = $1 and provider = 'strava'";
    database().await.execute(lose, &[&browser.person.id]).await.unwrap();
    let answer = app().get("/providers/summary").by(&browser.person).send().await.json();
    testing::insta::assert_json_snapshot!(answer, {".**.connection_id" => "[id]"}, @r#"
    {
      "active": 1,
      "by_provider": [
        {
          "cause": "invalid_grant",
          "connection_id": "[id]",
          "health": "broken",
          "last_sync_at": null,
          "next_action": "reconnect",
          "provider": "strava",
          "status": "needs_reauth"
        },
        {
          "cause": null,
          "connection_id": "[id]",
          "health": "ok",
          "last_sync_at": null,
          "next_action": null,
          "provider": "polar",
          "status": "active"
        }
      ],
      "by_status": [
        {
          "count": 1,
          "status": "active"
        },
        {
          "count": 1,
          "status": "needs_reauth"
        }
      ],
      "last_sync_at": null,
      "needing_attention": 1,
      "total": 2
    }
    "#);
    let nobody = app().get("/providers/summary").by(&Person::new().await).send().await.json();
    assert_eq!((&nobody["total"], &nobody["by_provider"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn no_log_line_shows_a_token_a_code_or_a_state() {
    let browser = Browser::new().await;
    let begun = browser.authorize(&app(), "wahoo", body()).await;
    let page = begun.json()["authorize_url"].as_str().unwrap().to_owned();
    let back = browser.consent(&page, "all").await;
    let answer = app().get(&back).send().await;
    let state = page.split("state=").nth(1).unwrap();
    let log = [begun.log.concat(), answer.log.concat()].concat();
    assert!(log.contains("wahoo") && !log.contains(state), "{log}");
    for secret in ["access-", "refresh-", "code-"] {
        assert!(!log.contains(secret), "{log}");
    }
}
