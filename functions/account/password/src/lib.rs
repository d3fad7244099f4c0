edge::function! {
    //! Choosing another password.

    /// Changes the password. The other sessions end, and links that were sent earlier open nothing any more. Wrong
    /// passwords count as failed sign-ins.
    PUT "/account/password" => change_password, auth: Person, limit: 10, writes, reply: 204, sql: 3,
        refuses: [accounts::LOCKED, accounts::WRONG_PASSWORD];
    uses: [accounts::LETTERS, accounts::PASSWORDS]
}

use edge::{Context, Json, Person, Reply, Result, Sql, input};

/// The present password and the new one.
#[input(name = "PasswordChange")]
struct Passwords {
    #[validate(length(min = 1, max = 256))]
    current: String,
    /// 10 to 256 characters; one that anybody would guess is refused as `weak_password`.
    #[validate(length(min = 10, max = 256))]
    new: String,
}

async fn change_password(ctx: Context, _: Person, Json(typed): Json<Passwords>) -> Result<Reply<()>> {
    let new = accounts::chosen(&ctx, "new", &typed.new, EMAIL).await?;
    let change = CHANGE.bind(accounts::digests(&ctx, &typed.current)).bind(new);
    accounts::write_and_post(&ctx, change).await?;
    Ok(Reply::new(()))
}

const EMAIL: Sql = Sql::new("select email from users where id = edge.uid()");

const CHANGE: Sql = Sql::new("select edge.change_password(password => $1, new_password => $2)");

#[cfg(test)]
mod tests;
