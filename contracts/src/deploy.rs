//! What a deployment needs, checked before anything is touched.

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use edge::{Config, Function, Shape, Trigger, Variable};
use serde::{Deserialize, Serialize};

use crate::entry::{ENTRY, entry};
use crate::workers::{Target, is_secret, workers_at};
use crate::{FUNCTIONS, crons, settings};

/// A deployment as it is asked for: `deploy/<stage>.toml` and what goes with it.
#[derive(Deserialize)]
pub struct Wanted {
    pub stage: String,
    pub host: String,
    pub zone: Option<String>,
    pub prefix: Option<String>,
    pub no_zone: bool,
    /// The folder in `build/` that holds the modules.
    pub modules: String,
    /// `[vars]` of the file.
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
    /// `deploy/<stage>.secrets.toml`.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// Secrets that must not be used: those of `cargo xtask dev`.
    pub known: Vec<String>,
    /// What the environment holds for front ends.
    #[serde(default)]
    pub published: BTreeMap<String, String>,
}

/// What is to be done.
#[derive(Serialize)]
pub struct Plan {
    /// Sentences, each a reason not to deploy. None of them shows a secret.
    pub problems: Vec<String>,
    /// The part of the manifest that `wrangler.toml` has below its mark.
    pub manifest: String,
    /// The module of the entry Worker, where there is one.
    pub entry: Option<String>,
    /// The Workers with the secrets of each; one that another calls stands before it.
    pub workers: Vec<Worker>,
}

#[derive(Serialize)]
pub struct Worker {
    pub package: String,
    pub secrets: BTreeMap<String, String>,
}

/// Not set by hand.
const GENERATED: [&str; 2] = ["STAGE", "CRONS"];

/// Names that front ends on Supabase use. No function needs them; what stands in a browser is checked all the same.
const FRONT_ENDS: [&str; 5] =
    ["SUPABASE_URL", "SUPABASE_KEY", "SUPABASE_SERVICE_ROLE_KEY", "NEXT_PUBLIC_SUPABASE_URL", "NEXT_PUBLIC_SUPABASE_ANON_KEY"];

/// Every setting that some function is given.
fn variables() -> impl Iterator<Item = &'static Variable> {
    settings().into_iter().flat_map(|settings| settings.variables)
}

impl Wanted {
    /// Takes what the environment gives, before what the files say.
    #[must_use]
    pub fn with(mut self, environment: impl Fn(&str) -> Option<String>) -> Wanted {
        for variable in variables().filter(|variable| !GENERATED.contains(&variable.name)) {
            if let Some(value) = environment(variable.name).filter(|value| !value.is_empty()) {
                let place = if variable.secret { &mut self.secrets } else { &mut self.vars };
                place.insert(variable.name.to_owned(), value);
            }
        }
        let published = FRONT_ENDS.into_iter().filter_map(|name| Some((name.to_owned(), environment(name)?)));
        self.published.extend(published.filter(|(_, value)| !value.is_empty()));
        self
    }
}

/// Plans a deployment.
pub fn plan(wanted: &Wanted) -> Plan {
    let values = values(wanted);
    let problems = problems(wanted, &values);
    let default_prefix = if wanted.stage == "production" { "oree-".to_owned() } else { format!("oree-{}-", wanted.stage) };
    let zone = wanted.zone.as_deref().or_else(|| wanted.host.split_once('.').map(|(_, zone)| zone));
    let target = Target {
        host: &wanted.host,
        zone: zone.filter(|_| !wanted.no_zone),
        prefix: wanted.prefix.as_deref().unwrap_or(&default_prefix),
        modules: &wanted.modules,
        values: Some(&values),
        limit_ids: if wanted.stage == "production" { 1000 } else { 11_000 },
        limit_scale: values.get("LIMIT_SCALE").and_then(|scale| scale.parse().ok()).unwrap_or(1),
    };
    let secrets = |function: &Function| {
        let secret = function.variables().filter(|variable| is_secret(variable, &target));
        secret.filter_map(|variable| Some((variable.name.to_owned(), values.get(variable.name)?.clone()))).collect()
    };
    let (clock, called): (Vec<&'static Function>, Vec<&'static Function>) =
        FUNCTIONS.iter().copied().partition(|function| matches!(function.trigger, Trigger::Clock { .. }));
    let mut workers: Vec<Worker> = called
        .into_iter()
        .chain(clock)
        .map(|function| Worker { package: function.package.to_owned(), secrets: secrets(function) })
        .collect();
    if wanted.no_zone {
        workers.push(Worker { package: ENTRY.to_owned(), secrets: BTreeMap::new() });
    }
    Plan { problems, manifest: workers_at(&target), entry: wanted.no_zone.then(entry), workers }
}

