//! Every function's contract in one place, and what is generated from them. The list of functions in `functions.rs` and
//! this crate's manifest are themselves generated from the folders; `cargo xtask sync` writes all of it.

mod deploy;
mod entry;
mod examples;
mod functions;
#[cfg(test)]
mod join;
mod openapi;
mod overview;
mod parts;
mod published;
mod registry;
mod responses;
mod routes;
mod schemas;
mod workers;

pub use deploy::{Plan, Wanted, plan};
pub use entry::entry;
pub use examples::{Example, Examples, REFUSALS, examples, files, seen_refusals};
pub use functions::FUNCTIONS;
pub use openapi::openapi;
pub use overview::overview;
pub use parts::parts;
pub use published::{PUBLISHED, promised, published, published_file};
pub use registry::{pretty, registry};
pub use routes::{patterns, score};
pub use workers::workers;

use edge::{Function, Settings, Trigger};

/// `rise/kaizen`: the folder of a function. The area is the first word of its package.
pub fn folder(function: &Function) -> String {
    function.package.replacen('-', "/", 1)
}

/// The area of a function, `rise`.
pub fn area(function: &Function) -> &'static str {
    function.package.split('-').next().unwrap_or_default()
}

/// Every group of settings that some function is given, by owner and name. One variable is declared by one of them: a law.
pub fn settings() -> Vec<&'static Settings> {
    let mut all: Vec<&'static Settings> = Vec::new();
    for settings in FUNCTIONS.iter().flat_map(|function| function.needs()) {
        if !all.iter().any(|known| std::ptr::eq(*known, settings)) {
            all.push(settings);
        }
    }
    all.sort_by_key(|settings| (settings.owner, settings.variables.first().map(|variable| variable.name)));
    all
}

/// The cron functions, with the seconds between two runs of each.
pub fn crons() -> impl Iterator<Item = (&'static Function, u32)> {
    FUNCTIONS.iter().filter_map(|function| match function.trigger {
        Trigger::Cron { every_seconds, .. } => Some((*function, every_seconds)),
        _ => None,
    })
}

/// The text of `///` and `//!` lines, as one paragraph.
pub fn prose(doc: &str) -> String {
    doc.split_whitespace().collect::<Vec<_>>().join(" ")
}
