//! `bench/RESULTS.md`, made of the measurements and of what was learnt on the way (`bench/notes.md`).

use std::{collections::BTreeMap, fmt::Write, fs};

use anyhow::Result;

use crate::results::{Cold, Construction, Endpoint, Functions, Gateway, Growth, Machine, Results, Round};
use xtask::project::Project;

/// A goal of Orée against a peer: of throughput (at least) or processor time (at most), as a ratio.
struct Goal {
    peer: &'static str,
    throughput: f64,
    processor: f64,
}

const GOALS: [Goal; 3] = [
    Goal { peer: "typescript", throughput: 1.2, processor: 0.8 },
    Goal { peer: "worker", throughput: 1.3, processor: 0.65 },
    Goal { peer: "fastapi", throughput: 1.5, processor: 0.5 },
];

/// In the order of the tables.
const CONTESTANTS: [(&str, &str); 6] = [
    ("oree", "(a) Orée on workerd"),
    ("typescript", "(b) TypeScript on workerd"),
    ("worker", "(c) `worker` 0.8.7 on workerd"),
    ("fastapi", "(d) FastAPI, asyncpg, uvicorn"),
    ("node", "(e) Node, pg"),
    ("axum", "(g) axum, tokio-postgres"),
];

/// Gzip, in bytes: of the median module and the largest.
const SIZE_GOALS: (usize, usize) = (70_000, 100_000);

pub fn write(project: &Project, results: &Results) -> Result<String> {
    let mut text = String::from(
        "# Measurements\n\nWritten by `cargo xtask bench` from `bench/results.json`; `bench/notes.md` is at its end. Medians, and in \
         brackets the least and the most of all rounds.\n\n",
    );
    if let Some(functions) = &results.functions {
        of_functions(&mut text, functions)?;
    }
    of_sizes(project, &mut text)?;
    if let Some(gateway) = &results.gateway {
        of_gateway(&mut text, gateway)?;
    }
    if let Some(growth) = &results.growth {
        of_growth(&mut text, growth)?;
    }
    if let Some(construction) = &results.construction {
        of_construction(&mut text, construction)?;
    }
    text.push_str(&fs::read_to_string(project.path("bench/notes.md")).unwrap_or_default());
    Ok(text)
}

fn of_functions(text: &mut String, functions: &Functions) -> Result<()> {
    let rounds = functions.endpoints.iter().flat_map(|endpoint| endpoint.rounds.values()).map(Vec::len).max().unwrap_or(0);
    writeln!(
        text,
        "## Functions\n\n`cargo xtask bench`: {rounds} rounds in turn, {} s per endpoint and contestant in each, 16 connections. \
         Before, all answers were compared.\n",
        functions.seconds
    )?;
    of_machine(text, &functions.machine)?;
    of_goals(text, functions)?;
    for endpoint in &functions.endpoints {
        writeln!(text, "### {}\n", endpoint.name)?;
        text.push_str("| | requests/s | p50 ms | p99 ms | CPU µs/request |\n|---|--:|--:|--:|--:|\n");
        for (name, title) in present(&endpoint.rounds) {
            let rounds = &endpoint.rounds[name];
            let of = |what: fn(&Round) -> f64, digits| spread(rounds.iter().map(what), digits);
            writeln!(
                text,
                "| {title} | {} | {} | {} | {} |",
                of(|round| round.load.per_second(), 0),
                of(|round| round.load.p50, 2),
                of(|round| round.load.p99, 2),
                of(|round| round.cpu_us, 0),
            )?;
        }
        text.push('\n');
    }
    text.push_str(
        "### First answers\n\nA fresh process with one function that was never called: milliseconds of its first answer, and in the second \
         column from the start of the process to that answer.\n\n",
    );
    for Cold { endpoint, times } in &functions.cold {
        writeln!(text, "| {endpoint} | first answer | with the process |\n|---|--:|--:|")?;
        for (name, title) in present(times) {
            let of = |what: fn(&(f64, f64)) -> f64| spread(times[name].iter().map(what), 1);
            writeln!(text, "| {title} | {} | {} |", of(|time| time.0), of(|time| time.1))?;
        }
        text.push('\n');
    }
    text.push_str(
        "### Memory and sizes\n\nPeak memory of the runtime's process after all rounds, and what is sent to the edge for one \
        function, JavaScript and wasm together (the `worker` contestant is one module with all endpoints).\n\n| | peak MB |",
    );
    let packages: Vec<&String> = functions.sizes.values().next().map(|sizes| sizes.keys().collect()).unwrap_or_default();
    for package in &packages {
        write!(text, " {package} KB (gzip) |")?;
    }
    writeln!(text, "\n|---|--:|{}", "--:|".repeat(packages.len()))?;
    for (name, title) in present(&functions.memory) {
        write!(text, "| {title} | {:.0} |", functions.memory[name])?;
        for package in &packages {
            match functions.sizes.get(name).and_then(|sizes| sizes.get(*package)) {
                Some((raw, gzip)) => write!(text, " {} ({}) |", kilobytes(*raw), kilobytes(*gzip))?,
                None => text.push_str(" |"),
            }
        }
        text.push('\n');
    }
    text.push('\n');
    Ok(())
}

