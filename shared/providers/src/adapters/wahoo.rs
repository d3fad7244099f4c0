//! Wahoo Cloud API v1: cloud-api.wahooligan.com.
//!
//! OAuth 2; PKCE for those who cannot keep a secret, so not for us. Access tokens live for two hours; refresh tokens serve once, and the
//! one before dies when the new access token is first used. An application may have ten unrevoked tokens per person: so
//! tokens are renewed when they are used and not ahead. `offline_data` is needed for webhooks. Nobody tells when somebody leaves.

use edge::{Http, HttpAnswer, Result};

use crate::Grant;
use crate::members::Members;
use crate::provider::{Adapter, App, Credentials, Facts, Failure, Name, Refresh, Tokens};

pub struct Wahoo;

static FACTS: Facts = Facts {
    name: Name::Wahoo,
    word: "wahoo",
    title: "Wahoo",
    prefix: "WAHOO",
    pkce: false,
    credentials: Credentials::Body,
    refresh: Refresh::Rotate,
    ahead_s: 300,
    eager: false,
    consent_path: "/oauth/authorize",
    consent: &[],
    scopes: &["user_read", "workouts_read", "offline_data"],
    separator: " ",
    needs: &["workouts_read", "offline_data"],
    token_path: "/oauth/token",
    refresh_path: "/oauth/token",
    delivery: &["pull", "push"],
    history_days: None,
    window_days: None,
    tells_departure: false,
    tells_deletion: false,
    successor: None,
};

impl Adapter for Wahoo {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    fn question(&self, app: App, grant: &Grant, nth: usize) -> Option<Result<Http>> {
        (nth == 0).then(|| Ok(Http::get(app.api(&["/v1/user"])).bearer(&grant.access)))
    }

    fn learn(&self, _: usize, answer: &HttpAnswer, grant: &mut Grant) -> Result<(), Failure> {
        if !answer.is_success() {
            return Err(self.failure(answer));
        }
        let user = Members::read(&answer.body);
        grant.account = user.text("id");
        grant.username = user.text("first");
        grant.email = user.text("email");
        grant.keep_profile(std::str::from_utf8(&answer.body).ok());
        Ok(())
    }

    fn revoke(&self, app: App, tokens: &Tokens) -> Result<Http> {
        Ok(Http::delete(app.api(&["/v1/permissions"])).bearer(&tokens.access))
    }

    fn probe(&self, app: App, tokens: &Tokens) -> Result<Http> {
        Ok(Http::get(app.api(&["/v1/user"])).bearer(&tokens.access))
    }
}
