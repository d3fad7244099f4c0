use std::time::Duration;

use edge::auth::{RefreshToken, sha256_hex};
use edge::{Context, Error, Reply, Result};

/// The prefix keeps other hosts, and pages without TLS, from setting it.
const NAME: &str = "__Host-device";
const LIVES: Duration = Duration::from_secs(90 * 24 * 3600);

/// What a browser is known by at its next sign-in: 32 random bytes in a cookie, of which the database keeps a hash. It opens
/// nothing; failed sign-ins from a browser that the account knows are counted by themselves.
pub struct DeviceCookie {
    value: String,
    is_new: bool,
}

impl DeviceCookie {
    /// The one that the browser has, or a new one where it has none that is sound.
    ///
    /// # Errors
    /// 500 where the runtime has no randomness to give.
    pub fn of(ctx: &Context) -> Result<DeviceCookie> {
        if let Some(value) = ctx.cookie(NAME).filter(|value| is_sound(value)) {
            return Ok(DeviceCookie { value: value.to_owned(), is_new: false });
        }
        let random = RefreshToken::generate().map_err(Error::internal)?;
        Ok(DeviceCookie { value: random.text().to_owned(), is_new: true })
    }

    pub fn hash(&self) -> String {
        sha256_hex(self.value.as_bytes())
    }

    /// [`hash`](DeviceCookie::hash), where the browser has kept the cookie already.
    pub fn kept_hash(&self) -> Option<String> {
        (!self.is_new).then(|| self.hash())
    }

    /// Has the browser keep it for 90 days.
    pub fn keep<T>(&self, reply: Reply<T>) -> Reply<T> {
        reply.cookie(NAME, &self.value, LIVES)
    }
}

/// 32 bytes in base64url. Nothing else may go back into a header.
fn is_sound(value: &str) -> bool {
    value.len() == 43 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}
