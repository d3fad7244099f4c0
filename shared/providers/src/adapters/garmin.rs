//! Garmin Connect Developer Program. Its documents are for partners; what is here is from open code that runs against it
//! (the-momentum/open-wearables, quantified-self, c2c_tracking, RADAR-base).
//!
//! OAuth 2 with PKCE, which is mandatory; refresh tokens rotate and expire. OAuth 1.0a, for applications of before the move, where
//! `GARMIN_OAUTH` is `1`, until 2026-12-31: its tokens neither expire nor are renewed, and are kept as the text in which they
//! came, `oauth_token=…&oauth_token_secret=…`. Neither tells whose account it is: `/user/id` does. What the person allows is
//! told by `/user/permissions`. There is no profile.

use chrono::{DateTime, Utc};
use edge::{Http, HttpAnswer, Result};

use crate::Grant;
use crate::members::Members;
use crate::oauth1::{Signer, encoded};
use crate::provider::{Adapter, App, Came, Credentials, Facts, Failure, Name, Refresh, Tokens};

pub struct Garmin;

const ID: &str = "/wellness-api/rest/user/id";
const PERMISSIONS: &str = "/wellness-api/rest/user/permissions";
const REGISTRATION: &str = "/wellness-api/rest/user/registration";

/// 2027-01-01T00:00:00Z: Garmin takes nothing but OAuth 2 from then on.
const OAUTH1_ENDS: i64 = 1_798_761_600;

static FACTS: Facts = Facts {
    name: Name::Garmin,
    word: "garmin",
    title: "Garmin",
    prefix: "GARMIN",
    pkce: true,
    credentials: Credentials::Body,
    refresh: Refresh::Rotate,
    // Garmin advises ten minutes more than anybody needs.
    ahead_s: 1200,
    eager: true,
    consent_path: "/oauth2Confirm",
    consent: &[],
    scopes: &[],
    separator: " ",
    needs: &["ACTIVITY_EXPORT"],
    token_path: "/di-oauth2-service/oauth/token",
    refresh_path: "/di-oauth2-service/oauth/token",
    delivery: &["push", "ping"],
    history_days: Some(30),
    window_days: Some(30),
    tells_departure: true,
    tells_deletion: false,
    successor: None,
};

impl Adapter for Garmin {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn request_token(&self, app: App, callback: &str) -> Result<Option<Http>> {
        if app.setting("OAUTH") != "1" || app.ctx.now().timestamp() >= OAUTH1_ENDS {
            return Ok(None);
        }
        let url = app.url("OAUTH1_URL", &["/oauth-service/oauth/request_token"]);
        let signer = Signer { consumer: consumer(app), token: None };
        signer.sign("POST", &url, &[("oauth_callback", callback)], app.ctx.now().timestamp(), Http::post(&url)).map(Some)
    }

    fn exchange(&self, app: App, came: &Came) -> Result<Http> {
        let Some((token, verifier)) = &came.oauth1 else { return Ok(app.code_call(came)) };
        let url = app.url("OAUTH1_URL", &["/oauth-service/oauth/access_token"]);
        let signer = Signer { consumer: consumer(app), token: Some((token, &came.secret)) };
        signer.sign("POST", &url, &[("oauth_verifier", verifier)], app.ctx.now().timestamp(), Http::post(&url))
    }

    fn granted(&self, answer: &HttpAnswer, now: DateTime<Utc>) -> Result<Grant, Failure> {
        let text = String::from_utf8_lossy(&answer.body);
        if answer.is_success() && oauth1_pair(&text).is_some() {
            return Ok(Grant { access: text.into_owned(), ..Grant::default() });
        }
        let members = Members::read(&answer.body);
        match members.text("access_token").filter(|_| answer.is_success()) {
            Some(access) => Ok(Grant::of(access, &members, now)),
            None => Err(self.failure(answer)),
        }
    }

