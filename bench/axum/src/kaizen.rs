use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::{
        Path, Query, State,
        rejection::{PathRejection, QueryRejection},
    },
    http::{StatusCode, header},
    response::IntoResponse,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use tokio_postgres::{Row, types};
use uuid::Uuid;
use validator::{Validate, ValidationError};

use crate::{
    App,
    http::{Call, Checked, Problem},
    person::{Person, signed_in},
};

#[derive(Deserialize)]
pub struct Shown {
    days: Option<i32>,
}

#[derive(Serialize)]
pub struct Streak {
    current: i32,
    alive: i32,
    best: i32,
    since: Option<NaiveDate>,
    today_done: bool,
    at_risk: bool,
    day_ends_at: DateTime<Utc>,
    hours_left: f64,
    freezes_left: i32,
    weekly_target: i32,
    week_kept: i32,
    strength: f64,
    days: Vec<Day>,
}

#[derive(Serialize, Deserialize)]
struct Day {
    date: NaiveDate,
    reason: String,
}

#[derive(Deserialize, Validate)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    #[validate(length(min = 1, max = 500), custom(function = "not_blank"))]
    action: String,
    date: Option<NaiveDate>,
    completed: Option<bool>,
    client_id: Option<Uuid>,
}

#[derive(Serialize)]
struct Entry {
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

#[derive(Deserialize)]
pub struct Range {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
    limit: Option<usize>,
    cursor: Option<String>,
}

#[derive(Serialize)]
pub struct Entries {
    items: Vec<Entry>,
    next_cursor: Option<String>,
}

impl From<&Row> for Streak {
    fn from(row: &Row) -> Streak {
        Streak {
            current: row.get("current"),
            alive: row.get("alive"),
            best: row.get("best"),
            since: row.get("since"),
            today_done: row.get("today_done"),
            at_risk: row.get("at_risk"),
            day_ends_at: row.get("day_ends_at"),
            hours_left: row.get("hours_left"),
            freezes_left: row.get("freezes_left"),
            weekly_target: row.get("weekly_target"),
            week_kept: row.get("week_kept"),
            strength: row.get("strength"),
            days: row.get::<_, types::Json<_>>("days").0,
        }
    }
}

impl From<&Row> for Entry {
    fn from(row: &Row) -> Entry {
        Entry {
            id: row.get("id"),
            user_id: row.get("user_id"),
            action: row.get("action"),
            date: row.get("date"),
            completed: row.get("completed"),
            completed_at: row.get("completed_at"),
            client_id: row.get("client_id"),
            created_at: row.get("created_at"),
            updated_at: row.get("updated_at"),
            version: row.get("version"),
        }
    }
}

fn not_blank(text: &str) -> Result<(), ValidationError> {
    if text.trim().is_empty() { Err(ValidationError::new("blank")) } else { Ok(()) }
}

type Owner = Result<Path<Uuid>, PathRejection>;
type Asked<T> = Result<Query<T>, QueryRejection>;

fn own(owner: Owner, me: &Person) -> Result<(), Problem> {
    let Path(id) = owner.map_err(|_| Problem::invalid("id", "bad_uuid"))?;
    if id == me.id { Ok(()) } else { Err(Problem::new(403, "forbidden")) }
}

pub async fn streak(
    State(app): State<Arc<App>>,
    Extension(call): Extension<Call>,
    Extension(me): Extension<Person>,
    owner: Owner,
    asked: Asked<Shown>,
) -> Result<Json<Streak>, Problem> {
    own(owner, &me)?;
    let Query(shown) = asked.map_err(|_| Problem::invalid("days", "wrong_type"))?;
    let days = shown.days.unwrap_or(14);
    if !(1..=366).contains(&days) {
        return Err(Problem::invalid("days", "out_of_range"));
    }
    let database = app.pool.get().await?;
    let today = signed_in(&database, &me, call.now).await?;
    let statement = database.prepare_cached(include_str!("../../sql/streak_of.sql")).await?;
    let row = database.query_one(&statement, &[&me.id, &call.now, &today, &days]).await?;
    Ok(Json(Streak::from(&row)))
}

pub async fn create(
    State(app): State<Arc<App>>,
    Extension(call): Extension<Call>,
    Extension(me): Extension<Person>,
    Checked(new, _): Checked<NewEntry>,
) -> Result<impl IntoResponse, Problem> {
    let database = app.pool.get().await?;
    let today = signed_in(&database, &me, call.now).await?;
    let statement = database.prepare_cached(include_str!("../../sql/insert_kaizen_of.sql")).await?;
    let values =
        [&me.id as &(dyn types::ToSql + Sync), &new.action, &new.date, &new.completed, &new.client_id, &call.now, &today];
    if let Some(row) = database.query_opt(&statement, &values).await? {
        return Ok(reply(StatusCode::CREATED, &row));
    }
    let statement = database.prepare_cached("select * from kaizen where user_id = $1 and client_id = $2").await?;
    let row = database.query_opt(&statement, &[&me.id, &new.client_id]).await?;
    let row = row.ok_or_else(|| Problem::invalid("date", "out_of_range"))?;
    let first = Entry::from(&row);
    let same = first.action == new.action
        && new.date.is_none_or(|date| date == first.date)
        && new.completed.is_none_or(|completed| completed == first.completed);
    if same { Ok(reply(StatusCode::OK, &row)) } else { Err(Problem::new(409, "client_id_mismatch")) }
}

fn reply(status: StatusCode, row: &Row) -> impl IntoResponse + use<> {
    let version: i32 = row.get("version");
    (status, [(header::ETAG, format!("\"{version}\""))], Json(Entry::from(row)))
}

pub async fn list(
    State(app): State<Arc<App>>,
    Extension(call): Extension<Call>,
    Extension(me): Extension<Person>,
    owner: Owner,
    asked: Asked<Range>,
) -> Result<Json<Entries>, Problem> {
    own(owner, &me)?;
    let Query(range) = asked.map_err(|_| Problem::invalid("", "wrong_type"))?;
    let limit = range.limit.unwrap_or(20);
    if !(1..=100).contains(&limit) {
        return Err(Problem::invalid("limit", "out_of_range"));
    }
    let (day, entry) = range.cursor.as_deref().map(mark).transpose()?.unzip();
    let database = app.pool.get().await?;
    signed_in(&database, &me, call.now).await?;
    let statement = database.prepare_cached(include_str!("../../sql/list_kaizen_of.sql")).await?;
    let one_more = i64::try_from(limit)? + 1;
    let rows = database.query(&statement, &[&me.id, &range.from, &range.to, &day, &entry, &one_more]).await?;
    let items: Vec<Entry> = rows.iter().take(limit).map(Entry::from).collect();
    let last = items.last().filter(|_| rows.len() > limit);
    let next_cursor = last.map(|last| serde_json::to_vec(&(last.date, last.id))).transpose()?;
    Ok(Json(Entries { items, next_cursor: next_cursor.map(|mark| BASE64_URL_SAFE_NO_PAD.encode(mark)) }))
}

fn mark(cursor: &str) -> Result<(NaiveDate, i64), Problem> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).ok_or_else(|| Problem::invalid("cursor", "bad_cursor"))
}
