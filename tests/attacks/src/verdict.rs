//! What makes an answer a breach.

use testing::Answer;

/// What a sound backend answers to an attack.
#[derive(Clone, Copy, Debug)]
pub enum Expect {
    /// One of these statuses.
    Status(&'static [u16]),
    /// Anything that gives nothing away: the attack is in a part that means nothing, or only text.
    Harmless,
    /// The same, to an administrator, who may see everybody's data.
    Administrator,
}

impl Expect {
    /// Whether the connection may be closed in place of an answer.
    pub fn allows_hanging_up(self) -> bool {
        matches!(self, Expect::Status(statuses) if statuses.contains(&413))
    }
}

/// What must not be seen by anybody but the victim.
pub struct Secrets {
    pub texts: Vec<String>,
    /// Front ends that may read answers.
    pub origins: Vec<String>,
    /// Where answers may lead.
    pub public_url: String,
}

/// How an attack ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    Held,
    Breached(String),
    /// It did not get as far as what it attacks.
    NotCarriedOut,
}

/// The attacker's own host; it must never come back in a header.
pub const EVIL: &str = "evil.example";

/// A header that only an attacker can have put there.
pub const INJECTED: &str = "x-injected";

/// Words of the inside.
const INSIDE: [&str; 7] = ["SQLSTATE", "syntax error", "panicked at", "relation \"", "postgres://", "RuntimeError", "edge.enter"];

/// What the runtime refuses by itself, before any function sees it.
const RUNTIME: [u16; 5] = [400, 413, 415, 431, 501];

/// The headers that every answer has.
const PROTECTION: [&str; 5] =
    ["x-content-type-options", "content-security-policy", "referrer-policy", "cache-control", "x-request-id"];

impl Secrets {
    /// Judges an answer.
    pub fn judge(&self, expect: Expect, answer: &Answer) -> Verdict {
        if answer.status == 429 && answer.code() == "rate_limited" {
            return Verdict::NotCarriedOut;
        }
        match self.breach(expect, answer) {
            Some(breach) => Verdict::Breached(breach),
            None => Verdict::Held,
        }
    }

    fn breach(&self, expect: Expect, answer: &Answer) -> Option<String> {
        let body = String::from_utf8_lossy(&answer.body);
        let headers = || answer.headers.iter().filter(|(name, _)| *name != "date");
        match expect {
            Expect::Status(statuses) if !statuses.contains(&answer.status) => {
                return Some(format!("status {} where {statuses:?} was due: {body:.200}", answer.status));
            }
            Expect::Harmless | Expect::Administrator if answer.status >= 500 => {
                return Some(format!("status {}: {body:.200}", answer.status));
            }
            _ => {}
        }
        let seen = |text: &String| body.contains(text) || headers().any(|(_, value)| value.contains(text));
        if let Some(text) = self.texts.iter().find(|text| seen(text)).filter(|_| !matches!(expect, Expect::Administrator)) {
            return Some(format!("shows the victim's {text}: {body:.200}"));
        }
        if let Some(word) = INSIDE.iter().find(|word| body.contains(**word)) {
            return Some(format!("speaks of the inside, {word}: {body:.200}"));
        }
        if let Some((name, value)) = headers().find(|(name, value)| {
            *name == INJECTED || (*name == "set-cookie" && !value.lines().all(is_ours)) || value.contains(EVIL)
        }) {
            return Some(format!("answers with the attacker's header {name}: {value}"));
        }
        if let Some(origin) =
            answer.header("access-control-allow-origin").filter(|origin| !self.origins.iter().any(|o| o == origin))
        {
            return Some(format!("lets {origin} read answers"));
        }
        if (300..400).contains(&answer.status) && answer.status != 304 {
            return Some(format!("redirects to {:?}", answer.header("location")));
        }
        let leads_away = |place: &&str| !place.strip_prefix(&self.public_url).unwrap_or(place).starts_with("/api/v1/");
        if let Some(place) = answer.header("location").filter(leads_away) {
            return Some(format!("leads to {place}"));
        }
        if answer.header("x-request-id").is_none() && RUNTIME.contains(&answer.status) && answer.body.len() < 200 {
            return None;
        }
        // Whoever asks for a page below `/admin` is refused by one, which allows nothing.
        let is_page = answer.header("content-type") == Some("text/html; charset=utf-8")
            && answer.header("content-security-policy").is_some_and(|policy| policy.starts_with("default-src 'none'"));
        let is_problem = is_page || answer.header("content-type") == Some("application/problem+json");
        if answer.status >= 400 && !body.is_empty() && !is_problem {
            return Some(format!("refuses without a problem: {body:.200}"));
        }
        PROTECTION.iter().find(|name| answer.header(name).is_none()).map(|name| format!("has no header {name}"))
    }
}

