use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use percent_encoding::percent_decode_str;

/// A request as the runtime hands it over; its body is read later, and only if needed.
pub struct Incoming {
    pub method: String,
    pub url: String,
    pub headers: Headers,
}

/// Request headers: one `name:value` per line, names in lower case. One string, because crossing from JavaScript costs
/// per value and not per byte.
#[derive(Default)]
pub struct Headers(pub String);

impl Headers {
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.lines().find_map(|line| line.split_once(':').filter(|(key, _)| *key == name).map(|(_, value)| value.trim_ascii()))
    }
}

/// The parts of a request that need no body.
pub struct Parts {
    pub method: String,
    /// Scheme and host, `https://api.example.org`.
    pub origin: String,
    pub host: String,
    /// As sent, without the query.
    pub path: String,
    /// As sent, without the question mark.
    pub raw_query: String,
    pub headers: Headers,
    /// The caller's address, or the unspecified address where the runtime does not tell it.
    pub ip: IpAddr,
    /// Values of the `{…}` parts of the route, decoded.
    pub path_parameters: Vec<(String, String)>,
}

impl Parts {
    pub(crate) fn new(incoming: Incoming, ip_header: &str) -> Parts {
        let (scheme, rest) = incoming.url.split_once("://").unwrap_or(("http", &incoming.url));
        let (host, tail) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let ip = incoming.headers.get(ip_header).and_then(|text| text.parse().ok()).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        Parts {
            origin: [scheme, "://", host].concat(),
            host: host.to_owned(),
            path: if path.is_empty() { "/".to_owned() } else { path.to_owned() },
            raw_query: query.split('#').next().unwrap_or_default().to_owned(),
            method: incoming.method,
            headers: incoming.headers,
            ip,
            path_parameters: Vec::new(),
        }
    }

    /// The query's parameters, decoded; `None` where they are not UTF-8.
    pub(crate) fn query(&self) -> Option<Vec<(String, String)>> {
        if self.raw_query.is_empty() {
            return Some(Vec::new());
        }
        decode(&self.raw_query.replace('+', " ").replace("%2B", "+").replace("%2b", "+"))?;
        Some(form_urlencoded::parse(self.raw_query.as_bytes()).into_owned().collect())
    }

    /// The token of `Authorization: Bearer`.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.headers.get("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// What limits count by: an IPv4 address, or the /64 that one IPv6 subscriber has.
    pub(crate) fn ip_key(&self) -> String {
        match self.ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => Ipv6Addr::from(u128::from(ip) >> 64 << 64).to_string(),
        }
    }

    /// What may be kept of the address: /24 of IPv4, /48 of IPv6.
    pub(crate) fn ip_truncated(&self) -> String {
        match self.ip {
            IpAddr::V4(ip) => Ipv4Addr::from(u32::from(ip) >> 8 << 8).to_string(),
            IpAddr::V6(ip) => Ipv6Addr::from(u128::from(ip) >> 80 << 80).to_string(),
        }
    }
}

/// Percent-decodes; `None` where the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(url: &str, headers: &str) -> Parts {
        Parts::new(
            Incoming { method: "GET".to_owned(), url: url.to_owned(), headers: Headers(headers.to_owned()) },
            "cf-connecting-ip",
        )
    }

    #[test]
    fn an_address_is_taken_apart() {
        let parts = parts("http://localhost:8787/api/v1/x?a=1&b=%C3%A9", "");
        assert_eq!((parts.host.as_str(), parts.path.as_str()), ("localhost:8787", "/api/v1/x"));
        assert_eq!(parts.query().unwrap(), [("a".to_owned(), "1".to_owned()), ("b".to_owned(), "é".to_owned())]);
    }

    #[test]
    fn a_query_that_is_not_utf_8_is_refused() {
        assert!(parts("http://h/x?a=%FF", "").query().is_none());
    }

    #[test]
    fn addresses_are_grouped_for_limits_and_cut_for_logs() {
        let v6 = parts("http://h/", "cf-connecting-ip:2001:db8:1:2:3:4:5:6\n");
        assert_eq!((v6.ip_key().as_str(), v6.ip_truncated().as_str()), ("2001:db8:1:2::", "2001:db8:1::"));
        let v4 = parts("http://h/", "x-forwarded-for:1.2.3.4\ncf-connecting-ip:203.0.113.9\n");
        assert_eq!((v4.ip_key().as_str(), v4.ip_truncated().as_str()), ("203.0.113.9", "203.0.113.0"));
    }
}
