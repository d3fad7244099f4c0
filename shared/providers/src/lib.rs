//! The fitness providers that an account can be connected to: what each of them is like, one file each in `adapters`; and what is the
//! same for all: the way to the consent page and back, tokens that are renewed once and in time, and leaving.
//!
//! An adapter makes no calls. It says what is to be asked and reads what was answered, so that one engine holds leases, time limits
//! and what is stored when. Facts are from the providers' documentation and from code that runs against them; what is not public is
//! marked so.

pub mod adapters;
mod connecting;
mod members;
mod messages;
pub mod oauth1;
pub mod pkce;
mod provider;
mod settings;
mod tokens;
mod words;

pub use connecting::{Connected, Grant, connect, open_text, resume, seal_pair, seal_text, suffices};
pub use members::Members;
pub use messages::Messages;
pub use provider::{Adapter, App, Came, Credentials, Facts, Failure, Name, Probe, Refresh, Tokens, find, named};
pub use settings::{ALL, COROS, FITBIT, GARMIN, GOOGLE_HEALTH, POLAR, STRAVA, WAHOO};
pub use tokens::{Fresh, LEASE_S, Ready, Work, access, probe, ready, renew};
pub use words::{CONNECTION_BUSY, NextAction, PROVIDER_UNAVAILABLE, cause};
