edge::function! {
    //! The technical manual of the diagnostic: what its scales are worth, from live data, and where its facts come from.

    /// Reliability of every scale by language, of the last night; formulas, bounds and sources. Facts about groups, never about a
    /// person.
    GET "/aube/manual"      => get_diagnostic_manual,      auth: Person, limit: 60, reads, headers: [ETag];
    /// The same as a page to read and to print, in the caller's language.
    GET "/aube/manual/page" => get_diagnostic_manual_page, auth: Person, limit: 60, reads, headers: [ETag];
}

mod page;

use aube::questions::{self, ITEMS, VERSION};
use aube::result::{ANALYSIS_VERSION, Data};
use aube::score::{DECIDED, OF_TYPE_ALONE, TIE};
use aube::words;
use edge::chrono::{DateTime, Utc};
use edge::{Context, Html, Language, Person, Reply, Result, Sql, output};
use serde::Deserialize;

/// An item below this correlation with the rest of its scale is to be replaced.
const WEAK: f64 = 0.2;

/// What the diagnostic stands on.
#[output(name = "DiagnosticManual")]
struct Manual {
    question_set_version: String,
    analysis_version: String,
    questions: u8,
    /// Below this strength there is no letter: a choice of ours.
    tie: f64,
    /// From this strength on a scale is decided: a choice of ours.
    decided: f64,
    /// How much a type says of interests at most.
    type_alone: f64,
    /// How few people a scale is measured over at least.
    smallest: i32,
    /// Null where nothing has been measured yet.
    computed_at: Option<DateTime<Utc>>,
    /// By language and scale; those that too few people have answered are not there.
    scales: Vec<Scale>,
    data: Data,
    purpose: String,
}

/// One scale in one language.
#[output(name = "DiagnosticScale")]
struct Scale {
    lang: Language,
    /// `EI`, `NS`, `TF`, `JP` or an interest.
    scale: String,
    /// Rounded down to tens.
    people: i32,
    /// Cronbach's; above 0.7 is usual for groups. Null where everybody answered alike.
    alpha: Option<f64>,
    items: Vec<ItemStatistics>,
}

/// One item of a scale.
#[output(name = "DiagnosticItemStatistics")]
struct ItemStatistics {
    id: String,
    /// Correlation with the sum of the scale's other items.
    r: Option<f64>,
    /// Of the coded answers, -1 to 1.
    mean: f64,
    /// Whether `r` is below 0.2: such an item is to be replaced.
    #[serde(default)]
    weak: bool,
}

#[derive(Deserialize)]
struct Measured {
    smallest: i32,
    computed_at: Option<DateTime<Utc>>,
    scales: Vec<Scale>,
}

async fn get_diagnostic_manual(ctx: Context, _: Person) -> Result<Reply<Manual>> {
    Ok(Reply::new(manual(&ctx).await?).revalidated())
}

async fn get_diagnostic_manual_page(ctx: Context, _: Person) -> Result<Reply<Html>> {
    Ok(Reply::new(page::render(&manual(&ctx).await?, ctx.language())).revalidated())
}

async fn manual(ctx: &Context) -> Result<Manual> {
    let Measured { smallest, computed_at, mut scales } = ctx.sql(MEASURED.bind(VERSION)).await?.one()?;
    for item in scales.iter_mut().flat_map(|scale| &mut scale.items) {
        item.weak = item.r.is_some_and(|r| r < WEAK);
    }
    Ok(Manual {
        question_set_version: questions::VERSION.to_owned(),
        analysis_version: ANALYSIS_VERSION.to_owned(),
        questions: ITEMS.len() as u8,
        tie: TIE,
        decided: DECIDED,
        type_alone: OF_TYPE_ALONE,
        smallest,
        computed_at,
        scales,
        data: Data::all(),
        purpose: words::PURPOSE.text(ctx.language()).to_owned(),
    })
}

const MEASURED: Sql = Sql::new("select smallest, computed_at, scales from edge.measured_scales($1)");

#[cfg(test)]
mod tests;
