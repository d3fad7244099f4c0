edge::function! {
    //! Signing out.

    /// Ends the session of the access token, or all of the person's. Tokens of an ended session are refused at once.
    POST "/auth/logout" => sign_out, auth: Person, limit: 60, writes, reply: 204;
}

use edge::{Context, MaybeJson, Person, Reply, Result, Sql, input};

/// Which sessions are to end.
#[input(name = "SignOut")]
struct SignOut {
    /// On every device. No where absent.
    everywhere: Option<bool>,
}

async fn sign_out(ctx: Context, _: Person, MaybeJson(wish): MaybeJson<SignOut>) -> Result<Reply<()>> {
    let everywhere = wish.and_then(|wish| wish.everywhere).unwrap_or(false);
    ctx.sql(LOGOUT.bind(everywhere)).await?;
    Ok(Reply::new(()))
}

const LOGOUT: Sql = Sql::new("select edge.logout(everywhere => $1)");

#[cfg(test)]
mod tests;
