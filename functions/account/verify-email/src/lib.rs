edge::function! {
    //! Another letter to verify one's e-mail address.

    /// Sends the letter again, three times an hour at most. 409 `email_verified` where there is nothing to verify.
    POST "/account/verify-email" => resend, auth: Person, limit: 10, writes, reply: 204, sql: 2;
    uses: [Mail]
}

use accounts::{ENOUGH_LETTERS, Link};
use edge::{Context, Error, Message, Person, Reply, Result, Sql, msg};
use outbox::Entry;
use serde::Deserialize;

const EMAIL_VERIFIED: Message =
    msg!("email_verified", fr: "Votre adresse est déjà vérifiée.", en: "Your address is verified already.");

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Ok { outbox: Vec<Entry> },
    Verified,
    Limited,
}

async fn resend(ctx: Context, _: Person) -> Result<Reply<()>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/verify-email")?;
    match ctx.sql(RESEND.bind(&link.hash).bind(&link.url)).await?.one()? {
        Outcome::Ok { outbox } => accounts::post_later(&ctx, outbox),
        Outcome::Verified => return Err(Error::conflict(EMAIL_VERIFIED)),
        Outcome::Limited => return Err(Error::too_many(ENOUGH_LETTERS, 3600)),
    }
    Ok(Reply::new(()))
}

const RESEND: Sql = Sql::new("select edge.resend_verification($1, $2)");

#[cfg(test)]
mod tests;
