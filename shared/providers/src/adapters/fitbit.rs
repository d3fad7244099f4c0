//! Fitbit's Web API, which ended on 2026-11-02 and answers 410 since: dev.fitbit.com/build/reference/web-api. It is here for those who
//! are still connected, who read that they are to connect Google Health; nobody is connected anew after its last day.
//!
//! OAuth 2 with PKCE, our credentials by HTTP Basic; refresh tokens serve once. A subscription per person is made once there are tokens.

use edge::{Http, HttpAnswer, Result};

use crate::Grant;
use crate::members::Members;
use crate::provider::{Adapter, App, Credentials, Facts, Failure, Name, Refresh, Tokens, form_body};

pub struct Fitbit;

static FACTS: Facts = Facts {
    name: Name::Fitbit,
    word: "fitbit",
    title: "Fitbit",
    prefix: "FITBIT",
    pkce: true,
    credentials: Credentials::Basic,
    refresh: Refresh::Rotate,
    ahead_s: 600,
    eager: true,
    consent_path: "/oauth2/authorize",
    consent: &[],
    scopes: &["activity", "heartrate", "profile"],
    separator: " ",
    needs: &["activity"],
    token_path: "/oauth2/token",
    refresh_path: "/oauth2/token",
    delivery: &["pull", "ping"],
    history_days: None,
    window_days: None,
    tells_departure: true,
    tells_deletion: false,
    successor: Some(Name::GoogleHealth),
};

impl Adapter for Fitbit {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn account(&self, answer: &Members, grant: &mut Grant) {
        grant.account = answer.text("user_id");
    }

    /// `{"errors": [{"errorType": "invalid_grant", …}], "success": false}`
    fn is_spent(&self, refusal: &Members) -> bool {
        refusal.raw("errors").unwrap_or_default().contains("\"invalid_grant\"")
    }

    fn question(&self, app: App, grant: &Grant, nth: usize) -> Option<Result<Http>> {
        let account = grant.account.as_deref()?;
        let call = match nth {
            0 => Http::post(app.api(&["/1/user/-/activities/apiSubscriptions/", account, ".json"])),
            1 => Http::get(app.api(&["/1/user/-/profile.json"])),
            _ => return None,
        };
        Some(Ok(call.bearer(&grant.access)))
    }

    fn learn(&self, nth: usize, answer: &HttpAnswer, grant: &mut Grant) -> Result<(), Failure> {
        match (nth, answer.status) {
            // 409: there is such a subscription.
            (0, 200..300 | 409) => {}
            (0, _) => return Err(self.failure(answer)),
            _ => {
                let profile = Members::read(&answer.body);
                grant.username = profile.object("user").text("displayName");
                grant.keep_profile(profile.raw("user"));
            }
        }
        Ok(())
    }

    fn revoke(&self, app: App, tokens: &Tokens) -> Result<Http> {
        let token = tokens.refresh.as_ref().unwrap_or(&tokens.access);
        Ok(form_body(app.basic(Http::post(app.url("TOKEN_URL", &["/oauth2/revoke"]))), &[("token", token)]))
    }

    fn probe(&self, app: App, tokens: &Tokens) -> Result<Http> {
        Ok(Http::get(app.api(&["/1/user/-/profile.json"])).bearer(&tokens.access))
    }
}
