use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A refresh token: 32 bytes, random at a sign-in and derived from its predecessor after that ([`crate::Keys::successor`]).
/// The person holds the text; the database holds [`sha256_hex`] of it.
pub struct RefreshToken(String);

impl RefreshToken {
    /// # Errors
    /// When the runtime has no randomness to give.
    pub fn generate() -> Result<RefreshToken, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(RefreshToken(BASE64_URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// The colon keeps this apart from what the same key signs: no signed token's text has one.
    pub(crate) fn derive(key: &[u8], old: &str) -> RefreshToken {
        RefreshToken(seal(key, &["refresh-token:", old].concat()))
    }

    pub fn text(&self) -> &str {
        &self.0
    }

    pub fn hash(&self) -> String {
        sha256_hex(self.0.as_bytes())
    }
}

/// A random (version 4) UUID.
///
/// # Errors
/// When the runtime has no randomness to give.
pub fn random_uuid() -> Result<Uuid, getrandom::Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256_hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    Sha256::digest(bytes)
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

/// What stands for a password outside this process: base64 of HMAC-SHA-256(pepper, password). The database stores bcrypt
/// of it, so no password reaches the database's log and bcrypt's limit of 72 bytes never cuts one.
pub fn password_digest(pepper: &[u8], password: &str) -> String {
    BASE64_STANDARD.encode(hmac(pepper, &[password.as_bytes()]).finalize().into_bytes())
}

/// A proof, to be put into a link, that we made the link for `subject`.
pub fn seal(key: &[u8], subject: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(hmac(key, &[subject.as_bytes()]).finalize().into_bytes())
}

/// Whether `proof` is the [`seal`] of `subject`, in constant time.
pub fn unseal(key: &[u8], subject: &str, proof: &str) -> bool {
    BASE64_URL_SAFE_NO_PAD.decode(proof).is_ok_and(|proof| is_hmac(key, &[subject.as_bytes()], &proof))
}

/// Whether `mac` is the HMAC-SHA-256 of the parts, one after the other, in constant time.
fn is_hmac(key: &[u8], parts: &[&[u8]], mac: &[u8]) -> bool {
    hmac(key, parts).verify_slice(mac).is_ok()
}

/// Whether `mac` is the HMAC-SHA-256 of the parts, one after the other, under one of the secrets, which commas separate: while
/// one is replaced there are two. Each is tried, in constant time, so that the time taken does not tell which one was right.
pub fn is_hmac_of_any(secrets: &str, parts: &[&[u8]], mac: &[u8]) -> bool {
    let secrets = secrets.split(',').map(str::trim).filter(|secret| !secret.is_empty());
    secrets.fold(false, |found, secret| found | is_hmac(secret.as_bytes(), parts, mac))
}

/// Whether `given` is `known`, in a time that does not tell where they differ. Nothing is equal to an empty secret.
pub fn is_secret(known: &str, given: &str) -> bool {
    !known.is_empty() && unseal(known.as_bytes(), known, &seal(known.as_bytes(), given))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    // HMAC takes a key of any length.
    let mut mac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes a key of any length"),
    };
    parts.iter().for_each(|part| mac.update(part));
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_agrees_with_rfc_4231_test_case_2() {
        let expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        let bytes = BASE64_STANDARD.decode(password_digest(b"Jefe", "what do ya want for nothing?")).unwrap();
        assert_eq!(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>(), expected);
    }

    #[test]
    fn sha256_agrees_with_fips_180() {
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn a_seal_holds_for_its_subject_and_key_only() {
        let proof = seal(b"key", "job 1");
        assert!(unseal(b"key", "job 1", &proof));
        assert!(!unseal(b"key", "job 2", &proof));
        assert!(!unseal(b"other", "job 1", &proof));
        assert!(!unseal(b"key", "job 1", ""));
        assert!(!unseal(b"key", "job 1", "é"));
    }

    #[test]
    fn only_the_secret_itself_is_the_secret() {
        assert!(is_secret("a long word", "a long word"));
        for wrong in ["", "a", "a long wore", "a long word ", "A long word"] {
            assert!(!is_secret("a long word", wrong), "{wrong}");
        }
        assert!(!is_secret("", ""));
    }

    #[test]
    fn two_refresh_tokens_differ() {
        assert_ne!(RefreshToken::generate().unwrap().text(), RefreshToken::generate().unwrap().text());
        assert_eq!(RefreshToken::generate().unwrap().text().len(), 43);
    }
}
