use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// `X-Hub-Signature-256` as GitHub's documentation makes it.
///
/// # Panics
/// Where a seal is no base64url.
pub fn github_signature(secret: &str, body: &str) -> String {
    let mac = BASE64_URL_SAFE_NO_PAD.decode(auth::seal(secret.as_bytes(), body)).expect("a seal is base64url");
    mac.iter().fold("sha256=".to_owned(), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
