//! Who calls. The caller's type in a handler's signature is its authorisation: there is no default and no opt-out.

use auth::{Access, Keys, Role, TokenError};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::config::Config;
#[cfg(not(target_arch = "wasm32"))]
use crate::describe::{Place, Scheme};
use crate::refusal::Refusal;
use crate::request::Parts;
use crate::{Error, Result, Root, refusal};

/// The database role that a request's statements run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SqlRole {
    Anon,
    Authenticated,
    Service,
}

impl SqlRole {
    pub fn name(self) -> &'static str {
        match self {
            SqlRole::Anon => "anon",
            SqlRole::Authenticated => "authenticated",
            SqlRole::Service => "service",
        }
    }
}

/// Who a request speaks for, as the database is told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Identity {
    pub person: Option<Uuid>,
    pub session: Option<Uuid>,
    pub role: Option<Role>,
    /// Somebody else, whose data this request reads.
    pub subject: Option<Uuid>,
}

/// What [`Caller::authenticate`] may look at. `raw` is empty unless the caller is checked after the body.
pub struct Credentials<'a> {
    pub parts: &'a Parts,
    pub raw: &'a [u8],
    pub config: &'a Config,
    pub package: &'static str,
    pub now: DateTime<Utc>,
}

impl Credentials<'_> {
    /// Whether the bearer token is the secret of this name, for a [`Proof`]; compared in constant time.
    ///
    /// # Errors
    /// `missing` where the secret is not set; 401.
    pub fn hold(&self, secret: &str, missing: Refusal) -> Result<()> {
        let secret = self.config.get(secret);
        if secret.is_empty() {
            return Err(missing.into());
        }
        let is_held = self.parts.bearer().is_some_and(|given| auth::is_secret(secret, given));
        if is_held { Ok(()) } else { Err(Error::unauthenticated()) }
    }
}

/// A kind of caller.
pub trait Caller: Sized {
    const ROLE: SqlRole;
    /// The proof covers the body, so it is checked after reading and before parsing.
    const AFTER_BODY: bool = false;
    /// How they prove who they are, for the OpenAPI document.
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme =
        Scheme::By { name: "token", place: Place::Token, about: "The access token of a person who is signed in." };

    /// Whether somebody who is known may still be refused, by their role.
    #[cfg(not(target_arch = "wasm32"))]
    const IS_RANKED: bool = false;

    /// # Errors
    /// 401 where there is no good proof, 403 where the role does not suffice.
    fn authenticate(credentials: &Credentials) -> Result<Self>;

    fn identity(&self) -> Identity {
        Identity::default()
    }

    /// The time that this call is about, where it is not the time of its arrival.
    fn time(&self) -> Option<DateTime<Utc>> {
        None
    }
}

/// Anyone.
pub struct Public;

impl Caller for Public {
    const ROLE: SqlRole = SqlRole::Anon;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme = Scheme::Nobody;

    fn authenticate(_: &Credentials) -> Result<Public> {
        Ok(Public)
    }
}

/// A signed-in person. Whether the session still lives is checked in the first SQL batch.
#[derive(Clone, Copy, Debug)]
pub struct Person {
    pub id: Uuid,
    pub session: Uuid,
    pub role: Role,
}

impl Person {
    /// Where the path names the owner: anyone else's id is refused, whether or not it exists.
    ///
    /// # Errors
    /// 403 `forbidden`.
    pub fn owns(&self, user: Uuid) -> Result<()> {
        if self.id == user { Ok(()) } else { Err(refusal::FORBIDDEN.into()) }
    }
}

impl From<Access> for Person {
    fn from(Access { person, session, role }: Access) -> Person {
        Person { id: person, session, role }
    }
}

impl Caller for Person {
    const ROLE: SqlRole = SqlRole::Authenticated;

    fn authenticate(credentials: &Credentials) -> Result<Person> {
        let token = credentials.parts.bearer().ok_or_else(Error::unauthenticated)?;
        let access = keys(credentials)?.verify(token, credentials.now).map_err(|error| match error {
            TokenError::Expired => {
                Error::from(refusal::TOKEN_EXPIRED).with_header("www-authenticate", "Bearer error=\"invalid_token\"".to_owned())
            }
            TokenError::Invalid => Error::unauthenticated(),
        })?;
        Ok(Person::from(access))
    }

    fn identity(&self) -> Identity {
        Identity { person: Some(self.id), session: Some(self.session), role: Some(self.role), subject: None }
    }
}

/// The person whom the path's first parameter names, or an admin. The admin sees what that person sees, and the database
/// writes it into the audit log before anything is read (`edge.enter_for`). Anyone else is refused, whether or not the
/// person exists. For `GET` only: nobody writes in another's name.
#[derive(Clone, Copy, Debug)]
pub struct OwnerOrAdmin {
    person: Person,
    subject: Option<Uuid>,
}

impl Caller for OwnerOrAdmin {
    const ROLE: SqlRole = SqlRole::Authenticated;
    #[cfg(not(target_arch = "wasm32"))]
    const IS_RANKED: bool = true;

    fn authenticate(credentials: &Credentials) -> Result<OwnerOrAdmin> {
        let person = Person::authenticate(credentials)?;
        // What is no id is refused with the path, where the answer can name it.
        let owner = credentials.parts.path_parameters.first().and_then(|(_, id)| id.parse().ok());
        let subject = owner.filter(|owner| *owner != person.id);
        if subject.is_some() && person.role != Role::Admin {
            return Err(refusal::FORBIDDEN.into());
        }
        Ok(OwnerOrAdmin { person, subject })
    }

    fn identity(&self) -> Identity {
        Identity { subject: self.subject, ..self.person.identity() }
    }
}