/// Every goal, whether it is met, and by how much not.
fn of_goals(text: &mut String, functions: &Functions) -> Result<()> {
    text.push_str("### Goals\n\nRatios of Orée to the peer, the median of the rounds' own.\n\n");
    text.push_str("| endpoint | peer | throughput | goal | | CPU per request | goal | |\n|---|---|--:|--:|---|--:|--:|---|\n");
    for endpoint in functions.endpoints.iter().filter(|endpoint| endpoint.database) {
        for goal in GOALS {
            let Some(throughput) = ratio(endpoint, goal.peer, |round| round.load.per_second()) else { continue };
            let Some(processor) = ratio(endpoint, goal.peer, |round| round.cpu_us) else { continue };
            writeln!(
                text,
                "| {} | {} | {throughput:.2} | ≥ {} | {} | {processor:.2} | ≤ {} | {} |",
                endpoint.name,
                goal.peer,
                goal.throughput,
                verdict(throughput >= goal.throughput),
                goal.processor,
                verdict(processor <= goal.processor),
            )?;
        }
    }
    text.push_str("\n| endpoint | | Orée ms | TypeScript ms | at most equal |\n|---|---|--:|--:|---|\n");
    for endpoint in functions.endpoints.iter().filter(|endpoint| endpoint.database) {
        let of = |name: &str| endpoint.rounds.get(name).map(|rounds| median(rounds.iter().map(|round| round.load.p99)));
        if let (Some(own), Some(other)) = (of("oree"), of("typescript")) {
            writeln!(text, "| {} | p99 | {own:.2} | {other:.2} | {} |", endpoint.name, verdict(own <= other))?;
        }
    }
    for cold in &functions.cold {
        let of = |name: &str| cold.times.get(name).map(|times| median(times.iter().map(|time| time.0)));
        if let (Some(own), Some(other)) = (of("oree"), of("typescript")) {
            writeln!(text, "| {} | first answer | {own:.1} | {other:.1} | {} |", cold.endpoint, verdict(own <= other))?;
        }
    }
    text.push('\n');
    Ok(())
}

fn of_sizes(project: &Project, text: &mut String) -> Result<()> {
    let known: BTreeMap<String, usize> =
        serde_json::from_slice(&fs::read(project.path("bench/sizes.json")).unwrap_or_default()).unwrap_or_default();
    if known.is_empty() {
        return Ok(());
    }
    let mut sizes: Vec<(usize, &String)> = known.iter().map(|(name, size)| (*size, name)).collect();
    sizes.sort_unstable();
    let (middle, _) = sizes[sizes.len() / 2];
    let (largest, name) = sizes[sizes.len() - 1];
    writeln!(
        text,
        "## Sizes of all modules\n\n{} functions, `module.wasm` gzip, from `bench/sizes.json`, which `cargo xtask build --release` compares \
         with.\n\n| | KB | goal | |\n|---|--:|--:|---|\n| median | {} | ≤ {} | {} |\n| largest ({name}) | {} | ≤ {} | {} |\n",
        sizes.len(),
        kilobytes(middle),
        kilobytes(SIZE_GOALS.0),
        verdict(middle <= SIZE_GOALS.0),
        kilobytes(largest),
        kilobytes(SIZE_GOALS.1),
        verdict(largest <= SIZE_GOALS.1),
    )?;
    Ok(())
}

