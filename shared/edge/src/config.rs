use auth::{Access, Keys, Role};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use postgres_wasm_bindings::Login;
use uuid::Uuid;

use crate::contract::{Endpoint, Function};
use crate::settings::{Settings, Shape, Variable, weakness};
use crate::{Error, Result, SqlRole};

crate::settings! {
    /// Of every function.
    pub PLATFORM: {
        "STAGE": Stage = "production", "dev, staging or production";
        "PUBLIC_URL": Url, "where callers reach this backend, without a path";
        "ALLOWED_ORIGINS": List = "", "origins of front ends, exactly as browsers send them";
        "ALLOWED_HOSTS": List = "", "values of Host that are answered; none means the host of PUBLIC_URL";
        "CLIENT_IP_HEADER": Text = "cf-connecting-ip", "header in which the runtime gives the caller's address";
    }
    /// Implied by any caller but `Public`: tokens are verified. Named where a public endpoint issues them.
    pub TOKENS: {
        "JWT_KEYS": Keys secret, "keys of access tokens: the first signs, all verify";
    }
    /// Implied by endpoints with SQL: one address, whichever login is used.
    pub DATABASE: {
        "SQL_URL": Url, "endpoint of PostgreSQL over HTTP";
    }
    /// Implied by people who call endpoints with SQL.
    pub DATABASE_PERSON: {
        with DATABASE;
        "SQL_LOGIN_PERSON": Login secret, "login that can become anon and authenticated";
    }
    /// Implied by cron jobs and signed webhooks.
    pub DATABASE_SERVICE: {
        with DATABASE;
        "SQL_LOGIN_SERVICE": Login secret, "login that can become service";
    }
    /// For links that outside services call back.
    pub LINKS: {
        "LINK_KEY": Key secret, "key of the links that outside services call back";
    }
    /// For tokens of other services, which are sealed before they are stored.
    pub SEALING: {
        "SEALING_KEYS": SealingKeys secret, "keys that seal other services' tokens: the first seals, all open";
    }
}

/// The settings of one function, read and checked once per instance.
pub struct Config {
    values: Vec<(&'static str, String)>,
    keys: Option<Keys>,
    person: Option<Login>,
    service: Option<Login>,
    pub(crate) stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Dev,
    Staging,
    Production,
}

/// Where rehearsals take place, a name that nobody can have (RFC 6761).
pub(crate) const NOWHERE: &str = "https://rehearsal.invalid";
/// Who rehearses: whom the examples are about.
const NOBODY: Uuid = Uuid::from_u128(0x0000_0000_0000_4000_8000_0000_0000_0001);

/// What reads and judges secrets: in every function that has endpoints, behind this pointer, so that others do without.
pub struct Secrets {
    /// The settings that an endpoint's caller and role imply.
    pub(crate) implied: fn(&'static Endpoint) -> Vec<&'static Settings>,
    /// As [`Shape::fits`].
    pub(crate) fits: fn(Shape, &str) -> bool,
    /// As [`weakness`].
    pub(crate) weakness: fn(&Variable, &str) -> Option<&'static str>,
    open: fn(&mut Config),
    token_of_nobody: fn(&Config, DateTime<Utc>) -> Option<String>,
}

pub static SECRETS: Secrets = Secrets { implied, fits: Shape::fits, weakness, open, token_of_nobody };

fn implied(endpoint: &'static Endpoint) -> Vec<&'static Settings> {
    let mut implied: Vec<&'static Settings> = Vec::new();
    if endpoint.needs_token() {
        implied.push(&TOKENS);
    }
    match endpoint.role {
        _ if endpoint.sql == 0 => {}
        SqlRole::Anon | SqlRole::Authenticated => implied.push(&DATABASE_PERSON),
        SqlRole::Service => implied.push(&DATABASE_SERVICE),
    }
    implied
}

fn open(config: &mut Config) {
    config.keys = Keys::parse(config.get("JWT_KEYS")).ok();
    config.person = Login::new(config.get("SQL_URL"), config.get("SQL_LOGIN_PERSON")).ok();
    config.service = Login::new(config.get("SQL_URL"), config.get("SQL_LOGIN_SERVICE")).ok();
}

fn token_of_nobody(config: &Config, now: DateTime<Utc>) -> Option<String> {
    let access = Access { person: NOBODY, session: NOBODY, role: Role::Admin };
    config.keys.as_ref().map(|keys| keys.issue(access, now).0)
}

/// The default, or what only fits.
fn made_up(variable: &Variable) -> &'static str {
    match (variable.shape, variable.default) {
        // In production what guards nothing is refused.
        (Shape::Stage, _) => "dev",
        (_, Some(default)) => default,
        (Shape::Url, None) => NOWHERE,
        (Shape::Login, None) => "postgres://nobody:nothing@rehearsal.invalid/nothing",
        (Shape::Keys | Shape::SealingKeys, None) => "nobody:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        (Shape::Key, None) => "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        (Shape::Text | Shape::Secret | Shape::List, None) => "rehearsal",
    }
}

impl Config {
    /// What a function rehearses with, and a token of a caller whom everybody lets in: made up, and good for nothing else.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn rehearsed(function: &'static Function, now: DateTime<Utc>) -> std::result::Result<(Config, Option<String>), String> {
        let needs = function.needs();
        let variables = || needs.iter().flat_map(|settings| settings.variables);
        let lookup = |name: &str| variables().find(|variable| variable.name == name).map(|variable| made_up(variable).to_owned());
        let config = Config::load(needs.iter().copied(), function.secrets, lookup)?;
        let token = function.secrets.and_then(|secrets| (secrets.token_of_nobody)(&config, now));
        Ok((config, token))
    }

