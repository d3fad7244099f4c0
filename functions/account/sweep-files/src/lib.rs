edge::function! {
    //! Deletes stored files that no row names: what was put by a link after its row had gone, or left by a run that died.

    CRON "sweep-files" every "1d" => run, budget: 10;
    uses: [storage::SETTINGS]
}

use chrono::TimeDelta;
use edge::{Array, Context, Error, Reply, Result, Sql, Tick, output};
use storage::{Storage, address};

/// Of a thousand files each. With the files that are deleted fewer than fifty calls, which is what the smallest plan of Workers
/// allows.
const PAGES: usize = 10;
const MOST_DELETED: usize = 20;
const FOLDER: &str = "files/";
/// A younger file may be on its way to its row.
const YOUNGEST: TimeDelta = TimeDelta::days(1);

#[output]
struct Report {
    seen: u32,
    /// Files that no row named, and that are gone.
    deleted: u32,
    /// Those that could not be deleted, or were too many; another run finds them again.
    left: u32,
}

/// Where there are more files than one run sees, each day begins at another place, so that all of them are seen within some days.
async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    let storage = Storage::new(&ctx)?;
    let mut report = Report { seen: 0, deleted: 0, left: 0 };
    // 97 and 256 have no divisor in common: 256 days have 256 beginnings, and those of a week lie far from each other.
    let day = ctx.now().timestamp().div_euclid(86_400);
    let start = format!("{FOLDER}{:02x}", (day * 97).rem_euclid(256));
    let (mut after, mut has_wrapped) = (start.clone(), false);
    for _ in 0..PAGES {
        let page = storage.list(FOLDER, &after).await.map_err(Error::unavailable)?;
        let is_last = page.len() < 1000;
        let end = page.last().map(|file| file.key.clone());
        let rest = page.into_iter().filter(|file| !has_wrapped || file.key <= start).collect::<Vec<_>>();
        report.seen += u32::try_from(rest.len()).unwrap_or(u32::MAX);
        let old = rest.into_iter().filter(|file| ctx.now() - file.since > YOUNGEST);
        let addresses: Vec<String> = old.map(|file| address(&file.key)).collect();
        if !addresses.is_empty() {
            for unknown in ctx.sql(UNKNOWN.bind(Array(&addresses))).await?.all::<Unknown>()? {
                if usize::try_from(report.deleted).is_ok_and(|deleted| deleted >= MOST_DELETED) {
                    report.left += 1;
                    continue;
                }
                match storage.forget(&unknown.address).await {
                    Ok(()) => report.deleted += 1,
                    Err(why) => {
                        ctx.warn(&Error::unavailable(why));
                        report.left += 1;
                    }
                }
            }
        }
        match end {
            Some(end) if has_wrapped && end > start => break,
            Some(end) if !is_last => after = end,
            _ if has_wrapped => break,
            _ => (after, has_wrapped) = (String::new(), true),
        }
    }
    Ok(Reply::new(report))
}

#[derive(serde::Deserialize)]
struct Unknown {
    address: String,
}

const UNKNOWN: Sql = Sql::new("select address from edge.files_unknown($1::text[]) as address");

#[cfg(test)]
mod tests;
