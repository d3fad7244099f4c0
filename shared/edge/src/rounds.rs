//! Work of cron functions that is bounded: in rounds, and item by item.

use futures::StreamExt;

use crate::{Context, Error, Result};

/// Runs rounds, `most` of them, until one has left nothing: each says whether there is more. True where there still is, so that
/// the next tick goes on.
///
/// # Errors
/// The first round's. A later one ends the run, and is noted in the log: what was done stays done, and counted.
pub async fn rounds(ctx: &Context, most: u32, mut round: impl AsyncFnMut() -> Result<bool>) -> Result<bool> {
    for nth in 0..most {
        match round().await {
            Ok(true) => {}
            Ok(false) => return Ok(false),
            Err(error) if nth == 0 => return Err(error),
            Err(error) => {
                ctx.warn(&error);
                return Ok(true);
            }
        }
    }
    Ok(true)
}

/// Does the work of each item, `at_once` of them at a time, and gives what came of those that succeeded, in no order. One that
/// fails is noted in the log and holds up no other.
pub async fn each<T, R>(ctx: &Context, items: Vec<T>, at_once: usize, work: impl AsyncFn(T) -> Result<R, Error>) -> Vec<R> {
    let work = &work;
    let noted = |done: Result<R>| std::future::ready(done.map_err(|error| ctx.warn(&error)).ok());
    futures::stream::iter(items).map(async |item| work(item).await).buffer_unordered(at_once).filter_map(noted).collect().await
}
