use auth::Keys;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use postgres_wasm_bindings::Login;

use crate::{Error, Result, SqlRole};

/// One setting of the environment. This list is the only one: manifests, deploy checks and documents come from it.
pub struct Variable {
    pub name: &'static str,
    pub about: &'static str,
    pub shape: Shape,
    /// Used where the environment says nothing. `None`: it must be set.
    pub default: Option<&'static str>,
    /// Uploaded as a secret, never written into a manifest.
    pub secret: bool,
    pub need: Need,
}

/// What a value must look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Text,
    /// `http://…` or `https://…`
    Url,
    /// `postgres://…`
    Login,
    /// `kid:base64,…`, at least 32 bytes each.
    Keys,
    /// `kid:base64,…`, 32 bytes each.
    SealingKeys,
    /// Base64 of at least 32 bytes.
    Key,
    /// What another service knows too, 16 characters or more; several separated by commas where its variable says so.
    Secret,
    /// Words separated by commas; may be empty.
    List,
    Stage,
}

/// What a function needs from outside; `uses: […]` in its contract, or implied by its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Every function.
    Always,
    /// Implied by any caller but `Public`: tokens are verified. Named where a public endpoint issues them.
    Tokens,
    /// Implied by people who call endpoints with SQL.
    DatabasePerson,
    /// Implied by cron jobs and signed webhooks.
    DatabaseService,
    /// Hashes passwords.
    Passwords,
    /// Seals and opens links that outsiders call back.
    Links,
    RunPod,
    Discord,
    /// Keeps files.
    Storage,
    /// Sends letters to people.
    Mail,
    /// Hears what people have paid for.
    Stripe,
    /// Hears how workflows have ended.
    GitHub,
    /// Our applications at the fitness providers: `<PROVIDER>_CLIENT_ID` and `<PROVIDER>_CLIENT_SECRET`, both or neither.
    Providers,
    /// Seals tokens of other services before they are stored, and opens them.
    Sealing,
    /// Lets a scraper read the metrics.
    Metrics,
    /// Calls the cron functions.
    Crons,
}

macro_rules! variables {
    ($($name:literal $need:ident $shape:ident $($secret:ident)? $(= $default:literal)?: $about:literal;)*) => {
        pub const VARIABLES: &[Variable] = &[$(Variable {
            name: $name,
            about: $about,
            shape: Shape::$shape,
            default: variables!(@default $($default)?),
            secret: variables!(@secret $($secret)?),
            need: Need::$need,
        }),*];
    };
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    (@secret) => { false };
    (@secret secret) => { true };
}

