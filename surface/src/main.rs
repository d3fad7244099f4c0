//! Prints, as JSON, what is generated from the contracts: without an argument the files of `cargo xtask sync`, as path and
//! text; where `DEPLOYMENT` describes one, its plan.

fn main() -> Result<(), serde_json::Error> {
    if let Ok(deployment) = std::env::var("DEPLOYMENT") {
        let wanted = serde_json::from_str::<surface::Wanted>(&deployment)?.with(|name| std::env::var(name).ok());
        println!("{}", serde_json::to_string(&surface::plan(&wanted))?);
        return Ok(());
    }
    let files = serde_json::json!({
        "wrangler.toml": surface::workers(),
        "functions/README.md": surface::overview(),
        "openapi.json": surface::openapi(),
        "build/registry.json": surface::registry(),
    });
    println!("{files}");
    Ok(())
}
