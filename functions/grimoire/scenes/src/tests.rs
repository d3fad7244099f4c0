use std::time::Duration;

use serde_json::{Value, json};
use testing::{App, Person, database, insta, variable};

use super::FUNCTION;

/// Gives a person one scene per status, the last one newest; their ids in that order.
async fn draw(person: &Person, statuses: &[&str]) -> Vec<String> {
    let statuses: Vec<String> = statuses.iter().map(|status| (*status).to_owned()).collect();
    let insert = "insert into scenes (user_id, world, era, class, pose, decor, status, image_url, error, created_at)
         select $1, 'Orée', 'an mil', 'mage', 'debout', 'un bois', status,
           case status when 'succeeded' then 'https://files.example/1.png' end, case status when 'failed' then 'timed_out' end,
           timestamptz '2026-06-01 12:00:00.123456+00' + n * interval '1 microsecond'
         from unnest($2::text[]) with ordinality as asked (status, n) order by n returning id::text";
    database().await.query(insert, &[&person.id, &statuses]).await.unwrap().iter().map(|row| row.get(0)).collect()
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(|scene| scene["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_scene_shows_what_was_asked_and_what_came_of_it() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let drawn = draw(&ada, &["succeeded", "failed"]).await;
    let answer = app.get(&format!("/scenes/{}", drawn[0])).by(&ada).send().await;
    assert_eq!((answer.status, &answer.header("etag").unwrap()[..3]), (200, "\"1-"));
    insta::assert_json_snapshot!(answer.json(), { ".id" => "[id]", ".updated_at" => "[time]" }, @r#"
    {
      "attempt": null,
      "class": "mage",
      "created_at": "2026-06-01T12:00:00.123457Z",
      "decor": "un bois",
      "era": "an mil",
      "error": null,
      "id": "[id]",
      "image_url": "https://files.example/1.png",
      "is_cached": false,
      "pose": "debout",
      "progress": null,
      "queue_position": null,
      "status": "succeeded",
      "updated_at": "[time]",
      "world": "Orée"
    }
    "#);
    let failed = app.get(&format!("/scenes/{}", drawn[1])).by(&ada).send().await.json();
    assert_eq!((failed["error"].as_str(), &failed["image_url"]), (Some("timed_out"), &Value::Null));
}

#[tokio::test]
async fn somebody_elses_scene_is_as_missing_as_one_that_never_was() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let drawn = draw(&ada, &["queued"]).await;
    let (mut hers, mut none) = (
        app.get(&format!("/scenes/{}", drawn[0])).by(&eve).send().await.json(),
        app.get("/scenes/00000000-0000-4000-8000-000000000000").by(&eve).send().await.json(),
    );
    assert_eq!(hers["status"], 404);
    (hers["request_id"], none["request_id"]) = (Value::Null, Value::Null);
    assert_eq!(hers, none);
    assert!(ids(&app.get("/scenes").by(&eve).send().await.json()).is_empty());
    let nonsense = app.get("/scenes/1").by(&ada).send().await;
    assert_eq!((nonsense.status, nonsense.wrong_fields()), (422, vec!["id:bad_uuid".to_owned()]));
}

#[tokio::test]
async fn the_list_comes_in_pages_newest_first() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let mut drawn = draw(&ada, &["queued", "failed", "queued", "succeeded", "queued"]).await;
    drawn.reverse();
    let mut seen = Vec::new();
    let mut path = "/scenes?limit=2".to_owned();
    loop {
        let page = app.get(&path).by(&ada).send().await.json();
        seen.extend(ids(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/scenes?limit=2&cursor={cursor}");
    }
    assert_eq!(seen, drawn);
}

#[tokio::test]
async fn the_list_is_filtered_by_status_and_its_cursor_is_bound_to_that() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let drawn = draw(&ada, &["queued", "failed", "queued"]).await;
    let queued = app.get("/scenes?status=queued&limit=1").by(&ada).send().await.json();
    assert_eq!(ids(&queued), [drawn[2].as_str()]);
    let cursor = queued["next_cursor"].as_str().unwrap();
    let next = app.get(&format!("/scenes?status=queued&limit=1&cursor={cursor}")).by(&ada).send().await.json();
    assert_eq!((ids(&next), &next["next_cursor"]), (vec![drawn[0].clone()], &Value::Null));
    for (query, refusal) in [
        (format!("status=failed&cursor={cursor}"), "cursor:bad_cursor"),
        ("status=done".to_owned(), "status:not_allowed"),
        ("limit=0".to_owned(), "limit:range"),
        ("sort=world".to_owned(), "sort:unknown_field"),
    ] {
        let answer = app.get(&format!("/scenes?{query}")).by(&ada).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{query}");
    }
}

#[tokio::test]
async fn the_list_is_narrowed_to_days() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let drawn = draw(&ada, &["queued", "failed", "queued"]).await;
    let moved = "update scenes set created_at = $2::text::timestamptz where id::text = $1";
    for (scene, moment) in [(&drawn[1], "2026-06-02T00:00:00Z"), (&drawn[2], "2026-06-02T23:59:59Z")] {
        database().await.execute(moved, &[scene, &moment]).await.unwrap();
    }
    for (query, found) in [
        ("from=2026-06-02", vec![&drawn[2], &drawn[1]]),
        ("to=2026-06-01", vec![&drawn[0]]),
        ("from=2026-06-02&to=2026-06-02&status=failed", vec![&drawn[1]]),
        ("from=2026-06-03", vec![]),
    ] {
        let page = app.get(&format!("/scenes?{query}")).by(&ada).send().await.json();
        assert_eq!(ids(&page).iter().collect::<Vec<_>>(), found, "{query}");
    }
    let wrong = app.get("/scenes?from=2026-06-02&to=2026-06-01").by(&ada).send().await;
    assert_eq!((wrong.status, wrong.wrong_fields()), (422, vec!["from:from_after_to".to_owned()]));
}

/// A scene of the person that waits for a job of theirs, with an endpoint of its own.
async fn waiting(person: &Person, state: &str, runpod_job_id: Option<&str>) -> (String, String) {
    let insert = "with job as (
           insert into jobs (user_id, kind, state, endpoint, runpod_job_id, input, input_hash, is_joinable, expires_at, finished_at)
           values ($1, 'scene', $2, $3, $4, '{\"prompt\": \"sim:queued\"}', encode(sha256(convert_to($3, 'UTF8')), 'hex'), true,
             edge.now() + interval '10 minutes', case when $2 in ('failed', 'cancelled') then edge.now() end) returning id)
         insert into scenes (user_id, world, era, class, pose, decor, status, job_id)
         select $1, 'Orée', 'an mil', 'mage', 'debout', 'un bois', replace($2, 'submitting', 'queued'), id from job
         returning id::text, job_id::text";
    let endpoint = edge::auth::random_uuid().unwrap().simple().to_string();
    let row = database().await.query_one(insert, &[&person.id, &state, &endpoint, &runpod_job_id]).await.unwrap();
    (row.get(0), row.get(1))
}

