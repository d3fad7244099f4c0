edge::function! {
    //! Proving an e-mail address.

    /// Takes the token from the link in a letter, which proves the address. Where the link was for a change of address, the
    /// account has the new one from now on. Good for 24 hours; repeating it does no harm.
    POST "/auth/verify-email" => verify, auth: Public, limit: 10, writes, reply: 204, sql: 2;
    uses: [Mail]
}

use edge::auth::sha256_hex;
use edge::{Context, Error, Json, Message, Public, Reply, Result, Sql, input, msg};
use outbox::Entry;
use serde::Deserialize;

const LINK_INVALID: Message = msg!("link_invalid", fr: "Ce lien n'est plus valable : demandez-en un autre.", en: "This link is no longer good: ask for another.");
const EMAIL_TAKEN: Message =
    msg!("email_taken", fr: "Un compte existe déjà avec cette adresse.", en: "An account with this address exists already.");

#[input]
struct Proof {
    #[validate(length(min = 1, max = 128))]
    token: String,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Ok { outbox: Vec<Entry> },
    Invalid,
    EmailTaken,
}

async fn verify(ctx: Context, _: Public, Json(proof): Json<Proof>) -> Result<Reply<()>> {
    match ctx.sql(VERIFY.bind(sha256_hex(proof.token.as_bytes()))).await?.one()? {
        Outcome::Ok { outbox } => accounts::post_later(&ctx, outbox),
        Outcome::Invalid => return Err(Error::gone(LINK_INVALID)),
        Outcome::EmailTaken => return Err(Error::conflict(EMAIL_TAKEN)),
    }
    Ok(Reply::new(()))
}

const VERIFY: Sql = Sql::new("select edge.verify_email($1)");

#[cfg(test)]
mod tests;
