//! Asks for many scenes while RunPod, its callbacks and Discord fail and somebody kills the processes, then lets the clock
//! mend what is left and counts what was lost, made twice or left hanging.
//!
//! `cargo xtask chaos` starts everything, kills processes between the lines `load` and `mend` that this program prints,
//! and starts them again. The same seed asks for the same scenes with the same faults.
#![expect(clippy::expect_used, clippy::print_stdout, reason = "a measuring program prints, and stops where it cannot measure")]

mod cpu;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::TimeDelta;
use clap::Parser;
use futures::StreamExt;
use serde_json::{Value, json};
use testing::{App, Person, database, now, variable};
use tokio::time::{Instant, sleep};

/// Each falls on every tenth scene, independently of the others.
const FAULTS: [&str; 26] = [
    // The answer to the submission.
    "sim:429=1",
    "sim:500=1",
    "sim:503=1",
    "sim:html=1",
    "sim:truncated=1",
    "sim:500-after=1",
    "sim:truncated-after=1",
    "sim:hang-after=1",
    // The callback.
    "sim:lost-callback",
    "sim:duplicate=3",
    "sim:twin=3",
    "sim:late=3000",
    "sim:reorder",
    "sim:stale",
    "sim:no-id",
    // The job.
    "sim:fail",
    "sim:fail-json",
    "sim:timeout",
    "sim:empty",
    "sim:base64",
    "sim:lost-job",
    "sim:file=gone",
    "sim:unknown-state",
    // The answer to the question how it is.
    "sim:status-500=2",
    // Discord.
    "sim:discord-500=1",
    "sim:discord-429=1",
];

/// How often `operations-reconcile-jobs` is called.
const TICK: TimeDelta = TimeDelta::minutes(5);

#[derive(Parser)]
struct Wanted {
    #[arg(long, default_value_t = 2000)]
    jobs: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Measure first what a request costs.
    #[arg(long)]
    cpu: bool,
    /// Scenes asked for at the same time.
    #[arg(long, default_value_t = 24)]
    at_once: usize,
}

/// One scene, and what became of asking for it.
struct SceneAsked {
    scene: Option<String>,
    /// Answers that were no answer: the process behind was gone.
    unanswered: u32,
}

#[tokio::main]
async fn main() {
    let wanted = Wanted::parse();
    if wanted.cpu {
        println!("{}", cpu::measure().await);
    }
    let mut people = Vec::new();
    for _ in 0..wanted.jobs.div_ceil(4) {
        people.push(Person::new().await);
    }
    let name = auth::random_uuid().expect("no randomness").simple().to_string();
    let words = ["", " sim:discord-500=1", " sim:discord-429=1", " sim:discord-500=1 sim:discord-429=1"];
    let set = "update settings set value = jsonb_set(value, '{decor,words}', $1) where key = 'scene_vocabulary'";
    let words = json!(words.map(|faults| ["un bois", faults].concat()));
    database().await.execute(set, &[&words]).await.expect("the vocabulary is refused");
    let started = Instant::now();
    println!("load");
    let asking = futures::stream::iter(0..wanted.jobs).map(|index| {
        let person = people[usize::try_from(index / 4).unwrap_or_default()].clone();
        ask(person, scene(&name, wanted.seed, index), dice(wanted.seed, index, 99) == 0)
    });
    let asked: Vec<SceneAsked> = asking.buffer_unordered(wanted.at_once).collect().await;
    let load = started.elapsed();
    // What is on its way arrives.
    sleep(Duration::from_secs(10)).await;
    println!("mend");
    // Whatever was being started is there again after that.
    sleep(Duration::from_secs(15)).await;
    let (runs, later) = mend().await;
    println!("{}", report(&name, &wanted, &asked, load, runs, later).await);
}

/// A number from 0 to 9 for each fault of each scene.
fn dice(seed: u64, index: u64, fault: u64) -> u64 {
    // SplitMix64.
    let mut z = (seed << 40 ^ index << 8 ^ fault).wrapping_add(0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ z >> 31) % 10
}

