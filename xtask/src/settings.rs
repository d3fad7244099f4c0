//! What a person may set: the environment first, then `.dev.vars`, then what this file says.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    net::TcpListener,
};

use anyhow::{Context, Result, anyhow, bail};

use crate::project::Project;

/// What `dev` gives for outside services, as lines of `NAME=value`: where the simulators play them, and accounts that they accept,
/// which instances refuse in production (`edge::weakness`).
const SIMULATED: &str = include_str!("../../dev/simulated.vars");

/// What a person is told that they may set.
pub(crate) const EXAMPLE: &str = include_str!("../../.dev.vars.example");

/// What a person has set.
pub struct Settings {
    file: BTreeMap<String, String>,
    reads_environment: bool,
}

/// The four ports, in the order of a request's way.
#[derive(Clone, Copy)]
pub struct Ports {
    pub edge: u16,
    pub gateway: u16,
    pub postgres: u16,
    pub simulators: u16,
}

impl Settings {
    /// The environment and `.dev.vars`.
    pub fn of_person(project: &Project) -> Result<Self> {
        let text = fs::read_to_string(project.path(".dev.vars")).unwrap_or_default();
        Ok(Self { file: parse(&text)?, reads_environment: true })
    }

    /// A database for the tests, if there is one, and nothing else that a person has set: the tests must not reach a real
    /// account because someone has one.
    pub fn of_tests(database_url: Option<&str>) -> Self {
        let file = database_url.map(|url| ("DATABASE_URL".to_owned(), url.to_owned())).into_iter().collect();
        Self { file, reads_environment: false }
    }

    /// As if a person had written these into `.dev.vars`, and nothing else.
    #[cfg(test)]
    pub(crate) fn of_file(set: &[(&str, &str)]) -> Self {
        let file = set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { file, reads_environment: false }
    }

    /// A value that is set and not empty.
    pub fn get(&self, name: &str) -> Option<String> {
        let environment = self.reads_environment.then(|| std::env::var(name).ok()).flatten();
        environment.or_else(|| self.file.get(name).cloned()).filter(|value| !value.is_empty())
    }

    fn port(&self, name: &str, default: u16) -> Result<u16> {
        let Some(text) = self.get(name) else { return Ok(default) };
        text.parse().map_err(|_| anyhow!("{name} is \"{text}\": set it to a port number"))
    }
}

impl Ports {
    /// What sets each of them in `dev`.
    pub const NAMES: [&str; 4] = ["EDGE_PORT", "GATEWAY_PORT", "POSTGRES_PORT", "SIMULATORS_PORT"];
    /// Those of `dev` where nobody sets them.
    pub const DEV: Self = Self { edge: 8787, gateway: 8788, postgres: 8789, simulators: 8790 };

    pub fn all(self) -> [u16; 4] {
        [self.edge, self.gateway, self.postgres, self.simulators]
    }

    /// The ports of `dev`, each still free.
    pub fn of_dev(settings: &Settings, own_database: bool) -> Result<Self> {
        let ports = Self {
            edge: settings.port("EDGE_PORT", Self::DEV.edge)?,
            gateway: settings.port("GATEWAY_PORT", Self::DEV.gateway)?,
            postgres: settings.port("POSTGRES_PORT", Self::DEV.postgres)?,
            simulators: settings.port("SIMULATORS_PORT", Self::DEV.simulators)?,
        };
        check_free("EDGE_PORT", ports.edge)?;
        check_free("GATEWAY_PORT", ports.gateway)?;
        check_free("SIMULATORS_PORT", ports.simulators)?;
        if own_database {
            check_free("POSTGRES_PORT", ports.postgres)?;
        }
        Ok(ports)
    }

    /// Ports that nobody uses now.
    pub fn free() -> Result<Self> {
        // All four are held until each is known, so that no two are the same.
        let listeners = [0; 4].map(|port| TcpListener::bind(("127.0.0.1", port)));
        let mut ports = [0; 4];
        for (port, listener) in ports.iter_mut().zip(listeners) {
            *port = listener.and_then(|listener| listener.local_addr()).context("no port is free")?.port();
        }
        let [edge, gateway, postgres, simulators] = ports;
        Ok(Self { edge, gateway, postgres, simulators })
    }
}

fn check_free(name: &str, port: u16) -> Result<()> {
    match TcpListener::bind(("127.0.0.1", port)) {
        Ok(_) => Ok(()),
        Err(_) => bail!("port {port} is taken by another program: stop it, or set {name} to another port"),
    }
}

