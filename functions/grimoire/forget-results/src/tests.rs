use edge::auth::{Keys, random_uuid};
use edge::chrono::{DateTime, Utc};
use testing::{Answer, App, Person, database, variable};
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::FUNCTION;

/// Whoever forgets, forgets everything: one test after the other.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

async fn run(app: &App) -> Answer {
    let now: DateTime<Utc> = database().await.query_one("select clock_timestamp()", &[]).await.unwrap().get(0);
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("grimoire-forget-results", now);
    app.post("/").token(&token).send().await
}

/// Runs until nothing is left.
async fn run_out() {
    for _ in 0..50 {
        let answer = run(&App::native(&FUNCTION)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        if answer.json()["more"] == false {
            return;
        }
    }
    panic!("there is always more");
}

/// A finished job with its stored result, which so many people have; they, the job and its address.
async fn made(people: usize, minutes_ago: i32) -> (Vec<Person>, Uuid, String) {
    let job = random_uuid().unwrap();
    let key = format!("scene/{job}/1.png");
    store(&key).await;
    let address = format!("storage://{key}");
    let owner = database().await;
    let insert = "insert into jobs (id, kind, state, endpoint, input, input_hash, output, expires_at, finished_at)
         values ($1::uuid, 'scene', 'succeeded', 'image', '{\"prompt\": \"x\"}', encode(sha256(convert_to($1::uuid::text, 'UTF8')), 'hex'),
           jsonb_build_object('url', $2::text), edge.now(), edge.now())";
    owner.execute(insert, &[&job, &address]).await.unwrap();
    let mut having = Vec::new();
    for _ in 0..people {
        let person = Person::new().await;
        let insert = "insert into scenes (user_id, world, era, class, pose, decor, status, image_url, job_id)
             values ($1, 'w', 'e', 'c', 'p', 'd', 'succeeded', $2, $3)";
        owner.execute(insert, &[&person.id, &address, &job]).await.unwrap();
        having.push(person);
    }
    let age = "update jobs set finished_at = edge.now() - make_interval(mins => $2) where id = $1";
    owner.execute(age, &[&job, &minutes_ago]).await.unwrap();
    (having, job, address)
}

/// Puts a file into the storage.
async fn store(key: &str) {
    let put = reqwest::Client::new().put(format!("{}/control/storage/oree/{key}", variable("SIMULATORS_URL"))).body("png");
    assert!(put.send().await.unwrap().status().is_success());
}

async fn is_stored(address: &str) -> bool {
    let key = address.strip_prefix("storage://").unwrap();
    let look = format!("{}/control/storage/oree/{key}", variable("SIMULATORS_URL"));
    reqwest::get(look).await.unwrap().status() == 200
}

/// What the ledger still knows of a job: its address, and whether it can be found again.
async fn known(job: Uuid) -> (Option<String>, bool) {
    let select = "select output ->> 'url', input_hash is not null or input is not null from jobs where id = $1";
    let row = database().await.query_one(select, &[&job]).await.unwrap();
    (row.get(0), row.get(1))
}

#[tokio::test]
async fn a_file_goes_when_the_last_who_had_it_is_gone() {
    let _alone = alone().await;
    let (people, job, address) = made(2, 90).await;
    let owner = database().await;
    owner.execute("delete from users where id = $1", &[&people[0].id]).await.unwrap();
    run_out().await;
    assert_eq!((is_stored(&address).await, known(job).await), (true, (Some(address.clone()), true)), "somebody still has it");

    owner.execute("delete from scenes where user_id = $1", &[&people[1].id]).await.unwrap();
    run_out().await;
    assert_eq!((is_stored(&address).await, known(job).await), (false, (None, false)));
    run_out().await;
}

#[tokio::test]
async fn a_file_that_is_missing_already_is_forgotten_too() {
    let _alone = alone().await;
    let (_, job, address) = made(0, 90).await;
    let remove = format!("{}/control/storage/oree/{}", variable("SIMULATORS_URL"), address.strip_prefix("storage://").unwrap());
    reqwest::Client::new().delete(remove).send().await.unwrap();
    run_out().await;
    assert_eq!(known(job).await, (None, false));
}

#[tokio::test]
async fn a_result_of_this_hour_waits() {
    let _alone = alone().await;
    let (_, job, address) = made(0, 30).await;
    run_out().await;
    assert_eq!((is_stored(&address).await, known(job).await), (true, (Some(address), true)));
}

#[tokio::test]
async fn two_jobs_with_one_file_keep_it_for_each_other() {
    let _alone = alone().await;
    let (people, job, address) = made(1, 90).await;
    let insert = "insert into jobs (kind, state, endpoint, output, expires_at, finished_at)
         values ('scene', 'succeeded', 'image', jsonb_build_object('url', $1::text), edge.now(), edge.now() - interval '2 hours')
         returning id";
    let other: Uuid = database().await.query_one(insert, &[&address]).await.unwrap().get(0);
    run_out().await;
    assert_eq!((is_stored(&address).await, known(other).await.0.is_some()), (true, true));
    database().await.execute("delete from users where id = $1", &[&people[0].id]).await.unwrap();
    run_out().await;
    assert_eq!((is_stored(&address).await, known(job).await.0, known(other).await.0), (false, None, None));
}

#[tokio::test]
async fn a_workers_own_copy_goes_and_the_result_stays() {
    let _alone = alone().await;
    let (_people, job, address) = made(1, 90).await;
    let upload = format!("storage://{job}-u1/1.png");
    store(upload.strip_prefix("storage://").unwrap()).await;
    let set = "update jobs set output = output || jsonb_build_object('upload', $2::text) where id = $1";
    database().await.execute(set, &[&job, &upload]).await.unwrap();
    run_out().await;
    assert_eq!((is_stored(&upload).await, is_stored(&address).await), (false, true));
    assert_eq!(known(job).await, (Some(address), true));
}

#[tokio::test]
async fn what_the_storage_does_not_delete_is_tried_again() {
    let _alone = alone().await;
    run_out().await;
    let (_, job, address) = made(0, 90).await;
    let away = App::native(&FUNCTION).with("STORAGE_URL", "http://127.0.0.1:9/storage");
    let report = run(&away).await.json();
    assert_eq!((&report["forgotten"], &report["left"], &report["more"]), (&0.into(), &1.into(), &false.into()), "{report}");
    assert!(is_stored(&address).await);
    assert_eq!(known(job).await, (Some(address.clone()), false), "it is given to nobody, and its address is kept");
    run_out().await;
    assert_eq!((is_stored(&address).await, known(job).await), (false, (None, false)));
}

#[tokio::test]
async fn somebody_who_asks_while_a_result_is_being_forgotten_gets_a_new_one() {
    let _alone = alone().await;
    let (_, job, _) = made(0, 90).await;
    let hash: String = database().await.query_one("select input_hash from jobs where id = $1", &[&job]).await.unwrap().get(0);
    run_out().await;
    let select = "select count(*) from jobs where input_hash = $1";
    let found: i64 = database().await.query_one(select, &[&hash]).await.unwrap().get(0);
    assert_eq!(found, 0);
}

#[tokio::test]
async fn only_the_clock_may_forget() {
    assert_eq!(App::native(&FUNCTION).post("/").send().await.status, 401);
}
