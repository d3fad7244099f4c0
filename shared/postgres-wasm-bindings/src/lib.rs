#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

mod array;
mod batch;
mod client;
mod decode;
mod encode;
mod error;
mod json;
mod login;
mod param;
mod response;
mod results;
mod time;

#[cfg(test)]
mod tests;

pub use batch::{Batch, Isolation};
pub use client::{Client, Request, Response, Transport};
pub use error::{DatabaseError, Error, TransportError};
pub use login::Login;
pub use param::{Array, Bytea, Json, Sql, Statement, ToSql, Unsendable};
pub use results::Results;
