//! What the Grimoire's functions share. A creation (a scene, a pose, a sound) is what a person asks for; a job is one
//! attempt on a GPU to make it. Here is how one is asked for, how its result is kept, and how it is found again.

mod ask;
mod collection;
mod follow;
mod keep;
mod messages;
mod offer;
mod words;

pub use ask::{Ask, BUSY, Cache, QUOTA_EXCEEDED, Queued, REFUSED, Status, UNAVAILABLE, ask, tell};
pub use collection::{Creation, CreationId, Key, Shown, cancel, events, list, read, retry};
pub use keep::{Event, StoreOutcome, keep};
pub use messages::Messages;
pub use offer::{Offer, offer};
pub use runpod::NOT_CONFIGURED as RUNPOD_NOT_CONFIGURED;
pub use storage::NOT_CONFIGURED as STORAGE_NOT_CONFIGURED;
pub use words::{neutral, one_line};

edge::settings! {
    /// Of whatever asks for a creation or keeps its result.
    pub SETTINGS: {
        with discord::SETTINGS, runpod::SETTINGS, storage::SETTINGS;
    }
}
