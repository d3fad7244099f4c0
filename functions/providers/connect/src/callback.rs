//! What happens to who comes back from a consent page.

use edge::auth::sha256_hex;
use edge::{Context, Error, Message, Path, Public, Query, Redirect, Reply, Result, Sql, msg};
use providers::{Adapter, App, Came, Failure, connect, named, open_text, seal_text};
use serde::Deserialize;
use validator::Validate;

use crate::{STATE_UNKNOWN, Which, return_url};

/// What a provider says by way of the browser. Each adds words of its own, which say nothing to us.
#[derive(Deserialize, Validate)]
#[cfg_attr(not(target_arch = "wasm32"), derive(edge::schemars::JsonSchema))]
#[cfg_attr(not(target_arch = "wasm32"), schemars(crate = "edge::schemars", extend("additionalProperties" = true)))]
pub struct Back {
    /// The word that this authorization began with.
    #[serde(default)]
    #[validate(length(max = 128))]
    state: String,
    /// What tokens are given for.
    #[serde(default)]
    #[validate(length(max = 4096))]
    code: String,
    /// What was granted, where the provider says it here.
    #[serde(default)]
    #[validate(length(max = 4096))]
    scope: String,
    /// Why nothing was granted: `access_denied`.
    #[serde(default)]
    #[validate(length(max = 200))]
    error: String,
    /// Of OAuth 1: the request token.
    #[serde(default)]
    #[validate(length(max = 1024))]
    oauth_token: String,
    /// Of OAuth 1: the word that proves the consent.
    #[serde(default)]
    #[validate(length(max = 1024))]
    oauth_verifier: String,
}

#[derive(Deserialize)]
struct Taken {
    outcome: String,
    return_url: Option<String>,
    secret: Option<String>,
    row: Option<String>,
}

const ERRORS: [Message; 6] = [
    msg!("access_denied", fr: "Vous n'avez pas donné votre accord.", en: "You did not give your consent."),
    msg!("insufficient_scopes", fr: "Il manque une autorisation : laissez cochées celles qui concernent vos activités.", en: "A permission is missing: leave those about your activities ticked."),
    msg!("already_linked", fr: "Ce compte est déjà connecté par quelqu'un d'autre.", en: "Somebody else has connected this account."),
    msg!("other_account", fr: "Un autre compte de ce fournisseur est déjà connecté.", en: "Another account of this provider is connected already."),
    msg!("state_expired", fr: "Cette demande a expiré ou a déjà servi : recommencez.", en: "This request has expired or was used before: begin again."),
    msg!("provider_error", fr: "Le fournisseur n'a pas mené la connexion à bien : recommencez.", en: "The provider did not complete the connection: begin again."),
];

pub async fn finish_authorization(
    ctx: Context,
    _: Public,
    Path(Which { provider }): Path<Which>,
    Query(back): Query<Back>,
) -> Result<Reply<Redirect>> {
    let adapter = named(&provider)?.adapter();
    let facts = adapter.facts();
    // A box that was unticked is seen before anything is exchanged.
    let is_partial = !back.scope.is_empty() && !providers::suffices(facts, Some(&back.scope));
    let is_denied = !back.has_consent();
    let state_hash = sha256_hex(back.state.as_bytes());
    let taken: Taken = ctx.sql(TAKE.bind(&state_hash).bind(facts.word).bind(is_denied || is_partial)).await?.value()?;
    let Some(home) = taken.return_url else { return Err(STATE_UNKNOWN.into()) };
    let lead = |pairs: &[(&str, &str)]| Reply::redirect(&return_url::with(&home, &[&[("provider", facts.word)], pairs].concat()));
    let lead_back = |error: &str| {
        let message = ERRORS.iter().find(|message| message.code == error).map_or("", |message| message.text(ctx.language()));
        Ok(lead(&[("error", error), ("message", message)]))
    };
    let (Some(secret), Some(row), "ok") = (&taken.secret, &taken.row, taken.outcome.as_str()) else {
        return lead_back("state_expired");
    };
    if is_denied {
        return lead_back("access_denied");
    }
    if is_partial {
        return lead_back("insufficient_scopes");
    }
    let secret = open_text(&ctx, "secret", &state_hash, secret)?;
    let scope = Some(back.scope.clone()).filter(|scope| !scope.is_empty());
    let mut grant = match exchange(&ctx, adapter, back.came(secret)).await? {
        Ok(grant) => grant,
        Err(failure) => {
            ctx.warn(&Error::unavailable(format!("{}: {failure:?}", facts.word)));
            ctx.sql(END.bind(&state_hash)).await?;
            return lead_back("provider_error");
        }
    };
    grant.scopes = grant.scopes.or(scope);
    let kept = serde_json::to_string(&grant).map_err(Error::internal)?;
    ctx.sql(KEEP.bind(&state_hash).bind(seal_text(&ctx, "granted", &state_hash, &kept)?)).await?;
    let connected = connect(&ctx, adapter, &state_hash, row, grant).await?;
    match (connected.outcome.as_str(), connected.connection) {
        (status @ "connected", Some(id)) => Ok(lead(&[("status", status), ("connection", &id.to_string())])),
        (status @ "pending", _) => Ok(lead(&[("status", status)])),
        (error, _) => lead_back(error),
    }
}

async fn exchange(ctx: &Context, adapter: &dyn Adapter, came: Came) -> Result<Result<providers::Grant, Failure>> {
    let call = adapter.exchange(App::new(ctx, adapter), &came)?;
    Ok(match ctx.http(adapter.facts().word, call).await {
        Ok(answer) => adapter.granted(&answer, ctx.now()),
        Err(failure) => Err(Failure::Passing { reason: format!("{failure:?}"), retry_after_s: None }),
    })
}

impl Back {
    /// COROS says a no by leaving out the code, Garmin of old by a verifier `null`.
    fn has_consent(&self) -> bool {
        let is_oauth1 = !self.oauth_token.is_empty() && !matches!(self.oauth_verifier.as_str(), "" | "null");
        self.error.is_empty() && (!self.code.is_empty() || is_oauth1)
    }

    fn came(self, secret: String) -> Came {
        let oauth1 = (!self.oauth_token.is_empty()).then_some((self.oauth_token, self.oauth_verifier));
        Came { code: self.code, secret, oauth1 }
    }
}

const TAKE: Sql = Sql::new("select edge.take_authorization(state_hash => $1, provider => $2, is_refused => $3::boolean)");

const KEEP: Sql = Sql::new("select edge.keep_grant(state_hash => $1, granted => $2)");

const END: Sql = Sql::new("select edge.end_authorization(state_hash => $1)");
