//! Proof Key for Code Exchange (RFC 7636), and random words.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use edge::{Error, Result};
use sha2::{Digest, Sha256};

/// The challenge of a verifier, method S256.
pub fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// 256 bits of randomness in 43 characters that need no escaping: a verifier, or a state.
///
/// # Errors
/// 503 where the runtime has no randomness to give.
pub fn random_word() -> Result<String> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(Error::unavailable)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(challenge(verifier), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        for bent in [&verifier[1..], &verifier.to_lowercase(), &[verifier, "="].concat(), ""] {
            assert_ne!(challenge(bent), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "{bent}");
        }
    }

    #[test]
    fn a_random_word_is_a_verifier_that_does_not_return() {
        let (one, other) = (random_word().unwrap(), random_word().unwrap());
        assert!(one != other && one.len() == 43, "{one} {other}");
        assert!(one.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{one}");
    }
}
