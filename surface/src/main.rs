//! Prints what is generated from the contracts, as one JSON object of path and text, for `cargo xtask sync`.

fn main() {
    let files = serde_json::json!({
        "wrangler.toml": surface::workers(),
        "functions/README.md": surface::overview(),
        "openapi.json": surface::openapi(),
        "build/registry.json": surface::registry(),
    });
    println!("{files}");
}
