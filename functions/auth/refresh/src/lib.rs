edge::function! {
    //! Staying signed in.

    /// Exchanges a refresh token for new tokens. The old one is honoured for 30 more seconds, and gives the same successor:
    /// two tabs may refresh at once, and a lost answer may be asked for again. After that its return is taken for theft and
    /// ends the session.
    POST "/auth/refresh" => refresh, auth: Public, limit: 10, writes;
    uses: [Tokens]
}

use accounts::{Granted, SignedIn};
use edge::auth::sha256_hex;
use edge::{Context, Error, Json, Message, Public, Reply, Result, Sql, input, messages, msg};
use serde::Deserialize;

const REFRESH_INVALID: Message =
    msg!("refresh_invalid", fr: "Jeton de rafraîchissement inconnu : connectez-vous.", en: "Unknown refresh token: sign in.");
const REFRESH_EXPIRED: Message =
    msg!("refresh_expired", fr: "La session a expiré : connectez-vous.", en: "The session has expired: sign in.");
const REFRESH_REUSED: Message = msg!("refresh_reused", fr: "Ce jeton a déjà servi : par sécurité, la session est fermée. Connectez-vous.", en: "This token was used before: the session is closed for safety. Sign in.");

#[input]
struct Held {
    #[validate(length(min = 1, max = 128))]
    refresh_token: String,
}

#[derive(Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome {
    Ok(Box<Granted>),
    Invalid,
    Expired,
    Revoked,
    Banned,
    Reused,
}

async fn refresh(ctx: Context, _: Public, Json(held): Json<Held>) -> Result<Reply<SignedIn>> {
    let successor = ctx.tokens()?.successor(&held.refresh_token);
    let refresh = REFRESH.bind(sha256_hex(held.refresh_token.as_bytes())).bind(successor.hash()).bind(accounts::device(&ctx));
    match ctx.sql(refresh).await?.one()? {
        Outcome::Ok(granted) => Ok(Reply::new(granted.sign_in(&ctx, &successor)?)),
        Outcome::Invalid => Err(accounts::refused(REFRESH_INVALID)),
        Outcome::Expired => Err(accounts::refused(REFRESH_EXPIRED)),
        Outcome::Revoked => Err(accounts::refused(messages::SESSION_REVOKED)),
        Outcome::Banned => Err(Error::forbidden(messages::BANNED)),
        Outcome::Reused => Err(accounts::refused(REFRESH_REUSED)),
    }
}

const REFRESH: Sql = Sql::new("select edge.refresh(old_hash => $1, new_hash => $2, device => $3)");

#[cfg(test)]
mod tests;
