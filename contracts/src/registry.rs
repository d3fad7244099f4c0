use edge::Trigger;
use serde_json::{Value, json};

use crate::{FUNCTIONS, folder, patterns, prose, settings};

/// The contracts as data, for tools that are not Rust.
pub fn registry() -> String {
    let functions: Vec<Value> = FUNCTIONS
        .iter()
        .map(|function| {
            let (trigger, name) = match function.trigger {
                Trigger::Http => ("http", ""),
                Trigger::Fallback => ("fallback", ""),
                Trigger::Cron { name, .. } => ("cron", name),
                Trigger::Clock { cron } => ("clock", cron),
            };
            let endpoints: Vec<Value> = function
                .endpoints
                .iter()
                .map(|endpoint| json!({ "method": endpoint.method, "path": endpoint.path, "operation": endpoint.operation }))
                .collect();
            let variables: Vec<&str> = function.variables().map(|variable| variable.name).collect();
            json!({
                "package": function.package,
                "folder": folder(function),
                "about": prose(function.about),
                "trigger": trigger,
                "name": name,
                "routes": patterns(function),
                "endpoints": endpoints,
                "variables": variables,
            })
        })
        .collect();
    let settings: Vec<Value> = settings()
        .into_iter()
        .flat_map(|settings| settings.variables.iter().map(|variable| (settings.owner, variable)))
        .map(|(owner, variable)| {
            json!({
                "owner": owner,
                "name": variable.name,
                "about": variable.about,
                "secret": variable.secret,
                "default": variable.default,
            })
        })
        .collect();
    pretty(&json!({ "functions": functions, "settings": settings }))
}

pub fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