async fn state(job: &str) -> String {
    database().await.query_one("select state from jobs where id::text = $1", &[&job]).await.unwrap().get(0)
}

#[tokio::test]
async fn a_scene_that_is_given_up_is_cancelled_at_runpod_too() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let id = edge::auth::random_uuid().unwrap().to_string();
    let (scene, job) = waiting(&ada, "running", Some(&id)).await;
    let answer = app.post(&format!("/scenes/{scene}/cancel")).by(&ada).send().await;
    assert_eq!((answer.status, &answer.json()["status"]), (200, &"cancelled".into()), "{answer:?}");
    assert_eq!(state(&job).await, "cancelled");
    let reported = "select delivered_at is not null from outbox where subject = 'cancel:' || $1";
    assert!(database().await.query_one(reported, &[&job]).await.unwrap().get::<_, bool>(0), "RunPod was told");
    let again = app.post(&format!("/scenes/{scene}/cancel")).by(&ada).send().await;
    assert_eq!((again.status, &again.json()["status"]), (200, &"cancelled".into()));
}

#[tokio::test]
async fn a_job_that_somebody_else_waits_for_goes_on() {
    let app = App::native(&FUNCTION);
    let (ada, bob) = (Person::new().await, Person::new().await);
    let (hers, job) = waiting(&ada, "running", None).await;
    let join = "insert into scenes (user_id, world, era, class, pose, decor, status, job_id)
         values ($1, 'Orée', 'an mil', 'mage', 'debout', 'un bois', 'running', $2::text::uuid) returning id::text";
    let his: String = database().await.query_one(join, &[&bob.id, &job]).await.unwrap().get(0);
    assert_eq!(app.post(&format!("/scenes/{hers}/cancel")).by(&ada).send().await.status, 200);
    assert_eq!(state(&job).await, "running");
    assert_eq!(app.get(&format!("/scenes/{his}")).by(&bob).send().await.json()["status"], "running");
    assert_eq!(app.post(&format!("/scenes/{his}/cancel")).by(&bob).send().await.status, 200);
    assert_eq!(state(&job).await, "cancelled", "the last one who waited has gone");
}

