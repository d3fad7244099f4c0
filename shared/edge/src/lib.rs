#![doc = include_str!("../README.md")]

#[cfg(target_arch = "wasm32")]
mod bridge;
mod caller;
mod config;
mod context;
mod contract;
#[cfg(not(target_arch = "wasm32"))]
pub mod describe;
mod error;
mod handler;
mod http;
mod idempotency;
mod input;
mod log;
mod pipeline;
pub mod refusal;
mod reply;
mod request;
pub mod route;
#[cfg_attr(target_arch = "wasm32", path = "runtime/edge.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "runtime/native.rs")]
mod runtime;
mod tags;
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(test, expect(dead_code, reason = "some of it only the bridge uses"))]
mod tasks;

pub use auth;
pub use caller::{
    Admin, Caller, Credentials, Identity, Manager, OwnerOrAdmin, Person, Privacy, Proof, Public, Qa, Signed, SqlRole, Tick,
};
pub use chrono;
pub use config::{Config, Need, Shape, VARIABLES, Variable, weakness};
pub use context::{Context, Rows};
pub use contract::{Access, Endpoint, Function, Limit, Trigger, every};
pub use edge_macros::{input, output};
pub use error::{Error, OnConstraint, Result};
pub use handler::{Handler, run};
pub use http::{Http, HttpAnswer, HttpFailure, Patience, Upstream};
pub use input::{Json, MaybeJson, Path, Query, Raw};
pub use pipeline::{Call, serve};
pub use postgres_wasm_bindings::{Array, Bytea, Json as SqlJson, Sql, Statement, ToSql};
pub use refusal::Refusal;
pub use reply::{Answer, Body, Csv, Event, Events, OpenMetrics, Passed, Pieces, Reply, Svg};
pub use request::{Headers, Incoming, Parts};
pub use route::Root;
pub use runtime::Runtime;
#[cfg(not(target_arch = "wasm32"))]
pub use schemars;
pub use validation::{self, Cursor, Date, Email, FieldError, Language, Message, Page, Place, TimeZone};

/// What the macros expand to; not for hand-written code.
#[doc(hidden)]
pub mod expansion {
    #[cfg(target_arch = "wasm32")]
    pub use crate::bridge::{fetch, scheduled};
    pub use futures::future::LocalBoxFuture;
    #[cfg(target_arch = "wasm32")]
    pub use wasm_bindgen;
}
