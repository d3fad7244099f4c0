//! What Stripe tells us. It is never asked: its webhooks say everything that tiers need.

mod event;
mod signature;

pub use event::{Event, Facts, Read, State, Subscription};
pub use signature::{NOT_CONFIGURED, Stripe};