    /// Reads what `needs` declare. Without `secrets`, what they declare is none.
    ///
    /// # Errors
    /// A sentence naming each missing or misshapen variable, never its value.
    pub fn load(
        needs: impl Iterator<Item = &'static Settings>,
        secrets: Option<&Secrets>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> std::result::Result<Config, String> {
        let mut wrong = Vec::new();
        let mut config = Config { values: Vec::new(), keys: None, person: None, service: None, stage: Stage::Production };
        for settings in needs {
            let first = config.values.len();
            config.read(settings.variables, secrets, &lookup, &mut wrong);
            let given = || config.values[first..].iter().filter(|(_, value)| !value.is_empty());
            if settings.together && !matches!(given().count(), 0) && given().count() < settings.variables.len() {
                let names: Vec<&str> = settings.variables.iter().map(|variable| variable.name).collect();
                wrong.push([&names.join(" and "), " are not set together"].concat());
            }
        }
        if let Some(secrets) = secrets {
            (secrets.open)(&mut config);
        }
        if wrong.is_empty() { Ok(config) } else { Err(wrong.join("; ")) }
    }

    fn read(
        &mut self,
        variables: &'static [Variable],
        secrets: Option<&Secrets>,
        lookup: impl Fn(&str) -> Option<String>,
        wrong: &mut Vec<String>,
    ) {
        let fits = secrets.map_or(Shape::fits_openly as fn(Shape, &str) -> bool, |secrets| secrets.fits);
        for variable in variables {
            let given = lookup(variable.name).filter(|value| !value.is_empty());
            let Some(value) = given.or_else(|| variable.default.map(str::to_owned)) else {
                wrong.push([variable.name, " is missing"].concat());
                continue;
            };
            if !fits(variable.shape, &value) && variable.default != Some(&value) {
                wrong.push([variable.name, " is not as it should be: docs/OPERATIONS.md says how"].concat());
            } else if self.stage == Stage::Production
                && let Some(why) = secrets.and_then(|secrets| (secrets.weakness)(variable, &value))
            {
                wrong.push([variable.name, " ", why].concat());
            }
            if variable.shape == Shape::Stage {
                self.stage = Stage::parse(&value).unwrap_or(Stage::Production);
            }
            self.values.push((variable.name, value));
        }
    }

    /// The value of a variable that the function's needs name; empty for any other.
    pub fn get(&self, name: &str) -> &str {
        self.values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn keys(&self) -> Option<&Keys> {
        self.keys.as_ref()
    }

    pub(crate) fn login(&self, role: SqlRole) -> Result<&Login> {
        let login = match role {
            SqlRole::Anon | SqlRole::Authenticated => &self.person,
            SqlRole::Service => &self.service,
        };
        login.as_ref().ok_or_else(|| Error::misconfigured("no login for this role"))
    }

    /// The bytes of a variable that is a base64 key.
    pub fn key(&self, name: &str) -> Vec<u8> {
        BASE64_STANDARD.decode(self.get(name)).unwrap_or_default()
    }

    pub(crate) fn lists(&self, name: &str, value: &str) -> bool {
        self.get(name).split(',').any(|word| word.trim() == value)
    }

    pub(crate) fn allows_host(&self, host: &str) -> bool {
        match self.get("ALLOWED_HOSTS") {
            "" => self.get("PUBLIC_URL").split("://").nth(1).is_some_and(|rest| rest.trim_end_matches('/') == host),
            _ => self.lists("ALLOWED_HOSTS", host),
        }
    }
}

impl Stage {
    pub(crate) fn parse(text: &str) -> Option<Stage> {
        match text {
            "dev" => Some(Stage::Dev),
            "staging" => Some(Stage::Staging),
            "production" => Some(Stage::Production),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::settings! {
        ACCOUNT, together: {
            "COROS_CLIENT_ID": Text = "", "our application";
            "COROS_CLIENT_SECRET": Secret secret = "", "its secret";
        }
        LETTERS: {
            "MAIL_API_KEY": Text secret = "", "the mail provider's key";
        }
        PASSWORDS: {
            with LETTERS;
            "PASSWORD_PEPPER": Key secret, "key of the digest that stands for a password";
        }
    }

    #[test]
    fn what_is_missing_or_weak_is_named_without_its_value() {
        let wrong = Config::load([&PLATFORM, &TOKENS].into_iter(), Some(&SECRETS), |name| match name {
            "JWT_KEYS" => Some("a:c2VjcmV0".to_owned()),
            "STAGE" => Some("test".to_owned()),
            _ => None,
        })
        .err()
        .unwrap();
        assert!(
            wrong.contains("PUBLIC_URL is missing") && wrong.contains("JWT_KEYS is not") && wrong.contains("STAGE is not"),
            "{wrong}"
        );
        assert!(!wrong.contains("c2VjcmV0"));
    }

    #[test]
    fn in_production_a_weak_or_a_known_secret_is_as_bad_as_none() {
        let random: Vec<u8> = (0..32u8).map(|index| index.wrapping_mul(151).wrapping_add(7)).collect();
        let (random, zeros) = (BASE64_STANDARD.encode(random), BASE64_STANDARD.encode([0; 32]));
        let typed = BASE64_STANDARD.encode("a long sentence that somebody has typed");
        let of = |name: &'static str, value: String, stage: &'static str| {
            let needs = [&PLATFORM, &TOKENS, &PASSWORDS, &DATABASE_PERSON, &SEALING].map(Settings::all).concat();
            let keys = ["2026:", &random].concat();
            let loaded = Config::load(needs.into_iter(), Some(&SECRETS), |asked| match asked {
                asked if asked == name => Some(value.clone()),
                "STAGE" => Some(stage.to_owned()),
                "PUBLIC_URL" | "SQL_URL" | "APP_URL" => Some("https://api.example.org".to_owned()),
                "JWT_KEYS" | "SEALING_KEYS" => Some(keys.clone()),
                "PASSWORD_PEPPER" => Some(random.clone()),
                "SQL_LOGIN_PERSON" => Some("postgres://p:0123456789abcdef@localhost/oree".to_owned()),
                _ => None,
            });
            loaded.err().unwrap_or_default()
        };
        assert_eq!(of("nothing", String::new(), "production"), "");
        for (name, value) in [
            ("JWT_KEYS", ["2026:", &zeros].concat()),
            ("JWT_KEYS", ["2026:", &typed].concat()),
            ("JWT_KEYS", ["2026:", &random, ",dev:", &random].concat()),
            ("SEALING_KEYS", ["2026:", &zeros].concat()),
            ("PASSWORD_PEPPER", zeros.clone()),
            ("SQL_LOGIN_PERSON", "postgres://p:short@localhost/oree".to_owned()),
            ("SQL_LOGIN_PERSON", "postgres://p@localhost/oree".to_owned()),
            ("MAIL_API_KEY", "changeme".to_owned()),
            ("MAIL_API_KEY", "simulated".to_owned()),
        ] {
            let wrong = of(name, value.clone(), "production");
            assert!(wrong.starts_with(name) && !wrong.contains(&value), "{name}: {wrong}");
            assert_eq!(of(name, value, "dev"), "", "{name}");
        }
    }

    #[test]
    fn an_application_at_a_provider_is_an_id_with_its_secret_or_nothing() {
        const SECRET: &str = "5b1f0c9d3e7a2486f0d9c1b2a3e4f567";
        let of = |given: &'static [(&'static str, &'static str)], stage: &'static str| {
            let loaded = Config::load([&PLATFORM, &ACCOUNT].into_iter(), Some(&SECRETS), |asked| match asked {
                "STAGE" => Some(stage.to_owned()),
                "PUBLIC_URL" => Some("https://api.example.org".to_owned()),
                _ => given.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned()),
            });
            loaded.err().unwrap_or_default()
        };
        for stage in ["dev", "production"] {
            assert_eq!(of(&[], stage), "");
            assert_eq!(of(&[("COROS_CLIENT_ID", "1"), ("COROS_CLIENT_SECRET", SECRET)], stage), "");
            for half in [&[("COROS_CLIENT_ID", "1")] as &[_], &[("COROS_CLIENT_SECRET", SECRET)]] {
                assert_eq!(of(half, stage), "COROS_CLIENT_ID and COROS_CLIENT_SECRET are not set together");
            }
        }
        for weak in [
            &[("COROS_CLIENT_ID", "1"), ("COROS_CLIENT_SECRET", "0123456789abcde")] as &[_],
            &[("COROS_CLIENT_ID", "1"), ("COROS_CLIENT_SECRET", "your_coros_client_secret")],
            &[("COROS_CLIENT_ID", "1"), ("COROS_CLIENT_SECRET", "xxxxxxxxxxxxxxxxxxxxxxxx")],
        ] {
            let wrong = of(weak, "production");
            assert!(wrong.starts_with("COROS_CLIENT_SECRET is a placeholder") && !wrong.contains(weak[1].1), "{wrong}");
            assert_eq!(of(weak, "dev"), "");
        }
    }

    #[test]
    fn without_a_list_of_hosts_the_public_one_is_answered() {
        let load = |hosts: &'static str| {
            Config::load([&PLATFORM].into_iter(), None, move |name| match name {
                "PUBLIC_URL" => Some("https://api.example.org".to_owned()),
                "ALLOWED_HOSTS" => Some(hosts.to_owned()),
                _ => None,
            })
            .unwrap()
        };
        assert!(load("").allows_host("api.example.org") && !load("").allows_host("evil.example"));
        assert!(load("a.example,b.example").allows_host("b.example") && !load("a.example").allows_host("api.example.org"));
    }
}