/// Every value by its name; the stage and, where nothing else is said, the public address follow from the deployment.
fn values(wanted: &Wanted) -> BTreeMap<String, String> {
    let mut values = BTreeMap::from([("PUBLIC_URL".to_owned(), format!("https://{}", wanted.host))]);
    values.extend(wanted.vars.clone());
    values.extend(wanted.secrets.clone());
    values.insert("STAGE".to_owned(), wanted.stage.clone());
    values.insert(
        "CRONS".to_owned(),
        crons().map(|(cron, seconds)| format!("{}={seconds}", cron.package)).collect::<Vec<_>>().join(","),
    );
    values
}

fn problems(wanted: &Wanted, values: &BTreeMap<String, String>) -> Vec<String> {
    let mut problems = Vec::new();
    if !matches!(wanted.stage.as_str(), "staging" | "production") {
        problems.push(format!("the stage is \"{}\": deploy to staging or production", wanted.stage));
    }
    if wanted.host.is_empty() || wanted.host.contains(['/', ':', '*']) || !wanted.host.contains('.') {
        problems.push(format!("host \"{}\" is no name of a host, such as api.example.org", wanted.host));
    }
    for name in wanted.vars.keys() {
        match variables().find(|variable| variable.name == name) {
            Some(variable) if variable.secret => {
                problems
                    .push(format!("{name} is a secret: set it in the environment or in deploy/{}.secrets.toml", wanted.stage));
            }
            Some(_) if GENERATED.contains(&name.as_str()) => problems.push(format!("{name} is not set by hand: remove it")),
            None if name != "LIMIT_SCALE" => problems.push(format!("{name} is no variable of ours: {}", known_names())),
            _ => {}
        }
    }
    if wanted.stage == "production" && values.get("LIMIT_SCALE").is_some_and(|scale| scale != "1") {
        problems.push("LIMIT_SCALE lifts the limits, which production does not allow: remove it".to_owned());
    }
    for function in FUNCTIONS {
        if let Err(wrong) = Config::load(function.needs().into_iter(), function.secrets, |name| values.get(name).cloned()) {
            problems.extend(wrong.split("; ").map(str::to_owned));
        }
    }
    for variable in variables() {
        let Some(value) = values.get(variable.name).filter(|value| !value.is_empty()) else { continue };
        problems.extend(weakness(variable, value, wanted).map(|why| format!("{} {why}", variable.name)));
        let same = variables().filter(|other| other.secret && variable.secret && other.name > variable.name);
        for other in same.filter(|other| values.get(other.name) == Some(value)) {
            problems.push(format!("{} and {} are the same: each needs a secret of its own", variable.name, other.name));
        }
    }
    problems.extend(published(wanted));
    let mut seen = Vec::new();
    problems.retain(|problem| {
        !seen.contains(problem) && {
            seen.push(problem.clone());
            true
        }
    });
    problems
}

/// What must not stand in a browser, or is not what it seems.
fn published(wanted: &Wanted) -> Vec<String> {
    let mut problems = Vec::new();
    let value = |name: &str| wanted.published.get(name).map(String::as_str);
    for (name, same) in [("NEXT_PUBLIC_SUPABASE_URL", "SUPABASE_URL"), ("NEXT_PUBLIC_SUPABASE_ANON_KEY", "SUPABASE_KEY")] {
        if value(name).zip(value(same)).is_some_and(|(one, other)| one != other) {
            problems.push(format!("{name} and {same} differ: they are one value"));
        }
    }
    for name in ["SUPABASE_URL", "NEXT_PUBLIC_SUPABASE_URL"] {
        if value(name).is_some_and(|value| !Shape::Url.fits(value)) {
            problems.push(format!("{name} is no address"));
        }
    }
    for name in ["SUPABASE_KEY", "NEXT_PUBLIC_SUPABASE_ANON_KEY"] {
        let Some(value) = value(name) else { continue };
        let is_secret = wanted.secrets.values().any(|secret| secret == value);
        if is_secret || is_service_key(value) || wanted.published.get("SUPABASE_SERVICE_ROLE_KEY").is_some_and(|key| key == value)
        {
            problems.push(format!("{name} is a secret, and front ends show it to everybody: use the anonymous key"));
        }
    }
    problems
}

