use std::time::Duration;

use edge::auth::Keys;
use edge::chrono::{DateTime, Utc};
use futures::StreamExt;
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, variable};
use uuid::Uuid;

use super::FUNCTION;

async fn reconcile(app: &App) -> Answer {
    let now: DateTime<Utc> = database().await.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("operations-reconcile-jobs", now);
    app.post("/").token(&token).send().await
}

/// Runs until `done`: other tests' jobs may take the places of one run, and another run may hold ours.
async fn reconcile_until<F: Future<Output = bool>>(app: &App, done: impl Fn() -> F) {
    for _ in 0..40 {
        let answer = reconcile(app).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        if done().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("forty runs have not been enough");
}

/// A job on the simulated RunPod whose callback never comes.
async fn submit(endpoint: &str, marker: &str) -> String {
    let url = format!("{}/{endpoint}/run", variable("RUNPOD_BASE_URL"));
    let input = json!({"input": {"decor": format!("{marker} sim:lost-callback sim:queue=0 sim:slow=0 {}", random())}});
    let client = reqwest::Client::new();
    let answer = client.post(url).bearer_auth(variable("RUNPOD_API_KEY")).json(&input).send().await.unwrap();
    let job: Value = answer.json().await.unwrap();
    let id = job["id"].as_str().unwrap().to_owned();
    let ended = format!("{}/control/runpod/jobs?id={id}&wait=5000", variable("SIMULATORS_URL"));
    client.get(ended).send().await.unwrap();
    id
}

/// Somebody's scene with a job that RunPod has been silent about for five minutes; without an id, one whose submission
/// was never confirmed.
async fn scene(endpoint: &str, runpod_job_id: Option<&str>) -> Uuid {
    let ada = Person::new().await;
    let insert = "with job as (
           insert into jobs (user_id, kind, state, endpoint, runpod_job_id, submitted_at, expires_at)
           values ($1, 'scene', case when $3::text is null then 'submitting' else 'queued' end, $2, $3,
             case when $3 is not null then edge.now() - interval '5 minutes' end, edge.now() - interval '1 second')
           returning id)
         insert into scenes (user_id, world, era, class, pose, decor, job_id)
         select $1, 'Orée', 'an mil', 'mage', 'debout', 'un bois', id from job returning id";
    database().await.query_one(insert, &[&ada.id, &endpoint, &runpod_job_id]).await.unwrap().get(0)
}

