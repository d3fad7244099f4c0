//! Signatures of OAuth 1.0a (RFC 5849) with HMAC-SHA1, for what Garmin still takes of it.

use std::fmt::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use edge::{Http, Result};
use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::pkce;

/// Who signs: our application, and the token that it speaks with where it has one.
#[derive(Clone, Copy)]
pub struct Signer<'a> {
    pub consumer: (&'a str, &'a str),
    pub token: Option<(&'a str, &'a str)>,
}

impl Signer<'_> {
    /// The request with the header that signs it, its body none. `extra` are protocol parameters such as `oauth_callback`.
    ///
    /// # Errors
    /// 503 where the runtime has no randomness to give.
    pub fn sign(&self, method: &str, url: &str, extra: &[(&str, &str)], seconds: i64, request: Http) -> Result<Http> {
        Ok(request.header("authorization", self.header(method, url, extra, seconds, &pkce::random_word()?)))
    }

    /// The header (3.5.1) of a request with this time and nonce.
    fn header(&self, method: &str, url: &str, extra: &[(&str, &str)], seconds: i64, nonce: &str) -> String {
        let seconds = seconds.to_string();
        let mut protocol = vec![
            ("oauth_consumer_key", self.consumer.0),
            ("oauth_nonce", nonce),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", &seconds),
            ("oauth_version", "1.0"),
        ];
        protocol.extend(self.token.map(|(token, _)| ("oauth_token", token)));
        protocol.extend(extra);
        let signature = self.signature(method, url, &protocol);
        protocol.push(("oauth_signature", &signature));
        let pairs = protocol.iter().map(|(name, value)| [name, "=\"", &encoded(value), "\""].concat());
        ["OAuth ", &pairs.collect::<Vec<_>>().join(", ")].concat()
    }

    /// The signature (3.4.2) over method, address, the parameters of its query and those given.
    pub fn signature(&self, method: &str, url: &str, parameters: &[(&str, &str)]) -> String {
        let (address, query) = url.split_once('?').unwrap_or((url, ""));
        let query: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let query = query.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        let all = normalized(query.chain(parameters.iter().copied()));
        let base = [method, "&", &encoded(&base_address(address)), "&", &encoded(&all)].concat();
        let key = [&encoded(self.consumer.1), "&", &encoded(self.token.map_or("", |(_, secret)| secret))].concat();
        let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key.as_bytes()) else { return String::new() };
        mac.update(base.as_bytes());
        BASE64_STANDARD.encode(mac.finalize().into_bytes())
    }
}

/// The parameters as they are signed (3.4.1.3.2): encoded, then sorted by name and value.
pub fn normalized<'a>(parameters: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut pairs: Vec<_> = parameters.map(|(name, value)| (encoded(name), encoded(value))).collect();
    pairs.sort();
    pairs.iter().map(|(name, value)| [name, "=", value].concat()).collect::<Vec<_>>().join("&")
}

/// Scheme and host in lower case, without the port that the scheme has anyway (3.4.1.2).
fn base_address(address: &str) -> String {
    let (scheme, rest) = address.split_once("://").unwrap_or(("https", address));
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let (scheme, host) = (scheme.to_ascii_lowercase(), host.to_ascii_lowercase());
    let usual = if scheme == "http" { ":80" } else { ":443" };
    let path = if path.is_empty() { "/" } else { path };
    [&scheme, "://", host.strip_suffix(usual).unwrap_or(&host), path].concat()
}

