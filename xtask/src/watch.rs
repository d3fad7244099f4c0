//! Notices edits.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use notify_debouncer_full::{
    DebounceEventResult, DebouncedEvent, Debouncer, RecommendedCache, new_debouncer,
    notify::{EventKind, RecommendedWatcher, RecursiveMode},
};
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
    edits: UnboundedReceiver<Vec<DebouncedEvent>>,
    /// Notices as long as it lives.
    _notify: Debouncer<RecommendedWatcher, RecommendedCache>,
}

impl Watcher {
    pub fn new(project: &Project) -> Result<Self> {
        let (sender, edits) = unbounded_channel();
        // The command is ending if nobody receives.
        let pass_on = move |events: DebounceEventResult| events.into_iter().for_each(|events| drop(sender.send(events)));
        let mut notify = new_debouncer(QUIET, None, pass_on).context("edits cannot be noticed on this system")?;
        for folder in ["functions", "shared", "migrations"] {
            let path = project.path(folder);
            if path.exists() {
                notify.watch(&path, RecursiveMode::Recursive)?;
            }
        }
        // The folder, not wrangler.toml itself: editors put a new file in its place.
        notify.watch(&project.root, RecursiveMode::NonRecursive)?;
        Ok(Self { root: project.root.clone(), edits, _notify: notify })
    }

    /// Waits for an edit, and for those that came with it.
    pub async fn next(&mut self) -> Change {
        let mut change = Change::default();
        while change == Change::default() {
            let Some(mut events) = self.edits.recv().await else { return std::future::pending().await };
            // What came with it is quiet a moment later, and is told by itself.
            while let Ok(Some(more)) = timeout(QUIET, self.edits.recv()).await {
                events.extend(more);
            }
            let edits = events.iter().filter(|event| !matches!(event.kind, EventKind::Access(_)));
            edits.flat_map(|edit| &edit.paths).for_each(|path| change.add(path.strip_prefix(&self.root).unwrap_or(path)));
        }
        change
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

    #[tokio::test]
    async fn edits_of_one_moment_are_one_change() {
        let root = std::env::temp_dir().join(format!("oree-watch-{}", std::process::id()));
        std::fs::create_dir_all(root.join("functions/rise")).unwrap();
        let mut watcher = Watcher::new(&Project { root: root.clone() }).unwrap();
        for path in ["functions/rise/notes.txt", "functions/rise/a.rs", "functions/rise/a.sql"] {
            std::fs::write(root.join(path), "edited").unwrap();
        }
        let change = watcher.next().await;
        std::fs::remove_dir_all(&root).unwrap();
        assert_eq!(change, Change { code: true, sql: true, manifest: false });
    }

    #[test]
    fn an_editors_own_file_is_nothing() {
        assert_eq!(change("functions/rise/kaizen/src/.lib.rs.swp"), Change::default());
    }
}
