edge::function! {
    //! Where a person is signed in.

    /// The person's open sessions, newest first. `last_used_at` is the last refresh, `ip` the network.
    GET    "/account/sessions"      => list_sessions,  auth: Person, limit: 300, reads;
    /// Ends a session; its tokens are refused at once.
    DELETE "/account/sessions/{id}" => revoke_session, auth: Person, limit: 60,  writes, reply: 204,
        refuses: [refusal::NOT_FOUND];
}

use chrono::{DateTime, Utc};
use edge::{Context, Cursor, Page, Path, Person, Query, Reply, Result, Sql, input, output, refusal};
use serde::Deserialize;
use uuid::Uuid;

const PAGE: u32 = 20;

#[input]
struct Range {
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[input]
struct SessionId {
    /// The session.
    id: Uuid,
}

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

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Ok,
    NotFound,
}

async fn list_sessions(ctx: Context, _: Person, Query(range): Query<Range>) -> Result<Reply<Page<Session>>> {
    let after: Option<(DateTime<Utc>, Uuid)> = range.cursor.map(|cursor| cursor.open(&())).transpose()?;
    let limit = range.limit.unwrap_or(PAGE);
    let select = SELECT.bind(after.map(|(at, _)| at)).bind(after.map(|(_, id)| id)).bind(i64::from(limit) + 1);
    let rows = ctx.sql(select).await?.all::<Session>()?;
    Ok(Reply::new(Page::new(rows, limit, &(), |session| (session.created_at, session.id))))
}

async fn revoke_session(ctx: Context, _: Person, Path(session): Path<SessionId>) -> Result<Reply<()>> {
    match ctx.sql(REVOKE.bind(session.id)).await?.one()? {
        Outcome::Ok => Ok(Reply::new(())),
        Outcome::NotFound => Err(refusal::NOT_FOUND.into()),
    }
}

const SELECT: Sql = Sql::new(
    "select id, device, ip, created_at, refreshed_at as last_used_at, expires_at, id = edge.session() as current
     from user_sessions
     where user_id = edge.uid() and revoked_at is null and expires_at > edge.now()
       and ($1::timestamptz is null or (created_at, id) < ($1, $2::uuid))
     order by created_at desc, id desc
     limit $3::bigint",
);

const REVOKE: Sql = Sql::new("select edge.revoke_session($1::uuid) ->> 'outcome'");

#[cfg(test)]
mod tests;
