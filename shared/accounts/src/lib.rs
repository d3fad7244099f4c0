//! An account as its owner sees it, and what every way of signing in answers.

mod details;
mod device_cookie;
mod letter;
mod messages;
mod organisation;
mod password;
mod refused;

use chrono::{DateTime, Utc};
use edge::auth::{Access, RefreshToken, Role, password_digest};
use edge::{Context, Error, Person, Result, output};
use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use uuid::Uuid;

pub use details::{country, name, phone, text};
pub use device_cookie::DeviceCookie;
pub use letter::{ENOUGH_LETTERS, LETTERS, Link};
pub use messages::{Messages, post_later, write_and_post};
pub use organisation::{ELSEWHERE, Member, MemberRole, Membership, Organisation, Visibility};
use password::{OR, prepared, spellings};

pub use password::{chosen, refuse_guessable};
pub use refused::{EMAIL_TAKEN, LINK_INVALID, LOCKED, WRONG_PASSWORD};

edge::settings! {
    /// Of whatever hashes a password.
    pub PASSWORDS: {
        "PASSWORD_PEPPER": Key secret, "key of the digest that stands for a password";
    }
}

/// An account as its owner sees it.
#[output(name = "User")]
pub struct User {
    pub id: Uuid,
    pub email: String,
    pub name: Option<String>,
    pub phone: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    pub role: Role,
    pub tier: Tier,
    pub locale: Locale,
    /// A name of the IANA list.
    pub time_zone: String,
    // The database keeps the moment, which is nobody's business.
    #[serde(alias = "email_verified_at", deserialize_with = "is_given")]
    pub email_verified: bool,
    pub registration_date: DateTime<Utc>,
    pub login_count: i32,
    pub last_login_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
    #[serde(skip_serializing)]
    pub version: i32,
}

/// What an account has paid for.
#[output(name = "Tier")]
pub enum Tier {
    #[serde(rename = "FREE")]
    Free,
    #[serde(rename = "PREMIUM")]
    Premium,
}

/// The language that a person is written to.
#[output(name = "Locale")]
pub enum Locale {
    Fr,
    En,
}

/// Somebody who is signed in from now on.
#[output(name = "SignedIn")]
pub struct SignedIn {
    pub user: User,
    /// For the header `Authorization`.
    pub access_token: String,
    /// Good for one exchange against new tokens, within 30 days.
    pub refresh_token: String,
    pub token_type: TokenType,
    /// Seconds that the access token is good for.
    pub expires_in: i64,
}

/// How an access token is sent.
#[output(name = "TokenType")]
pub enum TokenType {
    #[serde(rename = "Bearer")]
    Bearer,
}

/// What the database tells of a session that it has opened or prolonged.
#[derive(Debug, Deserialize)]
pub struct Granted {
    person: User,
    session: Session,
}

#[derive(Debug, Deserialize)]
struct Session {
    id: Uuid,
}

impl Granted {
    /// Issues the access token that goes with the session's `refresh_token`.
    ///
    /// # Errors
    /// 503 `misconfigured`.
    pub fn sign_in(self, ctx: &Context, refresh_token: &RefreshToken) -> Result<SignedIn> {
        let access = Access { person: self.person.id, session: self.session.id, role: self.person.role };
        let (access_token, expires_in) = ctx.tokens()?.issue(access, ctx.now());
        Ok(SignedIn {
            user: self.person,
            access_token,
            refresh_token: refresh_token.text().to_owned(),
            token_type: TokenType::Bearer,
            expires_in,
        })
    }
}

/// A refresh token for a new session.
///
/// # Errors
/// 500 where the runtime has no randomness to give.
pub fn first_refresh_token() -> Result<RefreshToken> {
    RefreshToken::generate().map_err(Error::internal)
}

/// Where the path names the owner: their own data, or anybody's for an administrator, whose use of it the SQL function then
/// logs. Anyone else's id is refused, whether or not it exists.
///
/// # Errors
/// 403 `forbidden`.
pub fn may_use(me: &Person, owner: Uuid) -> Result<()> {
    may_use_as(me, owner, &[Role::Admin])
}

/// As [`may_use`], for those roles.
///
/// # Errors
/// 403 `forbidden`.
pub fn may_use_as(me: &Person, owner: Uuid, roles: &[Role]) -> Result<()> {
    if roles.contains(&me.role) { Ok(()) } else { me.owns(owner) }
}

/// What the database is given in place of a new password; the contract uses [`PASSWORDS`].
pub fn digest(ctx: &Context, password: &str) -> String {
    password_digest(&ctx.key("PASSWORD_PEPPER"), &prepared(password))
}

/// What the database is given in place of a password that is compared with one: [`digest`], and the same of what was typed
/// where that is another spelling, for passwords that were chosen before spellings were one. Needs `Passwords`.
pub fn digests(ctx: &Context, typed: &str) -> String {
    let key = ctx.key("PASSWORD_PEPPER");
    spellings(typed).iter().map(|spelling| password_digest(&key, spelling)).collect::<Vec<_>>().join(OR)
}

/// A password itself in its spellings, for a hash that was imported.
pub fn typed(password: &str) -> String {
    spellings(&password.replace(OR, "")).join(OR)
}

/// The name under which a session is listed to its owner.
pub fn device(ctx: &Context) -> Option<&str> {
    Some(ctx.user_agent()).filter(|name| !name.is_empty())
}

fn is_given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::<IgnoredAny>::deserialize(deserializer).map(|value| value.is_some())
}
