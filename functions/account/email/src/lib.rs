edge::function! {
    //! Moving an account to another e-mail address.

    /// Sends a link to the new address and a notice to the old one. The address changes when the link is opened
    /// (`POST /auth/verify-email`), within 24 hours, and earlier links open nothing any more. Three times an hour to an
    /// address at most; the fourth is 429 `enough_letters`. The answers are the same where the new address has an account.
    PUT "/account/email" => request_email_change, auth: Person, limit: 10, writes, reply: 202, sql: 2,
        refuses: [accounts::ENOUGH_LETTERS, accounts::LOCKED, accounts::WRONG_PASSWORD];
    uses: [accounts::LETTERS, accounts::PASSWORDS]
}

use accounts::Link;
use edge::{Context, Email, Json, Person, Reply, Result, Sql, input, output};

/// The new address, and the password that allows the change.
#[input(name = "EmailChange")]
struct EmailChange {
    email: Email,
    #[validate(length(min = 1, max = 256))]
    password: String,
}

/// A letter is on its way to the new address.
#[output(name = "EmailChangeRequested")]
struct Requested {
    status: Status,
}

/// What becomes of a change of address.
#[output(name = "EmailChangeStatus")]
enum Status {
    /// The new address has yet to prove itself.
    VerifyFirst,
}

async fn request_email_change(ctx: Context, _: Person, Json(wish): Json<EmailChange>) -> Result<Reply<Requested>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/verify-email")?;
    let password = accounts::digests(&ctx, &wish.password);
    let ask = ASK.bind(&wish.email).bind(password).bind(&link.hash).bind(&link.url);
    accounts::write_and_post(&ctx, ask).await?;
    Ok(Reply::new(Requested { status: Status::VerifyFirst }))
}

const ASK: Sql = Sql::new("select edge.ask_email_change(email => $1, password => $2, token_hash => $3, link => $4)");

#[cfg(test)]
mod tests;
