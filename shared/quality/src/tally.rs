//! What is kept of the tests of one run: all of them as numbers, those that did not simply pass by name.

use serde::Serialize;
use sha2::{Digest, Sha256};

/// Tests that one file may have.
const MOST_TESTS: u32 = 200_000;
/// Tests of one run that are kept by name; more are counted only.
const MOST_NAMED: usize = 1_000;
/// Characters of a test's name and of its message that are kept.
const LONGEST_NAME: usize = 500;
const LONGEST_MESSAGE: usize = 1_000;

/// How a test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Passed,
    Failed,
    /// Not run, pending, or anything else that says nothing.
    Skipped,
    /// It failed before it passed.
    Flaky,
}

/// One test as a file tells it.
pub struct Test<'a> {
    /// With its suite: what makes it the same test in another run.
    pub name: &'a str,
    pub ending: Ending,
    pub message: Option<&'a str>,
    pub duration_ms: Option<f64>,
}

/// The tests of one run, as `edge.archive_qa_report` takes them.
#[derive(Debug, Default, PartialEq, Serialize)]
pub struct Tally {
    pub format: &'static str,
    pub tests: u32,
    pub passed: u32,
    pub failed: u32,
    pub skipped: u32,
    pub flaky: u32,
    /// Those that failed or are flaky.
    pub named: Vec<Named>,
    /// Keys of those that passed.
    #[serde(skip)]
    pub passed_keys: Vec<i64>,
}

/// A test that is kept by name.
#[derive(Debug, PartialEq, Serialize)]
pub struct Named {
    key: i64,
    pub name: String,
    pub ending: &'static str,
    pub message: Option<String>,
    pub duration_ms: Option<i64>,
}

impl Tally {
    pub fn new(format: &'static str) -> Tally {
        Tally { format, ..Tally::default() }
    }

    /// Counts one test.
    ///
    /// # Errors
    /// Where there are too many, or one has no name.
    pub fn add(&mut self, test: &Test) -> Result<(), &'static str> {
        let name = plain(test.name, LONGEST_NAME).ok_or("a test without a name")?;
        self.tests += 1;
        if self.tests > MOST_TESTS {
            return Err("more than 200,000 tests");
        }
        let ending = match test.ending {
            Ending::Passed => {
                self.passed += 1;
                self.passed_keys.push(key(&name));
                return Ok(());
            }
            Ending::Skipped => {
                self.skipped += 1;
                return Ok(());
            }
            Ending::Failed => {
                self.failed += 1;
                "failed"
            }
            Ending::Flaky => {
                self.flaky += 1;
                "flaky"
            }
        };
        if self.named.len() < MOST_NAMED {
            let message = test.message.and_then(|message| plain(message, LONGEST_MESSAGE));
            let duration_ms = test.duration_ms.filter(|ms| ms.is_finite() && (0.0..1e12).contains(ms)).map(|ms| ms as i64);
            self.named.push(Named { key: key(&name), name, ending, message, duration_ms });
        }
        Ok(())
    }

    /// GitHub's word for a run with these tests.
    pub fn status(&self) -> &'static str {
        match (self.failed, self.passed + self.flaky) {
            (1.., _) => "failure",
            (0, 0) => "neutral",
            _ => "success",
        }
    }
}

/// A text that a column can hold, cut to so many characters, if anything is left of it.
pub fn plain(text: &str, most: usize) -> Option<String> {
    let text: String = text.chars().filter(|char| *char != '\0').take(most).collect();
    (!text.trim().is_empty()).then_some(text)
}

/// The first eight bytes of the name's SHA-256.
fn key(name: &str) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(Sha256::digest(name.as_bytes()));
    i64::from_be_bytes([a, b, c, d, e, f, g, h])
}
