//! `cargo xtask test`: everything runs on free ports, and every test runs against it.

use std::{
    collections::BTreeMap,
    path::Path,
    process::{ExitCode, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::Command,
};

use crate::{
    build, cargo, check,
    clock::{self, ClockShift},
    control,
    database::{self, Fresh},
    edge::{LogSink, test_log},
    guard::{self, Guarded},
    postgres::{Data, Installation},
    progress::Step,
    project::{Profile, Project},
    secrets,
    settings::{Ports, Settings},
    setup,
    stack::{Plan, Stack},
    sync,
};

pub async fn run(project: &Project, profile: Profile, clock: Option<ClockShift>, arguments: &[String]) -> Result<ExitCode> {
    let _alone = control::only_one(project, "test")?;
    let toolchain = setup::ensure(project).await?;
    if arguments.is_empty() {
        check::quick(project).await?;
    } else {
        sync::run(project, false).await?;
    }
    let fresh = match std::env::var("DATABASE_URL") {
        Ok(_) if clock.is_some() => bail!("the clock of the database in DATABASE_URL cannot be moved: unset DATABASE_URL"),
        Ok(url) => Some(Fresh::make(&url).await?),
        Err(_) => None,
    };
    let plan = Plan {
        data: Data::Test,
        profile,
        ports: Ports::free()?,
        secrets: secrets::fresh()?,
        settings: Settings::of_tests(fresh.as_ref().map(|fresh| fresh.url.as_str())),
        toolchain,
        edge_log: LogSink::File(test_log(project)),
        logs: project.path("build/test-logs"),
    };
    if let Some(moved) = clock {
        // What is built now does not have to be while the clock goes on.
        build::servers(project).await?;
        build::functions_as_modules(project, &project.functions()?, profile, &plan.toolchain).await?;
        compile(project, arguments).await?;
        clock::set(project, moved)?;
    }
    let stack = Stack::start(project, plan).await?;
    let programs = Installation::find(project)?.programs;
    let started = Instant::now();
    let summary = tests(project, &stack, &programs, arguments).await;
    stack.stop().await;
    if let Some(fresh) = fresh {
        fresh.drop().await?;
    }
    let summary = summary?;
    println!("{}", summary.line(started.elapsed().as_secs_f64()));
    Ok(if summary.ok { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The sum over cargo's `test result:` lines.
#[derive(Default)]
struct Summary {
    ok: bool,
    passed: u64,
    failed: u64,
    ignored: u64,
    filtered_out: u64,
}

async fn tests(project: &Project, stack: &Stack, programs: &Path, arguments: &[String]) -> Result<Summary> {
    if let Err(error) = compile(project, arguments).await {
        eprintln!("error: {error:#}");
        return Ok(Summary::default());
    }
    let mut command = cargo_test(project, arguments);
    command.arg("--no-fail-fast").envs(variables(stack)?).env("POSTGRES_BIN", programs);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = guard::spawn(command)?;
    let mut summary = pass_on(&mut process).await?;
    summary.ok = process.ended().await.success();
    Ok(summary)
}

async fn compile(project: &Project, arguments: &[String]) -> Result<()> {
    let step = Step::start("tests, compiling");
    let mut command = cargo_test(project, arguments);
    command.arg("--no-run");
    cargo::run(command, &step, "the tests do not compile: mend what is shown above").await?;
    step.done("");
    Ok(())
}

/// What the tests are told. They make roles and databases of their own, which takes the superuser; what they test, the
/// migrations and the functions, does without.
pub fn variables(stack: &Stack) -> Result<BTreeMap<String, String>> {
    let mut variables = stack.variables.clone();
    variables.insert("DATABASE_URL".to_owned(), stack.superuser_url().to_owned());
    variables.insert("SQL_LOGIN_OWNER".to_owned(), database::through_gateway(stack.superuser_url())?);
    Ok(variables)
}

/// Shows what cargo prints, a whole line at a time: left to itself, each of its two outputs tears the other's lines.
async fn pass_on(process: &mut Guarded) -> Result<Summary> {
    let mut summary = Summary::default();
    let mut results = BufReader::new(process.stdout.take().context("cargo test has no output")?).lines();
    let mut remarks = BufReader::new(process.stderr.take().context("cargo test has no output")?).lines();
    let (mut more_results, mut more_remarks) = (true, true);
    while more_results || more_remarks {
        tokio::select! {
            line = results.next_line(), if more_results => match line? {
                Some(line) => {
                    println!("{line}");
                    summary.add(&line);
                }
                None => more_results = false,
            },
            line = remarks.next_line(), if more_remarks => match line? {
                Some(line) => eprintln!("{line}"),
                None => more_remarks = false,
            },
        }
    }
    Ok(summary)
}

fn cargo_test(project: &Project, arguments: &[String]) -> Command {
    let mut command = cargo::command(project);
    command.arg("test");
    let chooses_packages = arguments.iter().any(|argument| argument.starts_with("-p") || argument.starts_with("--package"));
    if !chooses_packages {
        command.arg("--workspace");
    }
    command.args(arguments);
    command
}

impl Summary {
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else { return };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                "filtered out" => self.filtered_out += number,
                _ => {}
            }
        }
    }

    /// In cargo's own shape.
    fn line(&self, seconds: f64) -> String {
        let Self { ok, passed, failed, ignored, filtered_out } = self;
        let verdict = if *ok { "ok" } else { "FAILED" };
        format!(
            "test result: {verdict}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; \
             {filtered_out} filtered out; finished in {seconds:.2}s"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Summary;

    #[test]
    fn the_results_of_all_suites_are_added_up() {
        let mut summary = Summary { ok: true, ..Summary::default() };
        summary.add("test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s");
        summary.add("running 3 tests");
        summary.add("test result: ok. 4 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.20s");
        let line = "test result: ok. 7 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 1.50s";
        assert_eq!(summary.line(1.5), line);
    }
}
