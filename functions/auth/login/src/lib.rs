edge::function! {
    //! Signing in.

    /// Exchanges e-mail and password for tokens. A wrong password and an address without account get the same answer. From
    /// the fifth failure within an hour on, that address and network wait. A browser that keeps the cookie `__Host-device` is
    /// counted by itself from its first sign-in on: nobody else's failures make it wait. 403 `account_closed`, with `erased_at`,
    /// for a closed account whose data are still there: the same call with `restore` opens it again.
    POST "/auth/login" => sign_in, auth: Public, limit: 10, writes, sql: 2, headers: [Cookie],
        refuses: [ACCOUNT_CLOSED, INACTIVE, INVALID_CREDENTIALS, VERIFY_FIRST, accounts::LOCKED, refusal::BANNED];
    uses: [accounts::PASSWORDS, edge::TOKENS]
}

use accounts::{DeviceCookie, Granted, SignedIn};
use edge::chrono::{DateTime, Utc};
use edge::validation::Written;
use edge::{Context, Email, Error, Json, Public, Reply, Result, Sql, input, refusal, refusals};

refusals! {
    INVALID_CREDENTIALS: 401 "invalid_credentials", fr: "Adresse ou mot de passe incorrect.", en: "Wrong address or password.";
    INACTIVE: 403 "inactive", fr: "Ce compte est désactivé.", en: "This account is deactivated.";
    ACCOUNT_CLOSED: 403 "account_closed", fr: "Ce compte est fermé et ses données vont être effacées. Pour le garder, rouvrez-le.", en: "This account is closed and its data will be deleted. To keep it, open it again.";
    VERIFY_FIRST: 403 "verify_first", fr: "Vérifiez d'abord votre adresse e-mail.", en: "Verify your e-mail address first.";
}

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

#[edge::outcome]
enum Outcome {
    Ok(Box<Granted>),
    Closed {
        erased_at: DateTime<Utc>,
    },
    /// The stored hash was imported and is of the password itself.
    Legacy,
}

async fn sign_in(ctx: Context, _: Public, Json(typed): Json<Credentials>) -> Result<Reply<SignedIn>> {
    let refresh = accounts::first_refresh_token()?;
    let cookie = DeviceCookie::of(&ctx)?;
    let ask = |legacy_password: Option<&str>| {
        LOGIN
            .bind(&typed.email)
            .bind(accounts::digests(&ctx, &typed.password))
            .bind(refresh.hash())
            .bind(accounts::device(&ctx))
            .bind(legacy_password)
            .bind(cookie.hash())
            .bind(typed.restore.unwrap_or(false))
    };
    let mut outcome = ctx.outcome(ask(None)).await?;
    if matches!(outcome, Outcome::Legacy) {
        outcome = ctx.outcome(ask(Some(&accounts::typed(&typed.password)))).await?;
    }
    match outcome {
        Outcome::Ok(granted) => Ok(cookie.keep(Reply::new(granted.sign_in(&ctx, &refresh)?))),
        Outcome::Closed { erased_at } => Err(Error::from(ACCOUNT_CLOSED).with("erased_at", erased_at.write())),
        Outcome::Legacy => Err(Error::internal("edge.login asked twice for the legacy password")),
    }
}

const LOGIN: Sql = Sql::new(
    "select edge.login(
       email => $1, password => $2, refresh_hash => $3, device => $4, legacy_password => $5, device_hash => $6,
       restore => $7)",
);

#[cfg(test)]
mod tests;
