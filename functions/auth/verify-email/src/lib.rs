edge::function! {
    //! Proving an e-mail address.

    /// Takes the token from the link in a letter, which proves the address. Where the link was for a change of address, the
    /// account has the new one from now on. Good for 24 hours; repeating it does no harm.
    POST "/auth/verify-email" => verify_email, auth: Public, limit: 10, writes, reply: 204, sql: 2,
        refuses: [accounts::EMAIL_TAKEN, accounts::LINK_INVALID];
    uses: [accounts::LETTERS]
}

use edge::auth::sha256_hex;
use edge::{Context, Json, Public, Reply, Result, Sql, input};

/// The token of the link in a letter.
#[input(name = "LinkProof")]
struct Proof {
    #[validate(length(min = 1, max = 128))]
    token: String,
}

async fn verify_email(ctx: Context, _: Public, Json(proof): Json<Proof>) -> Result<Reply<()>> {
    accounts::post_later(&ctx, ctx.sql(VERIFY.bind(sha256_hex(proof.token.as_bytes()))).await?.value()?);
    Ok(Reply::new(()))
}

const VERIFY: Sql = Sql::new("select edge.verify_email($1)");

#[cfg(test)]
mod tests;
