//! Progress of long steps: a bar in a terminal, a plain line now and then elsewhere.

use std::{
    io::{IsTerminal, stderr},
    sync::Mutex,
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};

/// How often a step without a terminal says where it is.
const PLAIN_INTERVAL: Duration = Duration::from_secs(15);

/// One step of a command.
pub struct Step {
    title: String,
    started: Instant,
    said: Mutex<Instant>,
    bar: Option<ProgressBar>,
}

impl Step {
    pub fn start(title: impl Into<String>) -> Self {
        let title = title.into();
        let started = Instant::now();
        let bar = stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            bar.set_style(spinner());
            bar.set_prefix(title.clone());
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { title, started, said: Mutex::new(started), bar }
    }

    /// `done` of `total` are finished; `what` is at hand.
    pub fn at(&self, done: u64, total: u64, what: &str) {
        if let Some(bar) = &self.bar {
            if bar.length() != Some(total) {
                bar.set_length(total);
                bar.set_style(counter());
            }
            bar.set_position(done);
            bar.set_message(what.to_owned());
        } else if self.may_speak() {
            eprintln!("  {}: {done} of {total}", self.title);
        }
    }

    /// Something is happening that cannot be counted.
    pub fn doing(&self, what: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(what.to_owned());
        }
    }

    /// Says that the step is finished, with a `note` if there is something to add.
    pub fn done(self, note: &str) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let separator = if note.is_empty() { "" } else { ", " };
        eprintln!("  {}{separator}{note} ({:.1} s)", self.title, self.started.elapsed().as_secs_f64());
    }

    fn may_speak(&self) -> bool {
        let Ok(mut said) = self.said.lock() else { return false };
        let due = said.elapsed() >= PLAIN_INTERVAL;
        if due {
            *said = Instant::now();
        }
        due
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn spinner() -> ProgressStyle {
    styled("{spinner} {prefix} {elapsed} {wide_msg:.dim}")
}

fn counter() -> ProgressStyle {
    styled("{spinner} {prefix} {bar:30} {pos}/{len} {elapsed} {wide_msg:.dim}")
}

fn styled(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