/// Percent encoding (3.6), which is not that of forms: a space is `%20`, and only letters, digits and `-._~` stay.
pub fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Case {
        method: &'static str,
        url: &'static str,
        consumer: (&'static str, &'static str),
        token: Option<(&'static str, &'static str)>,
        parameters: Vec<(&'static str, &'static str)>,
        signature: &'static str,
    }

    fn case(
        (method, url): (&'static str, &'static str),
        consumer: (&'static str, &'static str),
        token: Option<(&'static str, &'static str)>,
        (time, nonce): (&'static str, &'static str),
        more: &[(&'static str, &'static str)],
        signature: &'static str,
    ) -> Case {
        let mut parameters = vec![
            ("oauth_consumer_key", consumer.0),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", time),
            ("oauth_nonce", nonce),
        ];
        parameters.extend(token.map(|(token, _)| ("oauth_token", token)));
        parameters.extend(more);
        Case { method, url, consumer, token, parameters, signature }
    }

    /// Of RFC 5849, of OAuth Core 1.0a (appendix A.5), of Twitter's documentation, and of Garmin's shape.
    fn cases() -> Vec<Case> {
        let photos = ("dpf43f3p2l4k3l03", "kd94hf93k423kf44");
        let garmin = ("test-consumer-key", "test-consumer-secret");
        let resource = ("GET", "http://photos.example.net/photos?file=vacation.jpg&size=original");
        let token = Some(("nnch734d00sl2jdk", "pfkkdhi9sl3r4s00"));
        let version = ("oauth_version", "1.0");
        vec![
            case(
                ("POST", "https://photos.example.net/initiate"),
                photos,
                None,
                ("137131200", "wIjqoS"),
                &[("oauth_callback", "http://printer.example.com/ready")],
                "74KNZJeDHnMBp0EMJ9ZHt/XKycU=",
            ),
            case(
                ("POST", "https://photos.example.net/token"),
                photos,
                Some(("hh5s93j4hdidpola", "hdhd0244k9j7ao03")),
                ("137131201", "walatlh"),
                &[("oauth_verifier", "hfdp7dh39dks9884")],
                "gKgrFCywp7rO0OXSjdot/IHF7IU=",
            ),
            case(resource, photos, token, ("137131202", "chapoH"), &[], "MdpQcU8iPSUjWoN/UDMsK2sui9I="),
            case(resource, photos, token, ("1191242096", "kllo9940pd9333jh"), &[version], "tR3+Ty81lMeYAr/Fid0kMTYa/WM="),
            // The form of the body is signed as well.
            case(
                ("POST", "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b"),
                ("9djdj82h48djs9d2", "j49sk3j29djd"),
                Some(("kkk9d7dh3k39sjv7", "dh893hdasih9")),
                ("137131201", "7d8f3e4a"),
                &[("c2", ""), ("a3", "2 q")],
                "r6/TJjbCOr97/+UU0NsvSne7s5g=",
            ),
            case(
                ("POST", "https://api.twitter.com/1.1/statuses/update.json?include_entities=true"),
                ("xvz1evFS4wEEPTGEFPHBog", "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw"),
                Some(("370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE")),
                ("1318622958", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
                &[version, ("status", "Hello Ladies + Gentlemen, a signed OAuth request!")],
                "hCtSmYh+iHYCEqBWrE7C7hYmtUk=",
            ),
            case(
                ("POST", "https://connectapi.garmin.com/oauth-service/oauth/request_token"),
                garmin,
                None,
                ("1700000000", "n0nce1"),
                &[version],
                "pTSFkWGkjwdf1Umil6gSTPlZ1oc=",
            ),
            case(
                ("POST", "https://connectapi.garmin.com/oauth-service/oauth/access_token"),
                garmin,
                Some(("req-token", "req-secret")),
                ("1700000001", "n0nce2"),
                &[version, ("oauth_verifier", "verif1er")],
                "r5xnXyNdaqpd9H7BldX/hFUfC5I=",
            ),
            case(
                (
                    "GET",
                    "https://apis.garmin.com/wellness-api/rest/backfill/activities?summaryStartTimeInSeconds=1699000000&summaryEndTimeInSeconds=1700000000",
                ),
                garmin,
                Some(("acc-token", "acc-secret")),
                ("1700000002", "n0nce3"),
                &[version],
                "hnLfBGf8tE/nkp0yjLn92HNSTK8=",
            ),
        ]
    }

    #[test]
    fn published_requests_are_signed_as_published() {
        for Case { method, url, consumer, token, parameters, signature } in cases() {
            assert_eq!(Signer { consumer, token }.signature(method, url, &parameters), signature, "{method} {url}");
        }
    }

    #[test]
    fn a_bent_request_has_another_signature() {
        for Case { method, url, consumer, token, mut parameters, signature } in cases() {
            let signer = Signer { consumer, token };
            assert_ne!(signer.signature("PUT", url, &parameters), signature);
            assert_ne!(signer.signature(method, &[url, "x"].concat(), &parameters), signature);
            assert_ne!(Signer { consumer: (consumer.0, &consumer.1[1..]), token }.signature(method, url, &parameters), signature);
            assert_ne!(Signer { consumer, token: Some(("t", "s")) }.signature(method, url, &parameters), signature);
            let last = parameters.pop().unwrap();
            assert_ne!(signer.signature(method, url, &parameters), signature, "without {last:?}");
            parameters.insert(0, last);
            assert_eq!(signer.signature(method, url, &parameters), signature, "the order in which they are given says nothing");
        }
    }

    #[test]
    fn what_is_signed_is_what_the_standard_prints() {
        let parameters = [("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b"), ("c2", ""), ("a3", "2 q")];
        assert_eq!(normalized(parameters.into_iter()), "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=");
        assert_eq!(base_address("HTTP://EXAMPLE.COM:80/r%20v/X"), "http://example.com/r%20v/X");
        assert_eq!(base_address("https://www.example.net:8080/"), "https://www.example.net:8080/");
        assert_eq!(encoded("Ladies + Gentlemen*é~"), "Ladies%20%2B%20Gentlemen%2A%C3%A9~");
    }

    #[test]
    fn a_header_carries_every_parameter_and_the_signature_of_them() {
        let signer = Signer { consumer: ("test-consumer-key", "test-consumer-secret"), token: None };
        let header = signer.header(
            "POST",
            "https://connectapi.garmin.com/oauth-service/oauth/request_token",
            &[],
            1_700_000_000,
            "n0nce1",
        );
        assert_eq!(
            header,
            "OAuth oauth_consumer_key=\"test-consumer-key\", oauth_nonce=\"n0nce1\", oauth_signature_method=\"HMAC-SHA1\", \
             oauth_timestamp=\"1700000000\", oauth_version=\"1.0\", oauth_signature=\"pTSFkWGkjwdf1Umil6gSTPlZ1oc%3D\""
        );
    }
}
