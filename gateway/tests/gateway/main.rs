//! The gateway against a real PostgreSQL: `DATABASE_URL`, and `POSTGRES_BIN` for clusters of its own.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failed step fails the test")]

mod command;
mod conformance;
mod peer;
mod sessions;
mod support;
