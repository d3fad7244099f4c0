//! How much CPU one request costs the edge, while nothing fails and nothing else runs in it.
//!
//! From `/proc/<pid>/stat` of workerd: user and system time of all its threads, before and after many equal requests. So the
//! whole process counts: parsing HTTP, wasm, garbage collection, and what a function does after its answer.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use testing::{Person, now, variable};
use tokio::time::sleep;

/// Of each operation. The kernel counts in ticks of 10 ms.
const REQUESTS: usize = 400;
const TICK_MS: f64 = 10.0;
const AT_ONCE: usize = 8;
/// The day's quota of scenes is five.
const SCENES_EACH: usize = 4;

struct Process {
    parent: u32,
    name: String,
    ticks: u64,
}

/// A line per operation: what one request of it costs.
pub async fn measure() -> String {
    let mut people = Vec::new();
    for _ in 0..REQUESTS / SCENES_EACH {
        people.push(Person::new().await);
    }
    let of = |at: usize| people[at % people.len()].clone();
    let name = auth::random_uuid().expect("no randomness").simple().to_string();
    let words =
        |at: usize| json!({"world": format!("{name}-{at}"), "era": "e", "class": "c", "pose": "p", "decor": "sim:queued"});
    let mut lines = Vec::new();
    let mut line = |operation: &str, cost: f64| lines.push(format!("{operation}: {cost:.2} ms of CPU"));

    // What an instance does once is not a request's cost.
    cost((0..AT_ONCE).map(|at| call(of(at), "GET", "scenes".to_owned(), Value::Null))).await;
    let asked = (0..REQUESTS).map(|at| call(of(at), "POST", "generate/scene".to_owned(), words(at)));
    line("POST /generate/scene, new", cost(asked).await);
    let again = (0..REQUESTS).map(|at| call(of(at), "POST", "generate/scene".to_owned(), words(at)));
    line("POST /generate/scene, joined", cost(again).await);
    let scenes = scenes(&name).await;
    let read = scenes.iter().map(|(scene, person)| call(person.clone(), "GET", format!("scenes/{scene}"), Value::Null));
    line("GET /scenes/{id}", cost(read).await);
    line("GET /scenes", cost((0..REQUESTS).map(|at| call(of(at), "GET", "scenes".to_owned(), Value::Null))).await);
    let half = scenes.len() / 2;
    let given_up = scenes[..half].iter();
    let given_up = given_up.map(|(scene, person)| call(person.clone(), "POST", format!("scenes/{scene}/cancel"), Value::Null));
    line("POST /scenes/{id}/cancel", cost(given_up).await);
    let jobs = super::control(&format!("runpod/jobs?contains={name}&status=IN_QUEUE&limit={REQUESTS}")).await;
    let jobs = jobs["jobs"].as_array().cloned().unwrap_or_default();
    line("POST /webhooks/runpod/{job}, with a result", cost(jobs.iter().map(call_back)).await);
    lines.join("\n")
}

/// Milliseconds of CPU for each of these requests.
async fn cost(requests: impl Iterator<Item = impl Future<Output = u16>>) -> f64 {
    // What earlier ones have left to do.
    sleep(Duration::from_secs(2)).await;
    let before = ticks();
    let answers: Vec<u16> = futures::stream::iter(requests).buffer_unordered(AT_ONCE).collect().await;
    sleep(Duration::from_secs(2)).await;
    let spent = ticks() - before;
    let refused = answers.iter().filter(|status| **status >= 300).count();
    assert_eq!(refused, 0, "of {} requests so many were refused: {answers:?}", answers.len());
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let each = spent as f64 * TICK_MS / answers.len() as f64;
    each
}

async fn call(person: Person, method: &'static str, path: String, body: Value) -> u16 {
    let url = format!("{}/api/v1/{path}", variable("EDGE_URL"));
    let request = reqwest::Client::new().request(method.parse().expect("a method"), url).bearer_auth(person.token(now()));
    let request = request.header("cf-connecting-ip", "2001:db8::7");
    let request = if body.is_null() { request } else { request.json(&body) };
    request.send().await.map_or(599, |answer| answer.status().as_u16())
}

/// Lets RunPod tell that a job is done, of which its worker has made a picture.
async fn call_back(job: &Value) -> u16 {
    let simulators = variable("SIMULATORS_URL");
    let url = format!("{simulators}/control/runpod/jobs/{}/callback", job["id"].as_str().unwrap_or_default());
    let body = json!({"status": "COMPLETED", "output": {"image_url": format!("{simulators}/files/00000000000000aa.png")}});
    reqwest::Client::new().post(url).json(&body).send().await.map_or(599, |answer| answer.status().as_u16())
}

/// The scenes that were asked for first, with who asked.
async fn scenes(name: &str) -> Vec<(String, Person)> {
    let select = "select distinct on (s.job_id) s.id::text, u.id, u.email, t.id from scenes s
         join users u on u.id = s.user_id join user_sessions t on t.user_id = u.id
         where s.world like $1 order by s.job_id, s.created_at";
    let rows = testing::database().await.query(select, &[&format!("{name}-%")]).await.expect("the scenes are not found");
    let person =
        |row: &tokio_postgres::Row| Person { id: row.get(1), session: row.get(3), email: row.get(2), role: auth::Role::User };
    rows.iter().map(|row| (row.get(0), person(row))).collect()
}

/// Ticks of the workerd that the command which started this program has started.
fn ticks() -> u64 {
    let processes = processes();
    let parent = |id: u32| processes.get(&id).map_or(0, |process| process.parent);
    let command = parent(parent(std::process::id()));
    let is_ours = |mut id: u32| {
        while id > 1 && id != command {
            id = parent(id);
        }
        id == command
    };
    let ours = processes.iter().filter(|(id, process)| process.name == "workerd" && is_ours(**id));
    let found: Vec<u64> = ours.map(|(_, process)| process.ticks).collect();
    assert!(!found.is_empty(), "workerd is not found in /proc: this is measured on Linux, by `cargo xtask chaos`");
    found.iter().sum()
}

fn processes() -> BTreeMap<u32, Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter_map(|id| Some((id, process(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)?))).collect()
}

/// From a line `id (name) state parent … utime stime …`, fields 14 and 15 of proc_pid_stat(5).
fn process(stat: &str) -> Option<Process> {
    let (start, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some(Process {
        parent: u32::try_from(number(1)?).ok()?,
        name: start.split_once('(')?.1.to_owned(),
        ticks: number(11)? + number(12)?,
    })
}