/// Supabase's secret keys: `sb_secret_…`, or a token of the role `service_role`.
fn is_service_key(key: &str) -> bool {
    let claims = key.split('.').nth(1).and_then(|claims| BASE64_URL_SAFE_NO_PAD.decode(claims).ok()).unwrap_or_default();
    key.starts_with("sb_secret_") || String::from_utf8_lossy(&claims).contains("service_role")
}

fn known_names() -> String {
    let names = variables().filter(|variable| !variable.secret && !GENERATED.contains(&variable.name));
    names.map(|variable| variable.name).collect::<Vec<_>>().join(", ")
}

/// Why a value of the right shape must not be deployed.
fn weakness(variable: &Variable, value: &str, wanted: &Wanted) -> Option<&'static str> {
    if variable.secret && wanted.known.iter().any(|known| value.contains(known.as_str())) {
        return Some("is a secret of `cargo xtask dev`: make a new one");
    }
    match (variable.name, variable.shape) {
        ("CLIENT_IP_HEADER", _) if value != "cf-connecting-ip" => {
            Some("is for other runtimes: a caller could forge it on Cloudflare")
        }
        ("ALLOWED_ORIGINS", _) if value.split(',').any(|origin| !is_origin(origin.trim())) => {
            Some("lists something else than origins such as https://app.example.org")
        }
        ("DISCORD_WEBHOOK_URL", _) | (_, Shape::Url) if !value.starts_with("https://") => {
            Some("does not begin with https://: what goes there must be encrypted")
        }
        _ => edge::weakness(variable, value),
    }
}