/// What follows from the ports, and what the simulators accept.
pub fn simulated(ports: Ports) -> BTreeMap<String, String> {
    let simulators = format!("http://127.0.0.1:{}", ports.simulators);
    let edge = format!("http://localhost:{}", ports.edge);
    let mut variables = BTreeMap::new();
    let mut default = |name: &str, value: String| {
        variables.insert(name.to_owned(), value);
    };
    for (name, value) in SIMULATED.lines().filter_map(|line| line.split_once('=')) {
        default(name, value.replace("{simulators}", &simulators));
    }
    default("SQL_URL", format!("http://127.0.0.1:{}/sql", ports.gateway));
    default("PUBLIC_URL", edge.clone());
    default("EDGE_URL", edge.clone());
    default("SIMULATORS_URL", simulators);
    default("APP_URL", "http://localhost:3000".to_owned());
    default("STAGE", "dev".to_owned());
    default("ALLOWED_ORIGINS", format!("{edge},http://localhost:3000,http://localhost:3001,http://localhost:5173"));
    default("ALLOWED_HOSTS", format!("localhost:{0},127.0.0.1:{0}", ports.edge));
    default("LIMIT_SCALE", "1".to_owned());
    variables
}

/// Every variable that a function, a simulator or a test may ask for.
pub fn variables(settings: &Settings, ports: Ports, secrets: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut variables = secrets;
    variables.extend(simulated(ports));
    // The rest is as documented, though it be empty: an account in the environment must not reach the tests.
    for (name, value) in EXAMPLE.lines().filter_map(setting) {
        variables.entry(name.to_owned()).or_insert_with(|| value.to_owned());
    }
    let names: BTreeSet<String> = variables.keys().chain(settings.file.keys()).cloned().collect();
    for name in names {
        if let Some(value) = settings.get(&name) {
            variables.insert(name, value);
        }
    }
    variables
}

/// A line of the example, which a person would uncomment.
pub(crate) fn setting(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('#')?.split_once('=')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_' || byte.is_ascii_digit());
    is_name.then_some((name, value))
}

/// Reads lines of `NAME=value`, the value bare or in quotes, and comments that begin with `#`.
fn parse(text: &str) -> Result<BTreeMap<String, String>> {
    let lines = text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(number, line)| {
            let (name, value) =
                line.split_once('=').with_context(|| format!(".dev.vars, line {}: write NAME=value", number + 1))?;
            let value = value.trim();
            let bare = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
            Ok((name.trim().to_owned(), bare.unwrap_or(value).to_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_stand_bare_or_in_quotes() {
        let values = parse("# why\nA=1\n\n B = \"two words\" \nC='x=y'\nD=\n").unwrap();
        let pairs: Vec<_> = values.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("A", "1"), ("B", "two words"), ("C", "x=y"), ("D", "")]);
    }

    #[test]
    fn a_line_without_an_equals_sign_is_named() {
        assert_eq!(parse("A=1\nnonsense").unwrap_err().to_string(), ".dev.vars, line 2: write NAME=value");
    }

    const PORTS: Ports = Ports::DEV;

    fn set(name: &str, value: &str) -> Settings {
        let file = parse(&format!("{name}={value}")).unwrap();
        Settings { file, reads_environment: false }
    }

    /// The port called so, as `dev` would take it.
    fn port(settings: &Settings, name: &str, default: u16) -> String {
        settings.port(name, default).unwrap().to_string()
    }

    #[test]
    fn each_line_of_the_example_changes_what_it_says() {
        let lines: Vec<_> = EXAMPLE.lines().filter_map(setting).collect();
        assert!(lines.len() > 40, "{lines:?}");
        for (name, value) in lines {
            // A value of the same shape, and none that anybody has.
            let other = if value.parse::<u16>().is_ok() { "4321" } else { "another://value" };
            let seen = match name {
                name if Ports::NAMES.contains(&name) => port(&set(name, other), name, 1),
                _ => variables(&set(name, other), PORTS, BTreeMap::new())[name].clone(),
            };
            assert_eq!(seen, other, "{name}");
        }
    }

    #[test]
    fn what_is_not_set_is_what_the_example_shows() {
        let unset = Settings { file: BTreeMap::new(), reads_environment: false };
        let known = variables(&unset, PORTS, BTreeMap::new());
        for (name, value) in EXAMPLE.lines().filter_map(setting) {
            assert_eq!(known[name], value, "{name}");
        }
    }

    #[test]
    fn the_tests_ignore_what_a_person_has_set() {
        assert_eq!(Settings::of_tests(None).get("PATH"), None);
    }
}
