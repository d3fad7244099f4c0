use serde_json::{Value, json};
use testing::{Answer, App, Person, database};

use super::{FUNCTION, PROVIDERS};

const SECRET: &str = "5b1f0c9d3e7a2486f0d9c1b2a3e4f567";

async fn list(app: &App) -> Answer {
    app.get("/connections/providers").by(&Person::new().await).send().await
}

/// The words of those that are configured.
fn configured(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    let items = body["items"].as_array().unwrap();
    items.iter().filter(|item| item["configured"] == true).map(|item| item["provider"].clone()).collect()
}

#[tokio::test]
async fn without_applications_all_six_are_listed_and_none_is_configured() {
    let answer = list(&App::native(&FUNCTION)).await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            200,
            json!({
                "items": [
                    {"provider": "strava", "name": "Strava", "configured": false},
                    {"provider": "garmin", "name": "Garmin", "configured": false},
                    {"provider": "polar", "name": "Polar", "configured": false},
                    {"provider": "coros", "name": "COROS", "configured": false},
                    {"provider": "wahoo", "name": "Wahoo", "configured": false},
                    {"provider": "fitbit", "name": "Fitbit", "configured": false},
                ],
                "next_cursor": null,
            })
        )
    );
}

#[tokio::test]
async fn each_is_configured_by_its_own_id_and_secret_and_neither_is_shown() {
    let mut all = App::native(&FUNCTION);
    for (_, name) in PROVIDERS {
        let [id, secret] = ["ID", "SECRET"].map(|part| format!("{}_CLIENT_{part}", name.to_uppercase()));
        let alone = App::native(&FUNCTION).with(&id, "the-id-of-it").with(&secret, SECRET);
        assert_eq!(configured(&list(&alone).await), [json!(name.to_lowercase())]);
        all = all.with(&id, "the-id-of-it").with(&secret, SECRET);
    }
    let answer = list(&all).await;
    assert_eq!(configured(&answer), ["strava", "garmin", "polar", "coros", "wahoo", "fitbit"]);
    let text = String::from_utf8(answer.body.clone()).unwrap() + &answer.log.concat();
    assert!(!text.contains(SECRET) && !text.contains("the-id-of-it"), "{text}");
}

#[tokio::test]
async fn an_id_without_its_secret_or_a_secret_without_its_id_is_misconfigured() {
    for (name, value) in [("STRAVA_CLIENT_ID", "the-id-of-it"), ("STRAVA_CLIENT_SECRET", SECRET)] {
        let answer = list(&App::native(&FUNCTION).with(name, value)).await;
        assert_eq!((answer.status, answer.code().as_str()), (503, "misconfigured"), "{name}: {answer:?}");
        assert!(!String::from_utf8(answer.body.clone()).unwrap().contains(value), "{answer:?}");
        let other = App::native(&FUNCTION).with(name, value).with("POLAR_CLIENT_ID", "1").with("POLAR_CLIENT_SECRET", SECRET);
        assert_eq!(list(&other).await.code(), "misconfigured", "{name}");
    }
}

#[tokio::test]
async fn a_session_that_has_ended_is_told_nothing() {
    let ada = Person::new().await;
    let end = "update user_sessions set revoked_at = now(), revoked_because = 'logout' where id = $1";
    database().await.execute(end, &[&ada.session]).await.unwrap();
    let answer = App::native(&FUNCTION).get("/connections/providers").by(&ada).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "session_revoked"));
}

#[tokio::test]
async fn nobody_is_told_without_signing_in() {
    let answer = App::native(&FUNCTION).get("/connections/providers").send().await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"));
}
