use serde::{Deserialize, Serialize};
use validator::Validate;

/// One row of those that a path is about, `/rise/kaizen/{id}`: `Path(Id { id }): Path<Id<i64>>`. It is what a list that is sorted by
/// `id` goes on after, too: `List<All, Id<i64>>`.
#[derive(Debug, Deserialize, Serialize, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
pub struct Id<T> {
    /// Which one.
    pub id: T,
}
