use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::stream::LocalBoxStream;

use crate::request::Headers;

/// Bytes of an answer that are read unless a request says otherwise.
const MOST: usize = 32 * 1024 * 1024;

/// Handed over with every answer.
pub(crate) const RETRY_AFTER: &str = "retry-after";

/// A request to the outside world.
pub struct Http {
    pub(crate) method: &'static str,
    pub(crate) url: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) timeout: Duration,
    pub(crate) most: usize,
    pub(crate) wants: Vec<&'static str>,
}

/// What came back, whatever its status.
#[derive(Default)]
pub struct HttpAnswer {
    pub status: u16,
    /// Seconds of `Retry-After`, from now where it is a date.
    pub retry_after: Option<u32>,
    /// Those that the request wants.
    pub headers: Headers,
    pub body: Vec<u8>,
}

/// How long a stream may take, each for itself.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Until status and headers are there. A model that must be loaded first takes minutes.
    pub first: Duration,
    /// Between two pieces, while one is waited for.
    pub silence: Duration,
    /// For all of it.
    pub whole: Duration,
}

/// An answer whose body comes piece by piece. Dropping it hangs up.
pub struct Upstream {
    pub status: u16,
    /// Those that the request wants, and `Retry-After`.
    pub headers: Headers,
    /// The body as it comes. After a failure nothing follows.
    pub body: LocalBoxStream<'static, Result<Vec<u8>, HttpFailure>>,
}

/// Nothing came back. Whether the other side acted is unknown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HttpFailure {
    Timeout,
    Connection(String),
}

/// Why a request's body was not read.
#[cfg_attr(not(target_arch = "wasm32"), expect(dead_code, reason = "in tests every body arrives"))]
pub(crate) enum Unread {
    /// It is larger than the endpoint takes.
    TooLarge,
    /// It did not arrive whole, or not in the form in which HTTP sends bodies.
    Broken(String),
}

impl Http {
    pub fn get(url: impl Into<String>) -> Http {
        Http::new("GET", url.into())
    }

    pub fn head(url: impl Into<String>) -> Http {
        Http::new("HEAD", url.into())
    }

    pub fn post(url: impl Into<String>) -> Http {
        Http::new("POST", url.into())
    }

    pub fn put(url: impl Into<String>) -> Http {
        Http::new("PUT", url.into())
    }

    pub fn delete(url: impl Into<String>) -> Http {
        Http::new("DELETE", url.into())
    }

    fn new(method: &'static str, url: String) -> Http {
        Http {
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            timeout: Duration::from_secs(10),
            most: MOST,
            wants: Vec::new(),
        }
    }

    #[must_use]
    pub fn bearer(self, token: &str) -> Http {
        self.header("authorization", ["Bearer ", token].concat())
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: String) -> Http {
        self.headers.push((name, value));
        self
    }

    #[must_use]
    pub fn json(mut self, body: &impl serde::Serialize) -> Http {
        self.body = serde_json::to_vec(body).unwrap_or_default();
        self.header("content-type", "application/json".to_owned())
    }

    #[must_use]
    pub fn body(mut self, kind: &str, body: Vec<u8>) -> Http {
        self.body = body;
        self.header("content-type", kind.to_owned())
    }

    /// An answer with a larger body counts as [`HttpFailure::too_large`], and the rest of it is not read.
    #[must_use]
    pub fn most(mut self, bytes: usize) -> Http {
        self.most = bytes;
        self
    }

    /// Headers of the answer that are to be handed over, by their names in lower case. Others are not.
    #[must_use]
    pub fn wants(mut self, headers: &[&'static str]) -> Http {
        self.wants.extend(headers);
        self
    }

    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Http {
        self.timeout = timeout;
        self
    }
}

impl HttpFailure {
    /// The answer was larger than [`Http::most`].
    pub fn too_large() -> HttpFailure {
        HttpFailure::Connection("answer too large".to_owned())
    }
}

impl HttpAnswer {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// A header that the request wants; its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)
    }

    /// The body as JSON; `None` where it is something else.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Option<T> {
        small_json::from_slice(&self.body).ok()
    }
}

/// Seconds of `Retry-After` (RFC 9110, 10.2.3), which may be a date.
pub(crate) fn retry_after(headers: &Headers, now: impl FnOnce() -> DateTime<Utc>) -> Option<u32> {
    let text = headers.get(RETRY_AFTER)?;
    let until = || Some((date(text)? - now()).num_seconds().max(0));
    text.parse().ok().or_else(until).and_then(|seconds: i64| u32::try_from(seconds).ok())
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, the form in which HTTP writes dates (RFC 9110, 5.6.7).
fn date(text: &str) -> Option<DateTime<Utc>> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.strip_suffix(" GMT")?.split_once(", ")?;
    let [day, month, year, time] = rest.split(' ').collect::<Vec<_>>().try_into().ok()?;
    let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month).map(|(_, number): (_, u32)| number)?;
    let month = [if month < 10 { "0" } else { "" }, &month.to_string()].concat();
    validation::moment(&[year, "-", &month, "-", day, "T", time, "Z"].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_date_is_read_as_chrono_reads_it(seconds in 0_i64..253_000_000_000, text in "[A-Za-z]{3}, [0-9]{2} (Jan|Feb|Sep|x) [0-9]{4} [0-9:]{8} (GMT|UTC)") {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            proptest::prop_assert_eq!(date(&at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()), Some(at));
            if let (Some(ours), Ok(theirs)) = (date(&text), DateTime::parse_from_rfc2822(&text)) {
                proptest::prop_assert_eq!(ours, theirs.to_utc());
            }
        }
    }

    #[test]
    fn a_wait_is_told_in_seconds_or_by_a_date() {
        let now = "2026-06-01T12:00:00Z".parse().unwrap();
        let wait = |value: &str| retry_after(&Headers(["retry-after:", value, "\n"].concat()), || now);
        assert_eq!((wait("120"), wait(" 0 ")), (Some(120), Some(0)));
        assert_eq!(wait("Mon, 01 Jun 2026 12:02:00 GMT"), Some(120));
        assert_eq!(wait("Mon, 01 Jun 2026 11:00:00 GMT"), Some(0), "it may have passed");
        for unreadable in ["", "soon", "-1", "1.5", "99999999999999999999"] {
            assert_eq!(wait(unreadable), None, "{unreadable}");
        }
    }
}
