edge::function! {
    //! Another letter to verify one's e-mail address.

    /// Sends the letter again, three times an hour at most. 409 `email_verified` where there is nothing to verify.
    POST "/account/verify-email" => resend_verification, auth: Person, limit: 10, writes, reply: 204, sql: 2,
        refuses: [EMAIL_VERIFIED, accounts::ENOUGH_LETTERS, mail::NOT_CONFIGURED];
    uses: [accounts::LETTERS]
}

use accounts::{ENOUGH_LETTERS, Link};
use edge::{Context, Error, Person, Reply, Result, Sql, refusals};
use outbox::Entry;
use serde::Deserialize;

refusals! {
    EMAIL_VERIFIED: 409 "email_verified", fr: "Votre adresse est déjà vérifiée.", en: "Your address is verified already.";
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Ok { outbox: Vec<Entry> },
    Verified,
    Limited,
}

async fn resend_verification(ctx: Context, _: Person) -> Result<Reply<()>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/verify-email")?;
    match ctx.sql(RESEND.bind(&link.hash).bind(&link.url)).await?.one()? {
        Outcome::Ok { outbox } => accounts::post_later(&ctx, outbox),
        Outcome::Verified => return Err(EMAIL_VERIFIED.into()),
        Outcome::Limited => return Err(Error::from(ENOUGH_LETTERS).retry_after(3600)),
    }
    Ok(Reply::new(()))
}

const RESEND: Sql = Sql::new("select edge.resend_verification($1, $2)");

#[cfg(test)]
mod tests;
