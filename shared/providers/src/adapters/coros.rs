//! COROS Open API. Its documents are for partners; what is here is from open code that runs against it (quantified-self,
//! c2c_tracking).
//!
//! OAuth 2 without PKCE or scopes. Tokens live for thirty days, and a refresh gives none: the same ones live thirty days longer.
//! Errors come with status 200: `result` tells, `0000` being well. A refusal on the consent page is a return without a code. Nobody
//! tells when somebody leaves; `bindState` does when asked.

use chrono::{DateTime, Utc};
use edge::{Http, HttpAnswer, Result};

use crate::Grant;
use crate::members::Members;
use crate::oauth1::encoded;
use crate::provider::{Adapter, App, Credentials, Facts, Failure, Name, Probe, Refresh, Tokens, after, form_body, passing};

pub struct Coros;

/// How long a refresh lets tokens live.
const LIFE_S: i64 = 30 * 86_400;

static FACTS: Facts = Facts {
    name: Name::Coros,
    word: "coros",
    title: "COROS",
    prefix: "COROS",
    pkce: false,
    credentials: Credentials::Body,
    refresh: Refresh::Extend,
    ahead_s: 10 * 86_400,
    eager: true,
    consent_path: "/oauth2/authorize",
    consent: &[],
    scopes: &[],
    separator: " ",
    needs: &[],
    token_path: "/oauth2/accesstoken",
    refresh_path: "/oauth2/refresh-token",
    delivery: &["pull", "push"],
    history_days: Some(90),
    window_days: Some(30),
    tells_departure: false,
    tells_deletion: false,
    successor: None,
};

impl Adapter for Coros {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn granted(&self, answer: &HttpAnswer, now: DateTime<Utc>) -> Result<Grant, Failure> {
        let members = Members::read(&answer.body);
        match (members.text("access_token"), members.text("result").as_deref()) {
            (Some(access), None | Some("0000")) if answer.is_success() => {
                Ok(Grant { account: members.text("openId"), ..Grant::of(access, &members, now) })
            }
            (None, Some("0000")) if answer.is_success() => Ok(Grant { expires_at: after(now, LIFE_S), ..Grant::default() }),
            _ => Err(self.failure(answer)),
        }
    }

    fn failure(&self, answer: &HttpAnswer) -> Failure {
        let result = Members::read(&answer.body).text("result").unwrap_or_default();
        match (answer.status, is_unknown(&result)) {
            (410, _) => Failure::Refused("provider_gone"),
            (200, true) => Failure::Refused("invalid_grant"),
            (status, _) => passing(&["status ", &status.to_string(), ", result ", &result].concat(), answer.retry_after),
        }
    }

    fn question(&self, app: App, grant: &Grant, nth: usize) -> Option<Result<Http>> {
        let account = grant.account.as_deref().filter(|_| nth == 0)?;
        Some(Ok(Http::get(about(app, "/coros/userinfosim", &grant.access, account))))
    }

    fn learn(&self, _: usize, answer: &HttpAnswer, grant: &mut Grant) -> Result<(), Failure> {
        let members = Members::read(&answer.body);
        grant.username = members.object("data").text("nick");
        grant.keep_profile(members.raw("data"));
        Ok(())
    }

    fn revoke(&self, app: App, tokens: &Tokens) -> Result<Http> {
        Ok(form_body(Http::post(app.url("TOKEN_URL", &["/oauth2/deauthorize"])), &[("token", &tokens.access)]))
    }

    fn is_revoked(&self, answer: &HttpAnswer) -> Option<bool> {
        let result = Members::read(&answer.body).text("result");
        match result.as_deref() {
            Some("0000") => Some(true),
            Some(result) => is_unknown(result).then_some(true),
            None => answer.is_success().then_some(true),
        }
    }

    fn probe(&self, app: App, tokens: &Tokens) -> Result<Http> {
        Ok(Http::get(about(app, "/coros/bindState", &tokens.access, tokens.account.as_deref().unwrap_or_default())))
    }

    fn probed(&self, answer: &HttpAnswer) -> Probe {
        let members = Members::read(&answer.body);
        match (members.text("result").as_deref(), members.object("data").number("bindState")) {
            _ if !answer.is_success() => Probe::Unclear,
            (Some("0000"), Some(1)) => Probe::Holds,
            (Some("0000"), Some(0)) => Probe::Gone,
            (Some(result), _) if is_unknown(result) => Probe::Rejected,
            _ => Probe::Unclear,
        }
    }
}

/// What COROS says of tokens and accounts that it does not know: 5006 of the former, 5010 of the latter.
fn is_unknown(result: &str) -> bool {
    matches!(result, "5006" | "5010")
}

fn about(app: App, path: &str, access: &str, account: &str) -> String {
    app.api(&[path, "?token=", &encoded(access), "&openId=", &encoded(account)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &str) -> HttpAnswer {
        HttpAnswer { status: 200, body: body.as_bytes().to_vec(), ..HttpAnswer::default() }
    }

    #[test]
    fn the_result_tells_and_not_the_status() {
        let now = "2026-11-28T09:00:00Z".parse().unwrap();
        let renewed = Coros.granted(&answer(r#"{"result":"0000","message":"OK"}"#), now).unwrap();
        assert_eq!((renewed.access.as_str(), renewed.expires_at), ("", "2026-12-28T09:00:00Z".parse().ok()));
        assert_eq!(Coros.granted(&answer(r#"{"result":"5006"}"#), now).unwrap_err(), Failure::Refused("invalid_grant"));
        for passing in [r#"{"result":"5016"}"#, r#"{"result":"1031"}"#, "{}", "<html>"] {
            assert!(matches!(Coros.granted(&answer(passing), now), Err(Failure::Passing { .. })), "{passing}");
        }
        for (body, said) in [
            (r#"{"result":"0000","data":{"bindState":1}}"#, Probe::Holds),
            (r#"{"result":"0000","data":{"bindState":0}}"#, Probe::Gone),
            (r#"{"result":"5010"}"#, Probe::Rejected),
            (r#"{"result":"5016"}"#, Probe::Unclear),
            ("", Probe::Unclear),
        ] {
            assert_eq!(Coros.probed(&answer(body)), said, "{body}");
        }
    }
}
