//! The laws of DESIGN: tests that hold for every function without anyone remembering to add it.

mod access;
mod input;
mod routes;
mod sql;
mod structure;
mod tables;