#[tokio::test]
async fn a_failed_scene_is_asked_for_once_more() {
    let ada = Person::new().await;
    let endpoint = edge::auth::random_uuid().unwrap().simple().to_string();
    let app = App::native(&FUNCTION).with("RUNPOD_ENDPOINT_ID_IMAGE", &endpoint);
    let (scene, _) = waiting(&ada, "failed", None).await;
    let answer = app.post(&format!("/scenes/{scene}/retry")).by(&ada).send().await;
    assert_eq!((answer.status, &answer.json()["status"]), (202, &"queued".into()), "{answer:?}");
    let shown = app.get(&format!("/scenes/{scene}")).by(&ada).send().await.json();
    assert_eq!((&shown["attempt"], &shown["queue_position"], &shown["error"]), (&2.into(), &1.into(), &Value::Null));
    let again = app.post(&format!("/scenes/{scene}/retry")).by(&ada).send().await;
    assert_eq!((again.status, again.code().as_str()), (409, "conflict"));
}

#[tokio::test]
async fn a_scene_is_followed_until_its_end_and_from_where_one_was() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let (scene, job) = waiting(&ada, "queued", None).await;
    let path = format!("/scenes/{scene}/events");
    let end = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let fail = "with gone as (update jobs set state = 'failed', finished_at = edge.now() where id::text = $1)
             update scenes set status = 'failed', error = 'timed_out' where job_id::text = $1";
        database().await.execute(fail, &[&job]).await.unwrap();
    };
    let (answer, ()) = tokio::join!(app.get(&path).by(&ada).send(), end);
    let events = answer.events();
    assert_eq!(answer.header("cache-control"), Some("no-store, no-transform"));
    assert_eq!(answer.header("x-accel-buffering"), Some("no"));
    let statuses: Vec<&str> = events.iter().map(|(_, scene)| scene["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["queued", "failed"]);
    let resumed = app.get(&path).by(&ada).header("last-event-id", &events[0].0).send().await.events();
    assert_eq!(resumed, events[1..]);
    let over = app.get(&path).by(&ada).header("last-event-id", &events[1].0).send().await;
    assert_eq!((over.status, over.body.len()), (204, 0));
}

/// A job that the simulated RunPod runs, so far done.
async fn running(endpoint: &str, percent: u32) -> String {
    let runpod = format!("{}/{endpoint}", variable("RUNPOD_BASE_URL"));
    let (client, key) = (reqwest::Client::new(), variable("RUNPOD_API_KEY"));
    let input = json!({"input": {"decor": "sim:queue=0 sim:stuck sim:lost-callback"}});
    let job = client.post(format!("{runpod}/run")).bearer_auth(&key).json(&input).send().await.unwrap();
    let id = job.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    for _ in 0..50 {
        let status = client.get(format!("{runpod}/status/{id}")).bearer_auth(&key).send().await.unwrap();
        if status.json::<Value>().await.unwrap()["status"] == "IN_PROGRESS" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let reported = json!({"status": "IN_PROGRESS", "output": {"progress": percent}});
    let tell = client.post(format!("{runpod}/job-done/w1/{id}")).bearer_auth(&key).json(&reported);
    tell.send().await.unwrap().error_for_status().unwrap();
    id
}

#[tokio::test]
async fn whoever_follows_a_scene_learns_how_far_its_worker_is_and_so_does_everybody_who_looks() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let endpoint = edge::auth::random_uuid().unwrap().simple().to_string();
    let (scene, job) = waiting(&ada, "queued", Some(&running(&endpoint, 40).await)).await;
    let there = "update jobs set endpoint = $2 where id::text = $1";
    database().await.execute(there, &[&job, &endpoint]).await.unwrap();
    let path = format!("/scenes/{scene}");
    let meanwhile = async {
        tokio::time::sleep(Duration::from_millis(2500)).await;
        let shown = app.get(&path).by(&ada).send().await.json();
        let fail = "with gone as (update jobs set state = 'failed', finished_at = edge.now() where id::text = $1)
             update scenes set status = 'failed', error = 'timed_out' where job_id::text = $1";
        database().await.execute(fail, &[&job]).await.unwrap();
        shown
    };
    let begun = testing::now();
    let following = app.get(&format!("{path}/events")).by(&ada);
    let (answer, shown) = tokio::join!(following.send(), meanwhile);
    let events = answer.events();
    let seen: Vec<_> = events.iter().map(|(_, scene)| (scene["status"].as_str().unwrap(), scene["progress"].as_i64())).collect();
    assert_eq!(seen, [("queued", None), ("running", Some(40)), ("failed", None)]);
    assert_eq!((&shown["status"], &shown["progress"]), (&json!("running"), &json!(40)));
    let changed: edge::chrono::DateTime<edge::chrono::Utc> = events[1].1["updated_at"].as_str().unwrap().parse().unwrap();
    assert!(changed - begun > edge::chrono::TimeDelta::seconds(1), "{changed} is when the stream began");
}

#[tokio::test]
async fn a_stranger_neither_follows_nor_cancels_nor_retries() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let (scene, job) = waiting(&ada, "running", None).await;
    for call in [
        app.get(&format!("/scenes/{scene}/events")),
        app.post(&format!("/scenes/{scene}/cancel")),
        app.post(&format!("/scenes/{scene}/retry")),
    ] {
        assert_eq!(call.by(&eve).send().await.status, 404);
    }
    assert_eq!(state(&job).await, "running");
}

