use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use worker::{Request, Response};

use crate::{Problem, Route, auth, database};

const STREAK: &str = include_str!("../../sql/streak.sql");

#[derive(Deserialize)]
struct Shown {
    days: Option<u32>,
}

#[derive(Serialize, Deserialize)]
struct Streak {
    current: i32,
    alive: i32,
    best: i32,
    since: Option<NaiveDate>,
    today_done: bool,
    at_risk: bool,
    #[serde(deserialize_with = "database::timestamp")]
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

pub async fn streak(request: Request, route: &Route) -> Result<Response, Problem> {
    let me = auth::person(&request, route, "LIMIT_300", "streak").await?;
    let owner: Uuid = route.param("id").and_then(|id| id.parse().ok()).ok_or_else(|| Problem::invalid("user_id", "bad_uuid"))?;
    if owner != me.id {
        return Err(Problem::new(403, "forbidden"));
    }
    let shown: Shown = request.query().map_err(|_| Problem::invalid("days", "wrong_type"))?;
    let days = shown.days.unwrap_or(14);
    if !(1..=366).contains(&days) {
        return Err(Problem::invalid("days", "out_of_range"));
    }
    let rows = database::query(route, &me, true, &[(STREAK, json!([days]))]).await?;
    let streak: Option<Streak> = rows.into_iter().next().map(database::Rows::one).transpose()?;
    Ok(Response::from_json(&streak.map_or(Value::Null, |streak| json!(streak)))?)
}
