edge::function! {
    //! Staying signed in.

    /// Exchanges a refresh token for new tokens. The old one is honoured for 30 more seconds, and gives the token that is good
    /// by then: two tabs may refresh at once. Until the new one is used the old one may ask for it again: an answer may be
    /// lost. Any other return of an old token is taken for theft and ends the session.
    POST "/auth/refresh" => refresh_tokens, auth: Public, limit: 10, writes, headers: [Cookie],
        refuses: [REFRESH_EXPIRED, REFRESH_INVALID, REFRESH_REUSED, refusal::BANNED, refusal::SESSION_REVOKED];
    uses: [edge::TOKENS]
}

use std::iter::successors;

use accounts::{DeviceCookie, Granted, SignedIn};
use edge::auth::{RefreshToken, sha256_hex};
use edge::{Array, Context, Error, Json, Public, Reply, Result, Sql, input, refusal, refusals};
use serde::Deserialize;

refusals! {
    REFRESH_INVALID: 401 "refresh_invalid", fr: "Jeton de rafraîchissement inconnu : connectez-vous.", en: "Unknown refresh token: sign in.";
    REFRESH_EXPIRED: 401 "refresh_expired", fr: "La session a expiré : connectez-vous.", en: "The session has expired: sign in.";
    REFRESH_REUSED: 401 "refresh_reused", fr: "Ce jeton a déjà servi : par sécurité, la session est fermée. Connectez-vous.", en: "This token was used before: the session is closed for safety. Sign in.";
}

/// How many refreshes a tab may lag behind another one within 30 seconds.
const MOST_BEHIND: usize = 8;

/// The refresh token of a session.
#[input(name = "RefreshRequest")]
struct RefreshRequest {
    #[validate(length(min = 1, max = 128))]
    refresh_token: String,
}

#[edge::outcome]
enum Refreshed {
    Ok(Granted, Chosen),
}

#[derive(Deserialize)]
struct Chosen {
    /// Which of the tokens offered is good now, from 1.
    successor: usize,
}

async fn refresh_tokens(ctx: Context, _: Public, Json(held): Json<RefreshRequest>) -> Result<Reply<SignedIn>> {
    let keys = ctx.tokens()?;
    // What is no browser keeps no cookies: a new one counts from when it comes back, or every refresh would leave a row.
    let cookie = DeviceCookie::of(&ctx)?;
    let offered: Vec<_> = successors(Some(keys.successor(&held.refresh_token)), |last| Some(keys.successor(last.text())))
        .take(MOST_BEHIND)
        .collect();
    let hashes: Vec<_> = offered.iter().map(RefreshToken::hash).collect();
    let refresh = REFRESH
        .bind(sha256_hex(held.refresh_token.as_bytes()))
        .bind(Array(&hashes))
        .bind(accounts::device(&ctx))
        .bind(cookie.kept_hash());
    let Refreshed::Ok(granted, chosen) = ctx.outcome(refresh).await?;
    let good = chosen.successor.checked_sub(1).and_then(|place| offered.get(place));
    let good = good.ok_or_else(|| Error::internal("edge.refresh chose a token that was not offered"))?;
    Ok(cookie.keep(Reply::new(granted.sign_in(&ctx, good)?)))
}

const REFRESH: Sql = Sql::new("select edge.refresh(old_hash => $1, new_hashes => $2, device => $3, device_hash => $4)");

#[cfg(test)]
mod tests;