fn scene(name: &str, seed: u64, index: u64) -> Value {
    let faults = FAULTS.iter().zip(0..).filter(|(_, fault)| dice(seed, index, *fault) == 0).map(|(marker, _)| *marker);
    // The words of a scene hold 200 characters each.
    let mut fields =
        [format!("{name}-{index}"), "an mil".to_owned(), "mage".to_owned(), "debout".to_owned(), "un bois".to_owned()];
    for (at, marker) in faults.enumerate() {
        // Discord reads the words of the vocabulary alone: its faults are in the field that has one.
        let field = &mut fields[if marker.starts_with("sim:discord") { 4 } else { 1 + at % 3 }];
        field.push(' ');
        field.push_str(marker);
    }
    let [world, era, class, pose, decor] = fields;
    json!({"world": world, "era": era, "class": class, "pose": pose, "decor": decor})
}

/// Asks until there is an answer, always with the same key, as a careful client does.
async fn ask(person: Person, wanted: Value, gives_up: bool) -> SceneAsked {
    let client = reqwest::Client::new();
    let (edge, key) = (variable("EDGE_URL"), auth::random_uuid().expect("no randomness").to_string());
    let mut unanswered = 0;
    let scene = loop {
        let request = client.post(format!("{edge}/api/v1/generate/scene")).bearer_auth(person.token(now()));
        let request = request.header("idempotency-key", &key).header("cf-connecting-ip", "2001:db8::7").json(&wanted);
        match request.timeout(Duration::from_secs(30)).send().await {
            Ok(answer) => {
                let body: Value = answer.json().await.unwrap_or_default();
                if let Some(id) = body["id"].as_str() {
                    break Some(id.to_owned());
                }
                unanswered += 1;
            }
            Err(_) => unanswered += 1,
        }
        if unanswered > 60 {
            break None;
        }
        sleep(Duration::from_millis(1500)).await;
    };
    if let Some(scene) = scene.as_ref().filter(|_| gives_up) {
        let cancel = client.post(format!("{edge}/api/v1/scenes/{scene}/cancel")).bearer_auth(person.token(now()));
        // Whether it arrives or not, the scene must end.
        let _ = cancel.header("cf-connecting-ip", "2001:db8::7").timeout(Duration::from_secs(30)).send().await;
    }
    SceneAsked { scene, unanswered }
}

/// Runs the clock's function as the clock does, each run five minutes after the one before by its own clock, until nothing is
/// left. RunPod's clock is the real one, so its half hour does not pass meanwhile.
async fn mend() -> (u32, TimeDelta) {
    let owner = database().await;
    let open = "select (select count(*) from jobs where finished_at is null)
         + (select count(*) from outbox where delivered_at is null and dead_at is null)";
    let start = now();
    let mut later = TimeDelta::zero();
    let mut runs = 0;
    while runs < 3000 && owner.query_one(open, &[]).await.expect("the database does not answer").get::<_, i64>(0) > 0 {
        later += TICK;
        runs += 1;
        App::edge().at(&(start + later).to_rfc3339()).cron("operations-reconcile-jobs").await;
    }
    (runs, later)
}

