#![doc = include_str!("../README.md")]

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

const NONCE: usize = 24;

/// The keys of the variable `SEALING_KEYS`, `kid:base64,…` with 32 bytes each: the first seals, all open.
pub struct Keys(Vec<(String, XChaCha20Poly1305)>);

/// Where a value is stored. A value that was moved to another row or column does not open there.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub table: &'a str,
    pub column: &'a str,
    /// Whose row it is, and which of theirs where they have several.
    pub row: &'a str,
}

/// Never says what the keys or values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// `SEALING_KEYS` is empty, or an entry has no id, an id twice, or other than 32 bytes.
    BadKeys,
    /// The runtime has no randomness to give.
    NoRandomness,
    /// Not `key id:nonce:ciphertext`.
    NotSealed,
    /// Sealed with a key that is not listed any more.
    UnknownKey,
    /// Changed, moved, or sealed with another key under this id.
    Forged,
}

impl Keys {
    /// # Errors
    /// [`Error::BadKeys`].
    pub fn parse(text: &str) -> Result<Keys, Error> {
        let mut keys: Vec<(String, XChaCha20Poly1305)> = Vec::new();
        for entry in text.split(',') {
            let (id, key) = entry.trim().split_once(':').ok_or(Error::BadKeys)?;
            let key = BASE64_STANDARD.decode(key).map_err(|_| Error::BadKeys)?;
            let cipher = XChaCha20Poly1305::new_from_slice(&key).map_err(|_| Error::BadKeys)?;
            if id.is_empty() || keys.iter().any(|(known, _)| known == id) {
                return Err(Error::BadKeys);
            }
            keys.push((id.to_owned(), cipher));
        }
        Ok(Keys(keys))
    }

    /// The id of the key that seals.
    pub fn first(&self) -> &str {
        &self.0[0].0
    }

    /// # Errors
    /// [`Error::NoRandomness`].
    pub fn seal(&self, place: Place, text: &str) -> Result<String, Error> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|_| Error::NoRandomness)?;
        let (id, cipher) = &self.0[0];
        let payload = Payload { msg: text.as_bytes(), aad: &place.bytes(id) };
        // It fails for texts of 256 GiB only.
        let sealed = cipher.encrypt(XNonce::from_slice(&nonce), payload).map_err(|_| Error::NotSealed)?;
        Ok([id, ":", &BASE64_URL_SAFE_NO_PAD.encode(nonce), ":", &BASE64_URL_SAFE_NO_PAD.encode(sealed)].concat())
    }

    /// # Errors
    /// [`Error::NotSealed`], [`Error::UnknownKey`] or [`Error::Forged`].
    pub fn open(&self, place: Place, sealed: &str) -> Result<String, Error> {
        let (id, rest) = sealed.split_once(':').ok_or(Error::NotSealed)?;
        let (nonce, sealed) = rest.split_once(':').ok_or(Error::NotSealed)?;
        let decode = |text| BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| Error::NotSealed);
        let (nonce, sealed) = (decode(nonce)?, decode(sealed)?);
        if nonce.len() != NONCE {
            return Err(Error::NotSealed);
        }
        let (_, cipher) = self.0.iter().find(|(known, _)| known == id).ok_or(Error::UnknownKey)?;
        let payload = Payload { msg: &sealed, aad: &place.bytes(id) };
        let text = cipher.decrypt(XNonce::from_slice(&nonce), payload).map_err(|_| Error::Forged)?;
        String::from_utf8(text).map_err(|_| Error::Forged)
    }

    /// Whether a value was sealed with a key that is on its way out.
    pub fn needs_resealing(&self, sealed: &str) -> bool {
        sealed.split_once(':').is_none_or(|(id, _)| id != self.first())
    }
}

impl Place<'_> {
    /// Each part with its length, so that no two places have the same bytes.
    fn bytes(&self, key: &str) -> Vec<u8> {
        [key, self.table, self.column, self.row]
            .iter()
            .flat_map(|part| [&part.len().to_le_bytes()[..4], part.as_bytes()].concat())
            .collect()
    }
}

#[cfg(test)]
mod tests;
