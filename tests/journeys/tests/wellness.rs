use serde_json::{Value, json};
use testing::{App, Person};

/// The example of the product document, by what its method names stand for: `createSession(userId, 'mindfulness', 7)`,
/// `completeSession(id, 600, 9, 'Très relaxant')`, `fetchHistory`, `getStats`.
#[tokio::test]
async fn a_meditation_is_in_its_statistics_the_log_the_weeks_and_the_dashboard_and_gone_with_its_history() {
    let ada = Person::new().await;
    let app = |now: &str| App::edge().at(now);
    let at = async |now: &str, path: &str| -> Value {
        let answer = app(now).get(path).by(&ada).send().await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    };
    let empty = at("2026-06-10T11:00:00Z", "/wellness/dashboard").await;
    assert_eq!(empty["try_first"]["module"], "breathing-vr-sessions");
    let body = json!({"technique": "mindfulness", "duration": 600, "mood_before": 7, "mood_scale": 10});
    let begun = app("2026-06-10T12:00:00Z").post("/wellness/meditation-sessions").by(&ada).json(body).send().await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let path = format!("/wellness/meditation-sessions/{}", begun.json()["id"].as_str().unwrap());
    let end = json!({"duration_seconds": 600, "mood_after": 9, "mood_scale": 10, "notes": "Très relaxant"});
    let done = app("2026-06-10T12:10:00Z").post(&[&path, "/complete"].concat()).by(&ada).json(end).send().await;
    assert_eq!((done.status, &done.json()["mood_delta"]), (200, &json!(20)), "{done:?}");

    let now = "2026-06-10T13:00:00Z";
    let history = at(now, "/wellness/meditation-sessions?limit=20").await;
    assert_eq!(history["items"], json!([done.json()]));
    let stats = at(now, "/wellness/meditation-sessions/stats").await;
    assert_eq!(
        (&stats["totalSessions"], &stats["totalDuration"], &stats["favoriteTechnique"], &stats["avgMoodDelta"]),
        (&json!(1), &json!(600), &json!("mindfulness"), &json!(20))
    );
    let log = at(now, "/wellness/activities").await;
    assert_eq!(
        (&log["items"][0]["module_name"], &log["items"][0]["duration_seconds"]),
        (&json!("meditation_sessions"), &json!(600))
    );
    assert_eq!(at(now, "/wellness/activities/badges").await["items"][0]["achievement_id"], "first-step");
    let weeks = at(now, "/wellness/weeks?metric=mood").await;
    assert_eq!(weeks["metrics"][0]["points"][11]["value"], 0.8);
    let dashboard = at(now, "/wellness/dashboard").await;
    assert_eq!(
        (&dashboard["modules"][0]["totalSessions"], &dashboard["mood"], &dashboard["achievements"]),
        (&json!(1), &json!(90.0), &json!(1))
    );

    let gone = app(now).delete("/wellness/meditation-sessions").by(&ada).send().await;
    assert_eq!((gone.status, gone.json()), (200, json!({"removed": 1})));
    assert_eq!(at(now, "/wellness/activities").await["items"], json!([]));
    assert_eq!(at(now, "/wellness/dashboard").await["modules"], json!([]));
}

