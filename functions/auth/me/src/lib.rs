edge::function! {
    //! The signed-in person's own account.

    /// Whose token this is. The `ETag` changes with the account, not with its sign-ins.
    GET "/auth/me" => me, auth: Person, limit: 300, reads;
}

use accounts::User;
use edge::{Context, Person, Reply, Result, Sql};

async fn me(ctx: Context, _: Person) -> Result<Reply<User>> {
    Ok(Reply::new(ctx.sql(SELECT).await?.one::<User>()?).etag(|user| user.version))
}

const SELECT: Sql = Sql::new(
    "select id, email, name, phone, country, role, tier, locale, time_zone, email_verified_at, registration_date,
       login_count, last_login_at, updated_at, version
     from users where id = edge.uid()",
);

#[cfg(test)]
mod tests;
