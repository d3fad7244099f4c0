//! What may be asked for today.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use edge::{Context, Reply, Result, Sql, output};
use serde::de::DeserializeOwned;

/// Words and the day's quota of one kind.
#[output(name = "CreationOffer")]
pub struct Offer {
    /// By the field that they are for.
    words: BTreeMap<String, Vocabulary>,
    /// How many a day.
    limit: i32,
    used: i32,
    left: i32,
    resets_at: DateTime<Utc>,
}

/// The words that a field takes.
#[output(name = "Vocabulary")]
struct Vocabulary {
    words: Vec<String>,
    /// Other words are allowed too.
    free_text: bool,
}

/// What the caller may ask for of a kind; `T` is [`Offer`], or what a kind without words has of it.
///
/// # Errors
/// What the database refuses.
pub async fn offer<T: DeserializeOwned>(ctx: &Context, kind: &str) -> Result<Reply<T>> {
    Ok(Reply::new(ctx.sql(OFFER.bind(kind)).await?.value()?))
}

const OFFER: Sql = Sql::new("select edge.offer($1)");
