edge::function! {
    //! A new password for who has forgotten theirs.

    /// Sends a link to choose a new password, if the address has an account, three times an hour at most. The answer is the
    /// same, and takes as long, whether or not it has one.
    POST "/auth/password-reset"         => request_password_reset, auth: Public, limit: 10, writes, reply: 202, sql: 2;
    /// Sets the password by the token from the link, once, within an hour. Every session of the account ends.
    POST "/auth/password-reset/confirm" => reset_password,         auth: Public, limit: 10, writes, reply: 204, sql: 3,
        refuses: [accounts::LINK_INVALID];
    uses: [accounts::LETTERS, accounts::PASSWORDS]
}

use accounts::Link;
use edge::auth::sha256_hex;
use edge::{Context, Email, Json, Public, Reply, Result, Sql, input, output};

/// Whose password was forgotten.
#[input(name = "PasswordResetRequest")]
struct Forgotten {
    email: Email,
}

/// A new password, and the token of the letter that allows it.
#[input(name = "NewPassword")]
struct NewPassword {
    #[validate(length(min = 1, max = 128))]
    token: String,
    /// 10 to 256 characters; one that anybody would guess is refused as `weak_password`.
    #[validate(length(min = 10, max = 256))]
    password: String,
}

/// The same for a known and an unknown address.
#[output(name = "PasswordResetRequested")]
struct Requested {
    status: Status,
}

/// What becomes of a request for a letter.
#[output(name = "PasswordResetStatus")]
enum Status {
    /// A letter is on its way if the address has an account.
    Accepted,
}

async fn request_password_reset(ctx: Context, _: Public, Json(forgotten): Json<Forgotten>) -> Result<Reply<Requested>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/reset-password")?;
    let ask = ASK.bind(&forgotten.email).bind(&link.hash).bind(&link.url);
    accounts::post_later(&ctx, ctx.sql(ask).await?.value()?);
    Ok(Reply::new(Requested { status: Status::Accepted }))
}

async fn reset_password(ctx: Context, _: Public, Json(new): Json<NewPassword>) -> Result<Reply<()>> {
    let hash = sha256_hex(new.token.as_bytes());
    let password = accounts::chosen(&ctx, "password", &new.password, EMAIL.bind(&hash)).await?;
    accounts::post_later(&ctx, ctx.sql(RESET.bind(hash).bind(password)).await?.value()?);
    Ok(Reply::new(()))
}

const ASK: Sql = Sql::new("select edge.ask_password_reset(email => $1, token_hash => $2, link => $3)");

const EMAIL: Sql = Sql::new("select edge.reset_address(token_hash => $1)");

const RESET: Sql = Sql::new("select edge.reset_password(token_hash => $1, password => $2)");

#[cfg(test)]
mod tests;
