edge::function! {
    //! A person's own data to take along: kaizens, sessions of zazen, freezes.

    /// One page of a person's rows as a table (RFC 4180, UTF-8, CRLF), newest first: the first line names the columns, pages
    /// after the first have none, so that one page after the other makes one file. `X-Next-Cursor` is the `cursor` of
    /// the page that follows; without it this was the last. Texts that a spreadsheet could take for a formula begin with `'`.
    GET "/rise/export/{user_id}.csv" => export_rise_csv, auth: OwnerOrAdmin, limit: 60, reads, headers: [NextCursor, File];
    /// The same rows as JSON, as they are.
    GET "/rise/export/{user_id}"     => export_rise,     auth: OwnerOrAdmin, limit: 60, reads;
}

mod csv;

use chrono::NaiveDate;
use edge::{Context, Csv, Days, List, OwnerOrAdmin, Page, Path, Reply, Result, Sql, Word, input, output};
use rise::Owner;
use serde_json::{Map, Value};

#[input]
struct ExportQuery {
    /// `kaizens` where absent. Of freezes, their first day counts.
    of: Option<Of>,
    /// A table begins with U+FEFF, by which Excel knows that it is UTF-8. No where absent.
    #[serde(default, deserialize_with = "edge::validation::present", skip_serializing_if = "is_no_filter")]
    #[cfg_attr(not(target_arch = "wasm32"), schemars(extend("default" = Option::<()>::None)))]
    bom: Option<bool>,
}

/// A cursor is as good with the mark as without.
fn is_no_filter(_: &Option<bool>) -> bool {
    true
}

type Rows = List<Days<ExportQuery>, (NaiveDate, i64), 500, 1000>;

/// Which rows an exported row is of.
#[output(name = "ExportedTable")]
enum Of {
    Kaizens,
    Zazens,
    Freezes,
}

#[derive(serde::Deserialize)]
struct Row {
    day: NaiveDate,
    id: i64,
    /// By the names of the columns. Days are the person's own; moments are in UTC; `time_zone` is the person's now.
    fields: Map<String, Value>,
}

async fn export_rise_csv(ctx: Context, _: OwnerOrAdmin, Path(_): Path<Owner>, list: Rows) -> Result<Reply<Csv>> {
    let ExportQuery { of, bom } = list.filter.rest;
    let of = of.unwrap_or(Of::Kaizens);
    let mark = if list.is_first() && bom == Some(true) { "\u{feff}" } else { "" };
    let page = read(&ctx, &list).await?;
    let text = [mark, &csv::write(of.columns(), list.is_first(), &page.items)].concat();
    Ok(Reply::new(Csv(text)).file(&[of.word(), ".csv"].concat()).next_cursor(page.next_cursor.as_deref()))
}

async fn export_rise(ctx: Context, _: OwnerOrAdmin, Path(_): Path<Owner>, list: Rows) -> Result<Reply<Page<Map<String, Value>>>> {
    read(&ctx, &list).await.map(Reply::new)
}

async fn read(ctx: &Context, list: &Rows) -> Result<Page<Map<String, Value>>> {
    let Days { from, to, rest } = &list.filter;
    let select = rest.of.unwrap_or(Of::Kaizens).select().bind(from).bind(to);
    let select = select.bind(list.after(|key| key.0)).bind(list.after(|key| key.1)).bind(list.fetch());
    let Page { items, next_cursor } = list.page(ctx.sql(select).await?.all::<Row>()?, |row| (row.day, row.id));
    Ok(Page { items: items.into_iter().map(|row| row.fields).collect(), next_cursor })
}

impl Of {
    fn columns(self) -> &'static [&'static str] {
        match self {
            Of::Kaizens => {
                &["id", "date", "action", "completed", "completed_at", "client_id", "created_at", "updated_at", "time_zone"]
            }
            Of::Zazens => &[
                "id",
                "date",
                "timestamp",
                "ended_at",
                "duration",
                "triggered_by",
                "notes",
                "mood_before",
                "mood_after",
                "client_id",
                "created_at",
                "updated_at",
                "time_zone",
            ],
            Of::Freezes => &["id", "kind", "from", "to", "created_at", "time_zone"],
        }
    }

    fn select(self) -> Sql {
        match self {
            Of::Kaizens => KAIZENS,
            Of::Zazens => ZAZENS,
            Of::Freezes => FREEZES,
        }
    }
}

const KAIZENS: Sql = Sql::new(
    "select k.date as day, k.id, jsonb_build_object('id', k.id, 'date', k.date, 'action', k.action, 'completed', k.completed,
       'completed_at', k.completed_at, 'client_id', k.client_id, 'created_at', k.created_at, 'updated_at', k.updated_at,
       'time_zone', (select u.time_zone from users u where u.id = edge.uid())) as fields
     from kaizen k
     where k.user_id = edge.uid() and k.deleted_at is null
       and ($1::date is null or k.date >= $1) and ($2::date is null or k.date <= $2)
       and ($3::date is null or (k.date, k.id) < ($3, $4::bigint))
     order by k.date desc, k.id desc
     limit $5::bigint",
);

const ZAZENS: Sql = Sql::new(
    "select z.date as day, z.id, jsonb_build_object('id', z.id, 'date', z.date, 'timestamp', z.\"timestamp\",
       'ended_at', z.ended_at, 'duration', z.duration, 'triggered_by', z.triggered_by, 'notes', z.notes,
       'mood_before', z.mood_before, 'mood_after', z.mood_after, 'client_id', z.client_id, 'created_at', z.created_at,
       'updated_at', z.updated_at, 'time_zone', (select u.time_zone from users u where u.id = edge.uid())) as fields
     from zazen_sessions z
     where z.user_id = edge.uid() and z.deleted_at is null
       and ($1::date is null or z.date >= $1) and ($2::date is null or z.date <= $2)
       and ($3::date is null or (z.date, z.id) < ($3, $4::bigint))
     order by z.date desc, z.id desc
     limit $5::bigint",
);

const FREEZES: Sql = Sql::new(
    "select f.from_day as day, f.id, jsonb_build_object('id', f.id, 'kind', f.kind, 'from', f.from_day, 'to', f.to_day,
       'created_at', f.created_at, 'time_zone', (select u.time_zone from users u where u.id = edge.uid())) as fields
     from streak_freezes f
     where f.user_id = edge.uid()
       and ($1::date is null or f.from_day >= $1) and ($2::date is null or f.from_day <= $2)
       and ($3::date is null or (f.from_day, f.id) < ($3, $4::bigint))
     order by f.from_day desc, f.id desc
     limit $5::bigint",
);

#[cfg(test)]
mod tests;
