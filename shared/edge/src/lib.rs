#![doc = include_str!("../README.md")]

#[cfg(target_arch = "wasm32")]
mod bridge;
mod call;
mod caller;
mod config;
mod context;
mod contract;
mod days;
#[cfg(not(target_arch = "wasm32"))]
pub mod describe;
mod error;
mod escaped;
mod handler;
mod http;
mod id;
mod idempotency;
mod input;
mod json;
mod list;
mod log;
mod media;
mod multipart;
mod offline;
mod pipeline;
pub mod refusal;
mod reply;
mod request;
mod rounds;
pub mod route;
#[cfg_attr(target_arch = "wasm32", path = "runtime/edge.rs")]
#[cfg_attr(not(target_arch = "wasm32"), path = "runtime/native.rs")]
mod runtime;
mod settings;
mod tags;
#[cfg(any(target_arch = "wasm32", test))]
#[cfg_attr(test, expect(dead_code, reason = "some of it only the bridge uses"))]
mod tasks;

pub use auth;
pub use call::Call;
pub use caller::{
    Admin, Caller, Credentials, Identity, Manager, Operator, OwnerOrAdmin, PageSession, Person, Privacy, Proof, Public, Qa, Rank,
    Signed, SqlRole, Staff, Tick,
};
pub use chrono;
pub use config::{Config, DATABASE_PERSON, DATABASE_SERVICE, LINKS, PLATFORM, SEALING, TOKENS};
pub use context::{Context, Rows};
pub use contract::{Access, Endpoint, Function, Limit, Purpose, Trigger, every};
pub use days::{Days, in_order};
pub use edge_macros::{input, outcome, output};
pub use error::{Error, OnConstraint, Result};
pub use escaped::Escaped;
pub use handler::{Gate, Handler, run, run_gated};
pub use http::{Http, HttpAnswer, HttpFailure, Patience, Upstream};
pub use id::Id;
pub use input::{All, Either, Filter, Form, Input, Json, MaybeJson, Path, Query, Raw, Text};
pub use json::{At, JsonObject};
pub use list::{List, Page};
pub use media::Media;
pub use multipart::{FilePart, Multipart};
pub use offline::Versioned;
pub use pipeline::serve;
pub use postgres_wasm_bindings::{Array, Bytea, Json as SqlJson, Sql, Statement, ToSql};
pub use refusal::Refusal;
pub use reply::{Answer, Body, Csv, Event, Events, Html, OpenMetrics, Pieces, Redirect, Reply, Svg, Verbatim};
pub use request::{Headers, Incoming, Parts};
pub use rounds::{each, rounds};
pub use route::Root;
pub use runtime::Runtime;
#[cfg(not(target_arch = "wasm32"))]
pub use schemars;
pub use settings::{Settings, Shape, Variable, weakness};
pub use small_json;
pub use validation::{self, Date, Email, FieldError, Language, Message, Place, TimeZone};

/// An enum of words, as it is written in JSON and SQL; `#[input]` and `#[output]` make it.
pub trait Word: Copy {
    fn word(self) -> &'static str;
}

/// What the macros expand to; not for hand-written code.
#[doc(hidden)]
pub mod expansion {
    pub use postgres_wasm_bindings::Unsendable;
    pub use validator::ValidationError;

    use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
    pub use serde_json::value::RawValue;

    /// A value as the JSON that it is.
    ///
    /// # Errors
    /// Where it is none.
    pub fn json<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Box<RawValue>, D::Error> {
        Deserialize::deserialize(deserializer)
    }

    /// The word that the member `tag` has; empty where it has none.
    pub fn word(json: &RawValue, tag: &str) -> String {
        let members = small_json::members(json.get()).unwrap_or_default();
        let word = members.iter().find(|(name, _)| name == tag).and_then(|(_, word)| small_json::from_str(word).ok());
        word.unwrap_or_default()
    }

    /// # Errors
    /// Where it does not fit.
    pub fn part<T: DeserializeOwned, E: Error>(json: &RawValue) -> Result<T, E> {
        small_json::from_str(json.get()).map_err(E::custom)
    }

    pub fn another_word<E: Error>() -> E {
        E::custom("another word than is known")
    }

    #[cfg(target_arch = "wasm32")]
    pub use crate::bridge::{fetch, rehearse, scheduled};
    pub use crate::config::SECRETS;
    pub use futures::future::LocalBoxFuture;
    #[cfg(target_arch = "wasm32")]
    pub use wasm_bindgen;
}
