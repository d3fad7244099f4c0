edge::function! {
    //! Keeps connections to fitness providers healthy: renews tokens before they run out, asks those who tell nothing whether people are
    //! still there, goes on with connections that were not completed, and erases what was left behind.

    CRON "refresh-providers" every "5m" => run, budget: 100;
    purpose: Upkeep;
    uses: [edge::SEALING, providers::ALL]
}

use edge::{Array, Context, Error, Reply, Result, Sql, Tick, each, output, rounds};
use providers::{Adapter, App, Facts, LEASE_S, Name, Ready, Work, find};
use serde::Deserialize;

/// Connections that are taken at once. Two calls of each worker fit into the lease several times over.
const BATCH: u32 = 8;
/// Workers open six connections at once.
const AT_ONCE: usize = 4;
/// Each costs 1 + `BATCH` round trips: 54 for tokens, 18 for probes, 9 for what is unfinished, and 10 to erase.
const TOKEN_ROUNDS: u32 = 6;
const PROBE_ROUNDS: u32 = 2;
const ERASE_ROUNDS: u32 = 10;
const ERASED_AT_ONCE: u32 = 5000;

#[output]
#[derive(Default)]
struct Report {
    /// Connections with new tokens.
    renewed: u32,
    /// Connections whose provider could not be asked; they are tried again.
    failing: u32,
    /// Connections that now need their person.
    lost: u32,
    /// Connections whose provider was asked whether they hold.
    probed: u32,
    /// Authorizations that were gone on with.
    resumed: u32,
    /// A limit of this run was reached: the next tick goes on.
    more: bool,
}

#[derive(Deserialize)]
struct Unfinished {
    state_hash: String,
    place: String,
    provider: String,
    granted: String,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let mut report = Report::default();
    let renew = rounds(&ctx, TOKEN_ROUNDS, async || {
        let due = DUE.bind(Array(&words(&ctx, |facts| facts.eager))).bind(ctx.wall_clock()).bind(LEASE_S).bind(BATCH);
        let works: Vec<Work> = ctx.sql(due).await?.values()?;
        let is_full = works.len() >= BATCH as usize;
        for ready in each(&ctx, works, AT_ONCE, async |work| providers::renew(&ctx, work).await).await {
            match ready {
                Ready::Fresh(_) => report.renewed += 1,
                Ready::Busy { .. } | Ready::Failing { .. } => report.failing += 1,
                Ready::Unusable => report.lost += 1,
            }
        }
        Ok(is_full)
    });
    report.more |= renew.await?;

    let probe = rounds(&ctx, PROBE_ROUNDS, async || {
        let silent = words(&ctx, |facts| !facts.tells_departure);
        let works: Vec<Work> = ctx.sql(PROBES.bind(Array(&silent)).bind(BATCH)).await?.values()?;
        let is_full = works.len() >= BATCH as usize;
        let ask = async |work| match providers::ready(&ctx, work)? {
            Ready::Fresh(fresh) => ctx.sql(providers::probe(&ctx, &fresh).await?).await.map(|_| 1),
            _ => Ok(0),
        };
        report.probed += each(&ctx, works, AT_ONCE, ask).await.into_iter().sum::<u32>();
        Ok(is_full)
    });
    report.more |= probe.await?;

    let unfinished: Vec<Unfinished> = ctx.sql(UNFINISHED.bind(BATCH)).await?.all()?;
    let resume = async |one: Unfinished| {
        let adapter = find(&one.provider).ok_or_else(|| Error::internal("a provider without an adapter"))?;
        providers::resume(&ctx, adapter, &one.state_hash, &one.place, &one.granted).await
    };
    report.resumed = u32::try_from(each(&ctx, unfinished, AT_ONCE, resume).await.len()).unwrap_or(u32::MAX);

    report.more |= rounds(&ctx, ERASE_ROUNDS, async || ctx.sql(ERASE.bind(ERASED_AT_ONCE)).await?.value()).await?;
    Ok(Reply::new(report))
}

/// The words of providers of which something holds and where there is an application of ours.
fn words(ctx: &Context, holds: impl Fn(&Facts) -> bool) -> Vec<&'static str> {
    let adapters = Name::ALL.into_iter().map(Name::adapter);
    let fitting =
        adapters.filter(|adapter: &&'static dyn Adapter| holds(adapter.facts()) && App::new(ctx, *adapter).is_configured());
    fitting.map(|adapter| adapter.facts().word).collect()
}

const DUE: Sql =
    Sql::new("select work from edge.due_tokens(providers => $1::text[], at => $2::timestamptz, lease_s => $3, most => $4)");

const PROBES: Sql = Sql::new("select work from edge.due_probes(providers => $1::text[], most => $2)");

const UNFINISHED: Sql = Sql::new("select state_hash, place, provider, granted from edge.unfinished_authorizations($1)");

const ERASE: Sql = Sql::new("select edge.erase_imported($1)");

#[cfg(test)]
mod tests;
