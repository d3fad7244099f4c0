edge::function! {
    //! What people show of themselves, and the preferences that only they see.

    /// Profiles that their owners made public and whose display name contains `q`, newest first.
    GET    "/profiles"           => list_profiles,  auth: Person, limit: 300, reads;
    /// Saves one's own profile: 201 the first time, 200 when one is there.
    POST   "/profiles"           => create_profile, auth: Person, limit: 60,  writes, reply: 201 or 200, headers: [ETag];
    /// A person's profile: whole for its owner and for administrators, without `preferences` for others if it is public. One
    /// that is not public is as missing as one that never was. 410 `profile_removed` for its owner once it is removed.
    GET    "/profiles/{user_id}" => get_profile,    auth: Person, limit: 300, writes, headers: [ETag],
        refuses: [REMOVED, refusal::NOT_FOUND];
    /// Changes the fields that are given. `preferences` are merged (RFC 7396: null takes a key away). The later change wins: one
    /// made before `updated_at` of what is stored changes nothing, and the answer shows what is stored. 410 `profile_removed` for
    /// its owner once it is removed: `POST /profiles` makes it anew.
    PUT    "/profiles/{user_id}" => update_profile, auth: Person, limit: 60,  writes, headers: [ETag, IfMatch],
        refuses: [REMOVED, refusal::FORBIDDEN, refusal::NOT_FOUND];
    /// Removes the content and leaves a tombstone, from which the owner's other devices learn of it.
    DELETE "/profiles/{user_id}" => delete_profile, auth: Person, limit: 60,  writes, reply: 204,
        refuses: [refusal::FORBIDDEN, refusal::NOT_FOUND];
}

use chrono::{DateTime, Utc};
use edge::{
    At, Context, Json, List, OnConstraint, Page, Path, Person, Reply, Result, Sql, SqlJson, Statement, input, output, refusal,
    refusals,
};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;
use validator::ValidationError;

refusals! {
    REMOVED: 410 "profile_removed", fr: "Ce profil a été retiré.", en: "This profile has been removed.";
}

#[input]
struct Search {
    /// Part of the display name.
    #[validate(length(min = 1, max = 100))]
    q: Option<String>,
}

#[input]
struct ProfilePath {
    /// Whose profile.
    user_id: Uuid,
}

/// An empty text takes a value away.
#[input(name = "ProfileContent")]
struct Content {
    #[validate(length(max = 100), custom(function = "accounts::name"))]
    display_name: Option<String>,
    /// `https` only.
    #[validate(length(max = 500))]
    avatar_url: Option<String>,
    #[validate(length(max = 2000), custom(function = "accounts::text"))]
    bio: Option<String>,
    /// Names begin with a letter; 16 KiB in all. A number is an integer of 64 bits or a double below 2^63.
    #[validate(custom(function = "named_by_words"))]
    preferences: Option<Map<String, Value>>,
    /// Shown in the directory to who is signed in. No where absent.
    is_public: Option<bool>,
    /// When the person made this change, on whichever device. Now where absent.
    updated_at: Option<DateTime<Utc>>,
}

/// What a person shows of themselves.
#[output(name = "Profile")]
struct Profile {
    id: Uuid,
    user_id: Uuid,
    display_name: Option<String>,
    avatar_url: Option<String>,
    bio: Option<String>,
    /// Absent for others than the owner and administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preferences: Option<Map<String, Value>>,
    is_public: bool,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing)]
    version: i32,
}

/// A profile that was saved, or is newer than what was to be saved.
#[derive(Deserialize)]
struct Saved {
    profile: Profile,
    is_new: bool,
}

async fn list_profiles(ctx: Context, _: Person, list: List<Search, (At, Uuid)>) -> Result<Reply<Page<Profile>>> {
    let select = LIST.bind(&list.filter.q).bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let rows = ctx.sql(select).await?.values::<Profile>()?;
    Ok(Reply::new(list.page(rows, |profile| (At(profile.created_at), profile.id))))
}

async fn create_profile(ctx: Context, me: Person, Json(content): Json<Content>) -> Result<Reply<Profile>> {
    save(&ctx, SAVE.bind(me.id).bind(SqlJson(&content)).bind(true)).await
}

async fn get_profile(ctx: Context, _: Person, Path(whose): Path<ProfilePath>) -> Result<Reply<Profile>> {
    match ctx.sql(READ.bind(whose.user_id)).await?.one::<Option<Profile>>()? {
        Some(profile) if profile.deleted_at.is_some() => Err(REMOVED.into()),
        Some(profile) => Ok(Reply::new(profile).etag_of_all(|profile| profile.version)),
        None => Err(refusal::NOT_FOUND.into()),
    }
}

async fn update_profile(
    ctx: Context,
    me: Person,
    Path(whose): Path<ProfilePath>,
    Json(content): Json<Content>,
) -> Result<Reply<Profile>> {
    accounts::may_use(&me, whose.user_id)?;
    save(&ctx, SAVE.bind(whose.user_id).bind(SqlJson(&content)).bind(false)).await
}

async fn delete_profile(ctx: Context, me: Person, Path(whose): Path<ProfilePath>) -> Result<Reply<()>> {
    accounts::may_use(&me, whose.user_id)?;
    ctx.sql(REMOVE.bind(whose.user_id)).await?;
    Ok(Reply::new(()))
}

async fn save(ctx: &Context, save: Statement) -> Result<Reply<Profile>> {
    let saved = ctx.sql(save.bind(ctx.if_match())).await;
    let saved = saved.on_field("user_profiles_avatar_url_https", "avatar_url", "not_allowed");
    let Saved { profile, is_new } = saved.on_field("user_profiles_preferences_size", "preferences", "not_allowed")?.value()?;
    Ok(Reply::versioned(profile).status(if is_new { 201 } else { 200 }))
}

fn named_by_words(preferences: &Map<String, Value>) -> std::result::Result<(), ValidationError> {
    let fits = |name: &String| name.len() <= 64 && name.starts_with(|first: char| first.is_ascii_alphabetic());
    if !preferences.keys().all(fits) {
        return Err(ValidationError::new("not_allowed"));
    }
    if preferences.values().all(is_exact) { Ok(()) } else { Err(ValidationError::new("not_exact")) }
}

/// No integer beyond 64 bits, of which only the first digits would be kept.
fn is_exact(value: &Value) -> bool {
    // 2^63
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    match value {
        Value::Number(number) if number.is_f64() => number.as_f64().is_some_and(|number| number.abs() < BEYOND),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(members) => members.values().all(is_exact),
        _ => true,
    }
}

const LIST: Sql = Sql::new(
    "select edge.list_profiles(search => $1, after_created_at => $2::timestamptz, after_id => $3::uuid, max => $4::integer) as profile",
);

const READ: Sql = Sql::new("select edge.read_profile($1::uuid)");

const SAVE: Sql = Sql::new(
    "select edge.save_profile(
       person => $1::uuid, changes => $2::jsonb - 'updated_at', changed_at => ($2::jsonb ->> 'updated_at')::timestamptz,
       may_create => $3::boolean, if_version => $4::text)",
);

const REMOVE: Sql = Sql::new("select edge.remove_profile($1::uuid)");

#[cfg(test)]
mod tests;