#[tokio::test]
async fn a_creation_that_is_no_scene_is_neither_cancelled_nor_retried_as_one() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    for (status, action) in [("running", "cancel"), ("failed", "cancel"), ("failed", "retry")] {
        let insert = "with job as (
               insert into jobs (user_id, kind, state, endpoint, input, expires_at, finished_at)
               values ($1, 'pose', $2, 'elsewhere', '{}', edge.now() + interval '10 minutes',
                 case $2 when 'failed' then edge.now() end) returning id)
             insert into creations (user_id, kind, input, status, job_id)
             select $1, 'pose', '{}', $2, id from job returning id::text, job_id::text";
        let row = database().await.query_one(insert, &[&ada.id, &status]).await.unwrap();
        let (pose, job): (String, String) = (row.get(0), row.get(1));
        let answer = app.post(&format!("/scenes/{pose}/{action}")).by(&ada).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{status} {action}");
        let stored = "select status, job_id::text from creations where id::text = $1";
        let row = database().await.query_one(stored, &[&pose]).await.unwrap();
        assert_eq!((row.get(0), row.get(1), state(&job).await), (status, job.as_str(), status.to_owned()), "{action}");
    }
}

#[tokio::test]
async fn whatever_is_cancelled_and_retried_at_once_no_job_goes_on_for_a_cancelled_scene() {
    let endpoint = edge::auth::random_uuid().unwrap().simple().to_string();
    let app = App::native(&FUNCTION).with("RUNPOD_ENDPOINT_ID_IMAGE", &endpoint);
    let ada = Person::new().await;
    for round in 0..8 {
        let (scene, _) = waiting(&ada, "cancelled", None).await;
        let alone = "update jobs set input = jsonb_build_object('prompt', 'sim:stuck ' || $2::text)
             where id = (select job_id from scenes where id::text = $1)";
        database().await.execute(alone, &[&scene, &scene]).await.unwrap();
        let path = format!("/scenes/{scene}");
        let call = |action: &str| app.post(&format!("{path}/{action}")).by(&ada).send();
        let cancels = futures::future::join_all((0..8).map(|_| call("cancel")));
        let (retried, cancelled) = tokio::join!(call("retry"), cancels);
        assert_eq!(retried.status, 202, "{retried:?}");
        assert!(cancelled.iter().all(|answer| answer.status == 200), "{cancelled:?}");
        let status = app.get(&path).by(&ada).send().await.json()["status"].clone();
        let jobs = format!("{}/control/runpod/jobs?contains={scene}", variable("SIMULATORS_URL"));
        let jobs_there = async || reqwest::get(&jobs).await.unwrap().json::<Value>().await.unwrap()["jobs"].clone();
        let open = jobs_there().await.as_array().unwrap().iter().filter(|job| job["status"] != "CANCELLED").count();
        let stored = "select j.state from jobs j join scenes s on s.job_id = j.id where s.id::text = $1";
        let state: String = database().await.query_one(stored, &[&scene]).await.unwrap().get(0);
        assert_eq!(status == "cancelled", open == 0, "round {round}: {status}, {state}, {open} at RunPod");
        assert_eq!(status == "cancelled", state == "cancelled", "round {round}: {status}, {state}");
        assert_eq!(call("cancel").await.status, 200);
        assert!(jobs_there().await.as_array().unwrap().iter().all(|job| job["status"] == "CANCELLED"), "round {round}");
    }
}

