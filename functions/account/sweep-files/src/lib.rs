edge::function! {
    //! Deletes stored files that no row names: what was put by a link after its row had gone, or left by a run that died.

    CRON "sweep-files" every "1d" => run, budget: 10;
    uses: [storage::SETTINGS]
}

use chrono::TimeDelta;
use edge::{Array, Context, Error, Reply, Result, Sql, Tick, output};
use storage::{Storage, Stored, address};

/// Of a thousand files each. With the files that are deleted fewer than fifty calls, which is what the smallest plan of Workers
/// allows.
const PAGES: usize = 10;
const MOST_DELETED: u32 = 20;
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
    let sweep = async |files: Vec<Stored>| {
        report.seen += u32::try_from(files.len()).unwrap_or(u32::MAX);
        let old = files.into_iter().filter(|file| ctx.now() - file.since > YOUNGEST);
        let addresses: Vec<String> = old.map(|file| address(&file.key)).collect();
        if addresses.is_empty() {
            return Ok(());
        }
        for unknown in ctx.sql(UNKNOWN.bind(Array(&addresses))).await?.values::<String>()? {
            if report.deleted == MOST_DELETED {
                report.left += 1;
            } else if let Err(why) = storage.forget(&unknown).await {
                ctx.warn(&Error::unavailable(why));
                report.left += 1;
            } else {
                report.deleted += 1;
            }
        }
        Ok(())
    };
    storage.around(FOLDER, &start, PAGES, sweep).await?;
    Ok(Reply::new(report))
}

const UNKNOWN: Sql = Sql::new("select address from edge.files_unknown($1::text[]) as address");

#[cfg(test)]
mod tests;
