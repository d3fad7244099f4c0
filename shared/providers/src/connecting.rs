//! From the code that comes back to a connection.
//!
//! What was given for the code is stored before it is used. Then the provider is asked whose account it is; where it does not answer, or
//! wants something of the person first, `providers-refresh` goes on from what was stored.

use chrono::{DateTime, TimeDelta, Utc};
use edge::{Context, Error, Result, Sql};
use sealing::{Keys, Place};
use serde::{Deserialize, Serialize};

use crate::members::Members;
use crate::provider::{Adapter, App, Facts, Failure, Refresh, after, passing};
use crate::tokens::{CALL, keys};

/// The largest profile that is kept, in bytes.
const LARGEST_PROFILE: usize = 8192;

/// What a provider has given, and what it has told of the account so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Empty where the tokens that are there live longer.
    pub access: String,
    pub refresh: Option<String>,
    pub expires_at: Option<DateTime<Utc>>,
    pub refresh_expires_at: Option<DateTime<Utc>>,
    /// What was granted, separated by commas; `None` where the provider does not say.
    pub scopes: Option<String>,
    pub account: Option<String>,
    pub username: Option<String>,
    pub email: Option<String>,
    /// An object, as the provider wrote it.
    pub profile: Option<String>,
}

/// What became of an authorization.
#[derive(Debug, Deserialize)]
pub struct Connected {
    /// `connected`, `already_linked`, `other_account`, `state_expired`; `pending`, where it goes on later; `insufficient_scopes` or
    /// `provider_error`.
    pub outcome: String,
    pub connection: Option<i64>,
}

impl Grant {
    /// What RFC 6749 (5.1) and its neighbours say.
    pub(crate) fn of(access: String, answer: &Members, now: DateTime<Utc>) -> Grant {
        let lives = |name: &str| answer.number(name).and_then(|seconds| after(now, seconds));
        let until = answer.number("expires_at").and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        Grant {
            access,
            refresh: answer.text("refresh_token"),
            // The provider's clock may be another one than ours: how long is surer than until when.
            expires_at: lives("expires_in").or(until),
            refresh_expires_at: lives("refresh_token_expires_in"),
            scopes: answer.text("scope").map(|scopes| scopes.replace([' ', '+'], ",")),
            ..Grant::default()
        }
    }

    /// Keeps an object that is not too large.
    pub(crate) fn keep_profile(&mut self, json: Option<&str>) {
        let fits = |json: &&str| json.len() <= LARGEST_PROFILE && json.trim_start().starts_with('{');
        self.profile = json.filter(fits).map(str::to_owned);
    }

    /// When tokens are next asked for.
    pub(crate) fn refresh_at(&self, facts: &Facts) -> Option<DateTime<Utc>> {
        let renews = facts.refresh == Refresh::Extend || (facts.refresh != Refresh::None && self.refresh.is_some());
        self.expires_at?.checked_sub_signed(TimeDelta::try_seconds(facts.ahead_s)?).filter(|_| renews)
    }

    /// Whether all was granted that is needed; of what a provider does not tell, it was.
    pub fn suffices(&self, facts: &Facts) -> bool {
        suffices(facts, self.scopes.as_deref())
    }
}

/// Whether scopes, separated by commas or spaces, are all that is needed: of `a|b` either.
pub fn suffices(facts: &Facts, granted: Option<&str>) -> bool {
    let Some(granted) = granted else { return true };
    let has = |wanted: &str| granted.split([',', ' ']).any(|scope| scope == wanted);
    facts.needs.iter().all(|needed| needed.split('|').any(has))
}

/// Seals a text of an authorization.
///
/// # Errors
/// 503 where the keys are not usable or there is no randomness.
pub fn seal_text(ctx: &Context, column: &str, state_hash: &str, text: &str) -> Result<String> {
    keys(ctx)?.seal(place(column, state_hash), text).map_err(unsealable)
}

