edge::function! {
    //! Who did what, for privacy operations and administrators.

    /// Rows of the audit log, latest first: what a person did and what was done to them. They are kept for
    /// `settings.retention_days`. Reading the log is in the log.
    GET "/audit-logs" => list_audit_logs, auth: Privacy, limit: 60, writes;
}

use chrono::{DateTime, Utc};
use edge::{Context, Cursor, Page, Privacy, Query, Reply, Result, Sql, input, output};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

const PAGE: u32 = 50;

#[input]
struct Filter {
    /// Rows by this person or about them.
    user_id: Option<Uuid>,
    /// Such as `auth.login`.
    #[validate(length(min = 3, max = 100))]
    action: Option<String>,
    /// 50 where absent.
    #[validate(range(min = 1, max = 200))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[output(name = "AuditLogEntry")]
struct Row {
    id: i64,
    /// Who did it; null where nobody was signed in.
    user_id: Option<Uuid>,
    action: String,
    /// `subject` is whom it was done to.
    metadata: Map<String, Value>,
    request_id: Option<String>,
    /// The network of the caller: /24 of IPv4, /48 of IPv6.
    ip: Option<String>,
    timestamp: DateTime<Utc>,
}

#[derive(Deserialize)]
struct LogRow {
    row: Row,
}

async fn list_audit_logs(ctx: Context, _: Privacy, Query(filter): Query<Filter>) -> Result<Reply<Page<Row>>> {
    let filters = (filter.user_id, &filter.action);
    let before: Option<i64> = filter.cursor.as_ref().map(|cursor| cursor.open(&filters)).transpose()?;
    let limit = filter.limit.unwrap_or(PAGE);
    let list = LIST.bind(filter.user_id).bind(&filter.action).bind(before).bind(i64::from(limit) + 1);
    let rows = ctx.sql(list).await?.all::<LogRow>()?.into_iter().map(|found| found.row).collect();
    Ok(Reply::new(Page::new(rows, limit, &filters, |row| row.id)))
}

const LIST: Sql =
    Sql::new("select edge.list_audit(person => $1::uuid, action => $2::text, before => $3::bigint, max => $4::integer) as row");

#[cfg(test)]
mod tests;
