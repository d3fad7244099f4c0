//! What an adapter is.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use edge::{Context, FieldError, Http, HttpAnswer, Message, Place, Result, msg, output};

use crate::adapters;
use crate::connecting::Grant;
use crate::members::Members;
use crate::oauth1::encoded;
use crate::pkce;

/// A fitness provider.
#[output(name = "FitnessProvider")]
pub enum Name {
    Strava,
    Garmin,
    Polar,
    Coros,
    Wahoo,
    /// Ended on 2026-11-02; Google Health takes its place.
    Fitbit,
    GoogleHealth,
}

impl Name {
    pub const ALL: [Name; 7] =
        [Name::Strava, Name::Garmin, Name::Polar, Name::Coros, Name::Wahoo, Name::Fitbit, Name::GoogleHealth];

    pub fn adapter(self) -> &'static dyn Adapter {
        match self {
            Name::Strava => &adapters::Strava,
            Name::Garmin => &adapters::Garmin,
            Name::Polar => &adapters::Polar,
            Name::Coros => &adapters::Coros,
            Name::Wahoo => &adapters::Wahoo,
            Name::Fitbit => &adapters::Fitbit,
            Name::GoogleHealth => &adapters::GoogleHealth,
        }
    }
}

const UNKNOWN: Message = msg!("not_allowed", fr: "Fournisseur inconnu : strava, garmin, polar, coros, wahoo, fitbit ou google_health.", en: "Unknown provider: strava, garmin, polar, coros, wahoo, fitbit or google_health.");

/// The provider that the parameter `provider` of a path names.
///
/// # Errors
/// 422 that says which there are.
pub fn named(word: &str) -> Result<Name> {
    let name = find(word).map(|adapter| adapter.facts().name);
    name.ok_or_else(|| FieldError::says(Place::Path, "provider", UNKNOWN).into())
}

/// The adapter of a provider's word, as the database has it.
pub fn find(word: &str) -> Option<&'static dyn Adapter> {
    Name::ALL.into_iter().map(Name::adapter).find(|adapter| adapter.facts().word == word)
}

/// What is known of a provider before it is asked anything.
pub struct Facts {
    pub name: Name,
    /// As in paths, settings and the database.
    pub word: &'static str,
    /// What to show.
    pub title: &'static str,
    /// What its settings begin with.
    pub prefix: &'static str,
    /// It takes PKCE (S256), and so gets it.
    pub pkce: bool,
    pub credentials: Credentials,
    pub refresh: Refresh,
    /// How many seconds before their end tokens are renewed.
    pub ahead_s: i64,
    /// Tokens are renewed before anybody needs them; else when they are used.
    pub eager: bool,
    /// The path of its consent page.
    pub consent_path: &'static str,
    /// What else its consent page is told.
    pub consent: &'static [(&'static str, &'static str)],
    /// What is asked for, and what stands between two of them.
    pub scopes: &'static [&'static str],
    pub separator: &'static str,
    /// What must have been granted; people can leave things out.
    pub needs: &'static [&'static str],
    pub token_path: &'static str,
    pub refresh_path: &'static str,
    /// How data comes: `pull`, `ping`, `push`.
    pub delivery: &'static [&'static str],
    /// How many days back it can be asked; `None` where there is no bound.
    pub history_days: Option<u16>,
    /// How many days one question may cover; `None` where there is no bound.
    pub window_days: Option<u16>,
    /// It tells when somebody has left it, or deleted something.
    pub tells_departure: bool,
    pub tells_deletion: bool,
    /// Who takes its place.
    pub successor: Option<Name>,
}

/// Where a token endpoint wants our application's id and secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credentials {
    Body,
    Basic,
}

/// What a refresh does.
#[output(name = "ProviderRefresh")]
pub enum Refresh {
    /// The refresh token is spent, another one comes.
    Rotate,
    /// It may be replaced.
    Maybe,
    /// It stays.
    Stable,
    /// The same tokens live longer.
    Extend,
    /// There is none: the person connects again.
    None,
}

/// Our application at a provider.
#[derive(Clone, Copy)]
pub struct App<'a> {
    pub ctx: &'a Context,
    facts: &'static Facts,
}

/// The tokens of one connection, in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    pub access: String,
    pub refresh: Option<String>,
    /// The provider's id of the account.
    pub account: Option<String>,
}

/// What came back from a consent page.
#[derive(Default)]
pub struct Came {
    pub code: String,
    /// The verifier of PKCE, or the secret of an OAuth 1 request token.
    pub secret: String,
    /// Of OAuth 1: the request token, and the word that proves the consent.
    pub oauth1: Option<(String, String)>,
}

