//! Files that outputs name: a real PNG or WAV, made from the number in its name, so that nothing is stored.

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
    let seed = |ending| {
        let hex = name.strip_suffix(ending).filter(|hex| hex.len() == 16);
        hex.and_then(|hex| u64::from_str_radix(hex, 16).ok())
    };
    if let Some(seed) = seed(".wav") {
        return ([(header::CONTENT_TYPE, "audio/wav")], sound(seed)).into_response();
    }
    match seed(".png").map(picture) {
        Some(Ok(png)) => ([(header::CONTENT_TYPE, "image/png")], png).into_response(),
        Some(Err(_)) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// The file's name for a seed.
pub(crate) fn name(seed: u64, is_sound: bool) -> String {
    format!("{seed:016x}.{}", if is_sound { "wav" } else { "png" })
}

/// A second of a tone, 8 kHz, 8 bits, mono; its pitch is taken from the seed.
pub(crate) fn sound(seed: u64) -> Vec<u8> {
    const RATE: u32 = 8000;
    let period = 10 + u32::from(seed.to_be_bytes()[7] % 50);
    let mut file = b"RIFF".to_vec();
    file.extend((36 + RATE).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    // PCM, one channel.
    file.extend([1, 0, 1, 0]);
    file.extend(RATE.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend([1, 0, 8, 0]);
    file.extend(b"data");
    file.extend(RATE.to_le_bytes());
    file.extend((0..RATE).map(|at| if at % period < period / 2 { 0x60_u8 } else { 0xa0 }));
    file
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