fn is_origin(text: &str) -> bool {
    text.strip_prefix("https://").is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    /// Looks random, and is the same in every run.
    fn key(seed: u8) -> String {
        BASE64_STANDARD.encode((0..32u8).map(|index| index.wrapping_mul(151).wrapping_add(seed)).collect::<Vec<u8>>())
    }

    /// A deployment that says what must be said, and no more.
    fn wanted() -> Wanted {
        let required = variables().filter(|variable| variable.default.is_none() && variable.name != "PUBLIC_URL");
        let (secrets, vars): (Vec<_>, Vec<_>) = required.zip(1..).partition(|(variable, _)| variable.secret);
        let value = |(variable, seed): (&Variable, u8)| match variable.shape {
            Shape::Keys | Shape::SealingKeys => (variable.name.to_owned(), format!("2026:{}", key(seed))),
            Shape::Key => (variable.name.to_owned(), key(seed)),
            Shape::Login => (variable.name.to_owned(), format!("postgres://login_{seed}:0123456789abcdef{seed}@localhost/oree")),
            _ => (variable.name.to_owned(), "https://something.example.org".to_owned()),
        };
        Wanted {
            stage: "production".to_owned(),
            host: "api.example.org".to_owned(),
            zone: None,
            prefix: None,
            no_zone: false,
            modules: "release".to_owned(),
            vars: vars.into_iter().map(value).collect(),
            secrets: secrets.into_iter().map(value).collect(),
            known: vec!["a-secret-of-this-machine".to_owned()],
            published: BTreeMap::new(),
        }
    }

    #[test]
    fn a_complete_deployment_has_no_problem_and_gives_each_worker_its_own_secrets() {
        let plan = plan(&wanted());
        assert_eq!(plan.problems, Vec::<String>::new());
        assert!(plan.manifest.contains("pattern = \"api.example.org/api/v1/rise/kaizen*\", zone_name = \"example.org\""));
        let of = |package: &str| {
            let worker = plan.workers.iter().find(|worker| worker.package == package).unwrap();
            worker.secrets.keys().map(String::as_str).collect::<Vec<_>>()
        };
        assert_eq!(of("operations-not-found"), Vec::<&str>::new());
        assert_eq!(of("rise-kaizen"), ["JWT_KEYS", "SQL_LOGIN_PERSON"]);
        for secret in wanted().secrets.values() {
            assert!(!plan.manifest.contains(secret), "a secret stands in the manifest");
        }
        assert_eq!(plan.workers.last().unwrap().package, "operations-tick", "the clock calls the others, which must be there");
    }

    #[test]
    fn what_is_missing_weak_or_out_of_place_is_named_without_its_value() {
        let typed = BASE64_STANDARD.encode("a long sentence that somebody has typed");
        let cases: [(&str, &str, &str); 18] = [
            ("JWT_KEYS", "", "JWT_KEYS is missing"),
            ("JWT_KEYS", &format!("a:{}", BASE64_STANDARD.encode([7; 32])), "JWT_KEYS holds a key that is not random"),
            ("JWT_KEYS", &format!("dev:{}", key(104)), "or that is called dev"),
            ("LINK_KEY", &typed, "LINK_KEY is not random"),
            ("LINK_KEY", &wanted().secrets["PASSWORD_PEPPER"], "LINK_KEY and PASSWORD_PEPPER are the same"),
            ("SQL_URL", "http://sql.example.org/sql", "SQL_URL does not begin with https://"),
            ("SQL_LOGIN_PERSON", "postgres://oree_person:short@localhost/oree", "SQL_LOGIN_PERSON has no password"),
            ("SQL_LOGIN_PERSON", "postgres://p:a-secret-of-this-machine@localhost/oree", "is a secret of `cargo xtask dev`"),
            ("ALLOWED_ORIGINS", "https://app.example.org,*", "ALLOWED_ORIGINS lists something else"),
            ("CLIENT_IP_HEADER", "x-forwarded-for", "CLIENT_IP_HEADER is for other runtimes"),
            ("STRAVA_CLIENT_ID", "12345", "STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET are not set together"),
            ("WAHOO_CLIENT_SECRET", &key(106), "WAHOO_CLIENT_ID and WAHOO_CLIENT_SECRET are not set together"),
            ("GARMIN_CLIENT_SECRET", "your_garmin_client_secret", "GARMIN_CLIENT_SECRET is a placeholder"),
            ("GITHUB_WEBHOOK_SECRET", "changeme", "GITHUB_WEBHOOK_SECRET is a placeholder"),
            ("STRIPE_WEBHOOK_SECRET", "whsec_simulated", "STRIPE_WEBHOOK_SECRET is a placeholder"),
            ("STORAGE_WORKER_SECRET_KEY", "worker", "STORAGE_WORKER_SECRET_KEY is a placeholder"),
            ("STORAGE_ACCESS_KEY", "simulated", "STORAGE_ACCESS_KEY is a placeholder"),
            ("LIMIT_SCALE", "10", "LIMIT_SCALE lifts the limits"),
        ];
        for (name, value, says) in cases {
            let mut wanted = wanted();
            let secret = variables().any(|variable| variable.name == name && variable.secret);
            if secret { &mut wanted.secrets } else { &mut wanted.vars }.insert(name.to_owned(), value.to_owned());
            let problems = plan(&wanted).problems;
            assert!(problems.iter().any(|problem| problem.contains(says)), "{name}: {problems:?}");
            assert!(value.len() < 20 || !problems.concat().contains(value), "a value is shown");
        }
    }

    #[test]
    fn a_secret_in_the_committed_file_an_unknown_name_and_the_stage_dev_are_refused() {
        let mut wanted = wanted();
        wanted.stage = "dev".to_owned();
        wanted.vars.extend([("LINK_KEY".to_owned(), key(105)), ("SQLURL".to_owned(), "x".to_owned())]);
        let problems = plan(&wanted).problems.join("\n");
        for says in ["deploy to staging or production", "LINK_KEY is a secret", "SQLURL is no variable of ours"] {
            assert!(problems.contains(says), "{problems}");
        }
    }

    #[test]
    fn a_key_for_front_ends_that_is_a_secret_is_refused() {
        let token = |role: &str| format!("e30.{}.x", BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"role":"{role}"}}"#)));
        let (anonymous, service) = (token("anon"), token("service_role"));
        let ours = wanted().secrets["PASSWORD_PEPPER"].clone();
        let good = [
            ("SUPABASE_URL", "https://x.supabase.co"),
            ("NEXT_PUBLIC_SUPABASE_URL", "https://x.supabase.co"),
            ("SUPABASE_KEY", &anonymous),
            ("NEXT_PUBLIC_SUPABASE_ANON_KEY", &anonymous),
            ("SUPABASE_SERVICE_ROLE_KEY", &service),
        ];
        let problems = |name: &str, value: &str| {
            let environment = |asked: &str| {
                if asked == name {
                    return Some(value.to_owned());
                }
                good.iter().find(|(known, _)| *known == asked).map(|(_, value)| (*value).to_owned())
            };
            plan(&wanted().with(environment)).problems
        };
        assert_eq!(problems("nothing", ""), Vec::<String>::new());
        for (name, value, says) in [
            ("SUPABASE_KEY", service.as_str(), "SUPABASE_KEY is a secret"),
            ("NEXT_PUBLIC_SUPABASE_ANON_KEY", service.as_str(), "NEXT_PUBLIC_SUPABASE_ANON_KEY is a secret"),
            ("NEXT_PUBLIC_SUPABASE_ANON_KEY", "sb_secret_0123456789", "NEXT_PUBLIC_SUPABASE_ANON_KEY is a secret"),
            ("NEXT_PUBLIC_SUPABASE_ANON_KEY", ours.as_str(), "NEXT_PUBLIC_SUPABASE_ANON_KEY is a secret"),
            ("NEXT_PUBLIC_SUPABASE_ANON_KEY", "sb_publishable_1", "differ"),
            ("NEXT_PUBLIC_SUPABASE_URL", "https://y.supabase.co", "differ"),
            ("SUPABASE_URL", "x.supabase.co", "SUPABASE_URL is no address"),
        ] {
            let problems = problems(name, value);
            assert!(problems.iter().any(|problem| problem.contains(says)), "{name}: {problems:?}");
            assert!(!problems.concat().contains(value), "a value is shown");
        }
    }

    #[test]
    fn limits_are_lifted_in_staging_and_counted_apart_from_production() {
        let mut wanted = wanted();
        wanted.stage = "staging".to_owned();
        wanted.vars.insert("LIMIT_SCALE".to_owned(), "5".to_owned());
        let plan = plan(&wanted);
        assert_eq!(plan.problems, Vec::<String>::new());
        assert!(plan.manifest.contains("namespace_id = \"11060\", simple = { limit = 300, period = 60 }"), "{}", plan.manifest);
        assert!(plan.manifest.contains("name = \"oree-staging-rise-kaizen\""));
    }

    #[test]
    fn without_a_zone_one_worker_passes_requests_on_to_the_others() {
        let mut wanted = wanted();
        wanted.no_zone = true;
        let plan = plan(&wanted);
        assert_eq!(plan.workers.last().unwrap().package, ENTRY);
        assert!(plan.entry.unwrap().contains("[\"/api/v1/rise/kaizen\", \"RISE_KAIZEN\"]"));
        assert!(plan.manifest.contains("{ binding = \"RISE_KAIZEN\", service = \"oree-rise-kaizen\" }"));
        assert!(!plan.manifest.contains("zone_name"));
    }

    #[test]
    fn nothing_that_development_uses_is_a_secret_in_production() {
        let simulated: Vec<(&str, &str)> =
            include_str!("../../dev/simulated.vars").lines().filter_map(|line| line.split_once('=')).collect();
        let mut secrets = 0;
        // An address of a simulator is this machine's own, which no deployment takes for it is not encrypted.
        for (name, value) in simulated.into_iter().filter(|(_, value)| !value.starts_with("{simulators}")) {
            let variable = variables().find(|variable| variable.name == name).unwrap();
            secrets += usize::from(variable.secret);
            assert_eq!(edge::weakness(variable, value).is_some(), variable.secret, "{name}");
        }
        assert!(secrets >= 8, "{secrets}");
        for name in ["STRIPE_WEBHOOK_SECRET", "STORAGE_SECRET_KEY", "STORAGE_WORKER_SECRET_KEY"] {
            let variable = variables().find(|variable| variable.name == name).unwrap();
            for weak in ["x", "whsec_simulated", "whsec_test"] {
                assert!(edge::weakness(variable, weak).is_some(), "{name}: {weak}");
            }
            assert_eq!(edge::weakness(variable, "whsec_5b1f0c9d3e7a2486f0d9"), None, "{name}");
        }
    }
}
