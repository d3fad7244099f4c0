//! Files that outputs name: a real PNG, painted from the number in its name, so that nothing is stored.

use axum::Router;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::scenario::html;

const SIDE: u32 = 256;

pub(crate) fn routes() -> Router {
    Router::new()
        .route("/files/{name}", get(file))
        .route("/files/gone/{name}", get(|| async { StatusCode::NOT_FOUND }))
        .route("/files/html/{name}", get(|| async { html(StatusCode::OK, "Sign in") }))
}

async fn file(Path(name): Path<String>) -> Response {
    let seed = name.strip_suffix(".png").filter(|hex| hex.len() == 16);
    match seed.and_then(|hex| u64::from_str_radix(hex, 16).ok()).map(picture) {
        Some(Ok(png)) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        Some(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The file's name for a seed.
pub(crate) fn name(seed: u64) -> String {
    format!("{seed:016x}.png")
}

/// A 256 × 256 RGB picture: a gradient between two colours taken from the seed.
///
/// # Errors
/// When the encoder refuses, which in-memory writing gives no reason for.
pub(crate) fn picture(seed: u64) -> Result<Vec<u8>, png::EncodingError> {
    let [from_red, from_green, from_blue, to_red, to_green, to_blue, ..] = seed.to_be_bytes();
    let blend = |from: u8, to: u8, at: u32| {
        let span = 2 * (SIDE - 1);
        // A weighted mean of two bytes is a byte.
        ((u32::from(from) * (span - at) + u32::from(to) * at) / span) as u8
    };
    let pixels = (0..SIDE * SIDE).flat_map(|index| {
        let at = index % SIDE + index / SIDE;
        [blend(from_red, to_red, at), blend(from_green, to_green, at), blend(from_blue, to_blue, at)]
    });
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, SIDE, SIDE);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&pixels.collect::<Vec<u8>>())?;
    writer.finish()?;
    Ok(file)
}
