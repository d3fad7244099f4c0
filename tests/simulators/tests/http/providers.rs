use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{World, status_and_body, world};

impl World {
    async fn code(&self, provider: &str, path: &str, more: &str) -> String {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        let query = format!("response_type=code&client_id=simulated&redirect_uri=http://x/back&state=s&sim_account=17{more}");
        let answer = client.get(self.url(&format!("/providers/{provider}{path}?{query}"))).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::FOUND, "{}", answer.text().await.unwrap());
        answer.headers()["location"].to_str().unwrap().strip_prefix("http://x/back?").unwrap().to_owned()
    }

    async fn token(&self, provider: &str, path: &str, form: &str, basic: bool) -> (u16, Value) {
        let call = self
            .http
            .post(self.url(&format!("/providers/{provider}{path}")))
            .header("content-type", "application/x-www-form-urlencoded");
        let own = "&client_id=simulated&client_secret=simulated";
        let call = if basic {
            call.basic_auth("simulated", Some("simulated")).body(form.to_owned())
        } else {
            call.body([form, own].concat())
        };
        status_and_body(call.send().await.unwrap()).await
    }
}

fn exchange(back: &str) -> String {
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    format!("grant_type=authorization_code&redirect_uri=http://x/back&code={code}")
}

fn refresh(given: &Value) -> String {
    format!("grant_type=refresh_token&refresh_token={}", given["refresh_token"].as_str().unwrap())
}

#[tokio::test]
async fn a_code_and_a_rotating_refresh_token_serve_once() {
    let world = world().await;
    let form = exchange(&world.code("strava", "/oauth/authorize", "&scope=activity:read").await);
    let (status, given) = world.token("strava", "/oauth/token", &form, false).await;
    assert_eq!((status, &given["athlete"]["id"], &given["expires_in"]), (200, &json!(17), &json!(21_600)));
    assert_eq!(world.token("strava", "/oauth/token", &form, false).await.0, 400);
    let (status, renewed) = world.token("strava", "/oauth/token", &refresh(&given), false).await;
    assert_eq!((status, renewed.get("athlete")), (200, None));
    let (status, refused) = world.token("strava", "/oauth/token", &refresh(&given), false).await;
    assert_eq!((status, &refused["errors"][0]["code"]), (400, &json!("invalid")), "a second use");
    let (_, seen) = world.get("/control/providers/strava/17").await;
    assert_eq!((&seen["exchanges"], &seen["refreshes"]), (&json!(1), &json!(1)));
}

#[tokio::test]
async fn each_provider_renews_in_its_own_way() {
    let world = world().await;
    let form = exchange(&world.code("coros", "/oauth2/authorize", "").await);
    let (_, given) = world.token("coros", "/oauth2/accesstoken", &form, false).await;
    assert_eq!(given["openId"], json!(17));
    for _ in 0..2 {
        let (status, same) = world.token("coros", "/oauth2/refresh-token", &refresh(&given), false).await;
        assert_eq!((status, same), (200, json!({"result": "0000", "message": "OK"})));
    }
    let form = exchange(&world.code("polar", "/oauth2/authorization", "").await);
    assert_eq!(world.token("polar", "/v2/oauth2/token", &form, false).await.0, 401, "Polar wants its credentials by Basic");
    let (_, given) = world.token("polar", "/v2/oauth2/token", &form, true).await;
    assert_eq!((&given["x_user_id"], given.get("refresh_token")), (&json!(17), None));
    let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let pkce = "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";
    let form = exchange(&world.code("garmin", "/oauth2Confirm", pkce).await);
    assert_eq!(world.token("garmin", "/di-oauth2-service/oauth/token", &format!("{form}&code_verifier=x"), false).await.0, 400);
    let form = exchange(&world.code("garmin", "/oauth2Confirm", pkce).await);
    let (status, _) =
        world.token("garmin", "/di-oauth2-service/oauth/token", &format!("{form}&code_verifier={verifier}"), false).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn wahoo_allows_ten_tokens_and_says_so() {
    let world = world().await;
    for nth in 1..=11 {
        let form = exchange(&world.code("wahoo", "/oauth/authorize", "").await);
        let (status, answer) = world.token("wahoo", "/oauth/token", &form, false).await;
        assert_eq!(status == 200, nth <= 10, "{nth}: {answer}");
    }
}

#[tokio::test]
async fn a_person_can_refuse_untick_and_leave() {
    let world = world().await;
    assert_eq!(world.code("strava", "/oauth/authorize", "&sim_consent=deny").await, "error=access_denied&state=s");
    assert!(!world.code("coros", "/oauth2/authorize", "&sim_consent=deny").await.contains("code="));
    assert!(
        world.code("strava", "/oauth/authorize", "&sim_consent=partial&scope=read,activity:read").await.contains("&scope=read&")
    );
    let (_, given) =
        world.token("wahoo", "/oauth/token", &exchange(&world.code("wahoo", "/oauth/authorize", "").await), false).await;
    let user = async || {
        let call = world.http.get(world.url("/providers/wahoo/v1/user")).bearer_auth(given["access_token"].as_str().unwrap());
        call.send().await.unwrap().status().as_u16()
    };
    assert_eq!(user().await, 200);
    let (status, _) = world.post("/control/providers/wahoo/17", json!({"revoke": true})).await;
    assert_eq!((status, user().await), (204, 401));
}