    fn question(&self, app: App, grant: &Grant, nth: usize) -> Option<Result<Http>> {
        let path = [ID, PERMISSIONS].get(nth)?;
        Some(call(app, &grant.access, "GET", path))
    }

    fn learn(&self, nth: usize, answer: &HttpAnswer, grant: &mut Grant) -> Result<(), Failure> {
        if !answer.is_success() {
            return Err(self.failure(answer));
        }
        let members = Members::read(&answer.body);
        if nth == 0 {
            grant.account = members.text("userId");
        } else {
            grant.scopes = Some(members.list("permissions").join(","));
        }
        Ok(())
    }

    fn revoke(&self, app: App, tokens: &Tokens) -> Result<Http> {
        call(app, &tokens.access, "DELETE", REGISTRATION)
    }

    fn probe(&self, app: App, tokens: &Tokens) -> Result<Http> {
        call(app, &tokens.access, "GET", PERMISSIONS)
    }
}

fn consumer<'a>(app: App<'a>) -> (&'a str, &'a str) {
    (app.setting("CLIENT_ID"), app.setting("CLIENT_SECRET"))
}

/// A call with tokens of either kind.
fn call(app: App, access: &str, method: &'static str, path: &str) -> Result<Http> {
    let url = app.api(&[path]);
    let request = if method == "DELETE" { Http::delete(&url) } else { Http::get(&url) };
    match oauth1_pair(access) {
        Some((token, secret)) => {
            let signer = Signer { consumer: consumer(app), token: Some((&token, &secret)) };
            signer.sign(method, &url, &[], app.ctx.now().timestamp(), request)
        }
        None => Ok(request.bearer(access)),
    }
}

/// Token and secret of OAuth 1, of the text in which they came.
pub fn oauth1_pair(text: &str) -> Option<(String, String)> {
    let of = |name: &str| {
        let mut pairs = form_urlencoded::parse(text.trim().as_bytes());
        pairs.find_map(|(known, value)| (known == name && !value.is_empty()).then(|| value.into_owned()))
    };
    text.contains("oauth_token=").then_some(())?;
    Some((of("oauth_token")?, of("oauth_token_secret")?))
}

/// Where people give their consent to an OAuth 1 request token.
pub fn oauth1_page(app: App, token: &str) -> String {
    [&app.url("AUTH_URL", &["/oauthConfirm"]), "?oauth_token=", &encoded(token)].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_of_oauth_1_is_told_from_a_bearer() {
        assert_eq!(oauth1_pair("oauth_token=a%2Bb&oauth_token_secret=c+d"), Some(("a+b".to_owned(), "c d".to_owned())));
        for other in ["eyJhbGciOi", "oauth_token=a", "oauth_token=a&oauth_token_secret=", "{\"oauth_token=\":1}", ""] {
            assert_eq!(oauth1_pair(other), None, "{other}");
        }
    }

    #[test]
    fn permissions_are_read_as_scopes_and_a_refused_grant_is_final() {
        let answer = |status, body: &str| HttpAnswer { status, body: body.as_bytes().to_vec(), ..HttpAnswer::default() };
        let mut grant = Grant::default();
        Garmin.learn(0, &answer(200, r#"{"userId":"4f2a"}"#), &mut grant).unwrap();
        Garmin.learn(1, &answer(200, r#"{"permissions":["ACTIVITY_EXPORT","HEALTH_EXPORT"]}"#), &mut grant).unwrap();
        assert_eq!((grant.account.as_deref(), grant.scopes.as_deref()), (Some("4f2a"), Some("ACTIVITY_EXPORT,HEALTH_EXPORT")));
        assert_eq!(Garmin.failure(&answer(400, r#"{"error":"invalid_grant"}"#)), Failure::Refused("invalid_grant"));
        assert!(matches!(Garmin.failure(&answer(401, r#"{"error":"invalid_client"}"#)), Failure::Passing { .. }));
    }
}
