edge::function! {
    //! Connecting fitness providers: which there are, the way to a consent page and back, and how all connections stand.

    /// The address of the provider's consent page, good for a quarter of an hour and once. From there the person comes back to
    /// `return_url`, which is of a front end of ours (`ALLOWED_ORIGINS`), with `provider` and either `status` (`connected` or
    /// `pending`, which goes on by itself) and `connection`, or `error` and `message`: `access_denied`, `insufficient_scopes`,
    /// `already_linked` (somebody else has this account), `other_account` (the person has another one: ask them, and begin again with
    /// `replace`), `state_expired`, `provider_error`.
    ///
    /// 410 `provider_gone` of a provider that has closed; `successor` is to be connected in its place.
    POST "/providers/authorize/{provider}"   => authorize_provider,       auth: Person, limit: 10,  writes, sql: 2,
        refuses: [PROVIDER_GONE, PROVIDER_NOT_CONFIGURED, providers::PROVIDER_UNAVAILABLE];
    /// Where the consent page sends people back to; leads on to the `return_url` of the authorization.
    GET "/providers/callback/{provider}"     => finish_authorization,     auth: Public, limit: 60,  writes, reply: 303, sql: 3, headers: [Location],
        refuses: [STATE_UNKNOWN];
    /// Every provider that we know, always in this order, with what it can do.
    GET "/providers/available-providers"     => list_available_providers, auth: Person, limit: 300, reads;
    /// How the caller's connections stand.
    GET "/providers/summary"                 => summarize_connections,    auth: Person, limit: 300, reads;
    uses: [edge::SEALING, providers::ALL]
}

mod callback;
mod return_url;

use callback::finish_authorization;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use edge::auth::sha256_hex;
use edge::{Context, Error, FieldError, Json, Page, Path, Person, Place, Public, Reply, Result, Sql, input, output, refusals};
use providers::{App, Facts, Name, NextAction, Refresh, adapters, named, pkce, seal_text};

refusals! {
    PROVIDER_GONE: 410 "provider_gone", fr: "Ce fournisseur a fermé : connectez celui qui le remplace.", en: "This provider has closed: connect the one that takes its place.";
    PROVIDER_NOT_CONFIGURED: 503 "provider_not_configured", fr: "Ce fournisseur n'est pas configuré ici.", en: "This provider is not configured here.";
    STATE_UNKNOWN: 400 "state_unknown", fr: "Cette demande de connexion est inconnue : recommencez depuis l'application.", en: "This request to connect is unknown: begin again in the application.";
}

/// How long a person may take on the consent page.
const PATIENCE: TimeDelta = TimeDelta::minutes(15);

#[input]
struct Which {
    /// The provider, such as `strava`.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Name"))]
    provider: String,
}

/// Where to come back to.
#[input(name = "ProviderAuthorizationRequest")]
struct Begin {
    /// A page of a front end of ours, without a fragment.
    #[validate(length(min = 1, max = 2000))]
    return_url: String,
    /// Another account may take the place of the one that is connected, whose grant is then revoked.
    replace: Option<bool>,
}

/// The way to a provider's consent page.
#[output(name = "ProviderAuthorization")]
struct Authorization {
    authorize_url: String,
    expires_at: DateTime<Utc>,
}

/// A provider and what it can do.
#[output(name = "AvailableProvider")]
struct Available {
    provider: Name,
    /// What to show.
    name: String,
    /// There is an application of ours with an id and a secret.
    configured: bool,
    /// People can be connected: it is configured, and has not closed.
    available: bool,
    /// `2`, or `1.0a`.
    oauth_version: String,
    pkce: bool,
    refresh: Refresh,
    /// How data comes: `pull`, `ping` (word that there is some), `push`.
    delivery: Vec<String>,
    /// How far back it can be asked; null where there is no bound.
    history_days: Option<i32>,
    /// How much one question may cover; null where there is no bound.
    window_days: Option<i32>,
    /// It tells when somebody takes their grant back there; else we ask, once a day.
    tells_departure: bool,
    tells_deletion: bool,
    /// The day on which its API is turned off, where that is known.
    sunset_on: Option<NaiveDate>,
    /// Who takes its place.
    successor: Option<Name>,
}

/// How a person's connections stand.
#[output(name = "ProviderSummary")]
struct Summary {
    /// Those that have not ended.
    total: i32,
    active: i32,
    /// Those that wait for their person.
    needing_attention: i32,
    last_sync_at: Option<DateTime<Utc>>,
    by_status: Vec<StatusCount>,
    by_provider: Vec<Standing>,
}

/// How many connections stand so.
#[output(name = "ConnectionStatusCount")]
struct StatusCount {
    status: String,
    count: i32,
}

/// How the connection to one provider stands.
#[output(name = "ProviderStanding")]
struct Standing {
    provider: Name,
    connection_id: i64,
    status: String,
    health: String,
    /// Why, where something is to be told.
    cause: Option<String>,
    next_action: Option<NextAction>,
    last_sync_at: Option<DateTime<Utc>>,
}

