edge::function! {
    //! A person's connections to fitness providers: how each stands, pausing, leaving.

    /// All that have not ended, by provider. No answer here shows a token.
    GET    "/providers/connections"                     => list_connections,           auth: Person, limit: 300, reads;
    /// One of them, also where it has ended.
    GET    "/providers/connections/{id}"                => get_connection,             auth: Person, limit: 300, reads,
        refuses: [refusal::NOT_FOUND];
    /// The one to a provider. 404 `not_connected` where there is none; `authorize` is where one begins.
    GET    "/providers/connections/provider/{provider}" => get_connection_by_provider, auth: Person, limit: 300, reads,
        refuses: [NOT_CONNECTED];
    /// Leaves the provider: the grant is revoked there, which is tried again until it is done (`disconnect_pending`). What was
    /// imported stays where the provider's terms allow it, or goes with `data=erase`. A repeat changes nothing more.
    DELETE "/providers/connections/{id}"                => leave_provider,             auth: Person, limit: 60,  writes, sql: 2,
        refuses: [MUST_BE_ERASED, refusal::NOT_FOUND];
    /// Pauses a connection, or goes on with it: `active` says which, so that a repeat changes nothing. Without a body it is turned
    /// over. What a provider tells of a paused connection is ignored; its tokens stay healthy.
    PATCH  "/providers/connections/{id}/toggle"         => toggle_connection,          auth: Person, limit: 60,  writes,
        refuses: [NOT_ACTIVE, refusal::NOT_FOUND];
    /// Asks the provider now whether the connection still holds, with tokens renewed where that is due. 503 `connection_busy` while
    /// they are being renewed.
    POST   "/providers/connections/{id}/check"          => check_connection,           auth: Person, limit: 10,  writes, sql: 5,
        refuses: [providers::CONNECTION_BUSY, providers::PROVIDER_UNAVAILABLE, refusal::NOT_FOUND];
    uses: [edge::SEALING, providers::ALL]
}

use chrono::{DateTime, Utc};
use edge::{
    Context, Error, Id, MaybeJson, Page, Path, Person, Query, Reply, Result, Sql, Statement, input, output, refusal, refusals,
};
use outbox::Entry;
use providers::{App, Name, NextAction, Ready, named};
use serde::Deserialize;
use serde_json::{Map, Value};

refusals! {
    MUST_BE_ERASED: 409 "must_be_erased", fr: "Les conditions de ce fournisseur demandent que tout soit effacé à votre départ.", en: "This provider's terms want everything erased when you leave.";
    NOT_ACTIVE: 409 "not_active", fr: "Cette connexion n'est pas active.", en: "This connection is not active.";
    NOT_CONNECTED: 404 "not_connected", fr: "Ce fournisseur n'est pas connecté.", en: "This provider is not connected.";
}

#[input]
struct Which {
    /// The provider, such as `strava`.
    #[cfg_attr(not(target_arch = "wasm32"), schemars(with = "Name"))]
    provider: String,
}

#[input]
struct Leaving {
    /// What becomes of what was imported; where absent it is kept as far as the provider's terms allow.
    data: Option<Data>,
}

/// What becomes of what was imported.
#[input(name = "ImportedData")]
enum Data {
    Keep,
    Erase,
}

/// Whether a connection is to be active.
#[input(name = "ConnectionToggle")]
struct Toggle {
    active: bool,
}

/// Where a connection stands.
#[output(name = "ConnectionStatus")]
enum Status {
    /// There is a grant; the provider is still to say whose account it is, or waits for the person.
    Pending,
    Active,
    /// The provider takes the tokens no longer.
    NeedsReauth,
    /// The grant was taken back at the provider.
    RevokedByProvider,
    PausedByUser,
    /// The person has left; the provider is still to be told.
    DisconnectPending,
    Disconnected,
}

/// How a connection does.
#[output(name = "ConnectionHealth")]
enum Health {
    Ok,
    /// Something goes wrong that may pass.
    Degraded,
    /// It ends within a fortnight, and the provider renews nothing.
    Expiring,
    /// Its person must mend it.
    Broken,
    Paused,
    Pending,
    Leaving,
    Ended,
}

/// A person's connection to a provider.
#[output(name = "ProviderConnection")]
struct Connection {
    id: i64,
    provider: Name,
    status: Status,
    health: Health,
    active: bool,
    /// What is wrong, and what can be done; null where all is well.
    problem: Option<Problem>,
    provider_user_id: Option<String>,
    provider_username: Option<String>,
    provider_email: Option<String>,
    /// What the provider says of the account, as it says it.
    provider_profile: Option<Map<String, Value>>,
    /// What was granted, separated by commas.
    scopes: Option<String>,
    token_expires_at: Option<DateTime<Utc>>,
    last_sync_at: Option<DateTime<Utc>>,
    last_sync_error: Option<String>,
    /// When the provider was last asked whether the connection holds.
    checked_at: Option<DateTime<Utc>>,
    connected_at: Option<DateTime<Utc>>,
    disconnected_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// What `problem` is made of.
    #[serde(skip_serializing)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    cause: Option<String>,
    #[serde(skip_serializing)]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(skip))]
    cause_at: Option<DateTime<Utc>>,
}

/// Why a connection does not do as it should.
#[output(name = "ConnectionProblem")]
struct Problem {
    code: String,
    /// For people, in the caller's language.
    message: String,
    next_action: NextAction,
    since: Option<DateTime<Utc>>,
}

