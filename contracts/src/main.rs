//! Prints, as JSON, what is generated from the contracts: without an argument the files of `cargo xtask sync`, as path and
//! text, with `--recorded` with examples that tests have recorded; where `DEPLOYMENT` describes one, its plan.

use std::collections::BTreeMap;

fn main() -> Result<(), serde_json::Error> {
    if let Ok(deployment) = std::env::var("DEPLOYMENT") {
        let wanted = serde_json::from_str::<contracts::Wanted>(&deployment)?.with(|name| std::env::var(name).ok());
        println!("{}", serde_json::to_string(&contracts::plan(&wanted))?);
        return Ok(());
    }
    let recorded = std::env::args().any(|argument| argument == "--recorded");
    let examples = contracts::examples(recorded);
    let refusals = serde_json::to_string_pretty(&contracts::seen_refusals(recorded))? + "\n";
    let mut files: BTreeMap<String, String> = contracts::files(&examples).collect();
    let document = contracts::openapi(&examples);
    files.extend(contracts::parts(&document).into_iter().map(|(path, part)| (path, contracts::pretty(&part))));
    files.extend([
        ("wrangler.toml".to_owned(), contracts::workers()),
        ("functions/README.md".to_owned(), contracts::overview()),
        ("build/openapi.json".to_owned(), contracts::pretty(&document)),
        (contracts::PUBLISHED.to_owned(), contracts::published_file()),
        (contracts::REFUSALS.to_owned(), refusals),
        ("build/registry.json".to_owned(), contracts::registry()),
    ]);
    println!("{}", serde_json::to_string(&files)?);
    Ok(())
}