/// A day of one person, from waking up to leaving for good: what they did is in every place where it belongs, in their export, in nobody
/// else's answers, and gone with them.
#[tokio::test]
async fn a_persons_day_is_theirs_alone_and_leaves_with_them() {
    let (ada, bob, boss) = (Person::new().await, Person::new().await, Person::admin().await);
    let send = async |now: &str, by: &Person, method: &str, path: &str, body: Value| -> Value {
        let answer = App::edge().at(now).call(method, path).by(by).json(body).send().await;
        assert!(matches!(answer.status, 200 | 201), "{method} {path}: {answer:?}");
        answer.json()
    };
    let at = |value: &Value| value["id"].as_str().unwrap().to_owned();

    // In the morning a phone without a network: what it tells later is one session, however often it tells it.
    let scan = json!({"emotions": [{"name": "joie", "intensity": 0.6}], "mood": 6, "mood_scale": 10});
    send("2026-06-10T06:00:00Z", &ada, "POST", "/wellness/emotion-scans", scan).await;
    let new = json!({"pattern": "coherence", "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2", "started_at": "2026-06-10T06:05:00Z", "mood_before": 60});
    let breaths = send("2026-06-10T08:00:00Z", &ada, "POST", "/wellness/breathing-vr-sessions", new.clone()).await;
    assert_eq!(send("2026-06-10T08:00:01Z", &ada, "POST", "/wellness/breathing-vr-sessions", new).await, breaths);
    let path = format!("/wellness/breathing-vr-sessions/{}", at(&breaths));
    let end = json!({"completed_at": "2026-06-10T06:10:00Z", "duration_seconds": 300, "cycles_completed": 30, "mood_after": 75, "notes": "Au réveil"});
    let done = send("2026-06-10T08:00:02Z", &ada, "POST", &[&path, "/complete"].concat(), end).await;
    assert_eq!((&done["state"], &done["average_pace"], &done["mood_delta"]), (&json!("completed"), &json!(6), &json!(15)));

    // At noon a dome with a friend; in the evening a story, shown to that friend by a link.
    let room = send("2026-06-10T12:00:00Z", &ada, "POST", "/wellness/dome-rooms", json!({"seats": 2})).await;
    let (room, invitation) = (format!("/wellness/dome-rooms/{}", at(&room)), &room["invitation"]);
    for by in [&ada, &bob] {
        let join = json!({"invitation": invitation, "shares": true});
        send("2026-06-10T12:01:00Z", by, "POST", &[&room, "/join"].concat(), join).await;
    }
    send("2026-06-10T12:02:00Z", &ada, "POST", &[&room, "/run"].concat(), json!({})).await;
    for by in [&ada, &bob] {
        send("2026-06-10T12:11:00Z", by, "POST", &[&room, "/leave"].concat(), json!({"hr_mean": 62, "valence": 0.5})).await;
    }
    let closed = send("2026-06-10T12:12:00Z", &bob, "GET", &room, json!({})).await;
    assert_eq!((&closed["state"], &closed["group"]), (&json!("closed"), &Value::Null));
    let reading = json!({"theme": "calme", "tone": "apaisant", "pov": "nous", "paragraphs": 3});
    let reading = send("2026-06-10T20:00:00Z", &ada, "POST", "/wellness/story-sessions", reading).await;
    let story = send("2026-06-10T20:00:01Z", &ada, "POST", "/wellness/stories", json!({"session_id": at(&reading)})).await;
    let path = format!("/wellness/story-sessions/{}/complete", at(&reading));
    send("2026-06-10T20:05:00Z", &ada, "POST", &path, json!({"paragraphs_read": 3})).await;
    let url = send("2026-06-10T20:06:00Z", &ada, "PUT", &format!("/wellness/stories/{}/link", at(&story)), json!({})).await;
    let url = url["url"].as_str().unwrap();
    let url = &url[url.find("/wellness").unwrap()..];
    assert_eq!(App::edge().get(url).send().await.json()["paragraphs"], story["paragraphs"]);

    let evening = "2026-06-10T21:00:00Z";
    let dashboard = send(evening, &ada, "GET", "/wellness/dashboard", json!({})).await;
    assert_eq!(dashboard["week"], json!({"sessions": 3, "minutes": 20, "days": 1}));
    for module in dashboard["modules"].as_array().unwrap() {
        let stats = format!("/wellness/{}/stats", module["module"].as_str().unwrap());
        let stats = send(evening, &ada, "GET", &stats, json!({})).await;
        for name in ["totalSessions", "totalDuration", "currentStreak", "avgMoodDelta", "moodPairs"] {
            assert_eq!(module[name].as_f64(), stats[name].as_f64(), "{name}");
        }
    }
    let usage = send(evening, &ada, "GET", "/wellness/activities/usage", json!({})).await;
    assert_eq!((&usage["totalActivities"], &usage["totalMinutes"]), (&json!(3), &json!(20)));

    // Nobody else sees any of it, whatever their role.
    for other in [&bob, &boss] {
        for path in [&path[..path.len() - 9], &["/wellness/stories/", &at(&story)].concat()] {
            assert_eq!(App::edge().at(evening).get(path).by(other).send().await.status, 404, "{path}");
        }
        assert_eq!(send(evening, other, "GET", "/wellness/emotion-scans", json!({})).await["items"], json!([]));
    }

    let export = send(evening, &ada, "GET", "/account/export?limit=1000", json!({})).await.to_string();
    let tables = [
        "breathing_vr_sessions",
        "dome_rooms",
        "emotion_scans",
        "stories",
        "story_sessions",
        "user_achievements",
        "user_activities",
        "vr_dome_sessions",
    ];
    for table in tables {
        assert!(export.contains(&format!("\"{table}\"")), "{table}");
    }
    assert!(export.contains("Au réveil"), "notes come in clear");
    let owner = testing::database().await;
    // Long ago, so that this erasure takes nobody else's account.
    let leave = "update users set deleted_at = '1997-06-10', erases_at = '1997-07-10' where id = $1";
    owner.execute(leave, &[&ada.id]).await.unwrap();
    assert_eq!(App::edge().get(url).send().await.status, 404, "the link of a closed account opens nothing");
    assert_eq!(App::edge().at("1997-08-01T00:00:00Z").cron("account-erasure").await.status, 200);
    for table in tables {
        let left = owner.query_one(&format!("select count(*) from {table} where user_id = $1"), &[&ada.id]).await.unwrap();
        assert_eq!(left.get::<_, i64>(0), 0, "{table}");
    }
}
