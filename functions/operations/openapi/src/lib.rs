edge::function! {
    //! What this backend offers, for programs.

    /// The OpenAPI 3.1 description of every endpoint. Its `ETag` changes with its content.
    GET "/openapi.json" => get_openapi, auth: Public, limit: 60, reads, sql: 0, headers: [ETag];
}

use edge::{Body, Context, Public, Reply, Result};

/// The areas' parts, joined by `build.rs`. They are generated from the contracts, this one too, and say nothing that depends on
/// the document, so generating them again changes nothing.
const DOCUMENT: &str = include_str!(concat!(env!("OUT_DIR"), "/openapi.json"));

/// An OpenAPI document.
#[cfg_attr(not(target_arch = "wasm32"), derive(edge::schemars::JsonSchema), schemars(crate = "edge::schemars", rename = "OpenApiDocument", extend("x-published" = true)))]
struct Document {}

impl Body for Document {
    fn bytes(&self) -> Vec<u8> {
        DOCUMENT.into()
    }
}

async fn get_openapi(_: Context, _: Public) -> Result<Reply<Document>> {
    Ok(Reply::new(Document {}).revalidated())
}

#[cfg(test)]
mod tests;
