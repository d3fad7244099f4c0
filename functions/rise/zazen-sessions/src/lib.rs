edge::function! {
    //! Zazen: the history of a person's sessions.

    /// A person's sessions, newest first. `X-Total-Count` is how many there are on all pages.
    GET "/rise/zazen-sessions/{user_id}" => list_zazen_sessions, auth: OwnerOrAdmin, limit: 300, reads, headers: [TotalCount];
}

use edge::{At, Context, Days, List, OwnerOrAdmin, Page, Path, Reply, Result, Sql, input};
use rise::{Owner, Session};

#[input]
struct Filter {
    /// Only sessions with this trigger.
    triggered_by: Option<String>,
}

async fn list_zazen_sessions(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    list: List<Days<Filter>, (At, i64)>,
) -> Result<Reply<Page<Session>>> {
    let Days { from, to, rest } = &list.filter;
    let trigger = rest.triggered_by.as_deref().map(rise::trigger);
    let filtered = |sql: Sql| sql.bind(from).bind(to).bind(&trigger);
    let select = filtered(SELECT).bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let [rows, total] = ctx.batch([select, filtered(COUNT)]).await?;
    let page = list.page(rows.all::<Session>()?, |session| (At(session.timestamp), session.id));
    Ok(Reply::new(page).total(total.value()?))
}

const SELECT: Sql = Sql::new(
    "select id, user_id, \"timestamp\", ended_at, duration, date, triggered_by, notes, mood_before, mood_after, client_id,
       created_at, updated_at, version
     from zazen_sessions
     where user_id = edge.uid() and deleted_at is null
       and ($1::date is null or date >= $1) and ($2::date is null or date <= $2) and ($3::text is null or triggered_by = $3)
       and ($4::timestamptz is null or (\"timestamp\", id) < ($4, $5::bigint))
     order by \"timestamp\" desc, id desc
     limit $6::bigint",
);

const COUNT: Sql = Sql::new(
    "select count(*) as total
     from zazen_sessions
     where user_id = edge.uid() and deleted_at is null
       and ($1::date is null or date >= $1) and ($2::date is null or date <= $2) and ($3::text is null or triggered_by = $3)",
);

#[cfg(test)]
mod tests;
