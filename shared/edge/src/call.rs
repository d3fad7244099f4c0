//! One call of one endpoint: what it is known by, and the steps that [`run`](crate::run) takes with it.

use std::rc::Rc;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::caller::{Identity, SqlRole};
use crate::config::Config;
use crate::context::{Context, Inner};
use crate::contract::{Endpoint, Limit, Purpose};
use crate::http::Unread;
use crate::idempotency::Key;
use crate::log::Log;
use crate::media::Media;
use crate::request::Parts;
use crate::runtime::Runtime;
use crate::tags::Tags;
use crate::{Error, Language, Result, refusal};

/// One call of one endpoint, on its way through [`run`](crate::run).
pub struct Call {
    pub(crate) package: &'static str,
    pub(crate) purpose: Option<Purpose>,
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) parts: Parts,
    pub(crate) config: Rc<Config>,
    pub(crate) now: DateTime<Utc>,
    pub(crate) language: Language,
    pub(crate) runtime: Runtime,
    pub(crate) log: Rc<Log>,
}

impl Call {
    /// Counts this call against its operation and the person, or the address and its network where nobody is known.
    pub(crate) async fn limit(&self, person: Option<Uuid>) -> Result<()> {
        let limit = self.endpoint.limit;
        self.count_under(limit, self.endpoint.operation, person).await
    }

    /// Counts this call against what a gate may hear: far more than the endpoint's own limit, and apart from it.
    pub(crate) async fn limit_of_gate(&self, person: Option<Uuid>) -> Result<()> {
        self.count_under(self.endpoint.limit.of_gate(), &[self.endpoint.operation, ".gate"].concat(), person).await
    }

    async fn count_under(&self, limit: Limit, operation: &str, person: Option<Uuid>) -> Result<()> {
        let Some(person) = person else {
            self.count(limit, operation, &self.parts.ip_key()).await?;
            return match self.parts.ip_network() {
                Some(network) => self.count(limit.of_network(), operation, &network).await,
                None => Ok(()),
            };
        };
        self.count(limit, operation, &person.to_string()).await
    }

    async fn count(&self, limit: Limit, operation: &str, who: &str) -> Result<()> {
        let Some(binding) = limit.binding() else { return Ok(()) };
        let key = [self.package, ".", operation, ":", who].concat();
        if self.runtime.limit(binding, &key).await { Ok(()) } else { Err(Error::rate_limited(limit)) }
    }

    /// Reads the body under its cap. One that is not empty must be declared as what the endpoint takes.
    pub(crate) async fn read_body(&self, media: Media) -> Result<Vec<u8>> {
        let body = self.runtime.body(self.endpoint.body).await.map_err(|unread| match unread {
            Unread::TooLarge => Error::body_too_large(),
            Unread::Broken(why) => Error::from(refusal::BODY_INCOMPLETE).because(why),
        })?;
        if !body.is_empty() && media.declared(self.parts.content_type()).is_none() {
            return Err(Error::unsupported_media_type(media));
        }
        Ok(body)
    }

    /// `Idempotency-Key`, where it is sent and heard.
    pub(crate) fn key(&self, body: &[u8]) -> Result<Option<Key>> {
        let Call { parts, endpoint, .. } = self;
        let sent = parts.headers.get("idempotency-key").filter(|_| endpoint.takes_key());
        let read = |key: &str| {
            let address = [&parts.path, "?", &parts.raw_query].concat();
            Key::read(key, endpoint.method, &address, body, endpoint.idempotent)
        };
        sent.map(read).transpose()
    }

    pub(crate) fn context(&self, role: SqlRole, identity: Identity, time: Option<DateTime<Utc>>, key: Option<Key>) -> Context {
        let header = |name| self.parts.headers.get(name);
        Context(Rc::new(Inner {
            now: time.unwrap_or(self.now),
            language: self.language,
            operation: [self.package, ".", self.endpoint.operation].concat(),
            role,
            identity,
            access: self.endpoint.access,
            purpose: self.purpose,
            refuses: self.endpoint.refuses,
            key,
            if_match: header("if-match").map(Tags::read).and_then(Tags::versions),
            last_event_id: header("last-event-id").map(str::to_owned),
            ip: self.parts.ip_truncated(),
            // XX is no country, and T1 the network Tor.
            country: header("cf-ipcountry").filter(|code| !matches!(*code, "XX" | "T1")).map(str::to_owned),
            user_agent: header("user-agent").unwrap_or_default().chars().filter(|c| !c.is_control()).take(200).collect(),
            cookies: header("cookie").map(str::to_owned),
            config: self.config.clone(),
            runtime: self.runtime.clone(),
            log: self.log.clone(),
        }))
    }
}
