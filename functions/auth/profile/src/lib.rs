edge::function! {
    //! What people say of themselves.

    /// Changes the fields that are given; an empty text takes a name, phone or country away. Role and tier are not one's own
    /// to change, the e-mail address changes by `PUT /account/email`. With `If-Match`, only the version that it names.
    PUT "/auth/profile" => update_me, auth: Person, limit: 60, writes, headers: [ETag, IfMatch];
}

use accounts::{Locale, User};
use edge::{Context, FieldError, Json, OnConstraint, Person, Place, Reply, Result, Sql, TimeZone, input, refusal};
use serde::Deserialize;

#[input(name = "UserChange")]
struct Change {
    #[validate(length(max = 100), custom(function = "accounts::name"))]
    name: Option<String>,
    #[validate(length(max = 32), custom(function = "accounts::phone"))]
    phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    #[validate(length(max = 2), custom(function = "accounts::country"))]
    country: Option<String>,
    locale: Option<Locale>,
    time_zone: Option<TimeZone>,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Ok { person: Box<User> },
    Empty,
    NotFound,
    Stale,
}

async fn update_me(ctx: Context, _: Person, Json(change): Json<Change>) -> Result<Reply<User>> {
    let update = UPDATE
        .bind(&change.name)
        .bind(&change.phone)
        .bind(&change.country)
        .bind(change.locale.map(Locale::code))
        .bind(change.time_zone.as_ref().map(TimeZone::as_str))
        .bind(ctx.if_match());
    let unknown_zone = || FieldError::new(Place::Body, "time_zone", "bad_time_zone").into();
    match ctx.sql(update).await.on_constraint("users_time_zone_known", unknown_zone)?.one()? {
        Outcome::Ok { person } => Ok(Reply::new(*person).etag(|person| person.version)),
        Outcome::Empty => Err(FieldError::new(Place::Body, "", "nothing_to_change").into()),
        Outcome::NotFound => Err(refusal::NOT_FOUND.into()),
        Outcome::Stale => Err(refusal::PRECONDITION_FAILED.into()),
    }
}

const UPDATE: Sql = Sql::new(
    "select edge.change_account(
       person => edge.uid(),
       changes => jsonb_strip_nulls(jsonb_build_object(
         'name', $1::text, 'phone', $2::text, 'country', upper($3::text), 'locale', $4::text, 'time_zone', $5::text)),
       if_version => $6::text)",
);

#[cfg(test)]
mod tests;
