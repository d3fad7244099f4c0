//! A database that has come a long way equals one that was made today.

use std::{path::Path, process::Command};

use migrate::Tree;
use uuid::Uuid;

use crate::database::{Database, root};

fn git(arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(root()).args(arguments).output().expect("git is installed");
    assert!(output.status.success(), "git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The last release; before the first one, or where the clone does not reach back to it, the oldest commit, among those that were
/// the newest once, whose steps are the first of today's, unchanged. None where somebody is just rewriting the steps, which a
/// release ends for good.
fn previous_release() -> Option<String> {
    let tags = git(&["tag", "--list", "v*", "--sort=-version:refname", "--merged"]);
    if let Some(tag) = tags.lines().next() {
        return Some(tag.to_owned());
    }
    let is_unchanged = |line: &str| {
        let (about, path) = line.split_once('\t').unwrap();
        root().join(path).exists() && about.ends_with(git(&["hash-object", path]).trim())
    };
    let commits = git(&["log", "--first-parent", "--format=%H", "--", "migrations/steps"]);
    let same = commits.lines().take_while(|commit| {
        let steps = git(&["ls-tree", commit, "migrations/steps/"]);
        !steps.is_empty() && steps.lines().all(is_unchanged)
    });
    same.last().map(str::to_owned)
}

/// The SQL of a commit, in a folder of its own.
fn check_out(commit: &str, folder: &Path) {
    std::fs::create_dir(folder).unwrap();
    let archive = folder.join("sql.tar");
    git(&["archive", "--output", archive.to_str().unwrap(), commit, "migrations", "functions"]);
    let unpacked = Command::new("tar").arg("-xf").arg(&archive).arg("-C").arg(folder).status().expect("tar is installed");
    assert!(unpacked.success());
}

#[tokio::test]
async fn a_database_of_the_previous_release_becomes_the_same_as_a_new_one() {
    let folder = std::env::temp_dir().join(format!("migrations-{}", Uuid::new_v4().simple()));
    let Some(release) = previous_release() else { return };
    check_out(&release, &folder);
    let database = Database::empty().await;
    migrate::run(&database.url, &folder, |_| {}).await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();

    let report = database.migrate().await;
    assert_eq!(report.orphans, Vec::<String>::new(), "a step drops what no file defines any more");
    let new = Database::migrated().await;
    let tree = Tree::read(&root()).unwrap();
    let then = migrate::catalogue(&database.owner().await, &tree).await.unwrap();
    assert_eq!(then, migrate::catalogue(&new.owner().await, &tree).await.unwrap());
}
