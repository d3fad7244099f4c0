edge::function! {
    //! What concerns security, for administrators.

    /// Events, latest first: refused sign-ins, stolen tokens, changed passwords and rights, looks at other people's data, and
    /// the alerts that the team was told. They are kept for `settings.retention_days`. Reading them is in the audit log.
    GET "/security-events" => list_security_events, auth: Admin, limit: 60, writes;
}

use chrono::{DateTime, Utc};
use edge::{Admin, Context, JsonObject, List, Page, Reply, Result, Sql, input, output};
use uuid::Uuid;

#[input]
struct Filter {
    /// Only events of this severity.
    severity: Option<Severity>,
    /// Events by this person or about them.
    user_id: Option<Uuid>,
}

/// How urgent an event is.
#[output(name = "SecuritySeverity")]
enum Severity {
    /// What happens every day.
    Notice,
    /// What somebody should have meant to do.
    Warning,
    /// What the team was told.
    Critical,
}

/// Something that those who run this should look at.
#[output(name = "SecurityEvent")]
struct Event {
    id: i64,
    /// Such as `auth.refresh_reused`.
    kind: String,
    severity: Severity,
    /// Who did it; null where nobody was signed in.
    user_id: Option<Uuid>,
    /// `subject` is whom it was done to.
    details: JsonObject,
    request_id: Option<String>,
    /// The network of the caller: /24 of IPv4, /48 of IPv6.
    ip: Option<String>,
    timestamp: DateTime<Utc>,
}

async fn list_security_events(ctx: Context, _: Admin, list: List<Filter, i64>) -> Result<Reply<Page<Event>>> {
    let Filter { severity, user_id } = list.filter;
    let rows =
        ctx.sql(LIST.bind(severity).bind(user_id).bind(list.after(|id| id)).bind(list.fetch())).await?.values::<Event>()?;
    Ok(Reply::new(list.page(rows, |event| event.id)))
}

const LIST: Sql = Sql::new(
    "select edge.list_security_events(
       severity => $1::text, person => $2::uuid, before => $3::bigint, max => $4::integer)",
);

#[cfg(test)]
mod tests;
