edge::function! {
    //! The signed-in person's own account.

    /// Whose token this is, and the organisations that they belong to. The `ETag` covers all of it; `If-Match` goes by the version
    /// of the account alone, which no sign-in changes.
    GET "/auth/me" => get_me, auth: Person, limit: 300, reads, headers: [ETag];
}

use accounts::{Membership, User};
use edge::{Context, Person, Reply, Result, Sql, output};
use serde::Deserialize;

/// The person who asks: account, tier and organisations.
#[output(name = "Me")]
struct Me {
    #[serde(flatten)]
    user: User,
    organisations: Vec<Membership>,
}

#[derive(Deserialize)]
struct Belonging {
    organisations: Vec<Membership>,
}

async fn get_me(ctx: Context, _: Person) -> Result<Reply<Me>> {
    let row = ctx.sql(SELECT).await?;
    // Each by itself: what serde flattens it reads by way of a copy.
    let (user, Belonging { organisations }) = (row.one()?, row.one()?);
    Ok(Reply::new(Me { user, organisations }).etag_of_all(|me| me.user.version))
}

const SELECT: Sql = Sql::new(
    "select u.id, u.email, u.name, u.phone, u.country, u.role, edge.tier(u.id) as tier, u.locale, u.time_zone,
       u.email_verified_at, u.registration_date, u.login_count, u.last_login_at, u.updated_at, u.version,
       (select coalesce(jsonb_agg(
          jsonb_build_object('id', o.id, 'name', o.name, 'role', m.role, 'joined_at', m.joined_at) order by o.name, o.id), '[]')
        from organisation_members m join organisations o on o.id = m.organisation_id
        where m.user_id = edge.uid()) as organisations
     from users u where u.id = edge.uid()",
);

#[cfg(test)]
mod tests;
