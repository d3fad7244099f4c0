edge::function! {
    //! Deletes files that are to go: deleted by their owner, never uploaded, or left by a person who is gone.

    CRON "forget-files" every "5m" => run, budget: 2;
    uses: [storage::SETTINGS]
}

use edge::{Array, Context, Error, Reply, Result, Sql, Tick, each, output};
use serde::Deserialize;
use storage::Storage;
use uuid::Uuid;

/// Workers open six connections at once.
const AT_ONCE: usize = 4;

#[output]
struct Report {
    /// Files that are no longer stored.
    forgotten: u32,
    /// Files that the storage could not delete now; they are tried again later.
    left: u32,
}

#[derive(Deserialize)]
struct File {
    id: Uuid,
    address: String,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let storage = Storage::new(&ctx)?;
    let files: Vec<File> = ctx.sql(DUE).await?.all()?;
    let count = |files: usize| u32::try_from(files).unwrap_or(u32::MAX);
    let found = count(files.len());
    let forget = async |file: File| storage.forget(&file.address).await.map(|()| file.id).map_err(Error::unavailable);
    let gone: Vec<Uuid> = each(&ctx, files, AT_ONCE, forget).await;
    let forgotten = count(gone.len());
    if forgotten > 0 {
        ctx.sql(GONE.bind(Array(&gone))).await?;
    }
    Ok(Reply::new(Report { forgotten, left: found - forgotten }))
}

const DUE: Sql = Sql::new("select id, address from edge.files_due()");

const GONE: Sql = Sql::new("select edge.files_gone($1::uuid[])");

#[cfg(test)]
mod tests;
