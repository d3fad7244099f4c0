//! Files in a bucket with an S3-compatible API: R2, S3, `MinIO`, or the simulators.
//!
//! From Amazon's documentation, "Authenticating Requests (AWS Signature Version 4)" (2026-11), in path style and with one
//! signed payload; what is listed is from "ListObjectsV2". A file's key is made of what it belongs to and of its content, so
//! storing it twice is storing it once, and deleting it takes nothing from anybody else. Rows hold an address of ours,
//! `storage://<key>`; who may see the row is given a signed link that expires.

mod list;
mod sign;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use edge::{Context, Error, Http, HttpAnswer, HttpFailure, Result, refusals};
pub use list::Stored;
use sign::Signer;

refusals! {
    pub NOT_CONFIGURED: 503 "storage_not_configured", fr: "La génération n'est pas configurée : il manque le stockage des résultats.", en: "Generation is not configured: the storage of results is missing.";
}

edge::settings! {
    pub SETTINGS: {
        "STORAGE_URL": Text = "", "S3-compatible storage of results, such as R2; without it creations answer 503 storage_not_configured";
        "STORAGE_BUCKET": Text = "oree", "bucket of results";
        "STORAGE_REGION": Text = "auto", "region that requests to the storage are signed for";
        "STORAGE_ACCESS_KEY": Text secret = "", "the storage's access key id";
        "STORAGE_SECRET_KEY": Secret secret = "", "the storage's secret access key";
    }
}

/// SHA-256 of no body.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const TIMEOUT: Duration = Duration::from_secs(30);