/// Why a provider gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// It says no, and will again. The word is the cause.
    Refused(&'static str),
    /// Its person must do something there first.
    Waits(&'static str),
    /// Anything else: it may pass.
    Passing { reason: String, retry_after_s: Option<u32> },
}

/// What a provider says of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Probe {
    Holds,
    /// The access token is not taken.
    Rejected,
    /// The person has left.
    Gone,
    Unclear,
}

/// One provider: what is to be asked of it, and what its answers mean. It makes no calls.
pub trait Adapter: Sync {
    fn facts(&self) -> &'static Facts;

    /// Asks for an OAuth 1 request token, where the application is of that kind.
    fn request_token(&self, _: App, _callback: &str) -> Result<Option<Http>> {
        Ok(None)
    }

    /// Exchanges what came back from the consent page.
    ///
    /// # Errors
    /// 503 where the runtime has no randomness to give.
    fn exchange(&self, app: App, came: &Came) -> Result<Http> {
        Ok(app.code_call(came))
    }

    fn renew(&self, app: App, tokens: &Tokens) -> Http {
        let refresh = tokens.refresh.as_deref().unwrap_or_default();
        app.token_call(self.facts().refresh_path, &[("grant_type", "refresh_token"), ("refresh_token", refresh)])
    }

    /// Reads what was given at `now`.
    ///
    /// # Errors
    /// [`Failure`].
    fn granted(&self, answer: &HttpAnswer, now: DateTime<Utc>) -> Result<Grant, Failure> {
        let members = Members::read(&answer.body);
        match members.text("access_token").filter(|_| answer.is_success()) {
            Some(access) => {
                let mut grant = Grant::of(access, &members, now);
                self.account(&members, &mut grant);
                Ok(grant)
            }
            None => Err(self.failure(answer)),
        }
    }

    /// Takes from the answer with the tokens what it says of the account.
    fn account(&self, _: &Members, _: &mut Grant) {}

    /// Whether a refusal says that a code or refresh token is spent, expired or unknown.
    fn is_spent(&self, refusal: &Members) -> bool {
        refusal.text("error").as_deref() == Some("invalid_grant")
    }

    fn failure(&self, answer: &HttpAnswer) -> Failure {
        match answer.status {
            410 => Failure::Refused("provider_gone"),
            400 | 401 if self.is_spent(&Members::read(&answer.body)) => Failure::Refused("invalid_grant"),
            status => passing(&["status ", &status.to_string()].concat(), answer.retry_after),
        }
    }

    /// What is asked once there are tokens, one question after the other, from 0: whose account it is, or that the
    /// application may now serve it.
    fn question(&self, _: App, _: &Grant, _nth: usize) -> Option<Result<Http>> {
        None
    }

    /// Takes in what was answered to the question.
    ///
    /// # Errors
    /// [`Failure`].
    fn learn(&self, _nth: usize, _: &HttpAnswer, _: &mut Grant) -> Result<(), Failure> {
        Ok(())
    }

    /// Takes back what the person has allowed.
    ///
    /// # Errors
    /// 503 where the runtime has no randomness to give.
    fn revoke(&self, app: App, tokens: &Tokens) -> Result<Http>;

    /// Whether there is nothing left to take back; `None` where the answer does not say.
    fn is_revoked(&self, answer: &HttpAnswer) -> Option<bool> {
        match answer.status {
            200..300 | 404 | 410 => Some(true),
            401 => Some(false),
            _ => None,
        }
    }

    /// Asks what only somebody who is connected is told.
    ///
    /// # Errors
    /// 503 where the runtime has no randomness to give.
    fn probe(&self, app: App, tokens: &Tokens) -> Result<Http>;

    fn probed(&self, answer: &HttpAnswer) -> Probe {
        match answer.status {
            200..300 => Probe::Holds,
            401 => Probe::Rejected,
            410 => Probe::Gone,
            _ => Probe::Unclear,
        }
    }
}

/// A failure that may pass.
pub(crate) fn passing(reason: &str, retry_after_s: Option<u32>) -> Failure {
    Failure::Passing { reason: reason.to_owned(), retry_after_s }
}

impl<'a> App<'a> {
    pub fn new(ctx: &'a Context, adapter: &dyn Adapter) -> App<'a> {
        App { ctx, facts: adapter.facts() }
    }

    /// A setting of the provider, by what follows its name: `API_URL`.
    pub fn setting(&self, end: &str) -> &'a str {
        self.ctx.setting(&[self.facts.prefix, "_", end].concat())
    }

