//! Applying access files, each of which is the whole truth about who may do what with one table.

use anyhow::Result;
use tokio_postgres::Client;

use crate::{
    Progress,
    catalogue::Catalogue,
    failure::{Failure, patiently},
    ledger,
    tree::Definition,
};

/// A reader stands in line behind a file that waits for its table, for so long at most.
const LOCK_TIMEOUT: &str = "1s";

const CLOSE: &str = include_str!("close.sql");

/// Applies the access files that are new, changed, or not what the database has. Each is a transaction of its own: two tables
/// that are locked in one would hold up readers of both for the time of both. Returns their paths.
pub async fn apply(client: &mut Client, all: &[&Definition], progress: &mut impl FnMut(Progress<'_>)) -> Result<Vec<String>> {
    let defined = ledger::definitions(client).await?;
    let catalogue = Catalogue::read(client).await?;
    let holds = |d: &Definition| defined.get(&d.file.path).is_some_and(|row| row.holds(d, &catalogue));
    let due: Vec<&Definition> = all.iter().filter(|d| !holds(d)).copied().collect();
    for (index, definition) in due.iter().enumerate() {
        progress(Progress::Applying { name: &definition.file.path, index: index + 1, total: due.len() });
        patiently(&definition.file.name, progress, async |_| close_and_open(client, definition).await).await?;
    }
    // Recorded last: a run that is killed before does no harm, and the next one applies them again.
    let catalogue = Catalogue::read(client).await?;
    for definition in &due {
        ledger::record_definition(client, definition, &catalogue.table(&definition.file.name), &catalogue).await?;
    }
    Ok(due.iter().map(|definition| definition.file.path.clone()).collect())
}

async fn close_and_open(client: &mut Client, definition: &Definition) -> Result<()> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(&format!("set local lock_timeout = '{LOCK_TIMEOUT}'; set local search_path = ''")).await?;
    let close = transaction.query(CLOSE, &[&definition.file.name]).await?;
    let close: Vec<String> = close.iter().map(|row| row.get(0)).collect();
    let failed = |error| Failure::of(&error, &definition.file);
    transaction.batch_execute(&close.join(";\n")).await.map_err(failed)?;
    transaction.batch_execute(&definition.file.sql).await.map_err(failed)?;
    Ok(transaction.commit().await?)
}
