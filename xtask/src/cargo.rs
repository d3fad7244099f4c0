//! Runs cargo with a progress bar.

use std::process::Stdio;

use anyhow::{Result, bail};
use tokio::{io::AsyncReadExt, process::Command};

use crate::{
    clock,
    guard::{self, Stop},
    progress::Step,
    project::Project,
};

/// The words with which cargo begins a line about its own work.
const STATUS_WORDS: [&str; 15] = [
    "Blocking",
    "Building",
    "Checking",
    "Compiling",
    "Documenting",
    "Downloaded",
    "Downloading",
    "Executable",
    "Fetch",
    "Finished",
    "Fresh",
    "Generated",
    "Locking",
    "Running",
    "Updating",
];

/// A call of cargo under guard. Its arguments and environment are added to what is returned.
pub fn command(project: &Project) -> Command {
    let mut command = guard::command("cargo", Stop::Terminate, None);
    command.current_dir(&project.root);
    // It has the real clock always: by their age it throws away what it has downloaded, and rustc what it has kept.
    command.env_remove(clock::LIBRARY);
    // What `cargo run` told this program about its own package must not reach other packages' builds.
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}

/// Runs cargo, shows how far it is, and returns what the compiler had to say.
///
/// # Errors
/// `failure`, when cargo fails; what it printed has then been shown.
pub async fn run(mut command: Command, step: &Step, failure: &'static str) -> Result<String> {
    command
        .env("CARGO_TERM_PROGRESS_WHEN", "always")
        .env("CARGO_TERM_PROGRESS_WIDTH", "120")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut cargo = guard::spawn(command)?;
    let said = match cargo.stderr.take() {
        Some(stderr) => follow(stderr, step).await?,
        None => String::new(),
    };
    if !cargo.ended().await.success() {
        eprintln!("{}", said.trim_end());
        bail!(failure);
    }
    Ok(said)
}

async fn follow(mut stderr: impl AsyncReadExt + Unpin, step: &Step) -> Result<String> {
    let (mut said, mut line, mut buffer) = (String::new(), Vec::new(), [0; 8192]);
    loop {
        let read = stderr.read(&mut buffer).await?;
        for &byte in &buffer[..read] {
            if byte == b'\n' || byte == b'\r' {
                take_line(&String::from_utf8_lossy(&line), &mut said, step);
                line.clear();
            } else {
                line.push(byte);
            }
        }
        if read == 0 {
            take_line(&String::from_utf8_lossy(&line), &mut said, step);
            return Ok(said);
        }
    }
}

fn take_line(line: &str, said: &mut String, step: &Step) {
    let plain = without_colour(line);
    let mut words = plain.trim_start().splitn(2, ' ');
    let (first, rest) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    // Cargo right-aligns these words; the same word at the margin belongs to a message.
    if plain.starts_with(' ') && STATUS_WORDS.contains(&first) {
        match count(rest) {
            Some((done, total, what)) => step.at(done, total, what),
            None => step.doing(plain.trim()),
        }
    } else if !(plain.trim().is_empty() && said.is_empty()) {
        said.push_str(line);
        said.push('\n');
    }
}

/// Reads `[===>   ] 12/240: syn, quote`.
fn count(text: &str) -> Option<(u64, u64, &str)> {
    let (_, text) = text.split_once("] ")?;
    let (numbers, what) = text.split_once(": ").unwrap_or((text, ""));
    let (done, total) = numbers.trim().split_once('/')?;
    Some((done.parse().ok()?, total.parse().ok()?, what))
}

fn without_colour(line: &str) -> String {
    let mut plain = String::new();
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' {
            characters.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}
