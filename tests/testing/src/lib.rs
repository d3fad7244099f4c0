//! What tests stand on. A request is built the same way whether a function runs natively beside its test or as wasm on
//! the edge:
//!
//! ```no_run
//! # static FUNCTION: edge::Function = edge::Function { package: "", about: "", trigger: edge::Trigger::Http, root: edge::Root::Api, purpose: None, endpoints: &[], uses: &[], secrets: None };
//! # async fn example() {
//! use serde_json::json;
//! use testing::{App, Person};
//!
//! let app = App::native(&FUNCTION);
//! let ada = Person::new().await;
//! let answer = app.post("/rise/kaizen").by(&ada).json(json!({"action": "Ranger"})).send().await;
//! assert_eq!(answer.status, 201);
//! # }
//! ```
//!
//! Tests share one real database: each makes its own people, none empties a table.
#![expect(clippy::expect_used, clippy::panic, reason = "a test that cannot go on must say so and stop")]

mod app;
mod dice;
mod environment;
mod github;
mod mail;
mod person;
mod provider;
mod seen;
mod timing;

pub use app::{Answer, App, Call, plain};
pub use dice::{Dice, histories};
pub use environment::{database, database_as_person, database_at, now, variable};
pub use github::github_signature;
/// Whole answers stand in the test as inline snapshots: `insta::assert_json_snapshot!(answer.json(), {".id" => "[id]"}, @"…")`. Parts
/// that differ in every run are redacted.
pub use insta;
pub use mail::{Letter, letters_to};
pub use person::Person;
pub use provider::provider_grant;
pub use timing::Timing;
