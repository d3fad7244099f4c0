use serde_json::{Value, json};
use testing::{Answer, App};

/// Signs up through the front door, with an address of its own.
async fn sign_up(app: &App) -> (Value, String) {
    let email = format!("{}@example.org", auth::random_uuid().unwrap());
    let body = json!({"email": email, "password": "une phrase de passe assez longue", "time_zone": "Europe/Paris"});
    let answer = app.post("/auth/register").json(body).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let body = answer.json();
    (body["user"].clone(), body["refresh_token"].as_str().unwrap().to_owned())
}

/// A later day: the access token has long expired, so the device refreshes first.
async fn next_day(now: &str, refresh_token: &mut String) -> (App, String) {
    let app = App::edge().at(now);
    let answer = app.post("/auth/refresh").json(json!({"refresh_token": refresh_token.as_str()})).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let body = answer.json();
    *refresh_token = body["refresh_token"].as_str().unwrap().to_owned();
    (app, body["access_token"].as_str().unwrap().to_owned())
}

async fn do_kaizen(app: &App, token: &str, action: &str) -> Answer {
    let created = app.post("/rise/kaizen").token(token).json(json!({"action": action})).send().await;
    assert_eq!(created.status, 201, "{created:?}");
    let path = format!("/rise/kaizen/{}", created.json()["id"]);
    app.put(&path).token(token).json(json!({"completed": true})).send().await
}

async fn streak(app: &App, token: &str, user: &Value) -> Value {
    let answer = app.get(&format!("/rise/kaizen/streak/{}", user["id"].as_str().unwrap())).token(token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_streak_grows_over_three_days_and_is_at_risk_on_the_fourth() {
    let (user, mut refresh) = sign_up(&App::edge().at("2026-03-27T08:00:00Z")).await;

    // The night of 28 to 29 March 2026 is an hour short in Paris.
    for (now, days) in [("2026-03-27T21:30:00Z", 1), ("2026-03-28T22:30:00Z", 2), ("2026-03-29T21:30:00Z", 3)] {
        let (app, token) = next_day(now, &mut refresh).await;
        assert_eq!(do_kaizen(&app, &token, "Ranger le bureau").await.json()["completed"], true);
        let now = streak(&app, &token, &user).await;
        assert_eq!((&now["current"], &now["today_done"]), (&json!(days), &json!(true)));
    }

    let (app, token) = next_day("2026-03-30T10:00:00Z", &mut refresh).await;
    let today = streak(&app, &token, &user).await;
    assert_eq!((&today["current"], &today["alive"], &today["at_risk"]), (&json!(0), &json!(3), &json!(true)));

    let (app, token) = next_day("2026-04-01T10:00:00Z", &mut refresh).await;
    let later = streak(&app, &token, &user).await;
    assert_eq!((&later["alive"], &later["best"], &later["at_risk"]), (&json!(0), &json!(3), &json!(false)));
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let app = App::edge();
    let email = format!("{}@example.org", auth::random_uuid().unwrap());
    let credentials = json!({"email": email, "password": "une phrase de passe assez longue"});
    assert_eq!(app.post("/auth/register").json(credentials.clone()).send().await.status, 201);
    let body = app.post("/auth/login").json(credentials).send().await.json();
    let token = body["access_token"].as_str().unwrap();
    let me = app.get("/auth/me").token(token).send().await;
    assert_eq!((me.status, &me.json()["email"], &me.json()["locale"]), (200, &json!(email), &json!("fr")));
    assert_eq!(app.post("/auth/logout").token(token).send().await.status, 204);
    let after = app.get("/auth/me").token(token).send().await;
    assert_eq!((after.status, after.code().as_str()), (401, "session_revoked"));
    let refresh = app.post("/auth/refresh").json(json!({"refresh_token": body["refresh_token"]})).send().await;
    assert_eq!(refresh.status, 401);
}
