edge::function! {
    //! What administrators can change without a deployment.

    /// Every setting with its last ten changes. The value of a secret one is null.
    GET "/settings"       => list_settings,  auth: Admin, limit: 60, reads;
    /// Sets a value, of the same JSON type as before and within the setting's bounds; in effect from the next request on. With
    /// `If-Match`, only the version that it names.
    PUT "/settings/{key}" => change_setting, auth: Admin, limit: 60, writes, headers: [ETag, IfMatch],
        refuses: [refusal::NOT_FOUND];
}

use chrono::{DateTime, Utc};
use edge::{Admin, Context, Json, Path, Reply, Result, Sql, SqlJson, input, output, refusal};
use serde_json::Value;
use uuid::Uuid;
use validator::ValidationError;

#[input]
struct SettingPath {
    /// The setting.
    #[validate(length(min = 3, max = 63), custom(function = "is_key"))]
    key: String,
}

/// The value that a setting is to have.
#[input(name = "SettingChange")]
struct Change {
    /// A truth value, a number, a text, or a flat list or object of these.
    #[validate(custom(function = "is_flat"))]
    value: Value,
}

/// Every setting.
#[output(name = "Settings")]
struct Settings {
    items: Vec<Setting>,
}

/// A setting: its value, what it may be, and what it was.
#[output(name = "Setting")]
struct Setting {
    key: String,
    /// What it is for.
    about: String,
    value: Value,
    /// Which values are allowed, as JSON Schema.
    schema: Value,
    is_secret: bool,
    updated_by: Option<Uuid>,
    updated_at: DateTime<Utc>,
    /// For `If-Match`.
    version: i32,
    /// Newest first.
    history: Vec<SettingVersion>,
}

/// A value that a setting had.
#[output(name = "SettingVersion")]
struct SettingVersion {
    version: i32,
    value: Value,
    changed_by: Option<Uuid>,
    changed_at: DateTime<Utc>,
}

async fn list_settings(ctx: Context, _: Admin) -> Result<Reply<Settings>> {
    Ok(Reply::new(Settings { items: ctx.sql(LIST).await?.values()? }))
}

async fn change_setting(
    ctx: Context,
    _: Admin,
    Path(which): Path<SettingPath>,
    Json(change): Json<Change>,
) -> Result<Reply<Setting>> {
    let change = CHANGE.bind(&which.key).bind(SqlJson(&change.value)).bind(ctx.if_match());
    Ok(Reply::versioned(ctx.sql(change).await?.value::<Setting>()?))
}

const LIST: Sql = Sql::new("select edge.list_settings()");

const CHANGE: Sql = Sql::new("select edge.change_setting(key => $1, value => $2::jsonb, if_version => $3::text)");

fn is_key(key: &str) -> Result<(), ValidationError> {
    let known = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.-".contains(&byte);
    allow(key.bytes().all(known) && key.bytes().any(|byte| byte.is_ascii_lowercase()))
}

fn is_flat(value: &Value) -> Result<(), ValidationError> {
    let plain = |value: &Value| value.is_boolean() || value.is_number() || value.is_string();
    match value {
        Value::Null => Err(ValidationError::new("not_nullable")),
        Value::Array(items) => allow(items.iter().all(plain)),
        Value::Object(members) => {
            allow(members.iter().all(|(name, value)| name.starts_with(|c: char| c.is_ascii_alphabetic()) && plain(value)))
        }
        _ => Ok(()),
    }
}

fn allow(fits: bool) -> Result<(), ValidationError> {
    if fits { Ok(()) } else { Err(ValidationError::new("not_allowed")) }
}

#[cfg(test)]
mod tests;