async fn authorize_provider(
    ctx: Context,
    _: Person,
    Path(Which { provider }): Path<Which>,
    Json(begin): Json<Begin>,
) -> Result<Reply<Authorization>> {
    let adapter = named(&provider)?.adapter();
    let facts = adapter.facts();
    let app = App::new(&ctx, adapter);
    if let Err(refused) = may_begin(app, facts, &begin) {
        // Who may not act hears that first.
        ctx.sql(NOTHING).await?;
        return Err(refused);
    }
    let (state, verifier) = (pkce::random_word()?, pkce::random_word()?);
    let state_hash = sha256_hex(state.as_bytes());
    let secret = seal_text(&ctx, "secret", &state_hash, &verifier)?;
    let keep = BEGIN.bind(&state_hash).bind(facts.word).bind(&begin.return_url).bind(secret).bind(begin.replace == Some(true));
    ctx.sql(keep).await?;
    let callback = [&app.callback(), "?state=", &state].concat();
    let authorize_url = match adapter.request_token(app, &callback)? {
        None => app.consent_page(&state, &verifier),
        Some(request) => {
            let unavailable = |why: String| Error::from(providers::PROVIDER_UNAVAILABLE).retry_after(60).because(why);
            let answer = ctx.http(facts.word, request).await.map_err(|failure| unavailable(format!("{failure:?}")))?;
            let given = String::from_utf8_lossy(&answer.body);
            let pair = adapters::oauth1_pair(&given).filter(|_| answer.is_success());
            let (token, secret) = pair.ok_or_else(|| unavailable(["status ", &answer.status.to_string()].concat()))?;
            let sealed = seal_text(&ctx, "secret", &state_hash, &secret)?;
            ctx.sql(KEEP_REQUEST.bind(&state_hash).bind(sealed)).await?;
            adapters::oauth1_page(app, &token)
        }
    };
    Ok(Reply::new(Authorization { authorize_url, expires_at: ctx.now() + PATIENCE }))
}

fn may_begin(app: App, facts: &Facts, begin: &Begin) -> Result<()> {
    if !return_url::is_ours(app.ctx.setting("ALLOWED_ORIGINS"), &begin.return_url) {
        return Err(FieldError::new(Place::Body, "return_url", "not_allowed").into());
    }
    if app.is_gone() {
        let gone = Error::from(PROVIDER_GONE);
        return Err(match facts.successor {
            Some(successor) => gone.with("successor", successor.adapter().facts().word),
            None => gone,
        });
    }
    if app.is_configured() { Ok(()) } else { Err(PROVIDER_NOT_CONFIGURED.into()) }
}

async fn list_available_providers(ctx: Context, _: Person) -> Result<Reply<Page<Available>>> {
    ctx.sql(NOTHING).await?;
    let items = Name::ALL.map(|provider| {
        let facts = provider.adapter().facts();
        let app = App::new(&ctx, provider.adapter());
        let is_legacy = app.setting("OAUTH") == "1";
        Available {
            provider,
            name: facts.title.to_owned(),
            configured: app.is_configured(),
            available: app.is_configured() && !app.is_gone(),
            oauth_version: if is_legacy { "1.0a" } else { "2" }.to_owned(),
            pkce: facts.pkce && !is_legacy,
            refresh: if is_legacy { Refresh::None } else { facts.refresh },
            delivery: facts.delivery.iter().map(|word| (*word).to_owned()).collect(),
            history_days: facts.history_days.map(i32::from),
            window_days: facts.window_days.map(i32::from),
            tells_departure: facts.tells_departure,
            tells_deletion: facts.tells_deletion,
            sunset_on: app.setting("SUNSET_ON").parse().ok(),
            successor: facts.successor,
        }
    });
    Ok(Reply::new(Page { items: items.into(), next_cursor: None }))
}

async fn summarize_connections(ctx: Context, _: Person) -> Result<Reply<Summary>> {
    let mut summary: Summary = ctx.sql(SUMMARIZE).await?.value()?;
    for standing in &mut summary.by_provider {
        standing.next_action = standing.cause.as_deref().and_then(providers::cause).map(|(action, _)| action);
    }
    Ok(Reply::new(summary))
}

const BEGIN: Sql = Sql::new(
    "select edge.begin_authorization(state_hash => $1, provider => $2, return_url => $3, secret => $4, replaces => $5::boolean)",
);

const KEEP_REQUEST: Sql = Sql::new("select edge.keep_request_secret(state_hash => $1, secret => $2)");

/// What stands before every statement refuses a session that has ended and somebody who is banned.
const NOTHING: Sql = Sql::new("select true as is_welcome");

const SUMMARIZE: Sql = Sql::new(
    "with own as (
       select c.id, c.provider, c.status, c.cause, c.last_sync_at,
         edge.connection_health(c.status, c.cause, c.refresh_at, c.token_expires_at) as health
       from provider_connections c
       where c.user_id = edge.uid() and c.status <> 'disconnected'
     )
     select jsonb_build_object(
       'total', (select count(*) from own),
       'active', (select count(*) from own where status = 'active'),
       'needing_attention', (select count(*) from own where health in ('broken', 'expiring') or cause = 'consents_missing'),
       'last_sync_at', (select max(last_sync_at) from own),
       'by_status', (select coalesce(jsonb_agg(jsonb_build_object('status', s.status, 'count', s.count) order by s.status), '[]')
         from (select status, count(*) as count from own group by status) as s),
       'by_provider', (select coalesce(jsonb_agg(jsonb_build_object('provider', o.provider, 'connection_id', o.id, 'status', o.status,
           'health', o.health, 'cause', coalesce(o.cause, case when o.health = 'expiring' then 'expires_soon' end),
           'next_action', null, 'last_sync_at', o.last_sync_at) order by o.provider), '[]') from own o))",
);

#[cfg(test)]
mod tests;
