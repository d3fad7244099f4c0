edge::function! {
    //! Signing in.

    /// Exchanges e-mail and password for tokens. A wrong password and an address without account get the same answer. From
    /// the fifth failure within an hour on, that address and network wait. A browser that keeps the cookie `__Host-device` is
    /// counted by itself from its first sign-in on: nobody else's failures make it wait. 403 `account_closed`, with `erased_at`,
    /// for a closed account whose data are still there: the same call with `restore` opens it again.
    POST "/auth/login" => sign_in, auth: Public, limit: 10, writes, sql: 2, headers: [Cookie],
        refuses: [
            accounts::ACCOUNT_CLOSED, accounts::INACTIVE, accounts::INVALID_CREDENTIALS, accounts::LOCKED, accounts::VERIFY_FIRST,
            refusal::BANNED];
    uses: [accounts::PASSWORDS, edge::TOKENS]
}

use accounts::{SignIn, SignedIn, Until};
use edge::{Context, Email, Json, Public, Reply, Result, input, refusal};

/// What proves who signs in.
#[input(name = "Credentials")]
struct Credentials {
    email: Email,
    // No lower bound: an imported account may have a password that would not be taken today.
    #[validate(length(min = 1, max = 256))]
    password: String,
    /// Takes the erasure of a closed account back.
    restore: Option<bool>,
}

async fn sign_in(ctx: Context, _: Public, Json(typed): Json<Credentials>) -> Result<Reply<SignedIn>> {
    let restore = typed.restore.unwrap_or(false);
    let SignIn { granted, refresh, cookie } =
        SignIn::by_password(&ctx, &typed.email, &typed.password, Until::Left { restore }).await?;
    Ok(cookie.keep(Reply::new(granted.sign_in(&ctx, &refresh)?)))
}

#[cfg(test)]
mod tests;
