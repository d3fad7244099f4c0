//! Strava: developers.strava.com/docs/authentication (and its changelog of June 2026).
//!
//! OAuth 2 without PKCE. Access tokens live for six hours; a refresh may replace the refresh token, and the one before is then dead
//! at once. `POST /oauth/revoke` takes the place of `/oauth/deauthorize`, which ends on 2027-06-01; either token ends both. People
//! can untick scopes: what they accepted comes back beside the code, and `activity:read` is needed. Who leaves is erased.

use edge::{Http, Result};

use crate::Grant;
use crate::members::Members;
use crate::provider::{Adapter, App, Credentials, Facts, Name, Refresh, Tokens, form_body};

pub struct Strava;

static FACTS: Facts = Facts {
    name: Name::Strava,
    word: "strava",
    title: "Strava",
    prefix: "STRAVA",
    pkce: false,
    credentials: Credentials::Body,
    refresh: Refresh::Maybe,
    ahead_s: 600,
    eager: true,
    consent_path: "/oauth/authorize",
    consent: &[("approval_prompt", "auto")],
    scopes: &["read", "profile:read_all", "activity:read_all"],
    separator: ",",
    needs: &["activity:read|activity:read_all"],
    token_path: "/oauth/token",
    refresh_path: "/oauth/token",
    delivery: &["pull", "ping"],
    history_days: None,
    window_days: None,
    tells_departure: true,
    tells_deletion: true,
    successor: None,
};

impl Adapter for Strava {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    /// `athlete` comes with the code's tokens only.
    fn account(&self, answer: &Members, grant: &mut Grant) {
        let athlete = answer.object("athlete");
        grant.account = athlete.text("id");
        grant.username = athlete.text("username").or_else(|| athlete.text("firstname"));
        grant.keep_profile(answer.raw("athlete"));
    }

    /// `{"message": "Bad Request", "errors": [{"resource": "RefreshToken", "field": "refresh_token", "code": "invalid"}]}`
    fn is_spent(&self, refusal: &Members) -> bool {
        let errors = refusal.raw("errors").unwrap_or_default();
        ["RefreshToken", "AuthorizationCode"].iter().any(|resource| errors.contains(resource)) && errors.contains("\"invalid\"")
    }

    fn revoke(&self, app: App, tokens: &Tokens) -> Result<Http> {
        let (token, hint) = match &tokens.refresh {
            Some(refresh) => (refresh, "refresh_token"),
            None => (&tokens.access, "access_token"),
        };
        let call = app.basic(Http::post(app.url("TOKEN_URL", &["/oauth/revoke"])));
        Ok(form_body(call, &[("token", token), ("token_type_hint", hint)]))
    }

    fn probe(&self, app: App, tokens: &Tokens) -> Result<Http> {
        Ok(Http::get(app.api(&["/athlete"])).bearer(&tokens.access))
    }
}
