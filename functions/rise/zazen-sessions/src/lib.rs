edge::function! {
    //! Zazen: the history of a person's sessions.

    /// A person's sessions, newest first. `X-Total-Count` is how many there are on all pages.
    GET "/rise/zazen-sessions/{user_id}" => list_zazen_sessions, auth: OwnerOrAdmin, limit: 300, reads, headers: [TotalCount];
}

use chrono::{DateTime, Utc};
use edge::{Context, Cursor, Date, FieldError, OwnerOrAdmin, Page, Path, Place, Query, Reply, Result, Sql, input, output};
use rise::{Owner, Session};

const PAGE: u32 = 20;

#[input]
struct Range {
    /// First day, inclusive.
    from: Option<Date>,
    /// Last day, inclusive.
    to: Option<Date>,
    /// Only sessions with this trigger.
    triggered_by: Option<String>,
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[output]
struct Total {
    total: i64,
}

async fn list_zazen_sessions(
    ctx: Context,
    _: OwnerOrAdmin,
    Path(_): Path<Owner>,
    Query(range): Query<Range>,
) -> Result<Reply<Page<Session>>> {
    if range.from.zip(range.to).is_some_and(|(from, to)| from > to) {
        return Err(FieldError::new(Place::Query, "from", "from_after_to").into());
    }
    let trigger = range.triggered_by.as_deref().map(rise::trigger);
    let filters = (range.from, range.to, &trigger);
    let after: Option<(DateTime<Utc>, i64)> = range.cursor.map(|cursor| cursor.open(&filters)).transpose()?;
    let limit = range.limit.unwrap_or(PAGE);
    let filtered = |sql: Sql| sql.bind(range.from.map(Date::day)).bind(range.to.map(Date::day)).bind(&trigger);
    let select = filtered(SELECT).bind(after.map(|(time, _)| time)).bind(after.map(|(_, id)| id)).bind(i64::from(limit) + 1);
    let [rows, total] = ctx.batch([select, filtered(COUNT)]).await?;
    let page = Page::new(rows.all::<Session>()?, limit, &filters, |session| (session.timestamp, session.id));
    Ok(Reply::new(page).total(total.one::<Total>()?.total))
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
