//! A moved wall clock, for `cargo xtask test --clock`: what is started lives on another day.

use std::{fs, os::unix::fs::PermissionsExt, process::Command, str::FromStr, sync::OnceLock};

use anyhow::{Context, Error, Result, anyhow, bail};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{postgres::Installation, project::Project};

/// The variable that names what a program loads before the C library.
pub const LIBRARY: &str = "LD_PRELOAD";

/// The variable that `dev/clock.c` reads.
const AHEAD: &str = "CLOCK_AHEAD_S";

/// What a program is told to live by the moved clock.
static VARIABLES: OnceLock<[(String, String); 3]> = OnceLock::new();

/// Where the clock is moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockShift {
    /// So much ahead.
    By(TimeDelta),
    /// It starts from here.
    To(DateTime<Utc>),
}

impl FromStr for ClockShift {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let days = text.strip_prefix('+').and_then(|text| text.strip_suffix('d')).and_then(|days| days.parse::<u16>().ok());
        match (days, text.parse()) {
            (Some(days), _) => Ok(Self::By(TimeDelta::days(days.into()))),
            (None, Ok(time)) => Ok(Self::To(time)),
            (None, Err(_)) => bail!("write days as +40d, or a time as 2026-12-31T23:59:00Z"),
        }
    }
}

/// Moves the clock of every program that is started from now on, of cargo's tests too, and not of cargo itself.
pub fn set(project: &Project, moved: ClockShift) -> Result<()> {
    if !cfg!(target_os = "linux") {
        bail!("a clock can be moved on Linux only");
    }
    let library = library(project)?;
    let ahead = match moved {
        ClockShift::By(distance) => distance,
        #[expect(clippy::disallowed_methods, reason = "this is the clock")]
        ClockShift::To(time) => time - Utc::now(),
    };
    let ahead = ahead.num_seconds().to_string();
    let host = Command::new("rustc").args(["--print", "host-tuple"]).output().context("rustc does not answer")?;
    let host = String::from_utf8(host.stdout)?.trim().to_uppercase().replace('-', "_");
    let runner = format!("env {LIBRARY}={library} {AHEAD}={ahead}");
    VARIABLES
        .set([
            (LIBRARY.to_owned(), library),
            (AHEAD.to_owned(), ahead),
            // Of the cargo that a test starts, too.
            (format!("CARGO_TARGET_{host}_RUNNER"), runner),
        ])
        .map_err(|_| anyhow!("a clock is moved once"))
}

/// Nothing where the clock has not been moved.
pub fn variables() -> impl Iterator<Item = (&'static str, &'static str)> {
    VARIABLES.get().into_iter().flatten().map(|(name, value)| (name.as_str(), value.as_str()))
}

/// Compiles what moves the clock.
fn library(project: &Project) -> Result<String> {
    let library = Installation::find(project)?.library("clock.so")?;
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O2", "-o"]).arg(&library).arg(project.path("dev/clock.c"));
    if !compiler.status().context("the C compiler cc is missing: install gcc or clang")?.success() {
        bail!("dev/clock.c does not compile: mend what is shown above");
    }
    // PostgreSQL may run as somebody else.
    fs::set_permissions(&library, fs::Permissions::from_mode(0o755))?;
    match library.to_str() {
        Some(path) if !path.contains([' ', ':']) => Ok(path.to_owned()),
        _ => bail!("{} cannot be loaded: a clock is moved only where the path has no space and no colon", library.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_moved_by_days_or_to_a_time() {
        assert_eq!("+40d".parse::<ClockShift>().unwrap(), ClockShift::By(TimeDelta::days(40)));
        let time = "2027-01-01T01:00:00+01:00".parse::<ClockShift>().unwrap();
        assert_eq!(time, ClockShift::To("2027-01-01T00:00:00Z".parse().unwrap()));
        for wrong in ["40d", "-40d", "+40", "+d", "+65536d", "2027-01-01", "tomorrow", ""] {
            let refusal = wrong.parse::<ClockShift>().unwrap_err().to_string();
            assert_eq!(refusal, "write days as +40d, or a time as 2026-12-31T23:59:00Z", "{wrong}");
        }
    }
}
