edge::function! {
    //! What people say of themselves.

    /// Changes the fields that are given; an empty text takes a name, phone or country away. Role and tier are not one's own
    /// to change, the e-mail address changes by `PUT /account/email`. With `If-Match`, only the version that it names.
    PUT "/auth/profile" => update_me, auth: Person, limit: 60, writes, headers: [ETag, IfMatch];
}

use accounts::{Locale, User};
use edge::{Context, Json, OnConstraint, Person, Reply, Result, Sql, SqlJson, TimeZone, input};

/// What the person changes of themselves; absent fields stay.
#[input(name = "UserChange", change)]
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

async fn update_me(ctx: Context, _: Person, Json(change): Json<Change>) -> Result<Reply<User>> {
    let update = ctx.sql(UPDATE.bind(SqlJson(&change)).bind(ctx.if_match())).await;
    Ok(Reply::versioned(update.on_field("users_time_zone_known", "time_zone", "bad_time_zone")?.value::<User>()?))
}

const UPDATE: Sql = Sql::new("select edge.change_account(person => edge.uid(), changes => $1, if_version => $2::text)");

#[cfg(test)]
mod tests;
