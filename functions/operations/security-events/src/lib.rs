edge::function! {
    //! What concerns security, for administrators.

    /// Events, latest first: refused sign-ins, stolen tokens, changed passwords and rights, looks at other people's data, and
    /// the alerts that the team was told. They are kept for `settings.retention_days`. Reading them is in the audit log.
    GET "/security-events" => list_security_events, auth: Admin, limit: 60, writes;
}

use chrono::{DateTime, Utc};
use edge::{Admin, Context, Cursor, Page, Query, Reply, Result, Sql, input, output};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

const PAGE: u32 = 20;

#[input]
struct Filter {
    /// Only events of this severity.
    severity: Option<Severity>,
    /// Events by this person or about them.
    user_id: Option<Uuid>,
    /// 20 where absent.
    #[validate(range(min = 1, max = 100))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[output(name = "SecuritySeverity")]
enum Severity {
    /// What happens every day.
    Notice,
    /// What somebody should have meant to do.
    Warning,
    /// What the team was told.
    Critical,
}

#[output(name = "SecurityEvent")]
struct Event {
    id: i64,
    /// Such as `auth.refresh_reused`.
    kind: String,
    severity: Severity,
    /// Who did it; null where nobody was signed in.
    user_id: Option<Uuid>,
    /// `subject` is whom it was done to.
    details: Map<String, Value>,
    request_id: Option<String>,
    /// The network of the caller: /24 of IPv4, /48 of IPv6.
    ip: Option<String>,
    timestamp: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Row {
    event: Event,
}

async fn list_security_events(ctx: Context, _: Admin, Query(filter): Query<Filter>) -> Result<Reply<Page<Event>>> {
    let filters = (filter.severity, filter.user_id);
    let before: Option<i64> = filter.cursor.as_ref().map(|cursor| cursor.open(&filters)).transpose()?;
    let limit = filter.limit.unwrap_or(PAGE);
    let severity = filter.severity.map(|severity| match severity {
        Severity::Notice => "notice",
        Severity::Warning => "warning",
        Severity::Critical => "critical",
    });
    let list = LIST.bind(severity).bind(filter.user_id).bind(before).bind(i64::from(limit) + 1);
    let rows = ctx.sql(list).await?.all::<Row>()?.into_iter().map(|row| row.event).collect();
    Ok(Reply::new(Page::new(rows, limit, &filters, |event| event.id)))
}

const LIST: Sql = Sql::new(
    "select edge.list_security_events(
       severity => $1::text, person => $2::uuid, before => $3::bigint, max => $4::integer) as event",
);

#[cfg(test)]
mod tests;
