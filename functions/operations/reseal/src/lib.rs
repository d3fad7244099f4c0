edge::function! {
    //! Seals other services' tokens anew with the first of `SEALING_KEYS`, so that an older key can be taken out.

    CRON "reseal" every "1d" => run, budget: 20;
    uses: [edge::SEALING]
}

use edge::{Context, Error, Reply, Result, Sql, SqlJson, Tick, output, rounds};
use sealing::{Keys, Place};
use serde::{Deserialize, Serialize};

/// Rows per round trip: 200 rows of two tokens are far below a second of work.
const BATCH: u32 = 200;
/// As the contract's budget.
const CALLS: u32 = 20;

#[output]
struct Report {
    /// Rows that now have the first key.
    resealed: u32,
    /// Rows that none of the keys opens, left as they are: they need the key that is missing, or a new consent.
    unreadable: u32,
    /// The budget was spent before all was done: the next tick goes on.
    more: bool,
}

#[derive(Deserialize)]
struct Row {
    id: i64,
    place: String,
    access_token: String,
    refresh_token: Option<String>,
}

#[derive(Serialize)]
struct Resealed {
    id: i64,
    /// What was read: a row that has changed since is left to its writer.
    was: String,
    access_token: String,
    refresh_token: Option<String>,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let keys = Keys::parse(ctx.setting("SEALING_KEYS")).map_err(|_| Error::internal("SEALING_KEYS"))?;
    let mut report = Report { resealed: 0, unreadable: 0, more: true };
    let mut done: Vec<Resealed> = Vec::new();
    // Behind the last row seen, so that rows which cannot be opened hold nobody up.
    let mut last_id = 0;
    let more = rounds(&ctx, CALLS, async || {
        let find = FIND.bind(keys.first()).bind(last_id).bind(BATCH);
        let [stored, found] = ctx.batch([STORE.bind(SqlJson(&done)), find]).await?;
        report.resealed += u32::try_from(stored.affected()?).unwrap_or(u32::MAX);
        let rows: Vec<Row> = found.all()?;
        let Some(last) = rows.last() else { return Ok(false) };
        last_id = last.id;
        let seen = rows.len();
        done = rows.into_iter().filter_map(|row| reseal(&keys, row)).collect();
        report.unreadable += u32::try_from(seen - done.len()).unwrap_or(u32::MAX);
        Ok(true)
    });
    let more = more.await?;
    Ok(Reply::new(Report { more, ..report }))
}

fn reseal(keys: &Keys, row: Row) -> Option<Resealed> {
    let anew = |column, sealed: &str| {
        let place = Place { table: "provider_connections", column, row: &row.place };
        keys.open(place, sealed).and_then(|text| keys.seal(place, &text)).ok()
    };
    let access_token = anew("access_token", &row.access_token)?;
    let refresh_token = match &row.refresh_token {
        Some(sealed) => Some(anew("refresh_token", sealed)?),
        None => None,
    };
    Some(Resealed { id: row.id, was: row.access_token, access_token, refresh_token })
}

const FIND: Sql = Sql::new(
    "select id, edge.token_place(user_id, provider) as place, access_token, refresh_token
     from provider_connections
     where key_id <> $1 and id > $2
     order by id
     limit $3",
);

const STORE: Sql = Sql::new(
    "update provider_connections t
     set access_token = r.access_token, refresh_token = r.refresh_token
     from jsonb_to_recordset($1) as r (id bigint, was text, access_token text, refresh_token text)
     where t.id = r.id and t.access_token = r.was",
);

#[cfg(test)]
mod tests;
