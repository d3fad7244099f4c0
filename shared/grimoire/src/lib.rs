//! What the Grimoire's functions share. A creation (a scene, a pose, a sound) is what a person asks for; a job is one
//! attempt on a GPU to make it. Here is how one is asked for, how its result is kept, and how it is followed.

mod ask;
mod follow;
mod keep;
mod words;

pub use ask::{Ask, Queued, Status, ask, retry, tell};
pub use follow::{Followed, cancel, follow};
pub use keep::{Event, Kept, keep};
pub use words::{neutral, one_line};
