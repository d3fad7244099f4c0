//! What the gateway adds: one row by its key, through the gateway, over a direct connection, and by pgbench.

use std::{collections::BTreeMap, fs, process::Stdio};

use anyhow::{Context, Result};
use tokio::io::AsyncReadExt;

use crate::{
    contestant,
    ground::Ground,
    load::{self, Load, Orders, Request, Target},
    results::{Gateway, Machine},
};
use xtask::{
    database::through_gateway,
    guard::{self, Stop},
    progress::Step,
    project::Project,
};

const KEYS: i32 = 100_000;
const CONNECTIONS: [usize; 2] = [1, 16];

pub async fn run(project: &Project, rounds: usize, seconds: f64) -> Result<Gateway> {
    contestant::build_peer(project, "load").await?;
    let ground = Ground::start(project, &[]).await?;
    let outcome = measure(project, &ground, rounds, seconds).await;
    ground.stop().await;
    outcome
}

async fn measure(project: &Project, ground: &Ground, rounds: usize, seconds: f64) -> Result<Gateway> {
    let machine = Machine::here(project);
    ground
        .client
        .batch_execute(&format!(
            "create table bench_keys (id integer primary key, value text not null);
             insert into bench_keys select n, md5(n::text) from generate_series(1, {KEYS}) as n;"
        ))
        .await?;
    ground.client.batch_execute("vacuum analyze bench_keys").await?;
    let step = Step::start("gateway");
    let mut ways: Vec<(String, usize, Vec<Load>)> = Vec::new();
    let mut pgbench: Vec<(usize, Vec<(f64, f64)>)> = Vec::new();
    for round in 0..rounds {
        for connections in CONNECTIONS {
            step.doing(&format!("round {} of {rounds}, connections: {connections}", round + 1));
            for (way, target) in [("gateway", through(ground)?), ("tokio-postgres", direct(ground))] {
                load::run(project, &Orders { connections, seconds: 0.3, target: target.clone() }).await?;
                let load = load::run(project, &Orders { connections, seconds, target }).await?;
                match ways.iter_mut().find(|(name, number, _)| name == way && *number == connections) {
                    Some((_, _, loads)) => loads.push(load),
                    None => ways.push((way.to_owned(), connections, vec![load])),
                }
            }
            if let Some(found) = by_pgbench(project, ground, connections, seconds).await? {
                match pgbench.iter_mut().find(|(number, _)| *number == connections) {
                    Some((_, all)) => all.push(found),
                    None => pgbench.push((connections, vec![found])),
                }
            }
        }
    }
    step.done("");
    Ok(Gateway { machine, seconds, rounds: ways, pgbench })
}

fn direct(ground: &Ground) -> Target {
    let statement = "select value from bench_keys where id = $1".to_owned();
    Target::Postgres { url: ground.superuser_url.clone(), statement, keys: KEYS }
}

fn through(ground: &Ground) -> Result<Target> {
    let login = through_gateway(&ground.superuser_url)?;
    let request = |key: i32| Request {
        method: "POST",
        path: "/sql".to_owned(),
        headers: BTreeMap::from([
            ("content-type", "application/json".to_owned()),
            ("neon-connection-string", login.clone()),
            ("neon-raw-text-output", "true".to_owned()),
            ("neon-array-mode", "true".to_owned()),
        ]),
        body: format!(r#"{{"query":"select value from bench_keys where id = $1","params":["{key}"]}}"#),
    };
    let requests = (0..997).map(|n| request(1 + n * 7919 % KEYS)).collect();
    let address = ground.variables["SQL_URL"].trim_start_matches("http://").trim_end_matches("/sql").to_owned();
    Ok(Target::Http { address, status: 200, requests })
}

/// Transactions per second and mean latency in milliseconds; none where pgbench is not installed.
async fn by_pgbench(project: &Project, ground: &Ground, connections: usize, seconds: f64) -> Result<Option<(f64, f64)>> {
    if std::process::Command::new("pgbench").arg("--version").output().is_err() {
        return Ok(None);
    }
    let script = project.path("build/bench/select.sql");
    fs::create_dir_all(project.path("build/bench"))?;
    fs::write(&script, format!("\\set key random(1, {KEYS})\nselect value from bench_keys where id = :key;\n"))?;
    let mut command = guard::command("pgbench", Stop::Terminate, None);
    command.args(["--no-vacuum", "-M", "prepared", "-j", "1", "-c", &connections.to_string()]);
    command.args(["-T", &format!("{:.0}", seconds.ceil())]).arg("-f").arg(&script).arg(&ground.superuser_url);
    command.stdout(Stdio::piped()).stderr(Stdio::null());
    let mut process = guard::spawn(command)?;
    let mut said = String::new();
    process.stdout.take().context("pgbench has no output")?.read_to_string(&mut said).await?;
    let number = |before: &str| {
        let rest = said.lines().find_map(|line| line.strip_prefix(before))?;
        rest.split_whitespace().next()?.parse::<f64>().ok()
    };
    Ok(number("tps = ").zip(number("latency average = ")))
}
