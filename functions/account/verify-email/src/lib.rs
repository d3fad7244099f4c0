edge::function! {
    //! Another letter to verify one's e-mail address.

    /// Sends the letter again, three times an hour at most. 409 `email_verified` where there is nothing to verify.
    POST "/account/verify-email" => resend_verification, auth: Person, limit: 10, writes, reply: 204, sql: 2,
        refuses: [EMAIL_VERIFIED, accounts::ENOUGH_LETTERS, mail::NOT_CONFIGURED];
    uses: [accounts::LETTERS]
}

use accounts::Link;
use edge::{Context, Person, Reply, Result, Sql, refusals};

refusals! {
    EMAIL_VERIFIED: 409 "email_verified", fr: "Votre adresse est déjà vérifiée.", en: "Your address is verified already.";
}

async fn resend_verification(ctx: Context, _: Person) -> Result<Reply<()>> {
    mail::ready(&ctx)?;
    let link = Link::to(&ctx, "/verify-email")?;
    accounts::post_later(&ctx, ctx.sql(RESEND.bind(&link.hash).bind(&link.url)).await?.value()?);
    Ok(Reply::new(()))
}

const RESEND: Sql = Sql::new("select edge.resend_verification($1, $2)");

#[cfg(test)]
mod tests;
