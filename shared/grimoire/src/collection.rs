//! Creations as their owners find them again: listed, shown, followed, given up, asked for once more. Scenes and the other
//! creations stand on two collections, `/scenes` and `/creations`, that differ in how one is shown.

use chrono::{DateTime, Utc};
use edge::{At, Context, Days, Events, JsonObject, List, Page, Reply, Result, Sql, Statement, ToSql, input, refusal};
use serde::{Deserialize, Serialize};
use storage::Storage;
use uuid::Uuid;

use crate::{Queued, Status, ask, follow};

#[input]
pub struct CreationId {
    /// The creation.
    pub id: Uuid,
}

/// A creation of any kind, its address made a link.
#[derive(Debug, Deserialize)]
pub struct Creation {
    pub id: Uuid,
    pub kind: String,
    pub status: Status,
    /// What was asked for.
    pub input: JsonObject,
    pub result_url: Option<String>,
    pub licence: Option<String>,
    pub is_cached: bool,
    pub queue_position: Option<i32>,
    pub progress: Option<i32>,
    pub attempt: Option<i32>,
    pub error: Option<String>,
    #[serde(with = "edge::validation::written")]
    pub created_at: DateTime<Utc>,
    #[serde(with = "edge::validation::written")]
    pub updated_at: DateTime<Utc>,
    pub version: i32,
}

/// How a creation is shown on one collection.
pub trait Shown: From<Creation> + Serialize + 'static {
    /// The path of the collection: `scenes` or `creations`.
    const COLLECTION: &'static str;
}

/// What lists of creations are sorted by: when one was asked for, and its id.
pub type Key = (At, Uuid);

/// The person's creations of one collection, of a kind and in a state where those are given, newest first. Days are those of UTC.
///
/// # Errors
/// As [`Context::sql`].
pub async fn list<T: Shown, F>(
    ctx: &Context,
    list: &List<Days<F>, Key>,
    kind: Option<impl ToSql>,
    status: Option<Status>,
) -> Result<Reply<Page<T>>> {
    let select = SELECT.bind(T::COLLECTION).bind(kind).bind(status).bind(list.filter.from).bind(list.filter.to);
    let select = select.bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let Page { items, next_cursor } = list.page(ctx.sql(select).await?.all::<Creation>()?, |row| (At(row.created_at), row.id));
    Ok(Reply::new(Page { items: items.into_iter().map(|row| row.shown(ctx)).collect(), next_cursor }))
}

/// One creation of the person.
///
/// # Errors
/// 404.
pub async fn read<T: Shown>(ctx: &Context, creation: Uuid) -> Result<Reply<T>> {
    let found = ctx.sql(look::<T>(creation)).await?.optional::<Creation>()?;
    let found = found.ok_or(refusal::NOT_FOUND)?;
    let version = found.version;
    Ok(Reply::new(found.shown(ctx)).etag_of_all(|_| version))
}

/// Each change of a creation until its end. Whoever has seen the end already is told by 204 not to come again.
///
/// # Errors
/// 404.
pub async fn events<T: Shown>(ctx: &Context, creation: Uuid) -> Result<Reply<Events<T>>> {
    follow::follow(ctx, creation, move || look::<T>(creation)).await
}

/// Gives a creation up, and shows it as it then is. Once cancelled, it stays so.
///
/// # Errors
/// 404; 409 `conflict` where it has ended otherwise.
pub async fn cancel<T: Shown>(ctx: &Context, creation: Uuid) -> Result<Reply<T>> {
    follow::cancel(ctx, creation, look::<T>(creation)).await
}

/// Asks once more for a failed or cancelled creation.
///
/// # Errors
/// As [`ask`](crate::ask); 404; 409 `conflict` where there is nothing to try again.
pub async fn retry<T: Shown>(ctx: &Context, creation: Uuid) -> Result<Reply<Queued>> {
    ask::retry(ctx, T::COLLECTION, creation).await
}

fn look<T: Shown>(creation: Uuid) -> Statement {
    SELECT_ONE.bind(T::COLLECTION).bind(creation)
}

impl Creation {
    /// What differs whenever something to be seen has changed.
    pub(crate) fn mark(&self) -> String {
        let number = |number: Option<i32>| number.map_or(String::new(), |number| number.to_string());
        [&self.version.to_string(), ".", &number(self.queue_position), ".", &number(self.progress)].concat()
    }

    pub(crate) fn is_over(&self) -> bool {
        !matches!(self.status, Status::Queued | Status::Running)
    }

    pub(crate) fn shown<T: Shown>(mut self, ctx: &Context) -> T {
        if let Ok(storage) = Storage::new(ctx) {
            self.result_url = self.result_url.map(|url| storage.link(&url));
        }
        T::from(self)
    }

    /// A word of what was asked for.
    pub fn said(&self, name: &str) -> String {
        self.input.get(name).unwrap_or_default()
    }
}

const SELECT: Sql = Sql::new(
    "select id, kind, status, input, result_url, licence, is_cached, queue_position, progress, attempt, error, created_at,
       updated_at, version
     from grimoire_creations
     where user_id = edge.uid() and (kind = 'scene') = ($1::text = 'scenes')
       and ($2::text is null or kind = $2) and ($3::text is null or status = $3)
       and ($4::date is null or created_at >= $4::date) and ($5::date is null or created_at < $5::date + 1)
       and ($6::timestamptz is null or (created_at, id) < ($6, $7::uuid))
     order by created_at desc, id desc
     limit $8::bigint",
);

const SELECT_ONE: Sql = Sql::new(
    "select id, kind, status, input, result_url, licence, is_cached, queue_position, progress, attempt, error, created_at,
       updated_at, version
     from grimoire_creations
     where user_id = edge.uid() and (kind = 'scene') = ($1::text = 'scenes') and id = $2::uuid",
);
