use std::fmt::Write;

use edge::{Function, Trigger};

use crate::routes::patterns;
use crate::{FUNCTIONS, crons};

/// Deployed Workers are called `oree-<package>`.
const PREFIX: &str = "oree-";

/// The generated part of `wrangler.toml`: one environment per function, with nothing in it that the function does not use.
pub fn workers() -> String {
    let mut text = String::new();
    for function in FUNCTIONS {
        // Writing to a string cannot fail.
        let _ = worker(&mut text, function);
    }
    text
}

fn worker(text: &mut String, function: &Function) -> std::fmt::Result {
    let package = function.package;
    writeln!(text, "\n[env.{package}]")?;
    writeln!(text, "name = \"{PREFIX}{package}\"")?;
    writeln!(text, "main = \"build/release/{package}/index.js\"")?;
    let patterns = patterns(function);
    if patterns.is_empty() {
        // Said, because an environment inherits what it does not say.
        writeln!(text, "routes = []")?;
    } else {
        writeln!(text, "routes = [")?;
        for pattern in patterns {
            let zone = crate::routes::HOST.split_once('.').map_or("", |(_, zone)| zone);
            writeln!(text, "  {{ pattern = \"{pattern}\", zone_name = \"{zone}\" }},")?;
        }
        writeln!(text, "]")?;
    }
    if let Trigger::Clock { cron } = function.trigger {
        writeln!(text, "triggers = {{ crons = [\"{cron}\"] }}")?;
    } else {
        writeln!(text, "triggers = {{ crons = [] }}")?;
    }
    let names = |required: bool| {
        let needed = function.needs().into_iter().flat_map(edge::Need::variables);
        let mut names: Vec<_> = needed
            .filter(|variable| variable.name != "CRONS" && variable.default.is_none() == required)
            .map(|v| v.name)
            .collect();
        names.dedup();
        names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
    };
    writeln!(text, "secrets = {{ required = [{}], optional = [{}] }}", names(true), names(false))?;
    let mut limits: Vec<u16> = function.endpoints.iter().filter_map(|endpoint| endpoint.limit.requests()).collect();
    limits.sort_unstable();
    limits.dedup();
    if !limits.is_empty() {
        writeln!(text, "ratelimits = [")?;
        for limit in limits {
            // One counter per class, shared by all functions: the key holds the operation.
            let id = 1000 + u32::from(limit);
            writeln!(
                text,
                "  {{ name = \"LIMIT_{limit}\", namespace_id = \"{id}\", simple = {{ limit = {limit}, period = 60 }} }},"
            )?;
        }
        writeln!(text, "]")?;
    }
    if matches!(function.trigger, Trigger::Clock { .. }) {
        writeln!(text, "services = [")?;
        for (cron, _) in crons() {
            let binding = cron.package.to_ascii_uppercase().replace('-', "_");
            writeln!(text, "  {{ binding = \"CRON_{binding}\", service = \"{PREFIX}{}\" }},", cron.package)?;
        }
        writeln!(text, "]")?;
        let list: Vec<String> = crons().map(|(cron, seconds)| format!("{}={seconds}", cron.package)).collect();
        writeln!(text, "vars = {{ CRONS = \"{}\" }}", list.join(","))?;
    }
    Ok(())
}
