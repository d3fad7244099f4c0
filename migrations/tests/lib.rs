//! The SQL, against the PostgreSQL server of `DATABASE_URL`, whose role must be a superuser there. Every test makes a database
//! of its own and drops it; roles are shared with the server's other databases.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod database;
mod examples;
mod rules;
mod tables;

pub use database::*;
pub use examples::{Example, examples, insert_examples};
pub use rules::broken_rules;
pub use tables::{Table, attempt, breach, tables};

#[cfg(test)]
mod account {
    mod erasure;
    mod groups;
    mod subscriptions;
}
#[cfg(test)]
mod auth {
    mod locks;
    mod sign_in;
}
#[cfg(test)]
mod grimoire {
    mod scenes;
}
#[cfg(test)]
mod operations {
    mod settings;
    mod upkeep;
}
#[cfg(test)]
mod providers {
    mod connections;
    mod import;
}
#[cfg(test)]
mod rise {
    mod days;
    mod kaizen;
}
#[cfg(test)]
mod data_use;
#[cfg(test)]
mod files;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod releases;
#[cfg(test)]
mod rights;
