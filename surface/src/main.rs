//! Prints, as JSON, what is generated from the contracts: without an argument the files of `cargo xtask sync`, as path and
//! text, with `--recorded` with examples that tests have recorded; where `DEPLOYMENT` describes one, its plan.

use std::collections::BTreeMap;

fn main() -> Result<(), serde_json::Error> {
    if let Ok(deployment) = std::env::var("DEPLOYMENT") {
        let wanted = serde_json::from_str::<surface::Wanted>(&deployment)?.with(|name| std::env::var(name).ok());
        println!("{}", serde_json::to_string(&surface::plan(&wanted))?);
        return Ok(());
    }
    let recorded = std::env::args().any(|argument| argument == "--recorded");
    let examples = surface::examples(recorded);
    let refusals = serde_json::to_string_pretty(&surface::seen_refusals(recorded))? + "\n";
    let mut files: BTreeMap<String, String> = surface::files(&examples).collect();
    files.extend([
        ("wrangler.toml".to_owned(), surface::workers()),
        ("functions/README.md".to_owned(), surface::overview()),
        ("openapi.json".to_owned(), surface::openapi(&examples)),
        (surface::PUBLISHED.to_owned(), surface::published_file()),
        (surface::REFUSALS.to_owned(), refusals),
        ("build/registry.json".to_owned(), surface::registry()),
    ]);
    println!("{}", serde_json::to_string(&files)?);
    Ok(())
}
