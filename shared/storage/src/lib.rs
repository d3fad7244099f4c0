//! Files in a bucket with an S3-compatible API: R2, S3, `MinIO`, or the simulators.
//!
//! From Amazon's documentation, "Authenticating Requests (AWS Signature Version 4)" (2026-11), in path style and with one
//! signed payload. A file's key is made of its content, so storing it twice is storing it once. Rows hold an address of
//! ours, `storage://<key>`; who may see the row is given a signed link that expires.

mod sign;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use edge::{Context, Error, Http, HttpFailure, Message, Result, msg};
use sign::Signer;

const NOT_CONFIGURED: Message = msg!("storage_not_configured", fr: "La génération n'est pas configurée : il manque le stockage des résultats.", en: "Generation is not configured: the storage of results is missing.");

const SCHEME: &str = "storage://";
/// Links made within one such span are the same text, so that a browser's cache knows them again.
const STEP: TimeDelta = TimeDelta::minutes(15);
/// The longest that the protocol allows.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// The storage as this deployment is set up to use it. The function's contract says `uses: [Storage]`.
pub struct Storage<'a> {
    ctx: &'a Context,
    signer: Signer<'a>,
}

impl<'a> Storage<'a> {
    /// # Errors
    /// 503 `storage_not_configured`.
    pub fn new(ctx: &'a Context) -> Result<Storage<'a>> {
        let signer = Signer {
            url: ctx.setting("STORAGE_URL").trim_end_matches('/'),
            bucket: ctx.setting("STORAGE_BUCKET"),
            region: ctx.setting("STORAGE_REGION"),
            access_key: ctx.setting("STORAGE_ACCESS_KEY"),
            secret_key: ctx.setting("STORAGE_SECRET_KEY"),
        };
        if signer.url.is_empty() || signer.access_key.is_empty() || signer.secret_key.is_empty() {
            return Err(Error::not_configured(NOT_CONFIGURED));
        }
        Ok(Storage { ctx, signer })
    }

    /// Keeps a file below `folder` and gives its address. `ending` is that of its name, such as `png`.
    ///
    /// # Errors
    /// Why it is not kept; trying again may help.
    pub async fn keep(&self, folder: &str, ending: &str, kind: &str, bytes: Vec<u8>) -> std::result::Result<String, String> {
        let hash = auth::sha256_hex(&bytes);
        let key = [folder, "/", &hash, ".", ending].concat();
        let (url, headers) = self.signer.put(&key, &hash, self.ctx.now());
        let request = Http::put(url).body(kind, bytes).timeout(Duration::from_secs(30));
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        match self.ctx.http("storage", request).await {
            Ok(answer) if answer.is_success() => Ok([SCHEME, &key].concat()),
            Ok(answer) => Err(["storage: status ", &answer.status.to_string()].concat()),
            Err(HttpFailure::Timeout) => Err("storage: timeout".to_owned()),
            Err(HttpFailure::Connection(why)) => Err(["storage: ", &why].concat()),
        }
    }

    /// A link to a kept file, good for three quarters of an hour at least. Any other address is given as it is.
    pub fn link(&self, address: &str) -> String {
        self.signed(address, Duration::from_secs(3600))
    }

    /// A link that is good for six days at least.
    pub fn lasting_link(&self, address: &str) -> String {
        self.signed(address, LONGEST)
    }

    fn signed(&self, address: &str, lifetime: Duration) -> String {
        match address.strip_prefix(SCHEME) {
            Some(key) => self.signer.link(key, lifetime.as_secs(), step(self.ctx.now())),
            None => address.to_owned(),
        }
    }
}

fn step(now: DateTime<Utc>) -> DateTime<Utc> {
    let over = now.timestamp().rem_euclid(STEP.num_seconds());
    DateTime::from_timestamp(now.timestamp() - over, 0).unwrap_or(now)
}
