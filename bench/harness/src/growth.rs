//! What happens when there is much: ten years of one person's days, ten million rows in one table, a purge while others read.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, ensure};
use auth::Keys;
use reqwest::Client;
use serde::Deserialize;
use tokio::time::Instant;

use crate::{
    contestant,
    ground::{Ground, Person, free_ports},
    load::{self, Load, Orders, Request, Target},
    results::{Growth, Machine},
    workerd::{self, Worker},
};
use xtask::{
    build,
    guard::Guarded,
    progress::Step,
    project::{Profile, Project},
    toolchain::WasmToolchain,
};

const FUNCTIONS: [&str; 3] = ["rise-kaizen-streak", "rise-kaizen", "operations-purge"];

/// Readers at once: as many as the machine has cores, so that the purge and not the reading itself is what they wait for.
const READERS: usize = 2;

const TEN_YEARS: i32 = 3652;

/// What a run of the purge answers.
#[derive(Deserialize)]
struct Report {
    more: bool,
}

pub async fn run(project: &Project, toolchain: &WasmToolchain, quick: bool) -> Result<Growth> {
    let (rows, expired, seconds) = if quick { (200_000, 100_000, 1.0) } else { (10_000_000, 5_000_000, 10.0) };
    let mut functions = project.functions()?;
    functions.retain(|function| FUNCTIONS.contains(&function.package().as_str()));
    build::functions_as_modules(project, &functions, Profile::Release, toolchain).await?;
    contestant::build_peer(project, "load").await?;
    let ports = free_ports(FUNCTIONS.len())?;
    let hosts: Vec<String> = ports.iter().map(|port| format!("127.0.0.1:{port}")).collect();
    let ground = Ground::start(project, &hosts).await?;
    let outcome = Growing { project, ground: &ground, ports, seconds }.measure(rows, expired).await;
    ground.stop().await;
    outcome
}

struct Growing<'a> {
    project: &'a Project,
    ground: &'a Ground,
    ports: Vec<u16>,
    seconds: f64,
}