fn of_gateway(text: &mut String, gateway: &Gateway) -> Result<()> {
    text.push_str(
        "## Gateway\n\n`cargo xtask bench gateway`: one row of 100,000 by its key, a prepared statement, on one PostgreSQL.\n\n",
    );
    of_machine(text, &gateway.machine)?;
    text.push_str("| way | connections | requests/s | p50 ms | p99 ms |\n|---|--:|--:|--:|--:|\n");
    for (way, connections, loads) in &gateway.rounds {
        writeln!(
            text,
            "| {way} | {connections} | {} | {} | {} |",
            spread(loads.iter().map(|load| load.per_second()), 0),
            spread(loads.iter().map(|load| load.p50), 3),
            spread(loads.iter().map(|load| load.p99), 3),
        )?;
    }
    for (connections, found) in &gateway.pgbench {
        let (rate, latency) = (spread(found.iter().map(|of| of.0), 0), spread(found.iter().map(|of| of.1), 3));
        writeln!(text, "| pgbench -M prepared | {connections} | {rate} | mean {latency} | |")?;
    }
    if gateway.pgbench.is_empty() {
        text.push_str("\npgbench was not installed (on Debian: `apt install postgresql-client`).\n");
    }
    let p50 = |way: &str| {
        let (_, _, loads) = gateway.rounds.iter().find(|(name, connections, _)| name == way && *connections == 1)?;
        Some(median(loads.iter().map(|load| load.p50)))
    };
    if let Some((through, direct)) = p50("gateway").zip(p50("tokio-postgres")) {
        let added = through - direct;
        writeln!(text, "\nAdded latency, p50 on one connection: {added:.3} ms; goal ≤ 0.3 ms: {}.\n", verdict(added <= 0.3))?;
    }
    Ok(())
}

fn of_growth(text: &mut String, growth: &Growth) -> Result<()> {
    writeln!(
        text,
        "## Growth\n\n`cargo xtask bench growth`: {} rows of kaizen, {} rows purged while others read.\n",
        growth.rows, growth.purged
    )?;
    of_machine(text, &growth.machine)?;
    text.push_str("| through the functions | p50 ms | p99 ms |\n|---|--:|--:|\n");
    let rows = [
        ("streak, 400 days of data", growth.streak.0),
        ("streak, 10 years of data", growth.streak.1),
        ("list of 100, small table", growth.list.0),
        ("list of 100, large table", growth.list.1),
        ("list of 100, before the purge", growth.quiet),
        ("list of 100, during the purge", growth.purging),
    ];
    for (name, load) in rows {
        writeln!(text, "| {name} | {:.2} | {:.2} |", load.p50, load.p99)?;
    }
    let ratio = growth.purging.p99 / growth.quiet.p99;
    writeln!(
        text,
        "\nThe purge took {:.0} s in {} runs. p99 of the concurrent read: {ratio:.2} × quiet; goal ≤ 2: {}.\n",
        growth.purge_seconds,
        growth.purge_runs,
        verdict(ratio <= 2.0)
    )?;
    Ok(())
}

fn of_construction(text: &mut String, construction: &Construction) -> Result<()> {
    text.push_str(
        "## Build\n\n`cargo xtask bench build`: `cargo xtask build --release` of every function into an empty folder.\n\n",
    );
    of_machine(text, &construction.machine)?;
    #[expect(clippy::cast_precision_loss, reason = "there are not that many functions")]
    let each = construction.again / construction.functions as f64;
    writeln!(
        text,
        "| | s |\n|---|--:|\n| all {} functions, from nothing | {:.0} |\n| all after an edit of the frame: what is shared is built once, \
         each function then compiled, linked, bound and optimised | {:.0} |\n| each of them | {each:.1} |\n\nGoal ≤ 6 s per function on \
         two cores: {}.\n",
        construction.functions,
        construction.all,
        construction.again,
        verdict(each <= 6.0),
    )?;
    Ok(())
}

fn of_machine(text: &mut String, machine: &Machine) -> Result<()> {
    let versions: Vec<String> = machine.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    writeln!(
        text,
        "{}, commit {}. {}, {} cores, {:.0} GB, {}; load average before {}. {}.\n",
        machine.when,
        machine.commit,
        machine.processor,
        machine.cores,
        machine.memory_gb,
        machine.system,
        machine.load,
        versions.join(", ")
    )?;
    Ok(())
}

fn present<T>(of: &BTreeMap<String, T>) -> impl Iterator<Item = (&'static str, &'static str)> {
    CONTESTANTS.into_iter().filter(|(name, _)| of.contains_key(*name))
}

fn ratio(endpoint: &Endpoint, peer: &str, what: fn(&Round) -> f64) -> Option<f64> {
    let (own, other) = (endpoint.rounds.get("oree")?, endpoint.rounds.get(peer)?);
    Some(median(own.iter().zip(other).map(|(own, other)| what(own) / what(other))))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

fn spread(values: impl Iterator<Item = f64> + Clone, digits: usize) -> String {
    let (least, most) = values.clone().fold((f64::INFINITY, 0.0_f64), |(least, most), value| (least.min(value), most.max(value)));
    format!("{:.digits$} ({least:.digits$}–{most:.digits$})", median(values))
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

#[expect(clippy::cast_precision_loss, reason = "a module's size is far below 2^52")]
fn kilobytes(bytes: usize) -> String {
    format!("{:.0}", bytes as f64 / 1000.0)
}
