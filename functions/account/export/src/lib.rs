edge::function! {
    //! Everything that belongs to a person, to take along: above all before `DELETE /users/{id}`.

    /// The person's rows of every table that keeps something for them, as they are, with what is marked as deleted and not gone
    /// yet: tables in the order of their names, rows in that of their keys. Of the log, what the person did and when. Not among
    /// them are secrets, and what only keeps the service running: counters, letters under way, answers kept for repeated calls.
    GET "/account/export" => export_account, auth: Person, limit: 60, reads;
}

use edge::{Context, Cursor, Page, Person, Query, Reply, Result, Sql, SqlJson, input, output};
use serde_json::{Map, Value};

const PAGE: u32 = 500;

#[input]
struct Wanted {
    /// 500 where absent.
    #[validate(range(min = 1, max = 1000))]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with the same filters.
    cursor: Option<Cursor>,
}

#[output(name = "ExportedRow")]
struct Row {
    table: String,
    /// The row's primary key, as texts.
    #[serde(skip_serializing)]
    key: Value,
    /// By the names of the columns. Moments are in UTC.
    row: Map<String, Value>,
}

async fn export_account(ctx: Context, _: Person, Query(wanted): Query<Wanted>) -> Result<Reply<Page<Row>>> {
    let after: Option<(String, Value)> = wanted.cursor.map(|cursor| cursor.open(&())).transpose()?;
    let limit = wanted.limit.unwrap_or(PAGE);
    let (table, key) = after.unzip();
    let rows = ctx.sql(EXPORT.bind(table).bind(key.map(SqlJson)).bind(limit + 1)).await?.all::<Row>()?;
    Ok(Reply::new(Page::new(rows, limit, &(), |row| (row.table.clone(), row.key.clone()))))
}

const EXPORT: Sql = Sql::new(
    "select table_name as table, key, fields as row
     from edge.export_account(from_table => $1::text, after => $2::jsonb, max => $3::integer)",
);

#[cfg(test)]
mod tests;
