//! From a wish to a picture, with RunPod, Discord and the storage played over real HTTP, and everything that can go wrong
//! between.

use std::time::Duration;

use serde_json::{Value, json};
use testing::{Answer, App, Person, database, variable};

/// Somebody and the one scene that they ask for.
struct Story {
    app: App,
    person: Person,
    /// Text that no other scene has.
    name: String,
    markers: String,
    scene: String,
}

impl Story {
    async fn begin(markers: &str) -> Story {
        let name = auth::random_uuid().unwrap().simple().to_string();
        let story =
            Story { app: App::edge(), person: Person::new().await, name, markers: markers.to_owned(), scene: String::new() };
        let answer = story.ask().await;
        let body = answer.json();
        assert!(body["id"].is_string(), "{markers}: {answer:?}");
        Story { scene: body["id"].as_str().unwrap().to_owned(), ..story }
    }

    async fn ask(&self) -> Answer {
        self.ask_as(&self.person).await
    }

    async fn ask_as(&self, person: &Person) -> Answer {
        let decor = format!("{} {}", self.name, self.markers);
        let wanted = json!({"world": "Orée", "era": "an mil", "class": "mage", "pose": "debout", "decor": decor});
        self.app.post("/generate/scene").by(person).json(wanted).send().await
    }

    async fn read(&self) -> Value {
        let answer = self.app.get(&format!("/scenes/{}", self.scene)).by(&self.person).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    }