/// What became of a connection that was left.
#[output(name = "ProviderDeparture")]
struct Departure {
    status: Status,
    /// What was imported is erased, or will be within minutes.
    erased: bool,
}

#[derive(Deserialize)]
struct Left {
    status: Status,
    erased: bool,
    outbox: Option<Entry>,
}

async fn list_connections(ctx: Context, _: Person) -> Result<Reply<Page<Connection>>> {
    let rows: Vec<Connection> = ctx.sql(READ.bind(None::<i64>).bind(None::<&str>)).await?.all()?;
    Ok(Reply::new(Page { items: rows.into_iter().map(|row| shown(&ctx, row)).collect(), next_cursor: None }))
}

async fn get_connection(ctx: Context, _: Person, Path(Id { id }): Path<Id<i64>>) -> Result<Reply<Connection>> {
    let row: Option<Connection> = ctx.sql(of(id)).await?.optional()?;
    row.map(|row| Reply::new(shown(&ctx, row))).ok_or_else(|| refusal::NOT_FOUND.into())
}

async fn get_connection_by_provider(ctx: Context, _: Person, Path(Which { provider }): Path<Which>) -> Result<Reply<Connection>> {
    let word = named(&provider)?.adapter().facts().word;
    let row: Option<Connection> = ctx.sql(READ.bind(None::<i64>).bind(word)).await?.optional()?;
    let authorize = ["/api/v1/providers/authorize/", word].concat();
    row.map(|row| Reply::new(shown(&ctx, row))).ok_or_else(|| Error::from(NOT_CONNECTED).with("authorize", authorize))
}

async fn leave_provider(
    ctx: Context,
    _: Person,
    Path(Id { id }): Path<Id<i64>>,
    Query(leaving): Query<Leaving>,
) -> Result<Reply<Departure>> {
    let erase = leaving.data.map(|data| data == Data::Erase);
    let left: Left = ctx.sql(LEAVE.bind(id).bind(erase)).await?.value()?;
    outbox::deliver_later(&ctx, &providers::Messages, left.outbox.into_iter().collect());
    Ok(Reply::new(Departure { status: left.status, erased: left.erased }))
}

async fn toggle_connection(
    ctx: Context,
    _: Person,
    Path(Id { id }): Path<Id<i64>>,
    MaybeJson(toggle): MaybeJson<Toggle>,
) -> Result<Reply<Connection>> {
    let toggle = PAUSE.bind(id).bind(toggle.map(|toggle| toggle.active));
    let [_, row] = ctx.batch([toggle, of(id)]).await?;
    Ok(Reply::new(shown(&ctx, row.one()?)))
}

async fn check_connection(ctx: Context, _: Person, Path(Id { id }): Path<Id<i64>>) -> Result<Reply<Connection>> {
    let row: Connection = match providers::access(&ctx, id).await? {
        Ready::Fresh(fresh) => {
            let [_, row] = ctx.batch([providers::probe(&ctx, &fresh).await?, of(id)]).await?;
            row.one()?
        }
        Ready::Busy { retry_after_s } => return Err(Error::from(providers::CONNECTION_BUSY).retry_after(retry_after_s)),
        Ready::Failing { retry_after_s } => {
            return Err(Error::from(providers::PROVIDER_UNAVAILABLE).retry_after(retry_after_s));
        }
        Ready::Unusable => ctx.sql(of(id)).await?.one()?,
    };
    Ok(Reply::new(shown(&ctx, row)))
}

fn of(id: i64) -> Statement {
    READ.bind(id).bind(None::<&str>)
}

fn shown(ctx: &Context, mut connection: Connection) -> Connection {
    let adapter = connection.provider.adapter();
    let ends = adapter.facts().successor.is_some() && !App::new(ctx, adapter).setting("SUNSET_ON").is_empty();
    let expiring = (connection.health == Health::Expiring).then_some("expires_soon");
    let ending = (ends && connection.active).then_some("provider_ends");
    let cause = connection.cause.as_deref().or(expiring).or(ending).and_then(providers::cause);
    connection.problem = cause.map(|(next_action, message)| Problem {
        code: message.code.to_owned(),
        message: message.text(ctx.language()).to_owned(),
        next_action,
        since: connection.cause_at.filter(|_| connection.cause.is_some()),
    });
    connection
}

/// The caller's connection of a number, ended or not, or to a provider; with neither, all that have not ended.
const READ: Sql = Sql::new(
    "select id, provider::text as provider, status, edge.connection_health(status, cause, refresh_at, token_expires_at) as health,
       status = 'active' as active, null as problem, cause, cause_at, provider_user_id, provider_username, provider_email, provider_profile, scopes, token_expires_at,
       last_sync_at, last_sync_error, probed_at as checked_at, connected_at, disconnected_at, created_at, updated_at
     from provider_connections
     where user_id = edge.uid() and coalesce(id = $1::bigint, status <> 'disconnected')
       and coalesce(provider_connections.provider::text = $2::text, true)
     order by provider_connections.provider",
);

const LEAVE: Sql = Sql::new("select edge.leave_provider(connection => $1, erase => $2::boolean)");

const PAUSE: Sql = Sql::new("select edge.pause_provider(connection => $1, active => $2::boolean) is null");

#[cfg(test)]
mod tests;