/// Opens one.
///
/// # Errors
/// 500 where none of the keys does.
pub fn open_text(ctx: &Context, column: &str, state_hash: &str, sealed: &str) -> Result<String> {
    keys(ctx)?.open(place(column, state_hash), sealed).map_err(unsealable)
}

fn place<'a>(column: &'a str, state_hash: &'a str) -> Place<'a> {
    Place { table: "provider_authorizations", column, row: state_hash }
}

pub(crate) fn unsealable(error: sealing::Error) -> Error {
    Error::internal(format!("sealing: {error:?}"))
}

/// Asks what is still to be asked of a grant and connects its account. The tokens are sealed in the place `row`
/// (`edge.token_place`).
///
/// # Errors
/// Where the database does not answer.
pub async fn connect(ctx: &Context, adapter: &dyn Adapter, state_hash: &str, row: &str, mut grant: Grant) -> Result<Connected> {
    let facts = adapter.facts();
    match ask(ctx, adapter, &mut grant).await {
        Ok(()) => {}
        Err(failure) => return give_up(ctx, state_hash, failure).await,
    }
    let refusal = |outcome: &str| Connected { outcome: outcome.to_owned(), connection: None };
    if !grant.suffices(facts) {
        ctx.sql(END.bind(state_hash).bind(None::<i32>).bind(None::<&str>)).await?;
        return Ok(refusal("insufficient_scopes"));
    }
    let Some(account) = &grant.account else {
        return give_up(ctx, state_hash, passing("no account was told", None)).await;
    };
    let (access, refresh) = seal_pair(&keys(ctx)?, row, &grant)?;
    let connect = CONNECT
        .bind(state_hash)
        .bind(account)
        .bind(grant.username.as_deref().map(|name| name.chars().take(200).collect::<String>()))
        .bind(grant.email.as_deref().filter(|email| email.len() <= 320))
        .bind(grant.profile.as_deref())
        .bind(grant.scopes.as_deref().filter(|scopes| scopes.len() <= 2000))
        .bind(access)
        .bind(refresh)
        .bind(grant.expires_at)
        .bind(grant.refresh_expires_at)
        .bind(grant.refresh_at(facts));
    ctx.sql(connect).await?.value()
}

/// Goes on with an authorization whose grant is stored.
///
/// # Errors
/// As [`connect`], and 500 where what was stored cannot be read.
pub async fn resume(ctx: &Context, adapter: &dyn Adapter, state_hash: &str, row: &str, sealed: &str) -> Result<Connected> {
    let text = open_text(ctx, "granted", state_hash, sealed)?;
    let grant: Grant = serde_json::from_str(&text).map_err(Error::internal)?;
    connect(ctx, adapter, state_hash, row, grant).await
}

/// The pair of a grant, sealed in the place of its connection (`edge.token_place`); no access token where the one that is there lives longer.
///
/// # Errors
/// Where there is no randomness.
pub fn seal_pair(keys: &Keys, row: &str, grant: &Grant) -> Result<(Option<String>, Option<String>)> {
    let seal = |column, text: &str| keys.seal(Place { table: "provider_connections", column, row }, text).map_err(unsealable);
    let access = (!grant.access.is_empty()).then(|| seal("access_token", &grant.access)).transpose()?;
    let refresh = grant.refresh.as_deref().map(|token| seal("refresh_token", token)).transpose()?;
    Ok((access, refresh))
}

async fn ask(ctx: &Context, adapter: &dyn Adapter, grant: &mut Grant) -> Result<(), Failure> {
    let app = App::new(ctx, adapter);
    let mut nth = 0;
    while let Some(question) = adapter.question(app, grant, nth) {
        let question = question.map_err(|_| passing("no randomness", None))?;
        let answer = ctx.http(adapter.facts().word, question.timeout(CALL)).await;
        let answer = answer.map_err(|failure| passing(&format!("{failure:?}"), None))?;
        adapter.learn(nth, &answer, grant)?;
        nth += 1;
    }
    Ok(())
}