    async fn until(&self, done: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..150 {
            let scene = self.read().await;
            if done(&scene) {
                return scene;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{}: {:?}", self.markers, self.read().await);
    }

    /// What RunPod holds about the scene, once nothing more will be called back.
    async fn settled(&self) -> Value {
        control(&format!("runpod/jobs?contains={}&wait=20000", self.name)).await
    }

    /// What RunPod holds about the scene now.
    async fn jobs(&self) -> Value {
        control(&format!("runpod/jobs?contains={}", self.name)).await
    }

    /// Makes the job older, so that the clock minds it now and every other test's when it is due.
    async fn age(&self, minutes: i32) {
        let age = "update jobs set submitted_at = submitted_at - make_interval(mins => $2),
               expires_at = expires_at - make_interval(mins => $2), checked_at = null, checks = 0
             where id = (select job_id from scenes where id::text = $1)";
        database().await.execute(age, &[&self.scene, &minutes]).await.unwrap();
    }

    /// Lets the clock run until the scene has ended.
    async fn reconciled(&self) -> Value {
        for _ in 0..40 {
            let answer = self.app.cron("operations-reconcile-jobs").await;
            assert_eq!(answer.status, 200, "{answer:?}");
            let scene = self.read().await;
            if !matches!(scene["status"].as_str(), Some("queued" | "running")) {
                return scene;
            }
            self.age(0).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        panic!("{}: {:?}", self.markers, self.read().await);
    }

    /// Titles of the messages that the team has read about the scene.
    async fn messages(&self) -> Vec<String> {
        let found = control(&format!("discord/1/messages?contains={}", self.scene)).await;
        let titles = found["messages"].as_array().unwrap().iter();
        titles.map(|message| message["embeds"][0]["title"].as_str().unwrap().to_owned()).collect()
    }
}

async fn control(path: &str) -> Value {
    let url = format!("{}/control/{path}", variable("SIMULATORS_URL"));
    reqwest::get(url).await.unwrap().json().await.unwrap()
}

fn is_over(scene: &Value) -> bool {
    !matches!(scene["status"].as_str(), Some("queued" | "running"))
}

#[tokio::test]
async fn a_wish_becomes_a_picture_that_is_kept_and_told_once() {
    let story = Story::begin("").await;
    let scene = story.until(is_over).await;
    assert_eq!((&scene["status"], &scene["is_cached"]), (&json!("succeeded"), &json!(false)));
    let picture = reqwest::get(scene["image_url"].as_str().unwrap()).await.unwrap();
    assert_eq!((picture.status().as_u16(), picture.headers()["content-type"].to_str().unwrap()), (200, "image/png"));
    let forged = scene["image_url"].as_str().unwrap().replace("scene/", "scene/0");
    assert_eq!(reqwest::get(forged).await.unwrap().status(), 403, "a link is for one file");
    story.settled().await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(story.messages().await, ["🌀 Scène générée"]);

    let bob = Person::new().await;
    let (again, his) = (story.ask().await, story.ask_as(&bob).await);
    assert_eq!((again.status, &again.json()["status"]), (200, &json!("succeeded")));
    assert_eq!(his.status, 200, "whoever asks for the same is given it");
    assert_eq!(story.jobs().await["total"], 1, "and no GPU works for it");
    let path = format!("/scenes/{}", his.json()["id"].as_str().unwrap());
    assert_eq!(story.app.get(&path).by(&bob).send().await.json()["is_cached"], true);
    assert_eq!(story.app.get(&path).by(&story.person).send().await.status, 404);
}

#[tokio::test]
async fn whatever_happens_to_a_callback_the_scene_ends_once() {
    let cases = [
        "sim:duplicate=3",
        "sim:twin=4",
        "sim:late=700",
        "sim:queue=2500",
        "sim:hang-after",
        "sim:reorder",
        "sim:stale",
        "sim:bare-callback",
        "sim:progress=3",
        "sim:unknown-state",
        "sim:base64",
        "sim:shape=data-uri",
        "sim:shape=images",
        "sim:shape=comfyui",
        "sim:shape=text",
        "sim:padding=300000",
        "sim:truncated-after",
        "sim:500-after",
        "sim:502-after",
        "sim:callback-always sim:duplicate",
    ];
    let stories = cases.map(async |markers| {
        let story = Story::begin(markers).await;
        let scene = story.until(is_over).await;
        assert_eq!(scene["status"], "succeeded", "{markers}: {scene}");
        let jobs = story.settled().await;
        assert_eq!((&jobs["total"], &jobs["executions"]), (&json!(1), &json!(1)), "{markers}");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(story.read().await["status"], "succeeded", "{markers}");
        assert_eq!(story.messages().await, ["🌀 Scène générée"], "{markers}");
    });
    futures::future::join_all(stories).await;
}

#[tokio::test]
async fn a_worker_may_put_its_result_into_our_storage_with_a_key_that_cannot_read() {
    for markers in ["sim:shape=bucket", "sim:shape=bucket sim:lost-callback", "sim:shape=bucket sim:twin=3"] {
        let story = Story::begin(markers).await;
        let job = story.settled().await["jobs"][0].clone();
        assert_eq!(job["status"], "COMPLETED", "{job}");
        if markers.contains("lost-callback") {
            story.age(2).await;
            story.reconciled().await;
        }
        let scene = story.until(is_over).await;
        assert_eq!(scene["status"], "succeeded", "{markers}: {scene}");
        let shown = scene["image_url"].as_str().unwrap();
        let put = job["output"]["image_url"].as_str().unwrap();
        assert!(put.contains(job["id"].as_str().unwrap()) && !shown.contains(job["id"].as_str().unwrap()), "{put} {shown}");
        assert_eq!(reqwest::get(put).await.unwrap().status(), 403, "what the worker names is not open to anybody");
        let picture = reqwest::get(shown).await.unwrap();
        assert_eq!(picture.headers()["content-type"], "image/png", "a worker does not say what a file is");

        // Its own copy goes within a day.
        let copy = put.split("/storage/").nth(1).unwrap();
        let look = format!("{}/control/storage/{copy}", variable("SIMULATORS_URL"));
        assert_eq!(reqwest::get(&look).await.unwrap().status(), 200);
        let earlier = "update jobs set finished_at = finished_at - interval '2 hours'
             where id = (select job_id from scenes where id::text = $1)";
        database().await.execute(earlier, &[&story.scene]).await.unwrap();
        for _ in 0..40 {
            assert_eq!(story.app.cron("grimoire-forget-results").await.status, 200);
            if reqwest::get(&look).await.unwrap().status() == 404 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(reqwest::get(&look).await.unwrap().status(), 404);
        assert_eq!(reqwest::get(shown).await.unwrap().status(), 200, "and ours stays");
    }
}

#[tokio::test]
async fn what_runpod_or_its_worker_gets_wrong_is_said_and_never_stuck() {
    let cases = [
        ("sim:fail", "CUDA out of memory. Tried to allocate 2.00 GiB"),
        ("sim:fail-json", "CUDA out of memory. Tried to allocate 2.00 GiB"),
        ("sim:timeout sim:callback-always", "job timed out"),
        ("sim:empty", "no_output"),
        ("sim:file=gone", "output_unreachable"),
        ("sim:file=html", "output_unsupported"),
        ("sim:429", "runpod_busy"),
        ("sim:503", "runpod_unavailable"),
        ("sim:400", "runpod_refused"),
        ("sim:401", "runpod_refused"),
    ];
    let stories = cases.map(async |(markers, error)| {
        let story = Story::begin(markers).await;
        let scene = story.until(is_over).await;
        assert_eq!((&scene["status"], &scene["error"]), (&json!("failed"), &json!(error)), "{markers}");
        tokio::time::sleep(Duration::from_millis(500)).await;
        assert_eq!(story.messages().await, ["🌀 Scène en échec"], "{markers}");
    });
    futures::future::join_all(stories).await;
}

#[tokio::test]
async fn a_callback_that_never_comes_is_made_up_for_by_the_clock() {
    let cases = [
        ("sim:lost-callback", "succeeded", Value::Null),
        ("sim:lost-callback sim:base64", "succeeded", Value::Null),
        ("sim:no-id", "succeeded", Value::Null),
        ("sim:lost-callback sim:fail-json", "failed", json!("CUDA out of memory. Tried to allocate 2.00 GiB")),
        ("sim:timeout", "failed", json!("job timed out")),
        ("sim:cancelled", "cancelled", Value::Null),
        ("sim:lost-callback sim:status-500=2", "succeeded", Value::Null),
        ("sim:lost-callback sim:status-html=1", "succeeded", Value::Null),
        ("sim:lost-callback sim:status-401=1", "succeeded", Value::Null),
        ("sim:lost-callback sim:status-429=2", "succeeded", Value::Null),
        ("sim:lost-callback sim:status-hang=1", "succeeded", Value::Null),
        ("sim:lost-callback sim:retention=0", "failed", json!("result_expired")),
        ("sim:lost-job", "failed", json!("result_expired")),
    ];
    for (markers, status, error) in cases {
        let story = Story::begin(markers).await;
        story.settled().await;
        assert_eq!(story.read().await["status"], "queued", "{markers}");
        story.age(2).await;
        let scene = story.reconciled().await;
        assert_eq!((&scene["status"], &scene["error"]), (&json!(status), &error), "{markers}");
        assert!(story.jobs().await["executions"].as_u64().unwrap() <= 1, "{markers}");
    }
}

#[tokio::test]
async fn a_submission_without_an_answer_is_given_up_in_time_and_believed_should_it_come_after_all() {
    let story = Story::begin("sim:truncated-after sim:queued").await;
    assert_eq!(story.read().await["status"], "queued");
    story.age(11).await;
    let scene = story.reconciled().await;
    assert_eq!((&scene["status"], &scene["error"]), (&json!("failed"), &json!("submission_unknown")));

    let jobs = story.jobs().await;
    assert_eq!(jobs["total"], 1, "RunPod has it, and nobody asked twice");
    let (endpoint, id) = (jobs["jobs"][0]["endpoint"].as_str().unwrap(), jobs["jobs"][0]["id"].as_str().unwrap());
    let client = reqwest::Client::new();
    let done = json!({"status": "COMPLETED", "output": {"image_url": format!("{}/files/00000000000000aa.png", variable("SIMULATORS_URL"))}});
    let call = format!("{}/control/runpod/jobs/{id}/callback", variable("SIMULATORS_URL"));
    client.post(call).json(&done).send().await.unwrap().error_for_status().unwrap();
    assert_eq!(story.read().await["status"], "succeeded", "on {endpoint}");
}

#[tokio::test]
async fn a_scene_that_is_given_up_stays_so_whatever_comes_at_the_same_time() {
    for round in 0..6 {
        let story = Story::begin("sim:queue=0 sim:slow=150 sim:twin=2").await;
        tokio::time::sleep(Duration::from_millis(100 + 20 * round)).await;
        story.age(2).await;
        let path = format!("/scenes/{}/cancel", story.scene);
        let cancel = || story.app.post(&path).by(&story.person).send();
        let (a, b, cron) = tokio::join!(cancel(), cancel(), story.app.cron("operations-reconcile-jobs"));
        assert_eq!(cron.status, 200);
        let scene = story.until(is_over).await;
        let expected = if scene["status"] == "cancelled" { 200 } else { 409 };
        assert_eq!([a.status, b.status], [expected; 2], "{scene}");
        story.settled().await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(story.read().await["status"], scene["status"], "the end is the end");
        let title = if expected == 200 { "🌀 Scène annulée" } else { "🌀 Scène générée" };
        assert_eq!(story.messages().await, [title]);
        assert!(story.jobs().await["executions"].as_u64().unwrap() <= 1);
    }
}

#[tokio::test]
async fn what_is_cancelled_here_is_cancelled_at_runpod() {
    let story = Story::begin("sim:stuck").await;
    let path = format!("/scenes/{}/cancel", story.scene);
    assert_eq!(story.app.post(&path).by(&story.person).send().await.status, 200);
    let jobs = story.settled().await;
    assert_eq!(jobs["jobs"][0]["status"], "CANCELLED");
    let retried = story.app.post(&format!("/scenes/{}/retry", story.scene)).by(&story.person).send().await;
    assert_eq!((retried.status, story.read().await["attempt"].clone()), (202, json!(2)));
    assert_eq!(story.jobs().await["total"], 2);
}

#[tokio::test]
async fn callbacks_and_the_clock_at_once_end_a_scene_once() {
    let story = Story::begin("sim:lost-callback").await;
    let jobs = story.settled().await;
    let id = jobs["jobs"][0]["id"].as_str().unwrap();
    story.age(2).await;
    let client = reqwest::Client::new();
    let call = || client.post(format!("{}/control/runpod/jobs/{id}/callback", variable("SIMULATORS_URL"))).send();
    let cron = || story.app.cron("operations-reconcile-jobs");
    let (a, b, c, first, second) = tokio::join!(call(), call(), call(), cron(), cron());
    assert!([a, b, c].into_iter().all(|answer| answer.unwrap().status() == 200));
    assert_eq!([first.status, second.status], [200; 2]);
    assert_eq!(story.read().await["status"], "succeeded");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(story.messages().await, ["🌀 Scène générée"]);
}

#[tokio::test]
async fn a_scene_is_followed_as_events_and_nobody_else_may() {
    let story = Story::begin("sim:queue=1500 sim:slow=1000").await;
    let path = format!("/scenes/{}/events", story.scene);
    let events = story.app.get(&path).by(&story.person).send().await.events();
    let (first, last) = (&events[0].1, events.last().unwrap());
    assert_eq!((&first["status"], &last.1["status"]), (&json!("queued"), &json!("succeeded")));
    assert!(first["queue_position"].as_i64().unwrap() >= 1);
    let over = story.app.get(&path).by(&story.person).header("last-event-id", &last.0).send().await;
    assert_eq!(over.status, 204);
    assert_eq!(story.app.get(&path).by(&Person::new().await).send().await.status, 404);
}

#[tokio::test]
async fn a_scene_that_is_being_drawn_is_seen_to_progress() {
    let story = Story::begin("sim:queue=0 sim:slow=8000 sim:progress=7").await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    let events = story.app.get(&format!("/scenes/{}/events", story.scene)).by(&story.person).send().await.events();
    let running = events.iter().find(|(_, scene)| scene["status"] == "running").map(|(_, scene)| &scene["progress"]);
    assert!(running.and_then(Value::as_i64).is_some_and(|percent| (1..100).contains(&percent)), "{events:?}");
    assert_eq!(events.last().unwrap().1["status"], "succeeded");
}

#[tokio::test]
async fn what_was_given_up_on_the_way_to_discord_is_sent_once_more_by_an_admin() {
    let (app, grace) = (App::edge(), Person::admin().await);
    let name = auth::random_uuid().unwrap().simple().to_string();
    let dead = "insert into outbox (kind, subject, payload, attempts, last_error, dead_at)
         select 'discord', 'job:' || job || ':failed', jsonb_build_object('event', 'scene.failed', 'id', job, 'attempt', 1,
           'input', jsonb_build_object('world', $1::text), 'finished_at', edge.now()), 8, 'status 500', edge.now()
         from gen_random_uuid() as job returning id";
    let id: i64 = database().await.query_one(dead, &[&name]).await.unwrap().get(0);
    let path = format!("/outbox/{id}");
    assert_eq!(app.get(&path).by(&grace).send().await.json()["state"], "dead");
    assert_eq!(app.post(&format!("{path}/replay")).by(&grace).send().await.status, 202);
    for _ in 0..40 {
        assert_eq!(app.cron("operations-reconcile-jobs").await.status, 200);
        if app.get(&path).by(&grace).send().await.json()["state"] == "delivered" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let message = app.get(&path).by(&grace).send().await.json();
    assert_eq!(message["deliveries"].as_array().unwrap().last().unwrap()["outcome"], "delivered", "{message}");
    let found = control(&format!("discord/1/messages?contains={name}")).await;
    assert_eq!(found["messages"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_sound_and_a_pose_are_made_like_a_scene() {
    let (app, ada) = (App::edge(), Person::new().await);
    let name = auth::random_uuid().unwrap().simple().to_string();
    let sound = app.post("/generate/audio").by(&ada).json(json!({"effect": "rune", "description": name})).send().await;
    let pose = app.post("/generate/pose").by(&ada).json(json!({"class": "mage", "pose": name})).send().await;
    for (answer, kind) in [(sound, "audio/wav"), (pose, "image/png")] {
        assert_eq!(answer.status, 202, "{answer:?}");
        let path = format!("/creations/{}/events", answer.json()["id"].as_str().unwrap());
        let events = app.get(&path).by(&ada).send().await.events();
        let made = &events.last().unwrap().1;
        assert_eq!(made["status"], "succeeded", "{made}");
        let file = reqwest::get(made["result_url"].as_str().unwrap()).await.unwrap();
        assert_eq!(file.headers()["content-type"], kind);
    }
    let profile = app.get("/user/profile").by(&ada).send().await.json();
    assert_eq!(profile["creations"], json!({"scenes": 0, "poses": 1, "sounds": 1, "total": 2}));
}

#[tokio::test]
async fn a_word_that_the_settings_do_not_have_is_refused_by_name() {
    // For everybody: these words come back at once, and the scenes of other tests use one that stays allowed.
    let owner = database().await;
    let set = "update settings set value = jsonb_set(value, '{era}', $1) where key = 'scene_vocabulary'";
    owner.execute(set, &[&json!({"words": ["an mil"], "free_text": false})]).await.unwrap();
    let (app, ada) = (App::edge(), Person::new().await);
    let wanted = |era| json!({"world": "Orée", "era": era, "class": "mage", "pose": "debout", "decor": "sim:queued"});
    let refused = app.post("/generate/scene").by(&ada).json(wanted("an deux mille")).send().await;
    let offer = app.get("/generate/scene").by(&ada).send().await.json();
    owner.execute(set, &[&json!({"words": [], "free_text": true})]).await.unwrap();
    assert_eq!((refused.status, refused.wrong_fields()), (422, vec!["era:not_allowed".to_owned()]));
    assert_eq!(offer["words"]["era"], json!({"words": ["an mil"], "free_text": false}));
}

#[tokio::test]
async fn the_clock_runs_what_is_due_and_says_so() {
    let answer = App::edge().cron("operations-tick").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let runs = "select count(*) from cron_runs where function in ('operations-purge', 'operations-reconcile-jobs')
         and outcome in ('succeeded', 'partial')";
    let run: i64 = database().await.query_one(runs, &[]).await.unwrap().get(0);
    assert!(run >= 2, "{}", answer.json());
    assert_eq!(App::edge().post("/").header("mf-route-override", "operations-tick").send().await.status, 401);
}

#[tokio::test]
async fn the_purge_takes_day_91_and_leaves_day_89() {
    let owner = database().await;
    let name = format!("t{}", auth::random_uuid().unwrap().simple());
    let old = "with days (day) as (values (91), (89)),
           received as (insert into webhook_deliveries (source, delivery_id, received_at)
             select $1, day::text, edge.now() - make_interval(days => day) from days)
         insert into audit_logs (action, metadata, \"timestamp\")
         select 'test.purge', jsonb_build_object('name', $1::text, 'day', day), edge.now() - make_interval(days => day) from days";
    owner.execute(old, &[&name]).await.unwrap();
    let left = async || {
        let received = owner.query("select delivery_id from webhook_deliveries where source = $1", &[&name]).await.unwrap();
        let audited = "select metadata ->> 'day' from audit_logs where metadata ->> 'name' = $1";
        let audited = owner.query(audited, &[&name]).await.unwrap();
        received.iter().chain(&audited).map(|row| row.get::<_, String>(0)).collect::<Vec<_>>()
    };
    for _ in 0..20 {
        assert_eq!(App::edge().cron("operations-purge").await.status, 200);
        if left().await.len() == 2 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(left().await, ["89", "89"]);
}
