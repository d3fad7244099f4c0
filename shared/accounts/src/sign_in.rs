//! Signing in with a password, whatever is opened by it.

use chrono::{DateTime, Utc};
use edge::auth::RefreshToken;
use edge::validation::Written;
use edge::{Context, Email, Error, Result, Sql, refusals};

use crate::{DeviceCookie, Granted, device, digests, first_refresh_token, typed};

refusals! {
    pub INVALID_CREDENTIALS: 401 "invalid_credentials", fr: "Adresse ou mot de passe incorrect.", en: "Wrong address or password.";
    pub INACTIVE: 403 "inactive", fr: "Ce compte est désactivé.", en: "This account is deactivated.";
    pub ACCOUNT_CLOSED: 403 "account_closed", fr: "Ce compte est fermé et ses données vont être effacées. Pour le garder, rouvrez-le.", en: "This account is closed and its data will be deleted. To keep it, open it again.";
    pub VERIFY_FIRST: 403 "verify_first", fr: "Vérifiez d'abord votre adresse e-mail.", en: "Verify your e-mail address first.";
}

/// How long somebody signs in for.
#[derive(Clone, Copy)]
pub enum Until {
    /// Until they leave; `restore` opens a closed account again.
    Left { restore: bool },
    /// For half an hour, at the pages of operators.
    Page,
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

/// Somebody who has proved who they are.
pub struct SignIn {
    pub granted: Granted,
    pub refresh: RefreshToken,
    pub cookie: DeviceCookie,
}

impl SignIn {
    /// Two round trips, where an imported hash is replaced.
    ///
    /// # Errors
    /// The refusals of this module, 429 `locked`, 403 `banned`; for a page 403 `forbidden`.
    pub async fn by_password(ctx: &Context, email: &Email, password: &str, until: Until) -> Result<SignIn> {
        let refresh = first_refresh_token()?;
        let cookie = DeviceCookie::of(ctx)?;
        let ask = |legacy_password: Option<&str>| {
            LOGIN
                .bind(email)
                .bind(digests(ctx, password))
                .bind(refresh.hash())
                .bind(device(ctx))
                .bind(legacy_password)
                .bind(cookie.hash())
                .bind(matches!(until, Until::Left { restore: true }))
                .bind(matches!(until, Until::Page))
        };
        let mut outcome = ctx.outcome(ask(None)).await?;
        if matches!(outcome, Outcome::Legacy) {
            outcome = ctx.outcome(ask(Some(&typed(password)))).await?;
        }
        match outcome {
            Outcome::Ok(granted) => Ok(SignIn { granted: *granted, refresh, cookie }),
            Outcome::Closed { erased_at } => Err(Error::from(ACCOUNT_CLOSED).with("erased_at", erased_at.write())),
            Outcome::Legacy => Err(Error::internal("edge.login asked twice for the legacy password")),
        }
    }
}

const LOGIN: Sql = Sql::new(
    "select edge.login(
       email => $1, password => $2, refresh_hash => $3, device => $4, legacy_password => $5, device_hash => $6,
       restore => $7, page => $8)",
);
