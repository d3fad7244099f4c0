//! The runtime's own clock: what a `CLOCK` contract expands to.
//!
//! A crate of its own, because whatever links `worker` carries 11 KB of it (gzip) in its module: its classes and streams are
//! exported, and no later tool can tell that nobody calls them. Functions that answer requests do without.
#![cfg(target_arch = "wasm32")]

use edge::Function;
use wasm_bindgen::JsValue;
use worker::worker_sys;

/// Runs the clock function for one tick. `event` is the runtime's `ScheduledEvent`, `env` its environment, `call` as `shim.js` makes
/// it.
pub fn scheduled(function: &'static Function, event: worker_sys::ScheduledEvent, env: JsValue, call: JsValue) {
    let time = worker::ScheduledEvent::from(event).schedule();
    let env = worker::Env::from(env);
    let lookup = |name: &str| env.var(name).ok().map(|value| value.to_string());
    edge::expansion::scheduled(function, time, lookup, call);
}