/// Status, error and whether there is a stored image.
async fn shown(scene: Uuid) -> (String, Option<String>, bool) {
    let select = "select status, error, coalesce(image_url like 'storage://scene/%.png', false) from scenes where id = $1";
    let row = database().await.query_one(select, &[&scene]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

/// Attempts, and whether delivered, of the message about a scene's job.
async fn message(scene: Uuid) -> Option<(i32, bool)> {
    let select = "select attempts, delivered_at is not null
         from outbox where subject like 'job:' || (select job_id from scenes where id = $1) || ':%'";
    let row = database().await.query_opt(select, &[&scene]).await.unwrap();
    row.map(|row| (row.get(0), row.get(1)))
}

fn random() -> String {
    edge::auth::random_uuid().unwrap().simple().to_string()
}

#[tokio::test]
async fn a_lost_callback_is_made_up_for() {
    let app = App::native(&FUNCTION);
    let id = submit("image", "").await;
    let scene = scene("image", Some(&id)).await;
    reconcile_until(&app, async || shown(scene).await.0 != "queued").await;
    assert_eq!(shown(scene).await, ("succeeded".to_owned(), None, true));
    reconcile_until(&app, async || message(scene).await.is_some_and(|(_, delivered)| delivered)).await;
}

#[tokio::test]
async fn a_run_goes_on_until_all_lost_callbacks_are_made_up_for() {
    let app = App::native(&FUNCTION);
    let endpoint = random();
    let lost: Vec<Uuid> = futures::stream::iter(0..120)
        .map(async |_| scene(&endpoint, Some(&submit(&endpoint, "").await)).await)
        .buffer_unordered(8)
        .collect()
        .await;
    let select = "select count(*) from scenes where id = any ($1) and status = 'succeeded'";
    let mut runs = 0;
    while database().await.query_one(select, &[&lost]).await.unwrap().get::<_, i64>(0) < 120 {
        runs += 1;
        assert!(runs <= 3, "eleven a run would take eleven runs");
        assert_eq!(reconcile(&app).await.status, 200);
        // What another test's run holds, it has soon recorded.
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

#[tokio::test]
async fn a_small_plan_of_the_platform_is_kept_to() {
    let app = App::native(&FUNCTION);
    let endpoint = random();
    let set = "update settings set value = $1 where key = 'calls_per_run'";
    let refused = database().await.execute(set, &[&json!(49)]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "23514");
    for _ in 0..30 {
        scene(&endpoint, Some(&random())).await;
    }
    database().await.execute(set, &[&json!(50)]).await.unwrap();
    let answer = reconcile(&app).await;
    database().await.execute(set, &[&json!(1000)]).await.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    // Another test's run may have taken some of them.
    let asked = answer.json()["asked"].as_u64().unwrap();
    assert!(asked < 11 || asked == 11 && answer.json()["more"] == true, "{answer:?}");
}

#[tokio::test]
async fn a_lost_failure_is_told_without_its_traceback() {
    let app = App::native(&FUNCTION);
    let id = submit("image", "sim:fail-json").await;
    let scene = scene("image", Some(&id)).await;
    reconcile_until(&app, async || shown(scene).await.0 != "queued").await;
    let (status, error, _) = shown(scene).await;
    assert_eq!((status.as_str(), error.as_deref()), ("failed", Some("CUDA out of memory. Tried to allocate 2.00 GiB")));
}

#[tokio::test]
async fn a_job_that_runpod_has_forgotten_has_failed() {
    let app = App::native(&FUNCTION);
    let scene = scene("image", Some(&format!("{}-u1", random()))).await;
    reconcile_until(&app, async || shown(scene).await.0 != "queued").await;
    assert_eq!(shown(scene).await, ("failed".to_owned(), Some("result_expired".to_owned()), false));
}

#[tokio::test]
async fn a_result_inside_runpods_answer_is_stored_too() {
    let app = App::native(&FUNCTION);
    let scene = scene("image", Some(&submit("image", "sim:base64").await)).await;
    reconcile_until(&app, async || shown(scene).await.0 != "queued").await;
    assert_eq!(shown(scene).await, ("succeeded".to_owned(), None, true));
}

#[tokio::test]
async fn a_job_that_runpod_is_silent_about_for_good_is_given_up() {
    let app = App::native(&FUNCTION);
    let endpoint = random();
    let silent = scene(&endpoint, Some(&submit(&endpoint, "sim:status-500").await)).await;
    let old = "update jobs set expires_at = edge.now() - interval '31 minutes'
         where id = (select job_id from scenes where id = $1)";
    database().await.execute(old, &[&silent]).await.unwrap();
    reconcile_until(&app, async || shown(silent).await.0 != "queued").await;
    assert_eq!(shown(silent).await, ("failed".to_owned(), Some("result_expired".to_owned()), false));
}

#[tokio::test]
async fn a_submission_that_was_never_confirmed_is_given_up() {
    let app = App::native(&FUNCTION);
    let scene = scene("image", None).await;
    reconcile_until(&app, async || shown(scene).await.0 != "queued").await;
    assert_eq!(shown(scene).await, ("failed".to_owned(), Some("submission_unknown".to_owned()), false));
}

#[tokio::test]
async fn a_job_that_is_not_done_and_one_that_nobody_answers_for_are_left_alone() {
    let app = App::native(&FUNCTION);
    let endpoint = random();
    let waiting = scene(&endpoint, Some(&submit(&endpoint, "sim:queued").await)).await;
    let silent = scene(&endpoint, Some(&submit(&endpoint, "sim:status-500").await)).await;
    let was_asked = async |scene: Uuid| {
        let select = "select checked_at is not null from jobs where id = (select job_id from scenes where id = $1)";
        database().await.query_one(select, &[&scene]).await.unwrap().get::<_, bool>(0)
    };
    reconcile_until(&app, async || was_asked(waiting).await && was_asked(silent).await).await;
    assert_eq!(shown(waiting).await.0, "queued");
    assert_eq!(shown(silent).await.0, "queued");
}

#[tokio::test]
async fn a_message_that_is_due_is_sent_again() {
    let app = App::native(&FUNCTION);
    let scene = scene("image", Some(&random())).await;
    let insert = "insert into outbox (kind, subject, payload, attempts, next_attempt_at)
         select 'discord', 'job:' || job_id || ':failed', jsonb_build_object('event', 'scene.failed', 'id', id, 'attempt', 1,
           'input', jsonb_build_object('world', world), 'finished_at', edge.now()), 1, edge.now() - interval '1 day'
         from scenes where id = $1";
    database().await.execute(insert, &[&scene]).await.unwrap();
    reconcile_until(&app, async || message(scene).await.is_some_and(|(attempts, delivered)| attempts == 2 && delivered)).await;
}

#[tokio::test]
async fn without_runpod_the_rest_is_still_done() {
    let app = App::native(&FUNCTION).with("RUNPOD_API_KEY", "");
    let lost = scene("image", None).await;
    let answer = reconcile(&app).await;
    assert_eq!((answer.status, answer.json()["asked"].as_i64()), (200, Some(0)));
    reconcile_until(&app, async || shown(lost).await.0 == "failed").await;
}

#[tokio::test]
async fn only_the_clock_may_reconcile() {
    assert_eq!(App::native(&FUNCTION).post("/").send().await.status, 401);
}

/// The second argument of each call of `edge.mail` in a text.
fn templates(sql: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for call in sql.split("edge.mail(").skip(1) {
        let (mut depth, mut argument) = (0, 0);
        let second = call.char_indices().find_map(|(at, letter)| {
            depth += i32::from(letter == '(') - i32::from(letter == ')');
            argument += i32::from(letter == ',' && depth == 0);
            (letter == ',' && argument == 1 && depth == 0).then_some(at + 1)
        });
        let rest = &call[second.expect("edge.mail has a second argument")..];
        // Words after `case when … then` and `else`, or the argument itself; none is compared with in a condition.
        found.extend(rest.split(',').next().unwrap_or_default().split('\'').skip(1).step_by(2));
    }
    found
}

#[test]
fn every_letter_that_the_database_writes_has_words_in_some_area() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../..");
    let mut folders =
        vec![[root, "/functions"].concat().into(), std::path::PathBuf::from([root, "/migrations/functions"].concat())];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "sql") && !path.ends_with("mail.sql") {
                let sql = std::fs::read_to_string(&path).unwrap();
                for template in templates(&sql).into_iter().filter(|template| *template != "nobody") {
                    let known = super::SENDERS.iter().any(|sender| sender.letter(template).is_some());
                    assert!(known, "{} writes a letter {template}, which no area of SENDERS has words for", path.display());
                    seen.insert(template.to_owned());
                }
            }
        }
    }
    assert!(seen.len() >= 14, "{seen:?}");
}
