//! Attacks on every endpoint of the generated contracts, and on every table. A new function is attacked as soon as it is
//! there: what is sent is made from its contract and its schemas.
//!
//! A **victim** has used every endpoint and left a text of hers wherever one is taken. Attackers, each of whom is somebody
//! new, send what is listed in the modules here. An attack is a breach where its answer is not what a sound backend gives
//! ([`verdict`]), and where afterwards the database shows what no attack may cause ([`scene`]).
#![expect(clippy::expect_used, reason = "an attack that cannot be carried out must say so and stop")]

pub mod beyond;
pub mod callers;
pub mod campaign;
pub mod injection;
pub mod requests;
pub mod scene;
pub mod tables;
pub mod tally;
pub mod tokens;
pub mod verdict;
