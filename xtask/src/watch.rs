//! Notices edits.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _, recommended_watcher};
use tokio::{
    sync::mpsc::{UnboundedReceiver, unbounded_channel},
    time::timeout,
};

use crate::project::Project;

/// An editor writes a file in several steps, and several files at once.
const QUIET: Duration = Duration::from_millis(80);

/// What an edit may have touched.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Change {
    pub code: bool,
    pub manifest: bool,
    pub sql: bool,
}

pub struct Watcher {
    root: PathBuf,
    events: UnboundedReceiver<PathBuf>,
    /// Survives when whoever waits is called away.
    seen: Change,
    /// Notices as long as it lives.
    _notify: RecommendedWatcher,
}

impl Watcher {
    pub fn new(project: &Project) -> Result<Self> {
        let (sender, events) = unbounded_channel();
        let mut notify = recommended_watcher(move |event: notify::Result<notify::Event>| {
            let Ok(event) = event else { return };
            if !matches!(event.kind, EventKind::Access(_)) {
                // The command is ending if nobody receives.
                event.paths.into_iter().for_each(|path| drop(sender.send(path)));
            }
        })
        .context("edits cannot be noticed on this system")?;
        for folder in ["functions", "shared", "migrations"] {
            let path = project.path(folder);
            if path.exists() {
                notify.watch(&path, RecursiveMode::Recursive)?;
            }
        }
        // The folder, not wrangler.toml itself: editors put a new file in its place.
        notify.watch(&project.root, RecursiveMode::NonRecursive)?;
        Ok(Self { root: project.root.clone(), events, seen: Change::default(), _notify: notify })
    }

    /// Waits for an edit, and then until no more follow.
    pub async fn next(&mut self) -> Change {
        loop {
            let wait = if self.seen == Change::default() { Duration::MAX } else { QUIET };
            match timeout(wait, self.events.recv()).await {
                Ok(Some(path)) => self.seen.add(path.strip_prefix(&self.root).unwrap_or(&path)),
                Ok(None) => std::future::pending().await,
                Err(_) => return std::mem::take(&mut self.seen),
            }
        }
    }
}

impl Change {
    fn add(&mut self, path: &Path) {
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        let top = path.components().next().map(|component| component.as_os_str().to_string_lossy().into_owned());
        match (top.as_deref(), extension) {
            (Some("wrangler.toml"), _) => self.manifest = true,
            (Some("Cargo.toml" | "Cargo.lock"), _) => self.code = true,
            (Some("migrations" | "functions"), "sql") => self.sql = true,
            (Some("functions" | "shared"), "rs" | "toml" | "js") => self.code = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str) -> Change {
        let mut change = Change::default();
        change.add(Path::new(path));
        change
    }

    #[test]
    fn a_functions_source_is_code() {
        assert!(change("functions/rise/kaizen/src/lib.rs").code);
    }

    #[test]
    fn sql_is_not_code() {
        for path in ["migrations/steps/0001_create_people.sql", "functions/auth/login/sql/login.sql"] {
            assert_eq!(change(path), Change { sql: true, ..Change::default() }, "{path}");
        }
    }

    #[test]
    fn an_editors_own_file_is_nothing() {
        assert_eq!(change("functions/rise/kaizen/src/.lib.rs.swp"), Change::default());
    }
}