impl Growing<'_> {
    async fn measure(&self, rows: i64, expired: i64) -> Result<Growth> {
        let machine = Machine::here(self.project);
        let people = self.ground.people().await?;
        let edge = self.serve()?;
        for port in &self.ports {
            contestant::listens(&edge, "workerd", *port).await?;
        }
        let (steady, listed, old) = (&people.steady[0], &people.listed[0], &people.new[0]);
        let short = self.read(0, self.streak(steady)?).await?;
        self.live_long(old).await?;
        let streak = (short, self.read(0, self.streak(old)?).await?);
        let small = self.read(1, self.list(listed)?).await?;
        self.fill(rows, expired).await?;
        let list = (small, self.read(1, self.list(listed)?).await?);
        let quiet = self.read(1, self.list(listed)?).await?;
        let (purging, purge_seconds, purge_runs) = self.purge(listed).await?;
        let left: i64 = self.ground.client.query_one("select count(*) from webhook_deliveries", &[]).await?.get(0);
        ensure!(left == 0, "{left} expired rows were left");
        edge.stop().await;
        Ok(Growth { machine, rows, purged: expired, streak, list, purge_seconds, purge_runs, quiet, purging })
    }

    fn serve(&self) -> Result<Guarded> {
        let mut bindings = self.ground.variables.clone();
        bindings.retain(|name, _| name != "DATABASE_URL" && name != "LIMIT_SCALE" && !name.ends_with("_PASSWORD"));
        let workers: Vec<Worker> = FUNCTIONS
            .iter()
            .zip(&self.ports)
            .map(|(name, port)| Worker {
                name: (*name).to_owned(),
                port: *port,
                folder: self.project.modules(Profile::Release).join(name),
                bindings: bindings.clone(),
            })
            .collect();
        workerd::start(self.project, "growth", &workers, 1_000_000)
    }

    async fn read(&self, function: usize, request: Request) -> Result<Load> {
        let address = format!("127.0.0.1:{}", self.ports[function]);
        let orders = |seconds| Orders {
            connections: READERS,
            seconds,
            target: Target::Http { address: address.clone(), status: 200, requests: vec![request.clone()] },
        };
        load::run(self.project, &orders(1.0)).await?;
        load::run(self.project, &orders(self.seconds)).await
    }

    fn streak(&self, person: &Person) -> Result<Request> {
        self.get(person, format!("/api/v1/rise/kaizen/streak/{}", person.id))
    }

    fn list(&self, person: &Person) -> Result<Request> {
        self.get(person, format!("/api/v1/rise/kaizen/{}?limit=100", person.id))
    }

    fn get(&self, person: &Person, path: String) -> Result<Request> {
        let headers = BTreeMap::from([("authorization", format!("Bearer {}", self.ground.token(person)?))]);
        Ok(Request { method: "GET", path, headers, body: String::new() })
    }

    async fn live_long(&self, person: &Person) -> Result<()> {
        let id = &person.id;
        self.ground
            .client
            .batch_execute(&format!(
                "set session_replication_role = replica;
                 insert into kaizen (user_id, action, date, completed, completed_at, created_at, updated_at)
                 select '{id}', 'Marcher', current_date - n, n % 97 <> 3, case when n % 97 <> 3 then current_timestamp end,
                   current_timestamp, current_timestamp
                 from generate_series(0, {TEN_YEARS} - 1) as n;
                 set session_replication_role = origin;"
            ))
            .await?;
        Ok(self.ground.client.batch_execute("analyze kaizen").await?)
    }

    /// Many people's entries, and deliveries that are due to be forgotten.
    async fn fill(&self, rows: i64, expired: i64) -> Result<()> {
        let step = Step::start("rows");
        step.doing(&format!("{rows} entries, {expired} deliveries"));
        let people = rows / 1000;
        self.ground
            .client
            .batch_execute(&format!(
                "set session_replication_role = replica;
                 insert into users (id, email, password_hash, role, time_zone, registration_date, created_at, updated_at)
                 select ('00000000-0000-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'many' || n || '@example.org', u.password_hash,
                   'user', 'UTC', current_timestamp, current_timestamp, current_timestamp
                 from (select password_hash from users limit 1) as u, generate_series(1, {people}) as n;
                 insert into kaizen (user_id, action, date, completed, completed_at, created_at, updated_at)
                 select ('00000000-0000-4000-8000-' || lpad(to_hex(1 + n % {people}), 12, '0'))::uuid, 'Ranger le bureau',
                   current_date - (n / {people})::int, true, current_timestamp, current_timestamp, current_timestamp
                 from generate_series(0::bigint, {rows} - 1) as n;
                 insert into webhook_deliveries (source, delivery_id, event, received_at)
                 select 'bench', n::text, 'push', current_timestamp - interval '1 year' + n * interval '1 ms'
                 from generate_series(1, {expired}) as n;
                 set session_replication_role = origin;"
            ))
            .await?;
        for table in ["users", "kaizen", "webhook_deliveries"] {
            self.ground.client.batch_execute(&format!("vacuum analyze {table}")).await?;
        }
        step.done("");
        Ok(())
    }

    /// Runs the purge again and again until nothing is left, as its clock does, while others read. Gives what the readers saw
    /// in the worst of their turns, the seconds the purge took, and its runs.
    async fn purge(&self, reader: &Person) -> Result<(Load, f64, u32)> {
        let step = Step::start("purge");
        let request = self.list(reader)?;
        let purging = async {
            let started = Instant::now();
            let (client, mut runs) = (Client::builder().timeout(Duration::from_secs(300)).build()?, 0);
            loop {
                runs += 1;
                let report = self.purge_once(&client).await?;
                if !report.more {
                    return anyhow::Ok((started.elapsed().as_secs_f64(), runs));
                }
            }
        };
        tokio::pin!(purging);
        let mut worst: Option<Load> = None;
        let (seconds, runs) = loop {
            tokio::select! {
                ended = &mut purging => break ended?,
                load = self.read(1, request.clone()) => {
                    let load = load?;
                    worst = worst.filter(|worst| worst.p99 >= load.p99).or(Some(load));
                }
            }
        };
        step.done("");
        Ok((worst.context("the purge ended before anybody had read")?, seconds, runs))
    }

    async fn purge_once(&self, client: &Client) -> Result<Report> {
        let keys = Keys::parse(&self.ground.variables["JWT_KEYS"]).ok().context("JWT_KEYS is not usable")?;
        #[expect(clippy::disallowed_methods, reason = "a tool has no request to take the time from")]
        let token = keys.issue_internal("operations-purge", chrono::Utc::now());
        let url = format!("http://127.0.0.1:{}/", self.ports[2]);
        let answer = client.post(url).bearer_auth(token).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status.is_success(), "the purge answered {status} {text}");
        Ok(serde_json::from_str(&text)?)
    }
}