/// The cookie by which browsers are known, with a value that no attack has written.
fn is_ours(cookie: &str) -> bool {
    let value = cookie.strip_prefix("__Host-device=").and_then(|rest| rest.split_once("; Max-Age=7776000; Path=/; Secure;"));
    value.is_some_and(|(value, _)| value.len() == 43)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;

    fn secrets() -> Secrets {
        Secrets {
            texts: vec!["canary-1".to_owned()],
            origins: vec!["https://app.example".to_owned()],
            public_url: "https://api.example".to_owned(),
        }
    }

    /// An answer as every function gives it.
    fn sound(status: u16, body: &str) -> Answer {
        let mut headers: BTreeMap<String, String> = PROTECTION.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect();
        let kind = if status >= 400 { "application/problem+json" } else { "application/json" };
        headers.insert("content-type".to_owned(), kind.to_owned());
        Answer { status, headers, body: body.as_bytes().to_vec(), log: Vec::new(), took: Duration::ZERO }
    }

    fn with(mut answer: Answer, name: &str, value: &str) -> Answer {
        answer.headers.insert(name.to_owned(), value.to_owned());
        answer
    }

    #[test]
    fn an_answer_that_gives_nothing_away_is_no_breach() {
        let refused = sound(401, r#"{"code":"unauthenticated"}"#);
        assert_eq!(secrets().judge(Expect::Status(&[401]), &refused), Verdict::Held);
        for place in ["/api/v1/scenes/1", "https://api.example/api/v1/scenes/1"] {
            assert_eq!(secrets().judge(Expect::Harmless, &with(sound(201, "{}"), "location", place)), Verdict::Held);
        }
        let list = sound(200, r#"{"items":["canary-1"]}"#);
        assert_eq!(secrets().judge(Expect::Administrator, &list), Verdict::Held);
        let cookie = format!("__Host-device={}; Max-Age=7776000; Path=/; Secure; HttpOnly; SameSite=None", "x".repeat(43));
        assert_eq!(secrets().judge(Expect::Harmless, &with(sound(200, "{}"), "set-cookie", &cookie)), Verdict::Held);
        let allowed = with(sound(200, "{}"), "access-control-allow-origin", "https://app.example");
        assert_eq!(secrets().judge(Expect::Harmless, &allowed), Verdict::Held);
    }

    #[test]
    fn every_kind_of_breach_is_recognised() {
        let breaches = [
            (Expect::Status(&[401]), sound(200, "{}"), "status 200 where"),
            (Expect::Harmless, sound(500, "{}"), "status 500"),
            (Expect::Harmless, sound(200, r#"{"items":["canary-1"]}"#), "shows the victim's"),
            (Expect::Harmless, with(sound(200, "{}"), "etag", "canary-1"), "shows the victim's"),
            (Expect::Harmless, sound(400, "syntax error at or near"), "speaks of the inside"),
            (Expect::Harmless, with(sound(200, "{}"), INJECTED, "1"), "attacker's header"),
            (Expect::Harmless, with(sound(200, "{}"), "set-cookie", "a=b"), "attacker's header"),
            (Expect::Harmless, with(sound(201, "{}"), "location", "https://evil.example/"), "attacker's header"),
            (Expect::Harmless, with(sound(201, "{}"), "location", "https://other.example/"), "leads to"),
            (Expect::Harmless, with(sound(201, "{}"), "location", "//other.example/"), "leads to"),
            (Expect::Harmless, with(sound(201, "{}"), "location", "https://api.example.org/api/v1/"), "leads to"),
            (Expect::Harmless, sound(302, ""), "redirects"),
            (Expect::Harmless, with(sound(200, "{}"), "access-control-allow-origin", "*"), "read answers"),
            (Expect::Harmless, with(sound(200, "{}"), "access-control-allow-origin", "null"), "read answers"),
            (Expect::Harmless, with(sound(404, "<html>"), "content-type", "text/html"), "without a problem"),
            (Expect::Harmless, Answer { headers: BTreeMap::new(), ..sound(200, "{}") }, "has no header"),
        ];
        for (expect, answer, says) in breaches {
            match secrets().judge(expect, &answer) {
                Verdict::Breached(breach) => assert!(breach.contains(says), "{breach}"),
                other => panic!("{other:?} for {answer:?}"),
            }
        }
    }

    #[test]
    fn an_attack_that_a_limit_stopped_proves_nothing() {
        let limited = sound(429, r#"{"code":"rate_limited"}"#);
        assert_eq!(secrets().judge(Expect::Status(&[401]), &limited), Verdict::NotCarriedOut);
    }
}