/// A person of some roles.
pub trait Rank: Sized {
    /// # Errors
    /// 403 `forbidden`.
    fn of(person: Person) -> Result<Self>;

    fn person(&self) -> &Person;
}

macro_rules! ranked {
    ($($(#[$doc:meta])* $name:ident: $($role:ident),+;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            pub struct $name(pub Person);

            impl Rank for $name {
                fn of(person: Person) -> Result<$name> {
                    match person.role {
                        $(Role::$role)|+ => Ok($name(person)),
                        _ => Err(refusal::FORBIDDEN.into()),
                    }
                }

                fn person(&self) -> &Person {
                    &self.0
                }
            }

            impl Caller for $name {
                const ROLE: SqlRole = SqlRole::Authenticated;
                #[cfg(not(target_arch = "wasm32"))]
                const IS_RANKED: bool = true;

                fn authenticate(credentials: &Credentials) -> Result<$name> {
                    $name::of(Person::authenticate(credentials)?)
                }

                fn identity(&self) -> Identity {
                    self.0.identity()
                }
            }
        )*
    };
}

ranked! {
    /// A person who manages an organisation, or an admin.
    Manager: Manager, Admin;
    /// An admin.
    Admin: Admin;
    /// Privacy operations, or an admin: finds, reads and erases accounts, reads the audit log.
    Privacy: Privacy, Admin;
    /// A reader of quality reports, or an admin.
    Qa: Qa, Admin;
    /// Whoever runs this: one of the three.
    Staff: Admin, Privacy, Qa;
}

/// The cookie that signing in at `/admin` sets. The prefix keeps other hosts, and pages without TLS, from setting it.
pub(crate) const PAGE_COOKIE: &str = "__Host-page";

/// Such a person at a page below `/admin`, known by the cookie that signing in there has set. It opens pages and nothing else:
/// nothing is taken by it outside `/admin`, and nothing that is not a `GET`. What an operator changes is a call of the API.
#[derive(Clone, Copy, Debug)]
pub struct Operator<R>(pub R);

impl<R: Rank> Caller for Operator<R> {
    const ROLE: SqlRole = SqlRole::Authenticated;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme =
        Scheme::By { name: "operator", place: Place::Cookie(PAGE_COOKIE), about: "The cookie that signing in at `/admin` sets." };
    #[cfg(not(target_arch = "wasm32"))]
    const IS_RANKED: bool = true;

    fn authenticate(credentials: &Credentials) -> Result<Operator<R>> {
        let parts = credentials.parts;
        if !matches!(parts.method.as_str(), "GET" | "HEAD") || Root::Admin.below(&parts.path).is_none() {
            return Err(Error::unauthenticated());
        }
        R::of(Person::from(page(credentials)?)).map(Operator)
    }

    fn identity(&self) -> Identity {
        self.0.person().identity()
    }
}

/// The session of an operator's page that is to end. It is known by the same cookie, and that is all that it opens beside pages.
pub struct PageSession(pub Uuid);

impl Proof for PageSession {
    const AFTER_BODY: bool = false;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme = <Operator<Staff> as Caller>::SCHEME;

    fn verify(credentials: &Credentials) -> Result<PageSession> {
        Ok(PageSession(page(credentials)?.session))
    }
}

/// Who has the cookie of an operator's pages.
fn page(credentials: &Credentials) -> Result<Access> {
    let token = credentials.parts.cookie(PAGE_COOKIE).ok_or_else(Error::unauthenticated)?;
    keys(credentials)?.verify_page(token, credentials.now).map_err(|_| Error::unauthenticated())
}

/// An outside service that proves itself without a person's token.
pub struct Signed<P>(pub P);

/// A proof such as an HMAC over the body or a sealed link.
pub trait Proof: Sized {
    /// The proof covers the body.
    const AFTER_BODY: bool;
    /// Where the proof stands, for the OpenAPI document.
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme;

    /// Compares in constant time, and never says which part was wrong.
    ///
    /// # Errors
    /// 401.
    fn verify(credentials: &Credentials) -> Result<Self>;
}

impl<P: Proof> Caller for Signed<P> {
    const ROLE: SqlRole = SqlRole::Service;
    const AFTER_BODY: bool = P::AFTER_BODY;
    #[cfg(not(target_arch = "wasm32"))]
    const SCHEME: Scheme = P::SCHEME;

    fn authenticate(credentials: &Credentials) -> Result<Signed<P>> {
        P::verify(credentials).map(Signed)
    }
}

/// The clock: `operations-tick`, or the runtime itself.
#[derive(Clone, Copy, Debug)]
pub struct Tick {
    /// When the run was due.
    pub scheduled: DateTime<Utc>,
}

impl Caller for Tick {
    const ROLE: SqlRole = SqlRole::Service;

    fn authenticate(credentials: &Credentials) -> Result<Tick> {
        let token = credentials.parts.bearer().ok_or_else(Error::unauthenticated)?;
        if !keys(credentials)?.verify_internal(credentials.package, token, credentials.now) {
            return Err(Error::unauthenticated());
        }
        let scheduled = credentials.parts.headers.get(SCHEDULED).and_then(validation::moment);
        Ok(Tick { scheduled: scheduled.unwrap_or(credentials.now) })
    }

    fn time(&self) -> Option<DateTime<Utc>> {
        Some(self.scheduled)
    }
}

/// Header by which `operations-tick` tells a cron function when its run was due.
pub(crate) const SCHEDULED: &str = "x-oree-scheduled";

fn keys<'a>(credentials: &Credentials<'a>) -> Result<&'a Keys> {
    credentials.config.keys().ok_or_else(|| Error::misconfigured("JWT_KEYS"))
}
