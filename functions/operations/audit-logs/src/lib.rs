edge::function! {
    //! Who did what, for privacy operations and administrators.

    /// Rows of the audit log, latest first: what a person did and what was done to them. They are kept for
    /// `settings.retention_days`. Reading the log is in the log.
    GET "/audit-logs" => list_audit_logs, auth: Privacy, limit: 60, writes;
}

use chrono::{DateTime, Utc};
use edge::{Context, JsonObject, List, Page, Privacy, Reply, Result, Sql, input, output};
use uuid::Uuid;

#[input]
struct Filter {
    /// Rows by this person or about them.
    user_id: Option<Uuid>,
    /// Such as `auth.login`.
    #[validate(length(min = 3, max = 100))]
    action: Option<String>,
}

/// Who did what, and when.
#[output(name = "AuditLogEntry")]
struct Row {
    id: i64,
    /// Who did it; null where nobody was signed in.
    user_id: Option<Uuid>,
    action: String,
    /// `subject` is whom it was done to.
    metadata: JsonObject,
    request_id: Option<String>,
    /// The network of the caller: /24 of IPv4, /48 of IPv6.
    ip: Option<String>,
    timestamp: DateTime<Utc>,
}

async fn list_audit_logs(ctx: Context, _: Privacy, list: List<Filter, i64, 50, 200>) -> Result<Reply<Page<Row>>> {
    let Filter { user_id, action } = &list.filter;
    let rows = ctx.sql(LIST.bind(user_id).bind(action).bind(list.after(|id| id)).bind(list.fetch())).await?.values::<Row>()?;
    Ok(Reply::new(list.page(rows, |row| row.id)))
}

const LIST: Sql =
    Sql::new("select edge.list_audit(person => $1::uuid, action => $2::text, before => $3::bigint, max => $4::integer)");

#[cfg(test)]
mod tests;
