//! Where people are sent back to. Whoever sends them where a request says works for those who phish.

/// Whether an address is of one of these origins, separated by commas: what follows the origin can only be a path or a query.
pub fn is_ours(origins: &str, url: &str) -> bool {
    let plain = url.bytes().all(|b| b.is_ascii_graphic() && !b"\\#\"<>`".contains(&b));
    let below = |origin: &str| url.strip_prefix(origin).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
    plain && origins.split(',').map(str::trim).any(|origin| !origin.is_empty() && below(origin.trim_end_matches('/')))
}

/// An address with more in its query.
pub fn with(url: &str, pairs: &[(&str, &str)]) -> String {
    let mut whole = url.to_owned();
    for (name, value) in pairs {
        whole.push(if whole.contains('?') { '&' } else { '?' });
        whole.extend([name, "=", &providers::oauth1::encoded(value)]);
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_sent_anywhere_else() {
        let origins = "https://app.example, http://localhost:3000";
        for good in ["https://app.example", "https://app.example/", "https://app.example/a?b=c", "http://localhost:3000?x"] {
            assert!(is_ours(origins, good), "{good}");
        }
        for bad in [
            "https://app.example.evil/",
            "https://app.example@evil.example/",
            "https://app.example:444/",
            "https://app.examples/",
            "http://app.example/",
            "HTTPS://APP.EXAMPLE/",
            "//app.example/",
            "/settings",
            "javascript:alert(1)",
            "https://app.example/\\evil",
            "https://app.example/#token",
            "https://app.example/ x",
            "https://app.example/\r\nset-cookie:x",
            "http://localhost:30001/",
            "",
        ] {
            assert!(!is_ours(origins, bad), "{bad}");
        }
        assert!(!is_ours("", "https://app.example/") && !is_ours(" , ", "https://app.example/"));
    }

    #[test]
    fn what_is_added_stands_in_the_query() {
        assert_eq!(
            with("https://a.example/x", &[("error", "access_denied"), ("message", "Non & é")]),
            "https://a.example/x?error=access_denied&message=Non%20%26%20%C3%A9"
        );
        assert_eq!(with("https://a.example/?y=1", &[("status", "connected")]), "https://a.example/?y=1&status=connected");
    }
}
