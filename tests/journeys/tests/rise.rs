use serde_json::{Value, json};
use testing::{Answer, App, Person};

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
    // Far ahead: the purge that other tests run takes sessions of long ago.
    let (user, mut refresh) = sign_up(&App::edge().at("2099-03-27T08:00:00Z")).await;

    // The night of 28 to 29 March 2099 is an hour short in Paris.
    for (now, days) in [("2099-03-27T21:30:00Z", 1), ("2099-03-28T22:30:00Z", 2), ("2099-03-29T21:30:00Z", 3)] {
        let (app, token) = next_day(now, &mut refresh).await;
        assert_eq!(do_kaizen(&app, &token, "Ranger le bureau").await.json()["completed"], true);
        let now = streak(&app, &token, &user).await;
        assert_eq!((&now["current"], &now["today_done"]), (&json!(days), &json!(true)));
    }

    let (app, token) = next_day("2099-03-30T10:00:00Z", &mut refresh).await;
    let today = streak(&app, &token, &user).await;
    assert_eq!((&today["current"], &today["alive"], &today["at_risk"]), (&json!(0), &json!(3), &json!(true)));

    let (app, token) = next_day("2099-04-01T10:00:00Z", &mut refresh).await;
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

#[tokio::test]
async fn whatever_rise_shows_is_of_one_mind() {
    let (app, ada) = (App::edge().at("2026-06-10T10:00:00Z"), Person::new().await);
    let read = async |path: &str| {
        let answer = app.get(&path.replace("{me}", &ada.id.to_string())).by(&ada).send().await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer
    };
    let write = async |path: &str, body: Value| {
        let answer = app.post(path).by(&ada).json(body).send().await;
        assert_eq!(answer.status, 201, "{path}: {answer:?}");
        answer.json()["id"].clone()
    };
    let clock = app.put("/rise/preferences").by(&ada).json(json!({"day_end_hour": 3})).send().await.json();
    assert_eq!((&clock["today"], &clock["day_ends_at"]), (&json!("2026-06-10"), &json!("2026-06-11T01:00:00Z")));
    for day in ["2026-06-08", "2026-06-10"] {
        write("/rise/kaizen", json!({"action": "Ranger", "date": day, "completed": true})).await;
    }
    let freeze = write("/rise/freezes", json!({"kind": "freeze", "from": "2026-06-09"})).await;
    let sat = json!({"timestamp": "2026-06-10T06:00:00Z", "duration": 600, "triggered_by": "Dispute", "mood_before": 2});
    let session = format!("/rise/zazen-session/{}", write("/rise/zazen-session", sat).await);
    let changed = app.put(&session).by(&ada).json(json!({"mood_after": 4})).send().await;
    assert_eq!((changed.status, &changed.json()["mood_after"]), (200, &json!(4)));

    let streak = read("/rise/kaizen/streak/{me}").await.json();
    let reasons: Vec<&Value> = streak["days"].as_array().unwrap().iter().map(|day| &day["reason"]).collect();
    assert_eq!(reasons, ["done", "frozen", "done"]);
    assert_eq!((&streak["current"], &streak["freezes_left"], &streak["hours_left"]), (&json!(2), &json!(1), &json!(15.0)));
    let stats = read("/rise/stats/{me}").await.json();
    let zazen = read("/rise/zazen/stats/{me}").await.json();
    assert_eq!((&stats["totalKaizens"], &stats["completionRate"], &stats["currentStreak"]), (&json!(2), &json!(1.0), &json!(2)));
    assert_eq!((&stats["totalZazenMinutes"], &zazen["total_minutes"]), (&json!(10), &json!(10)));
    assert_eq!((&stats["averageSessionDuration"], &zazen["average_duration"]), (&json!(600.0), &json!(600.0)));
    assert_eq!((&zazen["mood"]["change"], &zazen["by_trigger"][0]["triggered_by"]), (&json!(2.0), &json!("dispute")));
    assert_eq!(read("/rise/zazen/triggers").await.json()["items"][0]["word"], "dispute");
    let sessions = read("/rise/zazen-sessions/{me}?triggered_by=dispute").await;
    assert_eq!((sessions.header("x-total-count"), &sessions.json()["items"][0]["duration"]), (Some("1"), &json!(600)));
    let period = read("/rise/analytics/{me}?periods=1").await.json()["periods"][0].clone();
    assert_eq!((&period["completed_kaizens"], &period["zazen_minutes"]), (&json!(2), &json!(10)));
    let progress = read("/rise/progress/{me}").await.json();
    let earned = |badge: &&Value| !badge["earned_on"].is_null();
    assert_eq!(progress["badges"].as_array().unwrap().iter().filter(earned).count(), 2, "a first step and a first breath");
    assert_eq!(read("/rise/stats/{me}.svg").await.header("content-type"), Some("image/svg+xml; charset=utf-8"));
    assert_eq!(read("/rise/export/{me}").await.json()["items"].as_array().unwrap().len(), 2);
    assert!(read("/rise/export/{me}.csv?of=zazens").await.body.starts_with(b"id,date,"));

    assert_eq!(app.delete(&format!("/rise/freezes/{freeze}")).by(&ada).send().await.status, 204);
    assert_eq!(app.delete(&session).by(&ada).send().await.status, 204);
    let stats = read("/rise/stats/{me}").await.json();
    assert_eq!((&stats["currentStreak"], &stats["totalZazenMinutes"]), (&json!(1), &json!(0)));
    assert_eq!(stats["averageSessionDuration"], 0.0);
}
