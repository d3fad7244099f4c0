//! What is stored of a diagnostic, and comes back.

use aube::Analysis;
use aube::result::{SHOWN, rounded};
use edge::Language;
use edge::chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// The nearest occupations, for `career_matches`: none where no order is claimed.
pub fn matches(analysis: &Analysis) -> Vec<Value> {
    if analysis.profile.is_flat() {
        return Vec::new();
    }
    let first = analysis.matches.iter().zip(1..=SHOWN);
    first
        .map(|(found, place)| {
            let [low, high] = found.interval();
            let evidence = found.terms.map(rounded);
            json!({ "onet_soc": found.occupation.onet_soc, "place": place, "match_score": found.score(), "match_low": low,
            "match_high": high, "ai_resilience": found.occupation.resilience()[1], "evidence": evidence })
        })
        .collect()
}

/// What the database made of a submission.
#[derive(Deserialize)]
pub struct Submitted {
    pub id: Uuid,
    pub user_id: Uuid,
    #[serde(with = "edge::validation::written")]
    pub created_at: DateTime<Utc>,
    #[serde(default)]
    pub same: bool,
}

/// A draft as it is stored.
#[derive(Deserialize)]
pub struct DraftRow {
    pub question_set_version: String,
    pub lang: Language,
    pub answers: String,
    #[serde(with = "edge::validation::written")]
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}
