//! Results as they are stored: answers, and under which versions.

use edge::chrono::{DateTime, Utc};
use edge::{Language, Result, Rows, Sql, input, refusal, refusals};
use serde::Deserialize;
use uuid::Uuid;

use crate::{Analysis, DiagnosticResult};

refusals! {
    pub RETIRED: 410 "analysis_retired", fr: "Ce résultat vient d'une version du questionnaire qui n'existe plus : répondez à nouveau.", en: "This result is of a version of the questionnaire that is gone: answer it again.";
}

/// Whose data are read; the caller `OwnerOrAdmin` has seen to it.
#[input]
pub struct Owner {
    /// Whose data.
    pub user_id: Uuid,
}

#[derive(Deserialize)]
struct Row {
    id: Uuid,
    user_id: Uuid,
    created_at: DateTime<Utc>,
    lang: Language,
    question_set_version: String,
    analysis_version: String,
    answers: String,
}

/// A result, computed again.
pub struct Stored {
    pub id: Uuid,
    pub user_id: Uuid,
    pub created_at: DateTime<Utc>,
    /// In which it was given.
    pub lang: Language,
    pub analysis: Analysis,
}

impl Stored {
    pub fn result(&self) -> DiagnosticResult {
        self.analysis.result(self.id, self.user_id, self.created_at, self.lang)
    }
}

/// The result `$1` of the person.
pub const ONE: Sql = Sql::new(
    "select id, user_id, created_at, lang, question_set_version, analysis_version, answers
     from career_explorations where id = $1::uuid and user_id = edge.uid()",
);

/// The person's latest result, or the result `$1` where that is not null.
pub const LATEST: Sql = Sql::new(
    "select id, user_id, created_at, lang, question_set_version, analysis_version, answers
     from career_explorations
     where user_id = edge.uid() and ($1::uuid is null or id = $1)
     order by created_at desc, id desc
     limit 1",
);

/// As [`stored`], of what must be there.
///
/// # Errors
/// 404 `not_found` and 410 `analysis_retired`.
pub fn found(rows: &Rows) -> Result<Stored> {
    stored(rows)?.ok_or_else(|| refusal::NOT_FOUND.into())
}

/// What a statement such as [`ONE`] has found; `None` where there is nothing.
///
/// # Errors
/// 410 `analysis_retired` where its versions are gone.
pub fn stored(rows: &Rows) -> Result<Option<Stored>> {
    let Some(row) = rows.optional::<Row>()? else { return Ok(None) };
    let analysis = Analysis::replay(&row.question_set_version, &row.analysis_version, &row.answers).ok_or(RETIRED)?;
    let Row { id, user_id, created_at, lang, .. } = row;
    Ok(Some(Stored { id, user_id, created_at, lang, analysis }))
}
