//! A person's rows that devices create while offline: under a `client_id` of their own, changed by `If-Match`, and removed by
//! leaving a tombstone (`deleted_at`).
//!
//! Each change is a batch of two statements: one that writes, and one that tells, where it has written nothing, why. A row's
//! column `first` holds what the device sent at first under its `client_id`; a repeat is judged by that and not by the row, which
//! may have been changed since.

use postgres_wasm_bindings::{Json, Sql, ToSql};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};

use crate::context::Rows;
use crate::{Context, Error, Reply, Result, refusal};

/// A row whose `version` is its `ETag`; `#[output]` makes it of every struct with that field.
pub trait Versioned {
    fn version(&self) -> i32;
}

/// What is there where nothing was written.
#[derive(Deserialize)]
struct Present {
    #[serde(default)]
    deleted_at: Option<IgnoredAny>,
    /// What was sent is what was sent at first.
    #[serde(default)]
    same: bool,
}

impl Context {
    /// Adds a row: `$1` of both statements is what was sent, under a `client_id` that follows from `Idempotency-Key` where only
    /// that was sent: so a repeat finds the row even where the first answer was lost. The answer is [`Rows::or_first`]'s.
    ///
    /// # Errors
    /// As [`Rows::or_first`] and [`Context::batch`].
    pub async fn add_row<T>(&self, insert: Sql, first: Sql, new: &impl Serialize) -> Result<Reply<T>>
    where
        T: DeserializeOwned + Versioned,
    {
        let sent = self.with_client_id(serde_json::to_string(new).map_err(Error::internal)?);
        let [inserted, first] = self.batch([insert.bind(&sent), first.bind(&sent)]).await?;
        inserted.or_first(&first)
    }

    fn with_client_id(&self, mut sent: String) -> String {
        let Some(key) = self.key_of_call() else { return sent };
        let members = small_json::members(&sent).unwrap_or_default();
        if !members.iter().any(|(name, _)| name == "client_id") && sent.ends_with('}') {
            let comma = if members.is_empty() { "" } else { "," };
            sent.pop();
            sent.extend([comma, "\"client_id\":\"", &key.client_id().to_string(), "\"}"]);
        }
        sent
    }

    /// Changes the row `id`: `$1` of both statements is the id, `$2` of the update what is to be changed, `$3` the versions that
    /// `If-Match` names. The answer is [`Rows::or_why`]'s.
    ///
    /// # Errors
    /// As [`Rows::or_why`] and [`Context::batch`].
    pub async fn change_row<T>(&self, update: Sql, present: Sql, id: impl ToSql, change: &impl Serialize) -> Result<Reply<T>>
    where
        T: DeserializeOwned + Versioned,
    {
        let update = update.bind(&id).bind(Json(change)).bind(self.if_match());
        let [changed, present] = self.batch([update, present.bind(&id)]).await?;
        changed.or_why(&present)
    }

    /// Removes the row `id`: `$1` of both statements is the id, `$2` of the first the versions that `If-Match` names. The answer
    /// is [`Rows::removed_or_why`]'s.
    ///
    /// # Errors
    /// As [`Rows::removed_or_why`] and [`Context::batch`].
    pub async fn remove_row(&self, remove: Sql, present: Sql, id: impl ToSql) -> Result<Reply<()>> {
        let [removed, present] = self.batch([remove.bind(&id).bind(self.if_match()), present.bind(&id)]).await?;
        removed.removed_or_why(&present)
    }
}

impl Rows {
    /// The one row, with its `ETag`.
    ///
    /// # Errors
    /// As [`Rows::one`].
    pub fn row<T: DeserializeOwned + Versioned>(&self) -> Result<Reply<T>> {
        Ok(Reply::versioned(self.one::<T>()?))
    }

    /// Nothing, of a row that is gone for good.
    ///
    /// # Errors
    /// 404 `not_found` where none was.
    pub fn removed(&self) -> Result<Reply<()>> {
        if self.affected()? == 0 { Err(refusal::NOT_FOUND.into()) } else { Ok(Reply::new(())) }
    }

    /// The row that was changed, with its `ETag`. `present` has the row of that id, whatever its version.
    ///
    /// # Errors
    /// 404 `not_found` where there is none; 410 `removed` where its `deleted_at` is told and not null; else 412
    /// `precondition_failed`.
    pub fn or_why<T: DeserializeOwned + Versioned>(&self, present: &Rows) -> Result<Reply<T>> {
        if self.count()? == 0 { Err(why(present)?) } else { self.row() }
    }

    /// Nothing, of the row that was removed.
    ///
    /// # Errors
    /// As [`Rows::or_why`].
    pub fn removed_or_why(&self, present: &Rows) -> Result<Reply<()>> {
        if self.affected()? == 0 { Err(why(present)?) } else { Ok(Reply::new(())) }
    }

    /// The row that was added, with its `ETag`; else with status 200 the one that was added before under its `client_id`, as it
    /// is now. `first` has that one, with the column `same`: whether its `first` contains what was sent now.
    ///
    /// # Errors
    /// 409 `client_id_mismatch` where it was not sent the same; 410 `removed`.
    pub fn or_first<T: DeserializeOwned + Versioned>(&self, first: &Rows) -> Result<Reply<T>> {
        if self.count()? > 0 {
            return self.row();
        }
        match first.one()? {
            Present { same: false, .. } => Err(refusal::CLIENT_ID_MISMATCH.into()),
            Present { deleted_at: Some(_), .. } => Err(refusal::REMOVED.into()),
            _ => Ok(first.row()?.status(200)),
        }
    }

    /// Whether there are no rows.
    ///
    /// # Errors
    /// 500 where there was no such statement.
    pub fn is_empty(&self) -> Result<bool> {
        Ok(self.count()? == 0)
    }
}

fn why(present: &Rows) -> Result<Error> {
    Ok(match present.optional()? {
        None => refusal::NOT_FOUND.into(),
        Some(Present { deleted_at: Some(_), .. }) => refusal::REMOVED.into(),
        Some(_) => refusal::PRECONDITION_FAILED.into(),
    })
}
