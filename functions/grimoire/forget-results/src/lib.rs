edge::function! {
    //! Deletes stored files that nobody has any more: their creations or accounts are gone, or they were a worker's own copy.

    CRON "forget-results" every "1d" => run, budget: 2;
    uses: [storage::SETTINGS]
}

use edge::{Context, Error, Reply, Result, Sql, SqlJson, Tick, each, output};
use serde::{Deserialize, Serialize};
use storage::Storage;
use uuid::Uuid;

/// Of each there may be two files. With two SQL calls at most fifty calls per run, which is what the smallest plan of
/// Workers allows.
const MOST_JOBS: u32 = 20;
/// Workers open six connections at once.
const AT_ONCE: usize = 4;

#[output]
struct Report {
    /// Files that are no longer stored.
    forgotten: u32,
    /// Files that the storage could not delete now; the next run tries again.
    left: u32,
    /// The limit of this run was reached: the next tick goes on.
    more: bool,
}

#[derive(Clone, Deserialize, Serialize)]
struct File {
    job_id: Uuid,
    url: String,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let storage = Storage::new(&ctx)?;
    let files: Vec<File> = ctx.sql(UNWANTED.bind(MOST_JOBS)).await?.all()?;
    let count = |files: usize| u32::try_from(files).unwrap_or(u32::MAX);
    let found = count(files.len());
    let forget = async |file: File| storage.forget(&file.url).await.map(|()| file).map_err(Error::unavailable);
    let gone: Vec<File> = each(&ctx, files, AT_ONCE, forget).await;
    let forgotten = count(gone.len());
    if forgotten > 0 {
        ctx.sql(FORGOTTEN.bind(SqlJson(&gone))).await?;
    }
    // Where nothing can be deleted, going on at once would not help.
    Ok(Reply::new(Report { forgotten, left: found - forgotten, more: found >= MOST_JOBS && forgotten > 0 }))
}

const UNWANTED: Sql = Sql::new("select job_id, url from edge.files_to_forget($1)");

const FORGOTTEN: Sql = Sql::new("select edge.files_forgotten($1) ->> 'outcome' as outcome");

#[cfg(test)]
mod tests;