async fn report(name: &str, wanted: &Wanted, asked: &[SceneAsked], load: Duration, runs: u32, later: TimeDelta) -> String {
    let owner = database().await;
    let words = format!("{name}-%");
    let count = async |sql: &str| -> i64 { owner.query_one(sql, &[&words]).await.expect("the count fails").get(0) };
    let scenes = count("select count(*) from scenes where world like $1").await;
    let hanging = count("select count(*) from scenes where world like $1 and status in ('queued', 'running')").await;
    let stuck = count("select count(*) from jobs where input ->> 'world' like $1 and finished_at is null").await;
    let waiting = count(
        "select count(*) from outbox o join scenes s on s.id::text = o.payload ->> 'id'
         where s.world like $1 and o.delivered_at is null and o.dead_at is null",
    )
    .await;
    let given_up = owner
        .query(
            "select kind || ' ' || coalesce(last_error, ''), count(*) from outbox where dead_at is not null and $1::text <> '' group by 1",
            &[&words],
        )
        .await
        .expect("the count fails");
    let given_up: Vec<String> =
        given_up.iter().map(|row| format!("{} {}", row.get::<_, i64>(1), row.get::<_, String>(0))).collect();
    let ends = owner
        .query(
            "select status, coalesce(error, ''), count(*) from scenes where world like $1 group by 1, 2 order by 3 desc",
            &[&words],
        )
        .await
        .expect("the count fails");
    let known: BTreeSet<String> = owner
        .query("select id::text from scenes where world like $1", &[&words])
        .await
        .expect("the count fails")
        .iter()
        .map(|row| row.get(0))
        .collect();
    let promised: Vec<&String> = asked.iter().filter_map(|asked| asked.scene.as_ref()).collect();
    let forgotten = promised.iter().filter(|id| !known.contains(**id)).count();
    let unpromised = asked.iter().filter(|asked| asked.scene.is_none()).count();
    let twice = promised.len() - promised.iter().collect::<BTreeSet<_>>().len();

    let ledger = control(&format!("runpod/jobs?contains={name}&limit=100000")).await;
    let mut attempts: BTreeMap<&str, u64> = BTreeMap::new();
    for job in ledger["jobs"].as_array().expect("RunPod has a list") {
        let link = job["webhook"].as_str().unwrap_or_default();
        let attempt = link.split('?').next().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
        // A submission counts even where its execution has not begun.
        *attempts.entry(attempt).or_default() += job["executions"].as_u64().unwrap_or_default().max(1);
    }
    let duplicated = attempts.values().filter(|executions| **executions > 1).count();

    let channel = control("discord/1/messages").await;
    let mut messages: BTreeMap<String, u32> = BTreeMap::new();
    for message in channel["messages"].as_array().expect("Discord has a list") {
        let embed = &message["embeds"][0];
        // "Scène <id>, essai 1"
        if !embed["footer"]["text"]
            .as_str()
            .and_then(|text| text.get("Scène ".len()..)?.get(..36))
            .is_some_and(|id| known.contains(id))
        {
            continue;
        }
        *messages.entry(format!("{} {}", embed["footer"]["text"], embed["title"])).or_default() += 1;
    }
    let repeated: u32 = messages.values().map(|count| count - 1).sum();
    let ends: Vec<String> = ends
        .iter()
        .map(|row| format!("  {} {} {}", row.get::<_, i64>(2), row.get::<_, &str>(0), row.get::<_, &str>(1)))
        .collect();
    format!(
        "asked for {} scenes in {:.0} s, seed {}; {} of their requests had no answer and were sent again\n\
         mended by {runs} runs of operations-reconcile-jobs, its clock {} minutes ahead at the end\n\
         scenes {scenes}, jobs at RunPod {}, executions {}\n{}\n\
         lost {} (hanging {hanging}, promised and forgotten {forgotten}, never answered {unpromised})\n\
         duplicated {duplicated} (two executions for one attempt), scenes made twice for one key {twice}\n\
         stuck {stuck} (jobs without an end), messages waiting {waiting}, given up [{}], that Discord has twice {repeated}",
        wanted.jobs,
        load.as_secs_f64(),
        wanted.seed,
        asked.iter().map(|asked| asked.unanswered).sum::<u32>(),
        later.num_minutes(),
        ledger["total"],
        ledger["executions"],
        ends.join("\n"),
        usize::try_from(hanging).unwrap_or_default() + forgotten + unpromised,
        given_up.join(", "),
    )
}

async fn control(path: &str) -> Value {
    let url = format!("{}/control/{path}", variable("SIMULATORS_URL"));
    reqwest::get(url).await.expect("the simulators do not answer").json().await.expect("the simulators answer with JSON")
}