    /// There is an application of ours.
    pub fn is_configured(&self) -> bool {
        !self.setting("CLIENT_ID").is_empty()
    }

    /// The provider has turned its API off, or does so today.
    pub fn is_gone(&self) -> bool {
        // Days in this form are in the order of their texts.
        let end = self.setting("SUNSET_ON");
        !end.is_empty() && end <= self.ctx.now().format("%Y-%m-%d").to_string().as_str()
    }

    /// Where the consent page sends people back to.
    pub fn callback(&self) -> String {
        [self.ctx.setting("PUBLIC_URL").trim_end_matches('/'), "/api/v1/providers/callback/", self.facts.word].concat()
    }

    /// An address below a base, `AUTH_URL`, `TOKEN_URL` or `API_URL`.
    pub fn url(&self, base: &str, parts: &[&str]) -> String {
        [self.setting(base).trim_end_matches('/'), &parts.concat()].concat()
    }

    pub fn api(&self, parts: &[&str]) -> String {
        self.url("API_URL", parts)
    }

    /// The consent page's address.
    pub fn consent_page(&self, state: &str, verifier: &str) -> String {
        let Facts { scopes, separator, consent_path, consent, pkce: has_pkce, .. } = self.facts;
        let (callback, scopes) = (self.callback(), scopes.join(separator));
        let mut query = vec![("response_type", "code"), ("client_id", self.setting("CLIENT_ID")), ("redirect_uri", &callback)];
        if !scopes.is_empty() {
            query.push(("scope", &scopes));
        }
        let challenge = pkce::challenge(verifier);
        if *has_pkce {
            query.extend([("code_challenge", challenge.as_str()), ("code_challenge_method", "S256")]);
        }
        query.extend(*consent);
        query.push(("state", state));
        let pairs: Vec<String> = query.iter().map(|(name, value)| [name, "=", &encoded(value)].concat()).collect();
        [&self.url("AUTH_URL", &[consent_path]), "?", &pairs.join("&")].concat()
    }

    /// Exchanges a code.
    pub fn code_call(&self, came: &Came) -> Http {
        let callback = self.callback();
        let mut form = vec![("grant_type", "authorization_code"), ("code", came.code.as_str()), ("redirect_uri", &callback)];
        if self.facts.pkce {
            form.push(("code_verifier", &came.secret));
        }
        self.token_call(self.facts.token_path, &form)
    }

    /// A call of the token endpoint, with our credentials where the provider wants them.
    pub fn token_call(&self, path: &str, form: &[(&str, &str)]) -> Http {
        let call = Http::post(self.url("TOKEN_URL", &[path])).header("accept", "application/json".to_owned());
        let (id, secret) = (self.setting("CLIENT_ID"), self.setting("CLIENT_SECRET"));
        match self.facts.credentials {
            Credentials::Basic => form_body(self.basic(call), form),
            Credentials::Body => form_body(call, &[&[("client_id", id), ("client_secret", secret)], form].concat()),
        }
    }

    pub fn basic(&self, call: Http) -> Http {
        let pair = [self.setting("CLIENT_ID"), ":", self.setting("CLIENT_SECRET")].concat();
        call.header("authorization", ["Basic ", &BASE64_STANDARD.encode(pair)].concat())
    }
}

pub(crate) fn form_body(call: Http, form: &[(&str, &str)]) -> Http {
    let pairs: Vec<String> = form.iter().map(|(name, value)| [name, "=", &encoded(value)].concat()).collect();
    call.body("application/x-www-form-urlencoded", pairs.join("&").into_bytes())
}

/// A moment so many seconds after another; `None` where no such moment can be written down.
pub(crate) fn after(now: DateTime<Utc>, seconds: i64) -> Option<DateTime<Utc>> {
    now.checked_add_signed(TimeDelta::try_seconds(seconds.clamp(0, 10 * 366 * 86_400))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_provider_is_found_by_its_word_and_named_where_another_one_was_meant() {
        for name in Name::ALL {
            let facts = name.adapter().facts();
            assert!(facts.name == name && named(facts.word).is_ok_and(|found| found == name), "{}", facts.word);
            assert_eq!(facts.word, edge::Word::word(name));
            assert_eq!(facts.prefix, facts.word.to_uppercase());
            for text in [UNKNOWN.fr, UNKNOWN.en] {
                assert!(text.contains(facts.word), "{text}");
            }
        }
        for unknown in ["oura", "Strava", "", "strava "] {
            assert_eq!(named(unknown).unwrap_err().status(), 422, "{unknown}");
        }
    }
}
