edge::function! {
    //! How well the questionnaire's scales hold together, computed every night over the people who agree to it.

    CRON "psychometrics" every "1d" => run, budget: 1;
}

use aube::questions::{ITEMS, VERSION};
use edge::{Context, Reply, Result, Sql, SqlJson, Tick, output};
use serde_json::{Value, json};

#[output]
struct Report {
    /// Scales of a language over which enough people have answered.
    measured: i64,
    /// Those that were measured before, and are of too few people by now.
    forgotten: i64,
}

async fn run(ctx: Context, _: Tick) -> Result<Reply<Report>> {
    Ok(Reply::new(ctx.sql(MEASURE.bind(SqlJson(items())).bind(VERSION)).await?.one()?))
}

/// Each item with its place in the digits of stored answers, from 1, its scale and its key.
fn items() -> Vec<Value> {
    let items = ITEMS.iter().zip(1..);
    items.map(|(item, place)| json!({ "id": item.id, "place": place, "scale": item.category(), "key": item.key() })).collect()
}

const MEASURE: Sql = Sql::new("select measured, forgotten from edge.measure_scales(items => $1::jsonb, question_set => $2)");

#[cfg(test)]
mod tests;
