use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use edge::{Function, Limit, Shape, Trigger, Variable};

use crate::entry::ENTRY;
use crate::routes::{HOST, patterns_at};
use crate::{FUNCTIONS, crons};

/// Where and how Workers are deployed.
pub struct Target<'a> {
    pub host: &'a str,
    /// The zone that the routes are in; `None` where an entry Worker passes requests on.
    pub zone: Option<&'a str>,
    /// Stands before a package in the name of its Worker.
    pub prefix: &'a str,
    /// The folder with a folder of modules per function.
    pub modules: &'a str,
    /// Values in place of examples and defaults; what is secret stays out.
    pub values: Option<&'a BTreeMap<String, String>>,
    /// Added to the ids of limits: deployments in one account must not share counters.
    pub limit_ids: u32,
    /// Multiplies the limits.
    pub limit_scale: u32,
}

/// The generated part of `wrangler.toml`: one environment per function, with nothing in it that the function does not use.
pub fn workers() -> String {
    let zone = HOST.split_once('.').map(|(_, zone)| zone);
    let (prefix, modules) = ("oree-", "build/release");
    workers_at(&Target { host: HOST, zone, prefix, modules, values: None, limit_ids: 1000, limit_scale: 1 })
}

/// The same for a deployment.
pub fn workers_at(target: &Target<'_>) -> String {
    let mut text = String::new();
    for function in FUNCTIONS {
        // Writing to a string cannot fail.
        let _ = worker(&mut text, function, target);
    }
    if target.zone.is_none() {
        let _ = entry(&mut text, target);
    }
    text
}

fn worker(text: &mut String, function: &Function, target: &Target<'_>) -> Result {
    begin(text, function.package, target)?;
    match target.zone {
        Some(zone) if !patterns_at(target.host, function).is_empty() => {
            writeln!(text, "routes = [")?;
            for pattern in patterns_at(target.host, function) {
                writeln!(text, "  {{ pattern = \"{pattern}\", zone_name = \"{zone}\" }},")?;
            }
            writeln!(text, "]")?;
        }
        // Said, because an environment inherits what it does not say.
        _ => writeln!(text, "routes = []")?,
    }
    if let Trigger::Clock { cron } = function.trigger {
        writeln!(text, "triggers = {{ crons = [\"{cron}\"] }}")?;
    } else {
        writeln!(text, "triggers = {{ crons = [] }}")?;
    }
    if target.values.is_none() {
        // For people and for the local edge: a deployment uploads the secrets themselves.
        let secrets = function.variables().filter(|variable| is_secret(variable, target));
        let names: Vec<String> = secrets.map(|variable| format!("\"{}\"", variable.name)).collect();
        writeln!(text, "secrets = {{ required = [{}] }}", names.join(", "))?;
    }
    limits(text, function, target)?;
    if matches!(function.trigger, Trigger::Clock { .. }) {
        services(text, crons().map(|(cron, _)| (format!("CRON_{}", binding(cron.package)), cron.package)), target)?;
    }
    vars(text, function, target)
}

fn begin(text: &mut String, package: &str, target: &Target<'_>) -> Result {
    writeln!(text, "\n[env.{package}]")?;
    writeln!(text, "name = \"{}{package}\"", target.prefix)?;
    writeln!(text, "main = \"{}/{package}/index.js\"", target.modules)
}

fn limits(text: &mut String, function: &Function, target: &Target<'_>) -> Result {
    let classes = function.endpoints.iter().flat_map(|endpoint| [endpoint.limit, endpoint.limit.of_network()]);
    let mut limits: Vec<u16> = classes.filter_map(Limit::requests).collect();
    limits.sort_unstable();
    limits.dedup();
    if limits.is_empty() {
        return Ok(());
    }
    writeln!(text, "ratelimits = [")?;
    for limit in limits {
        // One counter per class, shared by all functions: the key holds the operation.
        let id = target.limit_ids + u32::from(limit);
        let scaled = u32::from(limit) * target.limit_scale;
        writeln!(
            text,
            "  {{ name = \"LIMIT_{limit}\", namespace_id = \"{id}\", simple = {{ limit = {scaled}, period = 60 }} }},"
        )?;
    }
    writeln!(text, "]")
}

fn services(text: &mut String, services: impl Iterator<Item = (String, &'static str)>, target: &Target<'_>) -> Result {
    writeln!(text, "services = [")?;
    for (binding, package) in services {
        writeln!(text, "  {{ binding = \"{binding}\", service = \"{}{package}\" }},", target.prefix)?;
    }
    writeln!(text, "]")
}

/// Everything that is not secret. What is neither given nor has a default shows an example, in the example manifest.
fn vars(text: &mut String, function: &Function, target: &Target<'_>) -> Result {
    let example = |variable: &Variable| match variable.name {
        "PUBLIC_URL" => format!("https://{}", target.host),
        "SQL_URL" => format!("https://sql.{}/sql", target.zone.unwrap_or(target.host)),
        "CRONS" => crons().map(|(cron, seconds)| format!("{}={seconds}", cron.package)).collect::<Vec<_>>().join(","),
        _ if variable.default.is_none() && variable.shape == Shape::Url => {
            format!("https://{}", target.zone.unwrap_or(target.host))
        }
        _ => variable.default.unwrap_or_default().to_owned(),
    };
    let value_of = |name: &str| target.values.and_then(|values| values.get(name).cloned());
    let vars: Vec<String> = function
        .variables()
        .filter(|variable| !variable.secret || target.values.is_none() && variable.default.is_some())
        .map(|variable| format!("{} = {:?}", variable.name, value_of(variable.name).unwrap_or_else(|| example(variable))))
        .collect();
    writeln!(text, "vars = {{ {} }}", vars.join(", "))
}

fn entry(text: &mut String, target: &Target<'_>) -> Result {
    begin(text, ENTRY, target)?;
    writeln!(text, "workers_dev = true\nroutes = []\ntriggers = {{ crons = [] }}")?;
    let http = FUNCTIONS.iter().filter(|function| matches!(function.trigger, Trigger::Http | Trigger::Fallback));
    services(text, http.map(|function| (binding(function.package), function.package)), target)
}

/// Whether the Worker has to be given a secret: one that may be left out is given only where there is a value.
pub(crate) fn is_secret(variable: &Variable, target: &Target<'_>) -> bool {
    let is_set = target.values.is_some_and(|values| values.get(variable.name).is_some_and(|value| !value.is_empty()));
    variable.secret && (variable.default.is_none() || is_set)
}

/// The name of a service binding to a function.
pub(crate) fn binding(package: &str) -> String {
    package.to_ascii_uppercase().replace('-', "_")
}