variables! {
    "STAGE" Always Stage = "production": "dev, staging or production";
    "PUBLIC_URL" Always Url: "where callers reach this backend, without a path";
    "ALLOWED_ORIGINS" Always List = "": "origins of front ends, exactly as browsers send them";
    "ALLOWED_HOSTS" Always List = "": "values of Host that are answered; none means the host of PUBLIC_URL";
    "CLIENT_IP_HEADER" Always Text = "cf-connecting-ip": "header in which the runtime gives the caller's address";
    "JWT_KEYS" Tokens Keys secret: "keys of access tokens: the first signs, all verify";
    "SQL_URL" DatabasePerson Url: "endpoint of PostgreSQL over HTTP";
    "SQL_LOGIN_PERSON" DatabasePerson Login secret: "login that can become anon and authenticated";
    "SQL_LOGIN_SERVICE" DatabaseService Login secret: "login that can become service";
    "PASSWORD_PEPPER" Passwords Key secret: "key of the digest that stands for a password";
    "LINK_KEY" Links Key secret: "key of the links that outside services call back";
    "RUNPOD_BASE_URL" RunPod Url = "https://api.runpod.ai/v2": "RunPod's serverless API";
    "RUNPOD_API_KEY" RunPod Text secret = "": "RunPod's key; without it scenes answer 503 runpod_not_configured";
    "RUNPOD_ENDPOINT_ID_IMAGE" RunPod Text = "": "RunPod endpoint that draws scenes";
    "RUNPOD_ENDPOINT_ID_POSE" RunPod Text = "": "RunPod endpoint that draws poses";
    "RUNPOD_ENDPOINT_ID_AUDIO" RunPod Text = "": "RunPod endpoint that makes sounds";
    "DISCORD_WEBHOOK_URL" Discord Text secret = "": "Discord channel for notices; without it they are not sent";
    "STORAGE_URL" Storage Text = "": "S3-compatible storage of results, such as R2; without it creations answer 503 storage_not_configured";
    "STORAGE_BUCKET" Storage Text = "oree": "bucket of results";
    "STORAGE_REGION" Storage Text = "auto": "region that requests to the storage are signed for";
    "STORAGE_ACCESS_KEY" Storage Text secret = "": "the storage's access key id";
    "STORAGE_SECRET_KEY" Storage Secret secret = "": "the storage's secret access key";
    "APP_URL" Mail Url: "front end that opens the links of letters, without a slash at its end";
    "MAIL_URL" Mail Text secret = "": "where letters are posted; without it what needs one answers 503 mail_not_configured";
    "MAIL_API_KEY" Mail Text secret = "": "the mail provider's key";
    "MAIL_FROM" Mail Text = "Orée <no-reply@oree.example>": "sender of letters";
    "STORAGE_WORKER_ACCESS_KEY" Storage Text secret = "": "access key id that RunPod's workers upload with; without it they answer with a link or the file itself";
    "STORAGE_WORKER_SECRET_KEY" Storage Secret secret = "": "its secret access key; it should only be able to write";
    "STRIPE_WEBHOOK_SECRET" Stripe Secret secret = "": "signing secret of the Stripe webhook, of the live mode in production and of the test mode elsewhere; two separated by a comma while it is rolled; without it 503 stripe_not_configured";
    "GITHUB_WEBHOOK_SECRET" GitHub Secret secret = "": "secret of the GitHub webhook; two separated by a comma while it is replaced; without it 503 github_not_configured";
    "STRAVA_CLIENT_ID" Providers Text = "": "our application at this provider; without id and secret it is not configured";
    "STRAVA_CLIENT_SECRET" Providers Secret secret = "": "our application at this provider; without id and secret it is not configured";
    "GARMIN_CLIENT_ID" Providers Text = "": "our application at this provider; without id and secret it is not configured";
    "GARMIN_CLIENT_SECRET" Providers Secret secret = "": "our application at this provider; without id and secret it is not configured";
    "POLAR_CLIENT_ID" Providers Text = "": "our application at this provider; without id and secret it is not configured";
    "POLAR_CLIENT_SECRET" Providers Secret secret = "": "our application at this provider; without id and secret it is not configured";
    "COROS_CLIENT_ID" Providers Text = "": "our application at this provider; without id and secret it is not configured";
    "COROS_CLIENT_SECRET" Providers Secret secret = "": "our application at this provider; without id and secret it is not configured";
    "WAHOO_CLIENT_ID" Providers Text = "": "our application at this provider; without id and secret it is not configured";
    "WAHOO_CLIENT_SECRET" Providers Secret secret = "": "our application at this provider; without id and secret it is not configured";
    "FITBIT_CLIENT_ID" Providers Text = "": "our application at this provider; without id and secret it is not configured";
    "FITBIT_CLIENT_SECRET" Providers Secret secret = "": "our application at this provider; without id and secret it is not configured";
    "SEALING_KEYS" Sealing SealingKeys secret: "keys that seal other services' tokens: the first seals, all open";
    "METRICS_TOKEN" Metrics Key secret = "": "bearer token of whoever reads the metrics; without it they answer 503 metrics_not_configured";
    "CRONS" Crons List = "": "generated: the cron functions and how often each runs, in seconds";
}

