//! Who is calling: access tokens (JWT, HS256), refresh tokens, roles, password digests and sealed links.
//!
//! Nothing here reads a clock or a variable: time and keys are handed in.

mod keys;
mod role;
mod secret;

pub use keys::{Access, Keys, KeysError, TokenError};
pub use role::Role;
pub use secret::{RefreshToken, is_hmac_of_any, is_secret, password_digest, random_uuid, seal, sha256_hex, unseal};
