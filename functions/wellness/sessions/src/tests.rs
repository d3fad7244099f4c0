use serde_json::{Value, json};
use testing::{Answer, App, Person, insta};

mod life;
mod oracle;

use super::{FUNCTION, MODULES};

const NOON: &str = "2026-06-10T12:00:00Z";

fn at(now: &str) -> App {
    App::native(&FUNCTION).at(now)
}

async fn post(now: &str, by: &Person, path: &str, body: Value) -> Answer {
    at(now).post(path).by(by).json(body).send().await
}

/// A session of meditation that began at noon: its address.
async fn sitting(ada: &Person) -> String {
    let body = json!({"technique": "mindfulness", "duration": 600, "mood_before": 7, "mood_scale": 10});
    let answer = post(NOON, ada, "/wellness/meditation-sessions", body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    format!("/wellness/meditation-sessions/{}", answer.json()["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_session_is_begun_heard_of_and_completed() {
    let ada = Person::new().await;
    let path = sitting(&ada).await;
    let beat = post("2026-06-10T12:05:00Z", &ada, &format!("{path}/beat"), json!({"elapsed_seconds": 290})).await;
    assert_eq!((beat.status, &beat.json()["elapsed_seconds"]), (200, &json!(290)), "{beat:?}");
    let end = json!({"duration_seconds": 600, "mood_after": 9, "mood_scale": 10, "notes": "Très relaxant"});
    let done = post("2026-06-10T12:10:00Z", &ada, &format!("{path}/complete"), end).await;
    assert_eq!(done.status, 200, "{done:?}");
    insta::assert_json_snapshot!(done.json(), { ".id" => "[id]" }, @r#"
    {
      "client_id": null,
      "completed": true,
      "completed_at": "2026-06-10T12:10:00Z",
      "completed_duration": 600,
      "config": {},
      "created_at": "2026-06-10T12:00:00Z",
      "date": "2026-06-10",
      "duration": 600,
      "duration_seconds": 600,
      "elapsed_seconds": 290,
      "ended_at": "2026-06-10T12:10:00Z",
      "id": "[id]",
      "last_beat_at": "2026-06-10T12:05:00Z",
      "mood_after": 90,
      "mood_before": 70,
      "mood_delta": 20,
      "notes": "Très relaxant",
      "paused_at": null,
      "paused_seconds": 0,
      "started_at": "2026-06-10T12:00:00Z",
      "state": "completed",
      "technique": "mindfulness",
      "told_seconds": 600,
      "updated_at": "2026-06-10T12:10:00Z",
      "version": 3,
      "with_guidance": false,
      "with_music": false
    }
    "#);
    assert_eq!(done.header("etag"), Some("\"3\""));
    let shown = at(NOON).get(&path).by(&ada).send().await;
    assert_eq!(shown.json(), done.json());
    let list = at(NOON).get("/wellness/meditation-sessions").by(&ada).send().await;
    assert_eq!(list.json()["items"], json!([done.json()]));
    let notes: String = testing::database()
        .await
        .query_one("select notes::text from meditation_sessions where user_id = $1", &[&ada.id])
        .await
        .unwrap()
        .get(0);
    assert!(!notes.contains("relaxant"), "{notes}");
}

/// The least that begins a session of a module.
fn least(path: &str) -> Value {
    match path {
        "meditation-sessions" => json!({"technique": "body-scan", "duration": 600}),
        "breathing-vr-sessions" => json!({"pattern": "coherence"}),
        "flash-lite-sessions" => json!({"mode": "quick", "category": "capitales"}),
        "story-sessions" => json!({"theme": "calme", "tone": "apaisant"}),
        "ar-filter-sessions" => json!({"filter": "aurora"}),
        _ => json!({}),
    }
}

/// What a module's own fields may be while a session goes on.
fn during(path: &str) -> Value {
    match path {
        "meditation-sessions" => json!({"config": {"bell": "bowl"}}),
        "breathing-vr-sessions" => json!({"cycles_completed": 20}),
        "music-sessions" => json!({"tracks_played": ["a"], "genres": ["ambient"],
            "events": [{"track_id": "a", "started_ms": 0, "ended_ms": 20_000, "skipped": true}]}),
        "vr-nebula-sessions" => json!({"hrv_pre": 40, "hrv_post": 52.5, "resp_rate_avg": 6, "comfort": {"nausea": 6}}),
        "vr-dome-sessions" => json!({"hr_mean": 61.5, "valence": 0.5, "badge": "calm"}),
        "story-sessions" => json!({"paragraphs_read": 4}),
        "screen-silk-sessions" => json!({"label": "léger", "blink_count": 30}),
        "ar-filter-sessions" => json!({"label": "gain"}),
        _ => json!({"mood_before": 40}),
    }
}

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

#[tokio::test]
async fn every_operation_of_every_module_does_what_it_says() {
    assert_eq!(MODULES.len(), 10);
    for module in MODULES {
        let (ada, bob) = (Person::new().await, Person::new().await);
        let base = format!("/wellness/{}", module.path);
        let ends = |answer: &Answer, status: u16, code: &str| {
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{base}: {answer:?}");
        };
        let body = with(least(module.path), json!({"mood_before": 30, "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}));
        let new = post(NOON, &ada, &base, body.clone()).await;
        assert_eq!((new.status, new.header("etag")), (201, Some("\"1\"")), "{base}: {new:?}");
        let again = post("2026-06-12T12:00:00Z", &ada, &base, body.clone()).await;
        assert_eq!((again.status, again.json()), (200, new.json()), "{base}: a late repeat");
        ends(&post(NOON, &ada, &base, with(body.clone(), json!({"mood_before": 31}))).await, 409, "client_id_mismatch");
        assert_eq!(post(NOON, &bob, &base, body).await.status, 201, "ids are a person's own");

        let path = format!("{base}/{}", new.json()["id"].as_str().unwrap());
        assert_eq!(at(NOON).get(&path).by(&ada).send().await.json(), new.json());
        for (method, end) in [("GET", ""), ("DELETE", ""), ("POST", "/beat"), ("POST", "/complete"), ("POST", "/abandon")] {
            ends(&at(NOON).call(method, &[&path, end].concat()).by(&bob).send().await, 404, "not_found");
        }
        ends(&at(NOON).put(&path).by(&bob).json(json!({"mood_before": 1})).send().await, 404, "not_found");

        let paused =
            post("2026-06-10T12:02:00Z", &ada, &format!("{path}/beat"), json!({"elapsed_seconds": 115, "paused": true})).await;
        assert_eq!((paused.status, &paused.json()["state"]), (200, &json!("paused")), "{paused:?}");
        let on =
            post("2026-06-10T12:03:30Z", &ada, &format!("{path}/beat"), json!({"paused": false, "elapsed_seconds": 60})).await;
        assert_eq!((&on.json()["state"], &on.json()["paused_seconds"]), (&json!("started"), &json!(90)), "{on:?}");
        assert_eq!(on.json()["elapsed_seconds"], 115, "it never decreases");
        let old = at(NOON).put(&path).by(&ada).header("if-match", "\"1\"").json(json!({"mood_before": 35})).send().await;
        ends(&old, 412, "precondition_failed");
        let has_own = !matches!(module.path, "flash-lite-sessions" | "bubble-beat-sessions");
        if has_own {
            let changed = at("2026-06-10T12:05:00Z").put(&path).by(&ada).json(during(module.path)).send().await;
            assert_eq!(changed.status, 200, "{base}: {changed:?}");
        }
        ends(&at(NOON).put(&path).by(&ada).json(json!({})).send().await, 422, "invalid");

        let end = json!({"duration_seconds": 480, "mood_after": 60, "notes": "bien"});
        let done = post("2026-06-10T12:10:00Z", &ada, &format!("{path}/complete"), end.clone()).await;
        assert_eq!(done.status, 200, "{base}: {done:?}");
        let told = done.json();
        assert_eq!(
            (&told["state"], &told["duration_seconds"], &told["mood_delta"]),
            (&json!("completed"), &json!(480), &json!(30))
        );
        let again =
            post("2026-06-10T12:20:00Z", &ada, &format!("{path}/complete"), with(end.clone(), json!({"notes": "autre"}))).await;
        assert_eq!((again.status, again.json()), (200, done.json()), "{base}: notes aside it is the same");
        ends(
            &post(NOON, &ada, &format!("{path}/complete"), with(end, json!({"mood_after": 61}))).await,
            409,
            "completed_otherwise",
        );
        for act in ["beat", "abandon"] {
            ends(&post(NOON, &ada, &format!("{path}/{act}"), json!({"elapsed_seconds": 1})).await, 409, "session_ended");
        }
        let noted = at("2026-06-11T12:00:00Z").put(&path).by(&ada).json(json!({"notes": "", "mood_after": 65})).send().await;
        assert_eq!(
            (noted.status, &noted.json()["notes"], &noted.json()["mood_after"]),
            (200, &Value::Null, &json!(65)),
            "{noted:?}"
        );
        ends(&at("2026-06-11T12:10:01Z").put(&path).by(&ada).json(json!({"notes": "tard"})).send().await, 409, "session_ended");

        let other = post("2026-06-10T13:00:00Z", &ada, &base, least(module.path)).await.json();
        let other = format!("{base}/{}", other["id"].as_str().unwrap());
        let left = post("2026-06-10T13:04:00Z", &ada, &format!("{other}/abandon"), json!({})).await;
        assert_eq!(
            (left.status, &left.json()["state"], &left.json()["duration_seconds"]),
            (200, &json!("abandoned"), &json!(240))
        );
        assert_eq!(post("2026-06-10T13:05:00Z", &ada, &format!("{other}/abandon"), json!({})).await.json(), left.json());
        ends(&post("2026-06-10T13:05:00Z", &ada, &format!("{other}/complete"), json!({})).await, 409, "session_ended");

        let stats = at("2026-06-11T08:00:00Z").get(&format!("{base}/stats")).by(&ada).send().await;
        assert_eq!(stats.status, 200, "{stats:?}");
        let stats = stats.json();
        let of = |name: &str| stats[name].clone();
        assert_eq!(
            (of("totalSessions"), of("startedSessions"), of("unfinishedSessions"), of("totalDuration"), of("partialDuration")),
            (json!(1), json!(2), json!(1), json!(480), json!(240)),
            "{base}: {stats}"
        );
        assert_eq!(
            (of("completionRate"), of("currentStreak"), of("avgMoodDelta"), of("moodPairs")),
            (json!(50), json!(1), json!(35), json!(1))
        );
        let page = at(NOON).get(&format!("{base}?limit=1")).by(&ada).send().await.json();
        assert_eq!(page["items"][0]["id"], left.json()["id"], "latest first");
        let next = at(NOON)
            .get(&format!("{base}?limit=1&cursor={}", page["next_cursor"].as_str().unwrap()))
            .by(&ada)
            .send()
            .await
            .json();
        assert_eq!((&next["items"][0]["id"], &next["next_cursor"]), (&new.json()["id"], &Value::Null));

        assert_eq!(at(NOON).delete(&other).by(&ada).send().await.status, 204);
        ends(&at(NOON).get(&other).by(&ada).send().await, 404, "not_found");
        let gone = at(NOON).delete(&base).by(&ada).send().await;
        assert_eq!((gone.status, gone.json()), (200, json!({"removed": 1})));
        let none = at(NOON).get(&format!("{base}/stats")).by(&ada).send().await.json();
        assert_eq!(
            (&none["totalSessions"], &none["averageDuration"], &none["completionRate"]),
            (&json!(0), &Value::Null, &Value::Null)
        );
        let left = testing::database().await;
        let left: i64 =
            left.query_one("select count(*) from user_activities where user_id = $1", &[&ada.id]).await.unwrap().get(0);
        assert_eq!(left, 0, "{base}: no activity tells of what is deleted");
    }
}

#[tokio::test]
async fn a_phone_that_was_killed_keeps_all_but_what_followed_its_last_beat() {
    let ada = Person::new().await;
    // Long ago, so that what expires is no other test's.
    let body = json!({"technique": "mindfulness", "duration": 600});
    let begun = post("2019-06-10T12:00:00Z", &ada, "/wellness/meditation-sessions", body).await;
    let path = format!("/wellness/meditation-sessions/{}", begun.json()["id"].as_str().unwrap());
    for minute in 1..=5 {
        let beat =
            post(&format!("2019-06-10T12:0{minute}:00Z"), &ada, &format!("{path}/beat"), json!({"elapsed_seconds": minute * 60}))
                .await;
        assert_eq!(beat.status, 200);
    }
    // Nobody hears of it for a day; cron has not seen it yet.
    let late = post("2019-06-11T12:05:00Z", &ada, &format!("{path}/beat"), json!({})).await;
    assert_eq!((late.status, late.code().as_str(), &late.json()["state"]), (409, "session_ended", &json!("expired")));
    let owner = testing::database_at("2019-06-11T13:00:00Z").await;
    owner.execute("select edge.expire_sessions(10000)", &[]).await.unwrap();
    let shown = at("2019-06-11T13:00:00Z").get(&path).by(&ada).send().await.json();
    assert_eq!(
        (&shown["state"], &shown["duration_seconds"], &shown["ended_at"]),
        (&json!("expired"), &json!(300), &json!("2019-06-11T12:05:00Z"))
    );
    // The device was only offline: it had completed before that.
    let end = json!({"completed_at": "2019-06-10T12:10:00Z", "duration_seconds": 600});
    let not_then = post(
        "2019-06-12T09:00:00Z",
        &ada,
        &format!("{path}/complete"),
        with(end.clone(), json!({"completed_at": "2019-06-11T12:05:00Z"})),
    )
    .await;
    assert_eq!((not_then.status, not_then.code().as_str()), (409, "session_ended"));
    let done = post("2019-06-12T09:00:00Z", &ada, &format!("{path}/complete"), end).await;
    assert_eq!(
        (done.status, &done.json()["state"], &done.json()["duration_seconds"]),
        (200, &json!("completed"), &json!(600)),
        "{done:?}"
    );
}

#[tokio::test]
async fn durations_and_moments_are_those_that_can_have_been() {
    let ada = Person::new().await;
    let path = sitting(&ada).await;
    for (body, wrong) in [
        (json!({"completed_at": "2026-06-10T11:59:59Z"}), "completed_at:date_too_old"),
        (json!({"completed_at": "2026-06-10T12:15:01Z"}), "completed_at:date_in_future"),
        (json!({"duration_seconds": 0}), "duration_seconds:not_allowed"),
        (json!({"duration_seconds": -1}), "duration_seconds:range"),
        (json!({"mood_after": 11, "mood_scale": 10}), "mood_after:range"),
        (json!({"mood_after": 11, "mood_scale": 50}), "mood_scale:not_allowed"),
        (json!({"mood_after": 11.5}), "mood_after:wrong_type"),
        (json!({"state": "completed"}), "state:unknown_field"),
        (json!({"notes": null}), "notes:not_nullable"),
    ] {
        let answer = post("2026-06-10T12:10:00Z", &ada, &format!("{path}/complete"), body.clone()).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![wrong.to_owned()]), "{body}: {answer:?}");
    }
    let done = post("2026-06-10T12:10:00Z", &ada, &format!("{path}/complete"), json!({"duration_seconds": 5000})).await.json();
    assert_eq!((&done["duration_seconds"], &done["told_seconds"]), (&json!(660), &json!(5000)), "clipped, and both are kept");
    for (started_at, wrong) in
        [("2026-06-09T11:59:59Z", "started_at:date_too_old"), ("2026-06-10T12:05:01Z", "started_at:date_in_future")]
    {
        let body = json!({"technique": "mantra", "duration": 60, "started_at": started_at});
        let answer = post(NOON, &ada, "/wellness/meditation-sessions", body).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![wrong.to_owned()]));
    }
}

#[tokio::test]
async fn what_a_device_tells_late_is_clipped_to_what_can_have_been() {
    let ada = Person::new().await;
    let base = "/wellness/meditation-sessions";
    let body = json!({"technique": "mantra", "duration": 600, "started_at": "2018-06-10T12:00:00Z"});
    let begun = post("2018-06-11T08:00:00Z", &ada, base, body.clone()).await.json();
    let path = format!("{base}/{}", begun["id"].as_str().unwrap());
    let late = post("2018-06-11T12:00:00Z", &ada, &format!("{path}/beat"), json!({})).await;
    assert_eq!(
        (late.status, late.code().as_str()),
        (409, "session_ended"),
        "a day after its beginning: nobody heard of it in between"
    );
    let owner = testing::database_at("2018-06-11T13:00:00Z").await;
    owner.execute("select edge.expire_sessions(10000)", &[]).await.unwrap();
    let expired = at("2018-06-11T13:00:00Z").get(&path).by(&ada).send().await.json();
    assert_eq!(
        (&expired["state"], &expired["duration_seconds"]),
        (&json!("expired"), &json!(0)),
        "not the twenty hours until it was told"
    );

    let path = sitting(&ada).await;
    post("2026-06-10T12:30:00Z", &ada, &format!("{path}/beat"), json!({"elapsed_seconds": 1800})).await;
    let done =
        post("2026-06-10T12:31:00Z", &ada, &format!("{path}/complete"), json!({"completed_at": "2026-06-10T12:10:00Z"})).await;
    assert_eq!(done.json()["duration_seconds"], 660, "what was elapsed is clipped, too: {done:?}");
}

#[tokio::test]
async fn the_documents_own_names_are_taken_and_what_is_computed_here_is_not_believed() {
    let ada = Person::new().await;
    let base = "/wellness/vr-nebula-sessions";
    let new = json!({"session_id": "phone-7", "ts_start": "2026-06-10T11:50:00Z", "hrv_pre": 40});
    let begun = post(NOON, &ada, base, new.clone()).await;
    assert_eq!((begun.status, &begun.json()["started_at"]), (201, &json!("2026-06-10T11:50:00Z")), "{begun:?}");
    let both = with(new.clone(), json!({"started_at": "2026-06-10T11:51:00Z"}));
    let both = post(NOON, &ada, base, both).await;
    assert_eq!((both.status, both.wrong_fields()), (422, vec!["ts_start:not_allowed".to_owned()]));
    let twice = post(NOON, &ada, base, new).await;
    assert_eq!((twice.status, twice.wrong_fields()), (422, vec!["session_id:not_allowed".to_owned()]));
    let path = format!("{base}/{}", begun.json()["id"].as_str().unwrap());
    let changed = at(NOON).put(&path).by(&ada).json(json!({"duration_s": 300, "hrv_quality": {"artefacts": 0.06}})).send().await;
    assert_eq!((changed.status, &changed.json()["elapsed_seconds"]), (200, &json!(300)), "{changed:?}");
    let end = json!({"ts_finish": "2026-06-10T12:05:00Z", "duration_s": 890, "hrv_post": 55});
    let done = post("2026-06-10T12:05:00Z", &ada, &format!("{path}/complete"), end).await.json();
    assert_eq!(
        (&done["duration_s"], &done["duration_seconds"], &done["ts_finish"], &done["completed_at"]),
        (&json!(890), &json!(890), &json!("2026-06-10T12:05:00Z"), &json!("2026-06-10T12:05:00Z"))
    );
    assert_eq!((&done["hrv_post"], &done["rmssd_delta"]), (&json!(55), &Value::Null), "no difference of what was measured badly");

    let calm = post(NOON, &ada, "/wellness/breathing-vr-sessions", json!({"pattern": "calm"})).await.json();
    let path = format!("/wellness/breathing-vr-sessions/{}", calm["id"].as_str().unwrap());
    let told = json!({"cycles_completed": 3, "average_pace": 60, "duration_seconds": 30});
    let changed = at(NOON).put(&path).by(&ada).json(told.clone()).send().await.json();
    assert_eq!((&changed["elapsed_seconds"], &changed["average_pace"]), (&json!(30), &Value::Null));
    let done = post("2026-06-10T12:00:30Z", &ada, &format!("{path}/complete"), told).await.json();
    assert_eq!((&done["duration_seconds"], &done["average_pace"]), (&json!(30), &json!(6)));
    let cards = post(NOON, &ada, "/wellness/flash-lite-sessions", json!({"mode": "exam"})).await.json();
    let path = format!("/wellness/flash-lite-sessions/{}/complete", cards["id"].as_str().unwrap());
    let boast = json!({"duration_seconds": 60, "cards_completed": 10, "cards_correct": 10, "accuracy_percentage": 100});
    let done = post("2026-06-10T12:01:00Z", &ada, &path, boast).await.json();
    assert_eq!((&done["cards_correct"], &done["accuracy_percentage"]), (&json!(0), &Value::Null));
    let sat = sitting(&ada).await;
    let done = post("2026-06-10T12:10:00Z", &ada, &format!("{sat}/complete"), json!({"completed_duration": 500})).await.json();
    assert_eq!((&done["completed_duration"], &done["duration_seconds"]), (&json!(500), &json!(500)));
}

#[tokio::test]
async fn what_is_deleted_is_taken_out_of_the_days_that_are_kept_of_it() {
    let ada = Person::new().await;
    let (one, other) = (sitting(&ada).await, sitting(&ada).await);
    for path in [&one, &other] {
        assert_eq!(post("2026-06-10T12:10:00Z", &ada, &format!("{path}/complete"), json!({})).await.status, 200);
    }
    let owner = testing::database_at(NOON).await;
    owner.execute("delete from user_activities where user_id = $1", &[&ada.id]).await.unwrap();
    let kept = "insert into user_activity_days (user_id, date, module_name, activities, timed, duration_seconds)
        values ($1, '2026-06-10', 'meditation_sessions', 2, 2, 1200)";
    owner.execute(kept, &[&ada.id]).await.unwrap();
    let days = async || -> Value {
        let days = "select coalesce(jsonb_agg(jsonb_build_array(activities, timed, duration_seconds)), '[]') from user_activity_days where user_id = $1";
        owner.query_one(days, &[&ada.id]).await.unwrap().get(0)
    };
    assert_eq!(at(NOON).delete(&one).by(&ada).send().await.status, 204);
    assert_eq!(days().await, json!([[1, 1, 600]]));
    assert_eq!(at(NOON).delete(&other).by(&ada).send().await.status, 204);
    assert_eq!(days().await, json!([]));
}

#[tokio::test]
async fn breathing_with_holds_needs_the_notice_and_no_more_breaths_fit_than_there_was_time() {
    let ada = Person::new().await;
    let base = "/wellness/breathing-vr-sessions";
    for body in [
        json!({"pattern": "box"}),
        json!({"pattern": "energy"}),
        json!({"pattern": "custom", "timing": {"in": 4, "hold": 0.5, "out": 4}}),
    ] {
        let refused = post(NOON, &ada, base, body).await;
        assert_eq!((refused.status, refused.code().as_str()), (403, "consent_required"));
    }
    let calm = post(NOON, &ada, base, json!({"pattern": "custom", "timing": {"in": 4, "hold": 0, "out": 8}})).await;
    assert_eq!((calm.status, &calm.json()["timing"]), (201, &json!({"in": 4, "hold": 0, "out": 8})), "4-8 stays 4-8: {calm:?}");
    let custom = post(NOON, &ada, base, json!({"pattern": "custom"})).await;
    assert_eq!((custom.status, custom.wrong_fields()), (422, vec!["timing:required".to_owned()]));
    let path = format!("{base}/{}/complete", calm.json()["id"].as_str().unwrap());
    let end = |cycles: i32| json!({"duration_seconds": 120, "cycles_completed": cycles});
    let many = post("2026-06-10T12:02:00Z", &ada, &path, end(12)).await;
    assert_eq!((many.status, many.wrong_fields()), (422, vec!["cycles_completed:not_allowed".to_owned()]), "{many:?}");
    let done = post("2026-06-10T12:02:00Z", &ada, &path, end(11)).await.json();
    assert_eq!((&done["average_pace"], &done["cycles_completed"]), (&json!(5.5), &json!(11)));
    let owner = testing::database_at(NOON).await;
    owner
        .execute("insert into consents (user_id, purpose, version, granted) values ($1, 'breathing-notice', 1, true)", &[&ada.id])
        .await
        .unwrap();
    assert_eq!(post(NOON, &ada, base, json!({"pattern": "478", "vr_mode": true})).await.status, 201);
}

#[tokio::test]
async fn a_score_follows_from_seed_and_taps_and_an_impossible_one_is_refused() {
    let ada = Person::new().await;
    let base = "/wellness/bubble-beat-sessions";
    let game = post(NOON, &ada, base, json!({"difficulty": "medium"})).await.json();
    let seed = game["seed"].as_i64().unwrap();
    let bubble = |n: i64| {
        let state = (seed + 16807 * n) % 2_147_483_646 + 1;
        let state = state * 48271 % 2_147_483_647 * 48271 % 2_147_483_647;
        (state % 1000, state / 1000 % 1000, n * 1000 / 3)
    };
    let tap = |n: i64, after: i64, off: i64| {
        let (x, y, ms) = bubble(n);
        json!({"bubble": n, "ms": ms + after, "x": x + off, "y": y})
    };
    let path = format!("{base}/{}/complete", game["id"].as_str().unwrap());
    let end = |taps: Vec<Value>| post("2026-06-10T12:01:00Z", &ada, &path, json!({"duration_seconds": 60, "taps": taps}));
    let quick: Vec<Value> = (0..13).map(|n| json!({"bubble": 0, "ms": n * 70, "x": 0, "y": 0})).collect();
    for impossible in [
        quick,
        vec![json!({"bubble": 180, "ms": 59_999, "x": 0, "y": 0})],
        vec![json!({"bubble": 0, "ms": 60_001, "x": 0, "y": 0})],
    ] {
        let refused = end(impossible).await;
        assert_eq!((refused.status, refused.wrong_fields()), (422, vec!["taps:not_allowed".to_owned()]), "{refused:?}");
    }
    let taps = vec![tap(0, 10, 0), tap(0, 200, 0), tap(1, 100, 59), tap(2, 100, 61), tap(5, 1600, 0), tap(9, 1500, -60)];
    let done = end(taps).await;
    assert_eq!(
        (&done.json()["bubbles_popped"], &done.json()["score"]),
        (&json!(3), &json!(45)),
        "once each, near, in time: {done:?}"
    );
}

#[tokio::test]
async fn what_is_completed_is_logged_and_what_is_won_is_awarded_once() {
    let ada = Person::new().await;
    for _ in 0..2 {
        let path = sitting(&ada).await;
        let done =
            post("2026-06-10T12:10:00Z", &ada, &format!("{path}/complete"), json!({"mood_after": 80, "notes": "secret"})).await;
        assert_eq!(done.status, 200, "{done:?}");
    }
    let owner = testing::database().await;
    let logged = owner.query("select to_jsonb(a) from user_activities a where user_id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(logged.len(), 2);
    let row: Value = logged[0].get(0);
    assert_eq!(
        (&row["module_name"], &row["duration_seconds"], &row["activity_data"]),
        (&json!("meditation_sessions"), &json!(600), &json!({"mood_before": 70, "mood_after": 80}))
    );
    let won = owner.query_one("select count(*), count(b.name) from user_achievements a left join badges b using (user_id, achievement_id) where a.user_id = $1", &[&ada.id]).await.unwrap();
    assert_eq!((won.get::<_, i64>(0), won.get::<_, i64>(1)), (1, 1));
}

#[tokio::test]
async fn two_completions_at_once_are_one() {
    let ada = Person::new().await;
    let path = format!("{}/complete", sitting(&ada).await);
    let end = |mood: i32| post("2026-06-10T12:10:00Z", &ada, &path, json!({"mood_after": mood}));
    let (a, b, c) = tokio::join!(end(80), end(80), end(81));
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert!(statuses == [200, 200, 409] || statuses == [200, 409, 409], "{statuses:?}");
}
