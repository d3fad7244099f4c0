//! JUnit's XML, as Maven, Gradle, pytest, Jest, nextest and their like write it: a `testsuites` or a `testsuite`, in any depth.
//!
//! There is no standard; what is read is what they have in common. Surefire's `flakyFailure` and `flakyError` make a test
//! flaky. A document type is refused, and with it every entity of one's own.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use crate::tally::{Ending, Tally, Test};

/// The testcase that is open.
#[derive(Default)]
struct Case {
    name: String,
    duration_ms: Option<f64>,
    ending: Option<Ending>,
    message: Option<String>,
}

/// The tests, the name of the first suite, and how long all of them took.
///
/// # Errors
/// Why it is none that can be read.
pub fn read(body: &[u8]) -> Result<(Tally, String, Option<i64>), String> {
    let mut reader = Reader::from_reader(body);
    let (mut tally, mut suite, mut total_ms) = (Tally::new("junit"), String::new(), None);
    let (mut depth, mut has_root, mut case, mut is_telling) = (0_u32, false, None::<Case>, false);
    loop {
        let event = reader.read_event().map_err(|error| error.to_string())?;
        let (element, is_empty) = match &event {
            Event::Start(element) => (element, false),
            Event::Empty(element) => (element, true),
            Event::End(element) => {
                depth -= 1;
                if element.name().as_ref() == b"testcase" {
                    close(&mut tally, case.take())?;
                }
                is_telling = false;
                continue;
            }
            Event::Text(text) => {
                let told = case.as_mut().filter(|_| is_telling);
                if let Some(case) = told.filter(|case| case.message.is_none()) {
                    let raw = std::str::from_utf8(text).map_err(|error| error.to_string())?;
                    case.message = Some(unescape(raw).map_err(|error| error.to_string())?.trim().to_owned());
                }
                continue;
            }
            Event::DocType(_) => return Err("a document type".to_owned()),
            Event::Eof => break,
            _ => continue,
        };
        let name = element.name();
        match name.as_ref() {
            b"testsuites" | b"testsuite" => {
                has_root = true;
                if depth == 0 || (depth == 1 && suite.is_empty() && total_ms.is_none()) {
                    suite = attribute(element, "name")?.unwrap_or(suite);
                }
                // What a suite holds is in its own time already.
                if let Some(seconds) = seconds(element)?.filter(|_| depth == 0) {
                    total_ms = Some((seconds * 1000.0) as i64);
                }
            }
            _ if depth == 0 => return Err("neither testsuites nor testsuite".to_owned()),
            b"testcase" => {
                let name = attribute(element, "name")?.unwrap_or_default();
                let class = attribute(element, "classname")?.filter(|class| !class.is_empty());
                let name = class.map_or(name.clone(), |class| [&class, " > ", &name].concat());
                case = Some(Case { name, duration_ms: seconds(element)?.map(|seconds| seconds * 1000.0), ..Case::default() });
                if is_empty {
                    close(&mut tally, case.take())?;
                }
            }
            inside => {
                if let Some(case) = &mut case {
                    let ending = match inside {
                        b"failure" | b"error" => Some(Ending::Failed),
                        b"flakyFailure" | b"flakyError" => Some(Ending::Flaky),
                        b"skipped" => Some(Ending::Skipped),
                        _ => None,
                    };
                    if ending.is_some() && case.ending != Some(Ending::Failed) {
                        case.ending = ending;
                        case.message = attribute(element, "message")?.filter(|message| !message.is_empty());
                        is_telling = !is_empty;
                    }
                }
            }
        }
        depth += u32::from(!is_empty);
    }
    if depth > 0 || !has_root {
        return Err("it ends too early".to_owned());
    }
    Ok((tally, suite, total_ms))
}

fn close(tally: &mut Tally, case: Option<Case>) -> Result<(), String> {
    let Some(Case { name, duration_ms, ending, message }) = case else { return Ok(()) };
    let ending = ending.unwrap_or(Ending::Passed);
    Ok(tally.add(&Test { name: &name, ending, message: message.as_deref(), duration_ms })?)
}

fn attribute(element: &BytesStart, name: &str) -> Result<Option<String>, String> {
    let found = element.try_get_attribute(name).map_err(|error| error.to_string())?;
    let Some(found) = found else { return Ok(None) };
    let raw = std::str::from_utf8(&found.value).map_err(|error| error.to_string())?;
    Ok(Some(unescape(raw).map_err(|error| error.to_string())?.into_owned()))
}

/// The attribute `time`; some write it with a comma between thousands.
fn seconds(element: &BytesStart) -> Result<Option<f64>, String> {
    let time = attribute(element, "time")?;
    Ok(time.and_then(|time| time.replace(',', "").parse::<f64>().ok()).filter(|time| time.is_finite() && *time >= 0.0))
}
