edge::function! {
    //! Seals other services' tokens anew with the first of `SEALING_KEYS`, so that an older key can be taken out.

    CRON "reseal" every "1d" => run, budget: 20;
    uses: [edge::SEALING]
}

use edge::{Context, Error, Reply, Result, Sql, SqlJson, Tick, output, rounds};
use sealing::{Keys, Place};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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
    user_id: Uuid,
    provider: String,
    access_token: String,
    refresh_token: Option<String>,
}

#[derive(Serialize)]
struct Resealed {
    user_id: Uuid,
    provider: String,
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
    let (mut user, mut provider) = (Uuid::nil(), String::new());
    let more = rounds(&ctx, CALLS, async || {
        let find = FIND.bind(keys.first()).bind(user).bind(&provider).bind(BATCH);
        let [stored, found] = ctx.batch([STORE.bind(SqlJson(&done)), find]).await?;
        report.resealed += u32::try_from(stored.affected()?).unwrap_or(u32::MAX);
        let rows: Vec<Row> = found.all()?;
        let Some(last) = rows.last() else { return Ok(false) };
        (user, provider) = (last.user_id, last.provider.clone());
        let seen = rows.len();
        done = rows.into_iter().filter_map(|row| reseal(&keys, row)).collect();
        report.unreadable += u32::try_from(seen - done.len()).unwrap_or(u32::MAX);
        Ok(true)
    });
    let more = more.await?;
    Ok(Reply::new(Report { more, ..report }))
}

fn reseal(keys: &Keys, row: Row) -> Option<Resealed> {
    let owner = [&row.user_id.to_string(), ":", &row.provider].concat();
    let anew = |column, sealed: &str| {
        let place = Place { table: "provider_tokens", column, row: &owner };
        keys.open(place, sealed).and_then(|text| keys.seal(place, &text)).ok()
    };
    let access_token = anew("access_token", &row.access_token)?;
    let refresh_token = match &row.refresh_token {
        Some(sealed) => Some(anew("refresh_token", sealed)?),
        None => None,
    };
    Some(Resealed { user_id: row.user_id, provider: row.provider, was: row.access_token, access_token, refresh_token })
}

const FIND: Sql = Sql::new(
    "select user_id, provider, access_token, refresh_token
     from provider_tokens
     where key_id <> $1 and (user_id, provider) > ($2, $3)
     order by user_id, provider
     limit $4",
);

const STORE: Sql = Sql::new(
    "update provider_tokens t
     set access_token = r.access_token, refresh_token = r.refresh_token
     from jsonb_to_recordset($1) as r (user_id uuid, provider text, was text, access_token text, refresh_token text)
     where t.user_id = r.user_id and t.provider = r.provider and t.access_token = r.was",
);

#[cfg(test)]
mod tests;
