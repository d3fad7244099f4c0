edge::function! {
    //! Where a person is signed in.

    /// The person's open sessions, newest first. `last_used_at` is the last refresh, `ip` the network.
    GET    "/account/sessions"      => list_sessions,  auth: Person, limit: 300, reads;
    /// Ends a session; its tokens are refused at once.
    DELETE "/account/sessions/{id}" => revoke_session, auth: Person, limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];
}

use chrono::{DateTime, Utc};
use edge::{All, At, Context, Id, List, Page, Path, Person, Reply, Result, Sql, output, refusal};
use uuid::Uuid;

/// A device that is signed in.
#[output(name = "AccountSession")]
struct Session {
    id: Uuid,
    /// The name that the device gave itself.
    device: Option<String>,
    /// The address that it was last used from, cut to its network.
    ip: Option<String>,
    created_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    /// The one that asks.
    current: bool,
}

async fn list_sessions(ctx: Context, _: Person, list: List<All, (At, Uuid)>) -> Result<Reply<Page<Session>>> {
    let select = SELECT.bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let rows = ctx.sql(select).await?.all::<Session>()?;
    Ok(Reply::new(list.page(rows, |session| (At(session.created_at), session.id))))
}

async fn revoke_session(ctx: Context, _: Person, Path(session): Path<Id<Uuid>>) -> Result<Reply<()>> {
    ctx.sql(REVOKE.bind(session.id)).await?;
    Ok(Reply::new(()))
}

const SELECT: Sql = Sql::new(
    "select id, device, ip, created_at, refreshed_at as last_used_at, expires_at, id = edge.session() as current
     from user_sessions
     where user_id = edge.uid() and revoked_at is null and expires_at > edge.now()
       and ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid))
     order by created_at desc, id desc
     limit $3::bigint",
);

const REVOKE: Sql = Sql::new("select edge.revoke_session($1::uuid)");

#[cfg(test)]
mod tests;
