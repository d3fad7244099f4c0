//! What the functions of Rise share.

use chrono::{DateTime, NaiveDate, Utc};
use edge::{input, output};
use uuid::Uuid;

/// Whose data are read; the caller `OwnerOrAdmin` has seen to it.
#[input]
pub struct Owner {
    /// Whose data.
    pub user_id: Uuid,
}

/// A session of zazen, as its owner sees it.
#[output(name = "ZazenSession")]
pub struct Session {
    pub id: i64,
    pub user_id: Uuid,
    /// When it began.
    pub timestamp: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    /// Seconds.
    pub duration: i64,
    /// The person's own day on which it began.
    pub date: NaiveDate,
    pub triggered_by: Option<String>,
    pub notes: Option<String>,
    /// From 1 (bad) to 5 (good).
    pub mood_before: Option<i32>,
    pub mood_after: Option<i32>,
    pub client_id: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// What `If-Match` names, in quotes.
    pub version: i32,
}

/// One word for one trigger, however it was typed; PostgreSQL brings it into normal form.
pub fn trigger(typed: &str) -> String {
    typed.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
