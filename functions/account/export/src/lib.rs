edge::function! {
    //! Everything that belongs to a person, to take along: above all before `DELETE /users/{id}`.

    /// The person's rows of every table that keeps something for them, as they are, with what is marked as deleted and not gone
    /// yet, what is kept sealed in clear: tables in the order of their names, rows in that of their keys. Of the log, what the person did and when. Not among
    /// them are secrets, and what only keeps the service running: counters, letters under way, answers kept for repeated calls.
    GET "/account/export" => export_account, auth: Person, limit: 60, reads;
    uses: [edge::SEALING]
}

use edge::{All, Context, Error, List, Page, Person, Reply, Result, Sql, SqlJson, output};
use sealing::{Keys, Place};
use serde_json::{Map, Value};

/// One row of a person's data.
#[output(name = "ExportedRow")]
struct Row {
    table: String,
    /// The row's primary key, as texts.
    #[serde(skip_serializing)]
    key: Value,
    /// By the names of the columns. Moments are in UTC.
    row: Map<String, Value>,
    /// Columns that only keys open.
    #[serde(skip_serializing)]
    sealed: Vec<String>,
}

async fn export_account(ctx: Context, _: Person, list: List<All, (String, Value), 500, 1000>) -> Result<Reply<Page<Row>>> {
    let select = EXPORT.bind(list.after(|key| &key.0)).bind(list.after(|key| SqlJson(&key.1))).bind(list.fetch());
    let mut rows = ctx.sql(select).await?.all::<Row>()?;
    let keys = Keys::parse(ctx.setting("SEALING_KEYS")).map_err(|_| Error::internal("SEALING_KEYS"))?;
    rows.iter_mut().for_each(|row| open(&keys, row));
    Ok(Reply::new(list.page(rows, |row| (row.table.clone(), row.key.clone()))))
}

/// Puts what is sealed in clear; what no key opens is null.
fn open(keys: &Keys, row: &mut Row) {
    for column in &row.sealed {
        if let (Some(Value::String(sealed)), Some(id)) = (row.row.get(column), row.key[0].as_str()) {
            let place = Place { table: &row.table, column, row: id };
            let text = keys.open(place, sealed).map_or(Value::Null, Value::String);
            row.row.insert(column.clone(), text);
        }
    }
}

const EXPORT: Sql = Sql::new(
    "select table_name as table, key, fields as row, sealed
     from edge.export_account(from_table => $1::text, after => $2::jsonb, max => $3::integer)",
);

#[cfg(test)]
mod tests;
