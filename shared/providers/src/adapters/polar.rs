//! Polar AccessLink v3: www.polar.com/accesslink-api.
//!
//! OAuth 2 without PKCE, our credentials by HTTP Basic. A token lives for about a year and is never renewed; whether it is still good,
//! Polar decides and not our clock. The account's number comes with the token. Nothing works before the person is registered with our
//! application (409: they are), which waits where they have not accepted Polar's own consents (403). Nobody tells when they leave.

use edge::{Http, HttpAnswer, Result};
use serde::Serialize;

use crate::Grant;
use crate::members::Members;
use crate::provider::{Adapter, App, Credentials, Facts, Failure, Name, Probe, Refresh, Tokens};

pub struct Polar;

static FACTS: Facts = Facts {
    name: Name::Polar,
    word: "polar",
    title: "Polar",
    prefix: "POLAR",
    pkce: false,
    credentials: Credentials::Basic,
    refresh: Refresh::None,
    ahead_s: 0,
    eager: false,
    consent_path: "/oauth2/authorization",
    consent: &[],
    scopes: &["accesslink.read_all"],
    separator: " ",
    needs: &[],
    token_path: "/v2/oauth2/token",
    refresh_path: "/v2/oauth2/token",
    delivery: &["pull", "ping"],
    // Of these only what was uploaded after the registration.
    history_days: Some(30),
    window_days: None,
    tells_departure: false,
    tells_deletion: false,
    successor: None,
};

#[derive(Serialize)]
struct Registration<'a> {
    /// Our word for the person: opaque, and unique.
    #[serde(rename = "member-id")]
    member: &'a str,
}

impl Adapter for Polar {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn account(&self, answer: &Members, grant: &mut Grant) {
        grant.account = answer.text("x_user_id");
    }

    fn question(&self, app: App, grant: &Grant, nth: usize) -> Option<Result<Http>> {
        let account = grant.account.as_deref()?;
        let call = match nth {
            0 => Http::post(app.api(&["/v3/users"])).json(&Registration { member: &["oree-", account].concat() }),
            1 => Http::get(app.api(&["/v3/users/", account])),
            _ => return None,
        };
        Some(Ok(call.header("accept", "application/json".to_owned()).bearer(&grant.access)))
    }

    fn learn(&self, nth: usize, answer: &HttpAnswer, grant: &mut Grant) -> Result<(), Failure> {
        match (nth, answer.status) {
            (0, 403) => return Err(Failure::Waits("consents_missing")),
            (0, 200..300 | 409) => {}
            (0, _) => return Err(self.failure(answer)),
            // A person without a profile is connected all the same.
            _ if answer.is_success() => {
                let profile = Members::read(&answer.body);
                grant.username = profile.text("first-name");
                grant.keep_profile(std::str::from_utf8(&answer.body).ok());
            }
            _ => {}
        }
        Ok(())
    }

    fn revoke(&self, app: App, tokens: &Tokens) -> Result<Http> {
        let account = tokens.account.as_deref().unwrap_or_default();
        Ok(Http::delete(app.api(&["/v3/users/", account])).bearer(&tokens.access))
    }

    fn probe(&self, app: App, tokens: &Tokens) -> Result<Http> {
        let account = tokens.account.as_deref().unwrap_or_default();
        Ok(Http::get(app.api(&["/v3/users/", account])).header("accept", "application/json".to_owned()).bearer(&tokens.access))
    }

    /// 204 is a person who is no longer registered.
    fn probed(&self, answer: &HttpAnswer) -> Probe {
        match answer.status {
            200 => Probe::Holds,
            204 | 410 => Probe::Gone,
            401 => Probe::Rejected,
            _ => Probe::Unclear,
        }
    }
}