impl Need {
    /// The variables of this need. A database endpoint is reached at one address, whichever login is used.
    pub fn variables(self) -> impl Iterator<Item = &'static Variable> {
        VARIABLES
            .iter()
            .filter(move |variable| variable.need == self || (self == Need::DatabaseService && variable.name == "SQL_URL"))
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

impl Config {
    /// Reads what `needs` name.
    ///
    /// # Errors
    /// A sentence naming each missing or misshapen variable, never its value.
    pub fn load(
        needs: impl Iterator<Item = Need>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> std::result::Result<Config, String> {
        let mut wrong = Vec::new();
        let mut config = Config { values: Vec::new(), keys: None, person: None, service: None, stage: Stage::Production };
        for variable in needs.flat_map(Need::variables) {
            let given = lookup(variable.name).filter(|value| !value.is_empty());
            let Some(value) = given.or_else(|| variable.default.map(str::to_owned)) else {
                wrong.push([variable.name, " is missing"].concat());
                continue;
            };
            if !variable.shape.fits(&value) && variable.default != Some(&value) {
                wrong.push([variable.name, " is not as it should be: ", variable.about].concat());
            } else if config.stage == Stage::Production
                && let Some(why) = weakness(variable, &value)
            {
                wrong.push([variable.name, " ", why].concat());
            }
            // An id stands before its secret in the list.
            if let Some(provider) = variable.name.strip_suffix("_CLIENT_SECRET")
                && config.get(&[provider, "_CLIENT_ID"].concat()).is_empty() != value.is_empty()
            {
                wrong.push([variable.name, " and ", provider, "_CLIENT_ID are not set together"].concat());
            }
            match variable.shape {
                Shape::Keys => config.keys = Keys::parse(&value).ok(),
                Shape::Stage => config.stage = Stage::parse(&value).unwrap_or(Stage::Production),
                _ => {}
            }
            config.values.push((variable.name, value));
        }
        config.person = Login::new(config.get("SQL_URL"), config.get("SQL_LOGIN_PERSON")).ok();
        config.service = Login::new(config.get("SQL_URL"), config.get("SQL_LOGIN_SERVICE")).ok();
        if wrong.is_empty() { Ok(config) } else { Err(wrong.join("; ")) }
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

/// Passwords of database logins and what services know are not typed by people.
const SHORTEST_PASSWORD: usize = 16;

/// What development uses, as lines of `NAME=value`: the one list of these values, which `xtask` reads too.
const SIMULATED: &str = include_str!("../../../dev/simulated.vars");

/// Why a secret of the right shape must not guard anything. Checked before a deployment, and in production once more by
/// every instance, which may have got its secrets another way.
pub fn weakness(variable: &Variable, value: &str) -> Option<&'static str> {
    if !variable.secret || value.is_empty() {
        return None;
    }
    match variable.shape {
        Shape::Keys | Shape::SealingKeys => {
            let mut keys = value.split(',').filter_map(|key| key.split_once(':'));
            let weak = keys.any(|(id, key)| id.trim() == "dev" || is_guessable(key));
            weak.then_some("holds a key that is not random, or that is called dev: make one with `openssl rand -base64 32`")
        }
        Shape::Key => is_guessable(value).then_some("is not random: make one with `openssl rand -base64 32`"),
        Shape::Login => {
            let password = value.split_once("://").and_then(|(_, rest)| rest.rsplit_once('@')?.0.split_once(':'));
            let short = password.is_none_or(|(_, password)| password.len() < SHORTEST_PASSWORD);
            short.then_some("has no password of 16 characters or more: make one with `openssl rand -hex 24`")
        }
        Shape::Secret => {
            let is_weak = |secret: &str| {
                secret.len() < SHORTEST_PASSWORD
                    || secret.starts_with("your_")
                    || distinct(secret.as_bytes()) < 8
                    || is_known(secret)
            };
            let weak = value.split(',').any(|secret| is_weak(secret.trim()));
            weak.then_some("is a placeholder or shorter than 16 characters: set the real one")
        }
        Shape::Text => is_known(value).then_some("is a placeholder: set the real one"),
        _ => None,
    }
}

/// What everybody knows.
fn is_known(value: &str) -> bool {
    let mut simulated = SIMULATED.lines().filter_map(|line| line.split_once('='));
    matches!(value, "secret" | "changeme") || simulated.any(|(_, known)| known == value)
}

/// Bytes that no generator of random numbers gives: few different ones, or all of them typed.
fn is_guessable(key: &str) -> bool {
    let bytes = BASE64_STANDARD.decode(key.trim()).unwrap_or_default();
    distinct(&bytes) < 16 || bytes.iter().all(|byte| (b' '..=b'~').contains(byte))
}

/// How many different bytes there are.
fn distinct(bytes: &[u8]) -> usize {
    let mut bytes = bytes.to_vec();
    bytes.sort_unstable();
    bytes.dedup();
    bytes.len()
}

impl Stage {
    fn parse(text: &str) -> Option<Stage> {
        match text {
            "dev" => Some(Stage::Dev),
            "staging" => Some(Stage::Staging),
            "production" => Some(Stage::Production),
            _ => None,
        }
    }
}

impl Shape {
    /// Whether a value has this shape.
    pub fn fits(self, value: &str) -> bool {
        match self {
            Shape::Text | Shape::Secret | Shape::List => !value.contains(['\r', '\n']),
            Shape::Url => value.starts_with("http://") || value.starts_with("https://"),
            Shape::Login => value.starts_with("postgres://") || value.starts_with("postgresql://"),
            Shape::Keys => Keys::parse(value).is_ok(),
            Shape::SealingKeys => {
                let is_key = |entry: &str| {
                    let (id, key) = entry.trim().split_once(':').unwrap_or_default();
                    !id.is_empty() && BASE64_STANDARD.decode(key).is_ok_and(|bytes| bytes.len() == 32)
                };
                value.split(',').all(is_key)
            }
            Shape::Key => BASE64_STANDARD.decode(value).is_ok_and(|bytes| bytes.len() >= 32),
            Shape::Stage => Stage::parse(value).is_some(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_weak_is_named_without_its_value() {
        let wrong = Config::load([Need::Always, Need::Tokens].into_iter(), |name| match name {
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
            let needs = [Need::Always, Need::Tokens, Need::Passwords, Need::DatabasePerson, Need::Mail, Need::Sealing];
            let keys = ["2026:", &random].concat();
            let loaded = Config::load(needs.into_iter(), |asked| match asked {
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
            let loaded = Config::load([Need::Always, Need::Providers].into_iter(), |asked| match asked {
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
                assert_eq!(of(half, stage), "COROS_CLIENT_SECRET and COROS_CLIENT_ID are not set together");
            }
        }
        for weak in [
            &[("POLAR_CLIENT_ID", "1"), ("POLAR_CLIENT_SECRET", "0123456789abcde")] as &[_],
            &[("POLAR_CLIENT_ID", "1"), ("POLAR_CLIENT_SECRET", "your_polar_client_secret")],
            &[("POLAR_CLIENT_ID", "1"), ("POLAR_CLIENT_SECRET", "xxxxxxxxxxxxxxxxxxxxxxxx")],
        ] {
            let wrong = of(weak, "production");
            assert!(wrong.starts_with("POLAR_CLIENT_SECRET is a placeholder") && !wrong.contains(weak[1].1), "{wrong}");
            assert_eq!(of(weak, "dev"), "");
        }
    }

    #[test]
    fn nothing_that_development_uses_is_a_secret_in_production() {
        let simulated: Vec<(&str, &str)> = SIMULATED.lines().filter_map(|line| line.split_once('=')).collect();
        let mut secrets = 0;
        for (name, value) in simulated {
            let variable = VARIABLES.iter().find(|variable| variable.name == name).unwrap();
            secrets += usize::from(variable.secret);
            assert_eq!(weakness(variable, value).is_some(), variable.secret, "{name}");
        }
        assert!(secrets >= 8, "{secrets}");
        for name in ["STRIPE_WEBHOOK_SECRET", "STORAGE_SECRET_KEY", "STORAGE_WORKER_SECRET_KEY"] {
            let variable = VARIABLES.iter().find(|variable| variable.name == name).unwrap();
            for weak in ["x", "whsec_simulated", "whsec_test"] {
                assert!(weakness(variable, weak).is_some(), "{name}: {weak}");
            }
            assert_eq!(weakness(variable, "whsec_5b1f0c9d3e7a2486f0d9"), None, "{name}");
        }
    }

    #[test]
    fn of_two_secrets_both_must_be_good() {
        let variable = Need::GitHub.variables().next().unwrap();
        let [one, other] = ["5b1f0c9d3e7a2486f0d9", "c1b2a3e4f5670d9c1b2a"];
        assert_eq!(weakness(variable, &[one, ", ", other].concat()), None);
        for bad in [[one, ",changeme"].concat(), [one, ","].concat()] {
            assert!(weakness(variable, &bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn without_a_list_of_hosts_the_public_one_is_answered() {
        let load = |hosts: &'static str| {
            Config::load([Need::Always].into_iter(), move |name| match name {
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
