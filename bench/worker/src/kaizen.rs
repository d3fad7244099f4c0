use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;
use validator::Validate;
use worker::{Request, Response};

use crate::{Problem, Route, auth, database};

const INSERT: &str = include_str!("../../sql/insert_kaizen.sql");
const WHY_NOT_INSERTED: &str = include_str!("../../sql/why_not_inserted.sql");
const LIST: &str = include_str!("../../sql/list_kaizen.sql");

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct NewEntry {
    #[validate(length(min = 1, max = 500))]
    action: String,
    date: Option<NaiveDate>,
    completed: Option<bool>,
    client_id: Option<Uuid>,
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Range {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    #[validate(range(min = 1, max = 100))]
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(deserialize_with = "database::bigint")]
    id: i64,
    user_id: Uuid,
    action: String,
    date: NaiveDate,
    completed: bool,
    #[serde(deserialize_with = "database::optional_timestamp")]
    completed_at: Option<DateTime<Utc>>,
    client_id: Option<Uuid>,
    #[serde(deserialize_with = "database::timestamp")]
    created_at: DateTime<Utc>,
    #[serde(deserialize_with = "database::timestamp")]
    updated_at: DateTime<Utc>,
    version: i32,
}

/// What the database knows when it has written nothing.
#[derive(Deserialize)]
struct Refusal {
    today: NaiveDate,
    existing: Option<Existing>,
}

#[derive(Serialize, Deserialize)]
struct Existing {
    id: i64,
    user_id: Uuid,
    action: String,
    date: NaiveDate,
    completed: bool,
    completed_at: Option<DateTime<Utc>>,
    client_id: Option<Uuid>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: i32,
}

pub async fn create(mut request: Request, route: &Route) -> Result<Response, Problem> {
    let me = auth::person(&request, route, "LIMIT_60", "kaizen.create").await?;
    let new: NewEntry = serde_json::from_slice(&request.bytes().await?)?;
    new.validate()?;
    if new.action.trim().is_empty() {
        return Err(Problem::invalid("action", "blank"));
    }
    let insert = (INSERT, json!([new.action, new.date, new.completed, new.client_id]));
    let rows = database::query(route, &me, false, &[insert, (WHY_NOT_INSERTED, json!([new.client_id]))]).await?;
    let Ok([inserted, refusal]) = <[database::Rows; 2]>::try_from(rows) else { return Err(Problem::new(500, "internal")) };
    if let Some(entry) = inserted.optional::<Entry>()? {
        return reply(&entry, entry.version, 201);
    }
    let refusal: Refusal = refusal.one()?;
    let Some(first) = refusal.existing else {
        let late = new.date.is_some_and(|date| date > refusal.today);
        return Err(Problem::invalid("date", if late { "date_in_future" } else { "date_too_old" }));
    };
    let same = first.action == new.action
        && new.date.is_none_or(|date| date == first.date)
        && new.completed.is_none_or(|completed| completed == first.completed);
    if same { reply(&first, first.version, 200) } else { Err(Problem::new(409, "client_id_mismatch")) }
}

fn reply(entry: &impl Serialize, version: i32, status: u16) -> Result<Response, Problem> {
    let mut answer = Response::from_json(entry)?.with_status(status);
    answer.headers_mut().set("etag", &format!("\"{version}\""))?;
    Ok(answer)
}

pub async fn list(request: Request, route: &Route) -> Result<Response, Problem> {
    let me = auth::person(&request, route, "LIMIT_300", "kaizen.list").await?;
    let owner: Uuid = route.param("id").and_then(|id| id.parse().ok()).ok_or_else(|| Problem::invalid("id", "bad_uuid"))?;
    if owner != me.id {
        return Err(Problem::new(403, "forbidden"));
    }
    let range: Range = request.query().map_err(|_| Problem::invalid("", "wrong_type"))?;
    range.validate()?;
    let limit = range.limit.unwrap_or(20);
    let after: Option<(NaiveDate, i64)> = match &range.cursor {
        Some(cursor) => {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).map_err(|_| Problem::invalid("cursor", "bad_cursor"))?;
            Some(serde_json::from_slice(&bytes).map_err(|_| Problem::invalid("cursor", "bad_cursor"))?)
        }
        None => None,
    };
    let parameters = json!([range.from, range.to, after.map(|(date, _)| date), after.map(|(_, id)| id), limit + 1]);
    let rows = database::query(route, &me, true, &[(LIST, parameters)]).await?;
    let mut items: Vec<Entry> = rows.into_iter().next().map(database::Rows::all).transpose()?.unwrap_or_default();
    let more = items.len() > limit;
    items.truncate(limit);
    let mark = items.last().filter(|_| more).map(|last| serde_json::to_vec(&(last.date, last.id))).transpose()?;
    let next_cursor = mark.map(|mark| BASE64_URL_SAFE_NO_PAD.encode(mark));
    Ok(Response::from_json(&json!({"items": items, "next_cursor": next_cursor}))?)
}