async fn give_up(ctx: &Context, state_hash: &str, failure: Failure) -> Result<Connected> {
    let (resume_s, cause) = match failure {
        Failure::Refused(cause) => (None, cause),
        Failure::Waits(cause) => (Some(300), cause),
        Failure::Passing { reason, retry_after_s } => {
            ctx.warn(&Error::unavailable(reason));
            (Some(retry_after_s.unwrap_or(60).clamp(60, 3600)), "provider_unavailable")
        }
    };
    let has_ended: bool = ctx.sql(END.bind(state_hash).bind(resume_s).bind(cause)).await?.value()?;
    let outcome = if has_ended { "provider_error" } else { "pending" };
    Ok(Connected { outcome: outcome.to_owned(), connection: None })
}

const END: Sql = Sql::new("select edge.end_authorization(state_hash => $1, resume_s => $2::integer, cause => $3)");

const CONNECT: Sql = Sql::new(
    "select edge.connect_provider(state_hash => $1, account => $2, username => $3, email => $4, profile => $5::jsonb, scopes => $6,
       access_token => $7, refresh_token => $8, expires_at => $9::timestamptz, refresh_expires_at => $10::timestamptz,
       refresh_at => $11::timestamptz)",
);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Name, provider::Adapter};

    #[test]
    fn what_was_left_unticked_is_missed_and_what_is_not_told_is_not() {
        let of = |name: Name, scopes: Option<&str>| suffices(name.adapter().facts(), scopes);
        assert!(of(Name::Strava, Some("read,activity:read_all")) && of(Name::Strava, Some("activity:read")));
        assert!(!of(Name::Strava, Some("read")) && !of(Name::Strava, Some("")) && !of(Name::Strava, Some("activity:reader")));
        assert!(of(Name::Wahoo, Some("offline_data workouts_read")) && !of(Name::Wahoo, Some("workouts_read")));
        assert!(of(Name::Polar, None) && of(Name::Coros, Some("")) && of(Name::Strava, None));
    }

    #[test]
    fn a_grant_is_read_as_each_provider_writes_it() {
        let now = "2026-11-28T09:00:00Z".parse().unwrap();
        let read = |name: Name, body: &str| {
            let answer = edge::HttpAnswer { status: 200, body: body.as_bytes().to_vec(), ..edge::HttpAnswer::default() };
            name.adapter().granted(&answer, now)
        };
        let strava = read(
            Name::Strava,
            r#"{"token_type":"Bearer","expires_at":1795881600,"expires_in":21600,"refresh_token":"r","access_token":"a",
                "athlete":{"id":9223372036854775807,"username":null,"firstname":"Ada","premium":true,"new_key":[1]}}"#,
        )
        .unwrap();
        assert_eq!(strava.account.as_deref(), Some("9223372036854775807"));
        assert_eq!((strava.username.as_deref(), strava.expires_at), (Some("Ada"), "2026-11-28T15:00:00Z".parse().ok()));
        assert!(strava.profile.as_ref().is_some_and(|profile| profile.contains("\"new_key\":[1]")));
        assert_eq!(strava.refresh_at(Name::Strava.adapter().facts()), "2026-11-28T14:50:00Z".parse().ok());

        let polar = read(
            Name::Polar,
            r#"{"access_token":"a","token_type":"bearer","expires_in":31535999,"x_user_id":10579000000000000001}"#,
        )
        .unwrap();
        assert_eq!(
            (polar.account.as_deref(), polar.refresh_at(Name::Polar.adapter().facts())),
            (Some("10579000000000000001"), None)
        );
        let coros =
            read(Name::Coros, r#"{"access_token":"abcde","refresh_token":"r","expires_in":2592000,"openId":"0c5"}"#).unwrap();
        assert_eq!(coros.refresh_at(Name::Coros.adapter().facts()), "2026-12-18T09:00:00Z".parse().ok());
        let wahoo = read(Name::Wahoo, r#"{"access_token":"a","refresh_token":"r","expires_in":7200,"scope":"user_read workouts_read offline_data","created_at":1}"#).unwrap();
        assert_eq!(wahoo.scopes.as_deref(), Some("user_read,workouts_read,offline_data"));
        let garmin = read(
            Name::Garmin,
            r#"{"access_token":"a","refresh_token":"r","expires_in":86400,"refresh_token_expires_in":7775998,"jti":"x"}"#,
        )
        .unwrap();
        assert!(garmin.account.is_none() && garmin.refresh_expires_at.is_some());
        let legacy = read(Name::Garmin, "oauth_token=a&oauth_token_secret=b").unwrap();
        assert_eq!(
            (legacy.access.as_str(), legacy.refresh_at(Name::Garmin.adapter().facts())),
            ("oauth_token=a&oauth_token_secret=b", None)
        );
        assert_eq!(
            read(Name::Fitbit, r#"{"access_token":"a","user_id":"228S74","scope":"activity profile"}"#)
                .unwrap()
                .account
                .as_deref(),
            Some("228S74")
        );
    }

    #[test]
    fn a_refusal_is_told_from_a_failure_that_passes() {
        let read = |name: Name, status: u16, body: &str| {
            let answer = edge::HttpAnswer { status, body: body.as_bytes().to_vec(), ..edge::HttpAnswer::default() };
            name.adapter().failure(&answer)
        };
        let spent = Failure::Refused("invalid_grant");
        let strava =
            r#"{"message":"Bad Request","errors":[{"resource":"RefreshToken","field":"refresh_token","code":"invalid"}]}"#;
        assert_eq!(read(Name::Strava, 400, strava), spent);
        assert_eq!(read(Name::Fitbit, 400, r#"{"errors":[{"errorType":"invalid_grant","message":"…"}],"success":false}"#), spent);
        assert_eq!(read(Name::Wahoo, 400, r#"{"error":"invalid_grant"}"#), spent);
        assert_eq!(read(Name::Fitbit, 410, ""), Failure::Refused("provider_gone"));
        for (name, status, body) in [
            (Name::Wahoo, 400, r#"{"error":"Too many unrevoked access tokens"}"#),
            (Name::Garmin, 401, r#"{"error":"invalid_client"}"#),
            (
                Name::Strava,
                401,
                r#"{"message":"Authorization Error","errors":[{"resource":"Application","field":"client_id","code":"invalid"}]}"#,
            ),
            (Name::Strava, 500, strava),
            (Name::Wahoo, 503, r#"{"error":"invalid_grant"}"#),
            (Name::Wahoo, 400, "<html>invalid_grant</html>"),
            (Name::GoogleHealth, 429, ""),
            (Name::Fitbit, 404, ""),
        ] {
            assert!(matches!(read(name, status, body), Failure::Passing { .. }), "{name:?} {status} {body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_answer_of_any_provider_stops_us(status in 100_u16..600, body in ".{0,200}", member in "[a-z_]{1,12}") {
            let now = "2026-11-28T09:00:00Z".parse().unwrap();
            for body in [body.clone(), serde_json::json!({"access_token": body, member: body}).to_string(), format!("{{\"expires_in\":{status}e{status},\"access_token\":\"a\",\"expires_at\":-{status}{status}{status}{status}{status}{status}}}")] {
                let answer = edge::HttpAnswer { status, body: body.clone().into_bytes(), ..edge::HttpAnswer::default() };
                for name in Name::ALL {
                    let adapter: &dyn Adapter = name.adapter();
                    if let Ok(grant) = adapter.granted(&answer, now) {
                        let _ = (grant.refresh_at(adapter.facts()), grant.suffices(adapter.facts()));
                    }
                    let _ = (adapter.failure(&answer), adapter.probed(&answer), adapter.is_revoked(&answer));
                    let mut grant = Grant::default();
                    for nth in 0..3 {
                        let _ = adapter.learn(nth, &answer, &mut grant);
                    }
                }
            }
        }
    }
}
