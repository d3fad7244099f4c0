edge::function! {
    //! A new password for who has forgotten theirs.

    /// Sends a link to choose a new password, if the address has an account, three times an hour at most. The answer is the
    /// same, and takes as long, whether or not it has one.
    POST "/auth/password-reset"         => ask,     auth: Public, limit: 10, writes, reply: 202, sql: 2;
    /// Sets the password by the token from the link, once, within an hour. Every session of the account ends.
    POST "/auth/password-reset/confirm" => confirm, auth: Public, limit: 10, writes, reply: 204, sql: 3;
    uses: [Mail, Passwords]
}

use accounts::Link;
use edge::auth::sha256_hex;
use edge::{Context, Email, Error, Json, Message, Public, Reply, Result, Sql, input, msg, output};
use outbox::Entry;
use serde::Deserialize;

const LINK_INVALID: Message = msg!("link_invalid", fr: "Ce lien n'est plus valable : demandez-en un autre.", en: "This link is no longer good: ask for another.");

#[input]
struct Forgotten {
    email: Email,
}

#[input]
struct NewPassword {
    #[validate(length(min = 1, max = 128))]
    token: String,
    /// 10 to 256 characters; one that anybody would guess is refused as `weak_password`.
    #[validate(length(min = 10, max = 256))]
    password: String,
}

#[output]
struct Asked {
    status: Status,
}

#[output]
enum Status {
    /// A letter is on its way if the address has an account.
    Accepted,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Ok { outbox: Vec<Entry> },
    Invalid,
}

async fn ask(ctx: Context, _: Public, Json(forgotten): Json<Forgotten>) -> Result<Reply<Asked>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/reset-password")?;
    let ask = ASK.bind(forgotten.email.as_str()).bind(&link.hash).bind(&link.url);
    if let Outcome::Ok { outbox } = ctx.sql(ask).await?.one()? {
        accounts::post_later(&ctx, outbox);
    }
    Ok(Reply::new(Asked { status: Status::Accepted }))
}

async fn confirm(ctx: Context, _: Public, Json(new): Json<NewPassword>) -> Result<Reply<()>> {
    let hash = sha256_hex(new.token.as_bytes());
    // The address is asked for beforehand: the database is never told a password that could be compared with it.
    let email: Option<String> = ctx.sql(EMAIL.bind(&hash)).await?.one()?;
    accounts::refuse_guessable("password", &new.password, email.as_deref().unwrap_or_default())?;
    let reset = RESET.bind(hash).bind(accounts::digest(&ctx, &new.password));
    match ctx.sql(reset).await?.one()? {
        Outcome::Ok { outbox } => accounts::post_later(&ctx, outbox),
        Outcome::Invalid => return Err(Error::gone(LINK_INVALID)),
    }
    Ok(Reply::new(()))
}

const ASK: Sql = Sql::new("select edge.ask_password_reset(email => $1, token_hash => $2, link => $3)");

const EMAIL: Sql = Sql::new("select edge.reset_address(token_hash => $1)");

const RESET: Sql = Sql::new("select edge.reset_password(token_hash => $1, password => $2)");

#[cfg(test)]
mod tests;
