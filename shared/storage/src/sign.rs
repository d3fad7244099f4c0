use chrono::{DateTime, Utc};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Signs requests to one bucket.
pub(crate) struct Signer<'a> {
    pub url: &'a str,
    pub bucket: &'a str,
    pub region: &'a str,
    pub access_key: &'a str,
    pub secret_key: &'a str,
}

impl Signer<'_> {
    /// URL and headers of a request with a body of this SHA-256.
    pub(crate) fn request(
        &self,
        method: &str,
        key: &str,
        hash: &str,
        now: DateTime<Utc>,
    ) -> (String, [(&'static str, String); 3]) {
        let (origin, path) = self.place(key);
        let headers = self.headers(method, origin, &path, "", hash, now);
        ([origin, &path].concat(), headers)
    }

    /// URL and headers of a request about the bucket itself. The parameters stand in the order of their names.
    pub(crate) fn bucket(&self, query: &[(&str, &str)], hash: &str, now: DateTime<Utc>) -> (String, [(&'static str, String); 3]) {
        let (origin, path) = self.place("");
        let path = path.trim_end_matches('/');
        let query: Vec<String> = query.iter().map(|(name, value)| [name, "=", &encode(value)].concat()).collect();
        let query = query.join("&");
        let headers = self.headers("GET", origin, path, &query, hash, now);
        ([origin, path, "?", &query].concat(), headers)
    }

    fn headers(
        &self,
        method: &str,
        origin: &str,
        path: &str,
        query: &str,
        hash: &str,
        now: DateTime<Utc>,
    ) -> [(&'static str, String); 3] {
        let time = time(now);
        let headers = [("host", host(origin)), ("x-amz-content-sha256", hash), ("x-amz-date", &time)];
        let canonical: String = headers.iter().flat_map(|(name, value)| [*name, ":", value, "\n"]).collect();
        let names = headers.map(|(name, _)| name).join(";");
        let request = [method, path, query, &canonical, &names, hash].join("\n");
        let signature = self.signature(&time, &request);
        let credential = self.credential(&time);
        let authorization =
            ["AWS4-HMAC-SHA256 Credential=", &credential, ", SignedHeaders=", &names, ", Signature=", &signature].concat();
        [("authorization", authorization), ("x-amz-content-sha256", hash.to_owned()), ("x-amz-date", time)]
    }

    /// A link that is good for `method` until `lifetime_s` after `from`, with these headers beside `host`, which the request then
    /// must have exactly so. All names stand in their order, `host` among them.
    pub(crate) fn link(&self, method: &str, key: &str, headers: &[(&str, &str)], lifetime_s: u64, from: DateTime<Utc>) -> String {
        let (origin, path) = self.place(key);
        let time = time(from);
        let mut headers = headers.to_vec();
        headers.push(("host", host(origin)));
        headers.sort_unstable();
        let canonical: String = headers.iter().flat_map(|(name, value)| [*name, ":", value, "\n"]).collect();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
        let query = [
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=",
            &encode(&self.credential(&time)),
            "&X-Amz-Date=",
            &time,
            "&X-Amz-Expires=",
            &lifetime_s.to_string(),
            "&X-Amz-SignedHeaders=",
            &encode(&names),
        ]
        .concat();
        let request = [method, &path, &query, &canonical, &names, "UNSIGNED-PAYLOAD"].join("\n");
        [origin, &path, "?", &query, "&X-Amz-Signature=", &self.signature(&time, &request)].concat()
    }

    /// Origin and path of a file. Keys are ours and need no encoding.
    fn place(&self, key: &str) -> (&str, String) {
        let start = self.url.find("://").map_or(0, |at| at + 3);
        let (origin, base) = self.url[start..].find('/').map_or((self.url, ""), |at| self.url.split_at(start + at));
        (origin, [base, "/", self.bucket, "/", key].concat())
    }

    fn scope(&self, time: &str) -> String {
        [time.split('T').next().unwrap_or_default(), "/", self.region, "/s3/aws4_request"].concat()
    }

    fn credential(&self, time: &str) -> String {
        [self.access_key, "/", &self.scope(time)].concat()
    }

    fn signature(&self, time: &str, request: &str) -> String {
        let scope = self.scope(time);
        let text = ["AWS4-HMAC-SHA256\n", time, "\n", &scope, "\n", &auth::sha256_hex(request.as_bytes())].concat();
        let first = ["AWS4", self.secret_key].concat().into_bytes();
        let key = scope.split('/').fold(first, |key, part| hmac(&key, part));
        hmac(&key, &text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// `20130524T000000Z`
fn time(at: DateTime<Utc>) -> String {
    edge::validation::rfc3339(at, 0).replace(['-', ':'], "")
}

fn host(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}

/// Everything but unreserved characters as `%XX`.
fn encode(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes a key of any length"),
    };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The credentials of Amazon's examples.
    const EXAMPLE: Signer = Signer {
        url: "https://s3.amazonaws.com",
        bucket: "examplebucket",
        region: "us-east-1",
        access_key: "AKIAIOSFODNN7EXAMPLE",
        secret_key: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    };

    fn at() -> DateTime<Utc> {
        "2013-05-24T00:00:00Z".parse().unwrap()
    }

    /// The signatures of this test and the next were made with botocore 1.44.5 (`S3SigV4QueryAuth`, `S3SigV4Auth`).
    #[test]
    fn a_link_is_signed_as_amazons_own_client_signs_it() {
        let link = EXAMPLE.link("GET", "test.txt", &[], 86_400, at());
        let expected = "https://s3.amazonaws.com/examplebucket/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
            &X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=733255ef022bec3f2a8701cd61d4b371f3f28c9f193a1f02279211d48d5193d7";
        assert_eq!(link, expected);
    }

    #[test]
    fn a_file_is_stored_as_amazons_own_client_stores_it() {
        let hash = auth::sha256_hex(b"Welcome to Amazon S3.");
        let (url, headers) = EXAMPLE.request("PUT", "test.txt", &hash, at());
        assert_eq!(url, "https://s3.amazonaws.com/examplebucket/test.txt");
        let expected = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, \
            SignedHeaders=host;x-amz-content-sha256;x-amz-date, Signature=453305a0df6e22d277bdf04ae24e5aa254216fb9714b54f2373bd445d8f5157d";
        assert_eq!(headers[0], ("authorization", expected.to_owned()));
    }

    /// The signatures of this test and the next were made with botocore 1.44.8 (`S3SigV4QueryAuth`, `S3SigV4Auth`).
    #[test]
    fn an_upload_is_signed_with_its_length_and_type_as_amazons_own_client_signs_it() {
        let headers = [("content-type", "image/png"), ("content-length", "1234"), ("if-none-match", "*")];
        let link = EXAMPLE.link("PUT", "a/b.png", &headers, 900, at());
        let expected = "https://s3.amazonaws.com/examplebucket/a/b.png?X-Amz-Algorithm=AWS4-HMAC-SHA256\
            &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z\
            &X-Amz-Expires=900&X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bif-none-match\
            &X-Amz-Signature=4394542af4d2831c20776da764bb586e34d1b95014b42de5a230c5db4a9094ea";
        assert_eq!(link, expected);
    }

    #[test]
    fn a_bucket_is_listed_as_amazons_own_client_lists_it() {
        let query = [("list-type", "2"), ("max-keys", "1000"), ("prefix", "files/"), ("start-after", "files/ab")];
        let (url, headers) = EXAMPLE.bucket(&query, crate::EMPTY, at());
        assert_eq!(
            url,
            "https://s3.amazonaws.com/examplebucket?list-type=2&max-keys=1000&prefix=files%2F&start-after=files%2Fab"
        );
        let signature = "47eda724688a214839be7a35ff3cfd1b3a2f1a97febaa9cfba058ea038a1dab6";
        assert!(headers[0].1.ends_with(signature), "{headers:?}");
    }

    #[test]
    fn a_storage_may_stand_below_a_path() {
        let signer = Signer { url: "http://127.0.0.1:8790/storage", ..EXAMPLE };
        assert_eq!(signer.place("a/b.png"), ("http://127.0.0.1:8790", "/storage/examplebucket/a/b.png".to_owned()));
    }
}
