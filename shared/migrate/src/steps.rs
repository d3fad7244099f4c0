//! Taking steps: each once, in the order of their numbers.

use anyhow::Result;
use tokio_postgres::Client;

use crate::{
    LOCK_TIMEOUT, Progress,
    failure::{Failure, patiently},
    ledger,
    tree::Step,
};

/// Takes the steps that have not been taken. Returns their names, and those that a newer release has taken.
pub async fn apply(
    client: &mut Client,
    steps: &[Step],
    progress: &mut impl FnMut(Progress<'_>),
) -> Result<(Vec<String>, Vec<String>)> {
    let plan = ledger::compare(steps, &ledger::steps(client).await?)?;
    for (index, step) in plan.pending.iter().enumerate() {
        progress(Progress::Applying { name: &step.file.name, index: index + 1, total: plan.pending.len() });
        patiently(&step.file.name, progress, async |_| take(client, step).await).await?;
    }
    Ok((plan.pending.iter().map(|step| step.file.name.clone()).collect(), plan.ahead))
}

async fn take(client: &mut Client, step: &Step) -> Result<()> {
    let failed = |error| Failure::of(&error, &step.file);
    let settings = format!("set local lock_timeout = '{LOCK_TIMEOUT}'; set local search_path = ''");
    if step.is_transactional {
        let transaction = client.transaction().await?;
        transaction.batch_execute(&settings).await?;
        transaction.batch_execute(&step.file.sql).await.map_err(failed)?;
        transaction.batch_execute("reset role").await?;
        ledger::record_step(&transaction, step).await?;
        return Ok(transaction.commit().await.map_err(failed)?);
    }
    client.batch_execute(&settings.replace("set local", "set")).await?;
    let outcome = client.batch_execute(&step.file.sql).await;
    client.batch_execute("reset lock_timeout; reset search_path; reset role").await?;
    outcome.map_err(failed)?;
    Ok(ledger::record_step(&*client, step).await?)
}
