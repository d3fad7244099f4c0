//! CTRF, the Common Test Report Format (ctrf.io, schema 0.0.0): JSON with a summary, an environment and a list of tests.
//!
//! Its own summary is not believed: tests are counted. Each is read, counted and forgotten before the next.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, SeqAccess, Visitor};

use crate::tally::{Ending, Tally, Test};

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    results: Results<'a>,
}

#[derive(Deserialize)]
struct Results<'a> {
    tool: Option<Tool>,
    summary: Option<Summary>,
    tests: Counted,
    #[serde(borrow, default)]
    environment: Environment<'a>,
}

#[derive(Deserialize)]
struct Tool {
    name: String,
}

/// In milliseconds since 1970.
#[derive(Deserialize)]
struct Summary {
    start: Option<f64>,
    stop: Option<f64>,
}

/// What CTRF knows of the run.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment<'a> {
    pub repository_name: Option<Cow<'a, str>>,
    pub commit: Option<Cow<'a, str>>,
    pub branch_name: Option<Cow<'a, str>>,
    pub build_name: Option<Cow<'a, str>>,
    pub build_url: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "number")]
    pub build_number: Option<i64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct One<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(default)]
    suite: Suite,
    message: Option<String>,
    duration: Option<f64>,
    #[serde(default)]
    flaky: Option<bool>,
    retries: Option<i64>,
}

/// A text, or the texts from the outermost suite inwards.
#[derive(Default)]
struct Suite(String);

impl<'de> Deserialize<'de> for Suite {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Suite, D::Error> {
        struct Reads;
        impl<'de> Visitor<'de> for Reads {
            type Value = Suite;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a suite")
            }

            fn visit_str<E: Error>(self, name: &str) -> Result<Suite, E> {
                Ok(Suite(name.to_owned()))
            }

            fn visit_unit<E: Error>(self) -> Result<Suite, E> {
                Ok(Suite::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Suite, A::Error> {
                let mut path = Suite::default();
                while let Some(name) = names.next_element::<Cow<'de, str>>()? {
                    if !path.0.is_empty() {
                        path.0.push_str(" > ");
                    }
                    path.0.push_str(&name);
                }
                Ok(path)
            }
        }
        deserializer.deserialize_any(Reads)
    }
}

struct Counted(Tally);

impl<'de> Deserialize<'de> for Counted {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Counted, D::Error> {
        struct Counts;
        impl<'de> Visitor<'de> for Counts {
            type Value = Counted;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of tests")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut tests: A) -> Result<Counted, A::Error> {
                let mut tally = Tally::new("ctrf");
                while let Some(One { name, status, suite: Suite(suite), message, duration, flaky, retries }) =
                    tests.next_element()?
                {
                    let ending = match &*status {
                        "passed" if flaky.unwrap_or(retries.is_some_and(|times| times > 0)) => Ending::Flaky,
                        "passed" => Ending::Passed,
                        "failed" => Ending::Failed,
                        "skipped" | "pending" | "other" => Ending::Skipped,
                        _ => return Err(A::Error::custom("a status that CTRF does not have")),
                    };
                    let name = if suite.is_empty() { name } else { Cow::Owned([&suite, " > ", &*name].concat()) };
                    let test = Test { name: &name, ending, message: message.as_deref(), duration_ms: duration };
                    tally.add(&test).map_err(A::Error::custom)?;
                }
                Ok(Counted(tally))
            }
        }
        deserializer.deserialize_seq(Counts)
    }
}

/// A whole number, or one written as text; nothing where it is none.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(i64),
        Text(String),
        Other(IgnoredAny),
    }
    Ok(match Written::deserialize(deserializer)? {
        Written::Number(number) => Some(number),
        Written::Text(text) => text.parse().ok(),
        Written::Other(_) => None,
    })
}

/// The tests, the tool's name, how long the run took, and what the file knows of it.
///
/// # Errors
/// Why it is none that can be read.
pub fn read(body: &[u8]) -> Result<(Tally, String, Option<i64>, Environment<'_>), String> {
    let File { results: Results { tool, summary, tests: Counted(tally), environment } } =
        serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let took = summary.and_then(|summary| Some(summary.stop? - summary.start?)).filter(|ms| (0.0..1e12).contains(ms));
    Ok((tally, tool.map(|tool| tool.name).unwrap_or_default(), took.map(|ms| ms as i64), environment))
}
