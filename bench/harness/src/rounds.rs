//! The functions and their peers: same answers first, then rounds in turn, then first answers of fresh processes.

use std::{collections::BTreeMap, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use chrono::DateTime;
use reqwest::Client;
use serde_json::Value;
use tokio::time::{Instant, sleep};

use crate::{
    contestant::{self, ALL, Contestant, Running},
    ground::{Ground, PEOPLE, People, Person, free_ports},
    load::{self, Orders, Request, Target},
    results::{Cold, Endpoint, Functions, Machine, Round, Sizes},
};
use xtask::{progress::Step, project::Project, toolchain::WasmToolchain};

/// Processes started to measure one first answer.
const COLD_STARTS: usize = 9;

/// Seconds of load that is not measured: before the first round, when code is still being compiled, and before every other.
const WARM_UP: (f64, f64) = (2.0, 0.4);

/// An endpoint of the bench.
struct Asked {
    name: &'static str,
    package: &'static str,
    status: u16,
    /// What differs from one answer to the next.
    volatile: &'static [&'static str],
    database: bool,
    cold: bool,
}

const ENDPOINTS: [Asked; 5] = [
    Asked { name: "health ?live", package: "operations-health", status: 200, volatile: &[], database: false, cold: true },
    Asked {
        name: "kaizen streak, 400 days",
        package: "rise-kaizen-streak",
        status: 200,
        volatile: &["hours_left"],
        database: true,
        cold: true,
    },
    Asked {
        name: "kaizen create",
        package: "rise-kaizen",
        status: 201,
        volatile: &["id", "created_at", "updated_at"],
        database: true,
        cold: true,
    },
    Asked {
        name: "scene create",
        package: "grimoire-generate-scene",
        status: 202,
        volatile: &["id", "status_url"],
        database: true,
        cold: true,
    },
    Asked { name: "list of 100 rows", package: "rise-kaizen", status: 200, volatile: &[], database: true, cold: false },
];

pub async fn run(
    project: &Project,
    toolchain: &WasmToolchain,
    only: &[String],
    rounds: usize,
    seconds: f64,
) -> Result<Functions> {
    let contestants: Vec<Contestant> =
        ALL.into_iter().filter(|one| only.is_empty() || only.iter().any(|name| name == one.name())).collect();
    ensure!(!contestants.is_empty(), "nobody is called {}", only.join(" or "));
    for one in &contestants {
        one.build(project, toolchain).await?;
    }
    contestant::build_peer(project, "load").await?;
    let ports: Vec<Vec<u16>> = contestants.iter().map(|one| free_ports(one.ports())).collect::<Result<_>>()?;
    let hosts: Vec<String> = ports.iter().flatten().map(|port| format!("127.0.0.1:{port}")).collect();
    let ground = Ground::start(project, &hosts).await?;
    let bench = Bench { project, people: ground.people().await?, ground, contestants, ports };
    let outcome = bench.measure(rounds, seconds).await;
    bench.ground.stop().await;
    outcome
}

struct Bench<'a> {
    project: &'a Project,
    ground: Ground,
    people: People,
    contestants: Vec<Contestant>,
    ports: Vec<Vec<u16>>,
}

