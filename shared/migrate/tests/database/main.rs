//! The runner and the schema, against the PostgreSQL server of `DATABASE_URL`, whose role must be a superuser there.
//! Every test makes a database of its own and drops it; roles are shared with the server's other databases.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]

mod kaizen;
mod layouts;
mod runner;
mod scenes;
mod sign_in;
mod support;
mod tables;
mod upkeep;
