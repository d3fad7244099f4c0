//! Google Health API v4, which follows Fitbit's: developers.google.com/health.
//!
//! Google's OAuth 2 with PKCE; a refresh token comes with a consent only, and stays. `identity` tells the account, and for who
//! comes from Fitbit the old id. Subscriptions are the project's, made for each person by themselves
//! (`subscriptionCreatePolicy: AUTOMATIC`), so there is nothing to register per person.

use edge::{Http, HttpAnswer, Result};

use crate::Grant;
use crate::members::Members;
use crate::provider::{Adapter, App, Credentials, Facts, Failure, Name, Refresh, Tokens, form_body};

pub struct GoogleHealth;

static FACTS: Facts = Facts {
    name: Name::GoogleHealth,
    word: "google_health",
    title: "Google Health",
    prefix: "GOOGLE_HEALTH",
    pkce: true,
    credentials: Credentials::Body,
    refresh: Refresh::Stable,
    ahead_s: 300,
    eager: true,
    consent_path: "/o/oauth2/v2/auth",
    consent: &[("access_type", "offline"), ("prompt", "consent"), ("include_granted_scopes", "true")],
    scopes: &["https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly"],
    separator: " ",
    needs: &["https://www.googleapis.com/auth/googlehealth.activity_and_fitness.readonly"],
    token_path: "/token",
    refresh_path: "/token",
    delivery: &["pull", "ping"],
    history_days: None,
    window_days: None,
    tells_departure: false,
    tells_deletion: true,
    successor: None,
};

impl Adapter for GoogleHealth {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn question(&self, app: App, grant: &Grant, nth: usize) -> Option<Result<Http>> {
        (nth == 0).then(|| Ok(Http::get(app.api(&["/v4/users/me/identity"])).bearer(&grant.access)))
    }

    fn learn(&self, _: usize, answer: &HttpAnswer, grant: &mut Grant) -> Result<(), Failure> {
        if !answer.is_success() {
            return Err(self.failure(answer));
        }
        grant.account = Members::read(&answer.body).text("healthUserId");
        grant.keep_profile(std::str::from_utf8(&answer.body).ok());
        Ok(())
    }

    fn revoke(&self, app: App, tokens: &Tokens) -> Result<Http> {
        let token = tokens.refresh.as_ref().unwrap_or(&tokens.access);
        Ok(form_body(Http::post(app.url("TOKEN_URL", &["/revoke"])), &[("token", token)]))
    }

    /// Google answers 400 to a token that it no longer knows.
    fn is_revoked(&self, answer: &HttpAnswer) -> Option<bool> {
        match answer.status {
            200..300 | 404 | 410 => Some(true),
            400 => Some(Members::read(&answer.body).text("error").as_deref() == Some("invalid_token")),
            _ => None,
        }
    }

    fn probe(&self, app: App, tokens: &Tokens) -> Result<Http> {
        Ok(Http::get(app.api(&["/v4/users/me/identity"])).bearer(&tokens.access))
    }
}