impl Bench<'_> {
    async fn measure(&self, rounds: usize, seconds: f64) -> Result<Functions> {
        let machine = Machine::here(self.project);
        let mut running = Vec::new();
        for (one, ports) in self.contestants.iter().zip(&self.ports) {
            let started = one.start(self.project, &self.ground, ports, None)?;
            started.ready().await?;
            running.push(started);
        }
        self.compare(&running).await?;
        let endpoints = self.rounds(&running, rounds, seconds).await?;
        let mut memory = BTreeMap::new();
        for one in running {
            memory.insert(one.contestant.name().to_owned(), one.peak_memory()?);
            one.stop().await;
        }
        let cold = self.cold_starts(if rounds > 1 { COLD_STARTS } else { 3 }).await?;
        Ok(Functions { machine, seconds, endpoints, memory, cold, sizes: self.sizes()? })
    }

    /// Everybody answers alike, apart from what cannot be alike.
    async fn compare(&self, running: &[Running]) -> Result<()> {
        let step = Step::start("same answers");
        let client = Client::new();
        for asked in &ENDPOINTS {
            let mut first: Option<(&'static str, Value)> = None;
            for one in running {
                self.ground.forget_scenes().await?;
                let [request, ..] = &self.requests(asked)?[..] else { bail!("nobody to ask as") };
                let (status, body) = ask(&client, one.addresses[asked.package], request).await?;
                let name = one.contestant.name();
                ensure!(status == asked.status, "{}: {name} answered {status} {body}", asked.name);
                let answer = comparable(body, asked.volatile);
                match &first {
                    None => first = Some((name, answer)),
                    Some((other, known)) => {
                        ensure!(*known == answer, "{}: {other} answered {known:#}\n{name} answered {answer:#}", asked.name);
                    }
                }
            }
        }
        step.done("");
        Ok(())
    }

    async fn rounds(&self, running: &[Running], rounds: usize, seconds: f64) -> Result<Vec<Endpoint>> {
        let of = |asked: &Asked| Endpoint { name: asked.name.to_owned(), database: asked.database, rounds: BTreeMap::new() };
        let mut endpoints: Vec<Endpoint> = ENDPOINTS.iter().map(of).collect();
        let step = Step::start("rounds");
        let (mut done, all) = (0, (rounds * ENDPOINTS.len() * running.len()) as u64);
        for round in 0..rounds {
            for (asked, endpoint) in ENDPOINTS.iter().zip(&mut endpoints) {
                // Whoever goes first has the colder caches.
                for turn in 0..running.len() {
                    let one = &running[(round + turn) % running.len()];
                    let name = one.contestant.name();
                    done += 1;
                    step.at(done, all, &format!("{}, {name}", asked.name));
                    let warm_up = if round == 0 { WARM_UP.0 } else { WARM_UP.1 };
                    let measured = self.measure_one(asked, one, warm_up, seconds).await;
                    let measured = measured.with_context(|| format!("{} of {name}", asked.name))?;
                    endpoint.rounds.entry(name.to_owned()).or_default().push(measured);
                }
            }
        }
        step.done("");
        Ok(endpoints)
    }

    async fn measure_one(&self, asked: &Asked, one: &Running, warm_up: f64, seconds: f64) -> Result<Round> {
        if asked.package == "grimoire-generate-scene" {
            self.ground.forget_scenes().await?;
        }
        let requests = self.requests(asked)?;
        let address = format!("127.0.0.1:{}", one.addresses[asked.package]);
        let orders = |seconds| Orders {
            connections: PEOPLE,
            seconds,
            target: Target::Http { address: address.clone(), status: asked.status, requests: requests.clone() },
        };
        load::run(self.project, &orders(warm_up)).await?;
        let before = one.processor_time()?;
        let load = load::run(self.project, &orders(seconds)).await?;
        let used = one.processor_time()? - before;
        #[expect(clippy::cast_precision_loss, reason = "requests of some seconds are far below 2^52")]
        Ok(Round { load, cpu_us: used * 1e6 / load.requests as f64 })
    }

    async fn cold_starts(&self, times: usize) -> Result<Vec<Cold>> {
        let step = Step::start("first answers");
        let mut cold = Vec::new();
        let asked: Vec<&Asked> = ENDPOINTS.iter().filter(|asked| asked.cold).collect();
        let (mut done, all) = (0, (times * asked.len()) as u64);
        for asked in asked {
            let mut found: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
            for _ in 0..times {
                done += 1;
                step.at(done, all, asked.name);
                for (one, ports) in self.contestants.iter().zip(&self.ports) {
                    let name = one.name().to_owned();
                    found.entry(name).or_default().push(self.cold_start(asked, *one, ports).await?);
                }
            }
            cold.push(Cold { endpoint: asked.name.to_owned(), times: found });
        }
        step.done("");
        Ok(cold)
    }

    async fn cold_start(&self, asked: &Asked, one: Contestant, ports: &[u16]) -> Result<(f64, f64)> {
        let request = self.requests(asked)?.swap_remove(0);
        let client = Client::new();
        let spawned = Instant::now();
        let running = one.start(self.project, &self.ground, ports, Some(asked.package))?;
        let port = running.addresses[asked.package];
        running.listens(port).await?;
        let asking = Instant::now();
        let (status, body) = ask(&client, port, &request).await?;
        let (answer, all) = (asking.elapsed(), spawned.elapsed());
        running.stop().await;
        ensure!(status == asked.status, "{}: {} answered {status} {body}", asked.name, one.name());
        // Its end must not meet the next one's beginning.
        sleep(Duration::from_millis(20)).await;
        Ok((answer.as_secs_f64() * 1000.0, all.as_secs_f64() * 1000.0))
    }

    fn sizes(&self) -> Result<Sizes> {
        let mut sizes = Sizes::new();
        for one in &self.contestants {
            for package in Contestant::packages() {
                if let Some(size) = one.size(self.project, package)? {
                    let of_one = sizes.entry(one.name().to_owned()).or_default();
                    of_one.insert(package.to_owned(), (size.raw, size.gzip));
                }
            }
        }
        Ok(sizes)
    }

    /// One request per person of the kind that the endpoint is about.
    fn requests(&self, asked: &Asked) -> Result<Vec<Request>> {
        let people = match asked.name {
            "kaizen streak, 400 days" => &self.people.steady,
            "list of 100 rows" => &self.people.listed,
            _ => &self.people.new,
        };
        people.iter().map(|person| self.request(asked, person)).collect()
    }

    fn request(&self, asked: &Asked, person: &Person) -> Result<Request> {
        let mut headers = BTreeMap::from([
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0".to_owned()),
            ("accept", "application/json".to_owned()),
            ("accept-language", "fr,en;q=0.5".to_owned()),
            ("cf-connecting-ip", "203.0.113.9".to_owned()),
        ]);
        if asked.database {
            headers.insert("authorization", format!("Bearer {}", self.ground.token(person)?));
        }
        let (method, path, body) = match asked.name {
            "health ?live" => ("GET", "/api/v1/health?live".to_owned(), ""),
            "kaizen streak, 400 days" => ("GET", format!("/api/v1/rise/kaizen/streak/{}", person.id), ""),
            "kaizen create" => ("POST", "/api/v1/rise/kaizen".to_owned(), r#"{"action":"Ranger le bureau, cinq minutes"}"#),
            "scene create" => (
                "POST",
                "/api/v1/generate/scene".to_owned(),
                r#"{"world":"Orée {n}","era":"médiévale","class":"druide","pose":"assise","decor":"une clairière à l'aube"}"#,
            ),
            _ => ("GET", format!("/api/v1/rise/kaizen/{}?limit=100", person.id), ""),
        };
        if !body.is_empty() {
            headers.insert("content-type", "application/json".to_owned());
        }
        Ok(Request { method, path, headers, body: body.to_owned() })
    }
}

async fn ask(client: &Client, port: u16, request: &Request) -> Result<(u16, Value)> {
    let url = format!("http://127.0.0.1:{port}{}", request.path);
    let mut asking = client.request(request.method.parse()?, url).body(request.body.replace("{n}", "au bord du bois"));
    for (name, value) in &request.headers {
        asking = asking.header(*name, value);
    }
    let answer = asking.send().await?;
    let status = answer.status().as_u16();
    Ok((status, serde_json::from_slice(&answer.bytes().await?).unwrap_or_default()))
}

/// Without what is volatile, and with moments of time as numbers.
fn comparable(value: Value, volatile: &[&str]) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, _)| !volatile.contains(&name.as_str()))
            .map(|(name, value)| (name, comparable(value, volatile)))
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| comparable(item, volatile)).collect(),
        Value::String(text) => match DateTime::parse_from_rfc3339(&text) {
            Ok(moment) => moment.timestamp_millis().into(),
            Err(_) => Value::String(text),
        },
        // 14 and 14.0 are one number.
        Value::Number(number) => number.as_f64().map_or(Value::Number(number), Value::from),
        other => other,
    }
}
