//! `wrangler.toml`, the deploy manifest, read for the local edge.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::project::Project;

/// What all workers have in common, and the workers by their names.
#[derive(Deserialize)]
pub struct Manifest {
    name: String,
    pub compatibility_date: String,
    #[serde(default)]
    pub compatibility_flags: Vec<String>,
    #[serde(rename = "env", default)]
    pub workers: BTreeMap<String, Worker>,
}

/// One `[env.<function>]`.
#[derive(Deserialize)]
pub struct Worker {
    #[serde(default)]
    routes: Vec<Route>,
    #[serde(default)]
    pub ratelimits: Vec<RateLimit>,
    #[serde(default)]
    services: Vec<Service>,
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
    #[serde(default)]
    pub secrets: Secrets,
    #[serde(default)]
    triggers: Triggers,
}

/// The names of the secrets without which a worker answers 503.
#[derive(Default, Deserialize)]
pub struct Secrets {
    pub required: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Route {
    Pattern(String),
    Zone { pattern: String },
}

#[derive(Deserialize)]
pub struct RateLimit {
    pub name: String,
    pub simple: Simple,
}

/// `limit` calls in `period` seconds.
#[derive(Clone, Copy, Deserialize, Serialize)]
pub struct Simple {
    pub limit: u64,
    pub period: u32,
}

#[derive(Deserialize)]
struct Service {
    binding: String,
    service: String,
}

#[derive(Default, Deserialize)]
struct Triggers {
    #[serde(default)]
    crons: Vec<String>,
}

impl Manifest {
    pub fn read(project: &Project) -> Result<Self> {
        let text = fs::read_to_string(project.path("wrangler.toml"))
            .context("wrangler.toml cannot be read: `cargo xtask sync` writes it")?;
        toml::from_str(&text).context("wrangler.toml is not as expected")
    }

    /// The workers a worker may call, by the name of the binding. Deployed workers carry the manifest's name in front.
    pub fn services(&self, worker: &Worker) -> BTreeMap<String, String> {
        let prefix = format!("{}-", self.name);
        let local = |service: &str| service.strip_prefix(&prefix).unwrap_or(service).to_owned();
        worker.services.iter().map(|Service { binding, service }| (binding.clone(), local(service))).collect()
    }

    /// Workers with a schedule of their own, and those that one of them calls.
    pub fn cron_workers(&self) -> Vec<String> {
        let mut names = Vec::new();
        for (name, worker) in self.workers.iter().filter(|(_, worker)| !worker.triggers.crons.is_empty()) {
            names.push(name.clone());
            names.extend(self.services(worker).into_values());
        }
        names
    }
}

impl Worker {
    /// The paths that the worker answers, on whatever host the developer uses.
    pub fn local_routes(&self) -> Vec<String> {
        let pattern = |route: &Route| match route {
            Route::Pattern(pattern) | Route::Zone { pattern } => pattern.clone(),
        };
        let local = |pattern: String| pattern.find('/').map_or("*/*".to_owned(), |slash| format!("*{}", &pattern[slash..]));
        self.routes.iter().map(pattern).map(local).collect()
    }

    pub fn crons(&self) -> &[String] {
        &self.triggers.crons
    }
}