#[tokio::test]
async fn a_scene_that_was_to_be_drawn_anew_is_drawn_anew_when_it_is_retried() {
    let endpoint = edge::auth::random_uuid().unwrap().simple().to_string();
    let app = App::native(&FUNCTION).with("RUNPOD_ENDPOINT_ID_IMAGE", &endpoint);
    let ada = Person::new().await;
    let (scene, _) = waiting(&ada, "cancelled", None).await;
    let made = "with refused as (
           update jobs set is_joinable = false, endpoint = $2, input_hash = hash
           from encode(sha256(convert_to(concat_ws(E'\n', 'scene', $2::text, edge.setting('models') ->> 'scene',
             '{\"prompt\": \"sim:queued\"}'), 'UTF8')), 'hex') as hash
           where id = (select job_id from scenes where id::text = $1) returning user_id, input_hash)
         insert into jobs (user_id, kind, state, endpoint, input_hash, output, is_joinable, expires_at, finished_at)
         select user_id, 'scene', 'succeeded', $2, input_hash, '{\"url\": \"https://files.example/1.png\"}', true,
           edge.now(), edge.now() from refused";
    database().await.execute(made, &[&scene, &endpoint]).await.unwrap();
    let retry = || app.post(&format!("/scenes/{scene}/retry")).by(&ada).send();
    assert_eq!(retry().await.status, 202, "the picture that was refused is not given again");

    let usual = "update jobs set is_joinable = true, state = 'cancelled', finished_at = edge.now()
         where id = (select job_id from scenes where id::text = $1)";
    database().await.execute(usual, &[&scene]).await.unwrap();
    database().await.execute("update scenes set status = 'cancelled' where id::text = $1", &[&scene]).await.unwrap();
    assert_eq!(retry().await.status, 200, "whoever did not ask for that is given it");
}