const SCHEME: &str = "storage://";
/// Links made within one such span are the same text, so that a browser's cache knows them again.
const STEP: TimeDelta = TimeDelta::minutes(15);
/// The longest that the protocol allows.
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// The storage as this deployment is set up to use it. The function's contract uses [`SETTINGS`].
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
            return Err(NOT_CONFIGURED.into());
        }
        Ok(Storage { ctx, signer })
    }

    /// Keeps a file below `folder`, which is its owner's, and gives its address. `ending` is that of its name, such as `png`.
    ///
    /// # Errors
    /// Why it is not kept; trying again may help.
    pub async fn keep(&self, folder: &str, ending: &str, kind: &str, bytes: Vec<u8>) -> std::result::Result<String, String> {
        let hash = auth::sha256_hex(&bytes);
        let key = [folder, "/", &hash, ".", ending].concat();
        let (url, headers) = self.signer.request("PUT", &key, &hash, self.ctx.wall_clock());
        match self.send(Http::put(url).body(kind, bytes), headers).await?.status {
            200..300 => Ok(address(&key)),
            status => Err(refused(status)),
        }
    }

    /// Deletes a kept file. One that is not there is deleted.
    ///
    /// # Errors
    /// Why it may still be there; trying again may help.
    pub async fn forget(&self, address: &str) -> std::result::Result<(), String> {
        let Some(key) = address.strip_prefix(SCHEME) else { return Ok(()) };
        let (url, headers) = self.signer.request("DELETE", key, EMPTY, self.ctx.wall_clock());
        match self.send(Http::delete(url), headers).await?.status {
            200..300 | 404 => Ok(()),
            status => Err(refused(status)),
        }
    }

    /// The link with which somebody else puts a file of exactly this type and length into the place of this address, once: where
    /// a file is, none is put over it. What uses it sends the headers of [`Storage::upload_headers`]; a browser says the length by
    /// itself.
    pub fn upload_link(&self, address: &str, kind: &str, length: u64, lifetime: Duration) -> String {
        let (key, length) = (key_of(address), length.to_string());
        let headers = [("content-length", length.as_str()), ("content-type", kind), ("if-none-match", "*")];
        self.signer.link("PUT", key, &headers, lifetime.as_secs(), self.ctx.now())
    }

    /// What a request to an [`Storage::upload_link`] must say.
    pub fn upload_headers(kind: &str) -> [(&'static str, String); 2] {
        [("content-type", kind.to_owned()), ("if-none-match", "*".to_owned())]
    }

    /// How many bytes a file has; none where it is not there.
    ///
    /// # Errors
    /// Why nobody knows; trying again may help.
    pub async fn length(&self, address: &str) -> std::result::Result<Option<u64>, String> {
        let (url, headers) = self.signer.request("HEAD", key_of(address), EMPTY, self.ctx.wall_clock());
        let answer = self.send(Http::head(url).wants(&["content-length"]), headers).await?;
        let length = answer.header("content-length").and_then(|length| length.parse().ok());
        match (answer.status, length) {
            (200, Some(length)) => Ok(Some(length)),
            (404, _) => Ok(None),
            (status, _) => Err(refused(status)),
        }
    }

    /// The first bytes of a file, at most `most`; none where it is not there or empty.
    ///
    /// # Errors
    /// Why nobody knows; trying again may help.
    pub async fn beginning(&self, address: &str, most: usize) -> std::result::Result<Option<Vec<u8>>, String> {
        let (url, headers) = self.signer.request("GET", key_of(address), EMPTY, self.ctx.wall_clock());
        let range = ["bytes=0-", &most.saturating_sub(1).to_string()].concat();
        let answer = self.send(Http::get(url).header("range", range).most(most), headers).await?;
        match answer.status {
            200 | 206 => Ok(Some(answer.body)),
            404 | 416 => Ok(None),
            status => Err(refused(status)),
        }
    }

    /// Files whose key begins with `prefix`, in the order of their keys, a thousand at most, after the key `after`.
    ///
    /// # Errors
    /// Why nobody knows; trying again may help.
    pub async fn list(&self, prefix: &str, after: &str) -> std::result::Result<Vec<Stored>, String> {
        let query = [("list-type", "2"), ("max-keys", "1000"), ("prefix", prefix), ("start-after", after)];
        let (url, headers) = self.signer.bucket(&query, EMPTY, self.ctx.wall_clock());
        let answer = self.send(Http::get(url), headers).await?;
        match answer.status {
            200 => list::read(&String::from_utf8_lossy(&answer.body)).ok_or_else(|| "storage: no list of files".to_owned()),
            status => Err(refused(status)),
        }
    }

    /// Lists the files below `folder` once around, a page after the other and `pages` of them at most: those after the key `start`,
    /// then those up to it.
    ///
    /// # Errors
    /// 503 where the storage does not list them; and those of `each`.
    pub async fn around(
        &self,
        folder: &str,
        start: &str,
        pages: usize,
        mut each: impl AsyncFnMut(Vec<Stored>) -> edge::Result<()>,
    ) -> edge::Result<()> {
        let (mut after, mut has_wrapped) = (start.to_owned(), false);
        for _ in 0..pages {
            let mut page = self.list(folder, &after).await.map_err(Error::unavailable)?;
            let is_last = page.len() < 1000;
            let end = page.last().map(|file| file.key.clone());
            page.retain(|file| !has_wrapped || file.key.as_str() <= start);
            each(page).await?;
            match end {
                Some(end) if has_wrapped && end.as_str() > start => break,
                Some(end) if !is_last => after = end,
                _ if has_wrapped => break,
                _ => (after, has_wrapped) = (String::new(), true),
            }
        }
        Ok(())
    }

    async fn send(&self, request: Http, headers: [(&'static str, String); 3]) -> std::result::Result<HttpAnswer, String> {
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        match self.ctx.http("storage", request.timeout(TIMEOUT)).await {
            Ok(answer) => Ok(answer),
            Err(HttpFailure::Timeout) => Err("storage: timeout".to_owned()),
            Err(HttpFailure::Connection(why)) => Err(["storage: ", &why].concat()),
        }
    }

    /// The address of a file that a worker says it has put into our bucket below `folder`, as RunPod's own worker says it:
    /// `{endpointUrl}/{bucketName}/{folder}/{name}`, signed or not.
    pub fn uploaded(&self, url: &str, folder: &str) -> Option<String> {
        let path = url.split(['?', '#']).next().unwrap_or_default();
        let key = path.strip_prefix(self.signer.url)?.strip_prefix('/')?.strip_prefix(self.signer.bucket)?.strip_prefix('/')?;
        let name = key.strip_prefix(folder)?.strip_prefix('/')?;
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
        let is_name = !folder.is_empty() && !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain);
        is_name.then(|| address(key))
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
            Some(key) => self.signer.link("GET", key, &[], lifetime.as_secs(), step(self.ctx.now())),
            None => address.to_owned(),
        }
    }
}

/// The address of a file by its key.
pub fn address(key: &str) -> String {
    [SCHEME, key].concat()
}

fn key_of(address: &str) -> &str {
    address.strip_prefix(SCHEME).unwrap_or(address)
}

fn refused(status: u16) -> String {
    ["storage: status ", &status.to_string()].concat()
}

fn step(now: DateTime<Utc>) -> DateTime<Utc> {
    let over = now.timestamp().rem_euclid(STEP.num_seconds());
    DateTime::from_timestamp(now.timestamp() - over, 0).unwrap_or(now)
}
