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
    /// The caller's address, as it was before anybody translated it; `None` where nobody tells it in a way that can be read.
    pub ip: Option<IpAddr>,
    /// Values of the `{…}` parts of the route, decoded.
    pub path_parameters: Vec<(String, String)>,
}

impl Parts {
    pub(crate) fn new(incoming: Incoming, ip_header: &str) -> Parts {
        let (scheme, rest) = incoming.url.split_once("://").unwrap_or(("http", &incoming.url));
        let (host, tail) = rest.find(['/', '?']).map_or((rest, ""), |at| rest.split_at(at));
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let ip = incoming.headers.get(ip_header).and_then(address);
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
        pairs(&self.raw_query)
    }

    /// What the body is declared as; empty where it is not.
    pub fn content_type(&self) -> &str {
        self.headers.get("content-type").unwrap_or_default()
    }

    /// The token of `Authorization: Bearer`.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.headers.get("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// What limits count by: an IPv4 address, or the /64 that one IPv6 subscriber has.
    pub(crate) fn ip_key(&self) -> String {
        match self.ip {
            None => "unknown".to_owned(),
            Some(IpAddr::V4(ip)) => ip.to_string(),
            Some(IpAddr::V6(ip)) => cut(ip, 64),
        }
    }

    /// The /48 of an IPv6 address: whoever has one has 65,536 of what [`ip_key`](Parts::ip_key) tells apart.
    pub(crate) fn ip_network(&self) -> Option<String> {
        match self.ip {
            Some(IpAddr::V6(ip)) => Some([&cut(ip, 48), "/48"].concat()),
            _ => None,
        }
    }

    /// What may be kept of the address: /24 of IPv4, /48 of IPv6; empty where it is unknown.
    pub(crate) fn ip_truncated(&self) -> String {
        match self.ip {
            None => String::new(),
            Some(IpAddr::V4(ip)) => Ipv4Addr::from(u32::from(ip) >> 8 << 8).to_string(),
            Some(IpAddr::V6(ip)) => cut(ip, 48),
        }
    }
}

fn cut(ip: Ipv6Addr, bits: u32) -> String {
    Ipv6Addr::from(u128::from(ip) & (u128::MAX << (128 - bits))).to_string()
}

/// Reads an address in every spelling that proxies use: with a port, in brackets, with a zone, at the end of a list (where
/// the nearest proxy has put it), or an IPv4 address inside an IPv6 one.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.rsplit(',').next()?.trim_ascii();
    let text = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        // A second colon is part of an IPv6 address.
        None => text.split_once(':').filter(|(_, port)| !port.contains(':')).map_or(text, |(host, _)| host),
    };
    let ip: IpAddr = text.split('%').next()?.parse().ok()?;
    match ip {
        IpAddr::V6(ip) => Some(inside(ip).map_or(IpAddr::V6(ip), IpAddr::V4)),
        v4 @ IpAddr::V4(_) => Some(v4),
    }
}

/// The IPv4 address of a mapped (RFC 4291, 2.5.5) or translated (RFC 6052, `64:ff9b::/96`) one. All of IPv4 is one /64 there.
fn inside(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, high, low] = ip.segments();
    let embedded = match [a, b, c, d, e, f] {
        [0, 0, 0, 0, 0, 0xffff] | [0x64, 0xff9b, 0, 0, 0, 0] => true,
        [0, 0, 0, 0, 0, 0] => high > 0,
        _ => false,
    };
    embedded.then(|| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)))
}

/// What `application/x-www-form-urlencoded` says, decoded; `None` where that is not UTF-8.
pub(crate) fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    decode(&text.replace('+', " ").replace("%2B", "+").replace("%2b", "+"))?;
    Some(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
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

    fn caller(text: &str) -> (String, String, Option<String>) {
        let parts = parts("http://h/", &["cf-connecting-ip:", text, "\n"].concat());
        (parts.ip_key(), parts.ip_truncated(), parts.ip_network())
    }

    #[test]
    fn addresses_are_grouped_for_limits_and_cut_for_logs() {
        let v6 = caller("2001:db8:1:2:3:4:5:6");
        assert_eq!((v6.0.as_str(), v6.1.as_str(), v6.2.as_deref()), ("2001:db8:1:2::", "2001:db8:1::", Some("2001:db8:1::/48")));
        let v4 = parts("http://h/", "x-forwarded-for:1.2.3.4\ncf-connecting-ip:203.0.113.9\n");
        assert_eq!((v4.ip_key().as_str(), v4.ip_truncated().as_str(), v4.ip_network()), ("203.0.113.9", "203.0.113.0", None));
    }

    #[test]
    fn what_cannot_be_read_is_no_address_and_nobodys_network() {
        for text in ["", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "1.2.3.4, ", "[::1", "for=1.2.3.4", "é"] {
            assert_eq!(caller(text), ("unknown".to_owned(), String::new(), None), "{text}");
        }
        assert_eq!(parts("http://h/", "").ip, None);
    }

    proptest::proptest! {
        #[test]
        fn an_address_is_one_caller_in_every_spelling(v4: [u8; 4], v6: [u16; 8], port: u16) {
            let v4 = Ipv4Addr::from(v4);
            let (v4, [a, b, c, d]) = (v4.to_string(), v4.octets());
            let (high, low) = (u16::from(a) << 8 | u16::from(b), u16::from(c) << 8 | u16::from(d));
            let mut spellings = vec![
                format!("{v4}:{port}"), format!("198.51.100.1, {v4}"), format!(" {v4} "), format!("::ffff:{v4}"),
                format!("::FFFF:{high:x}:{low:x}"), format!("[::ffff:{v4}]:{port}"), format!("0:0:0:0:0:ffff:{high:04x}:{low:04x}"),
                format!("64:ff9b::{v4}"), format!("2001:db8::1,{v4}:{port}"),
            ];
            if high > 0 {
                spellings.push(format!("::{v4}"));
            }
            for spelling in spellings {
                proptest::prop_assert_eq!(caller(&spelling), caller(&v4), "{}", spelling);
            }
            let whole = v6.map(|part| format!("{part:04X}")).join(":");
            let v6 = Ipv6Addr::from(v6).to_string();
            for spelling in [format!("[{v6}]"), format!("[{v6}]:{port}"), format!("{v6}%eth0"), format!("[{v6}%1]:{port}"), whole] {
                proptest::prop_assert_eq!(caller(&spelling), caller(&v6), "{}", spelling);
            }
        }
    }
}
