//! What holds for the SQL files: each thing stands once, where its name says.

use std::{collections::BTreeMap, fs, path::Path};

use migrate::{Kind, Tree};

use crate::database::{Database, root};

/// A text without its comments.
fn code(sql: &str) -> String {
    sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The names of functions of ours that a text calls.
fn called(sql: &str) -> Vec<String> {
    let code = code(sql);
    let names = code.split("edge.").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        rest[end..].starts_with('(').then(|| rest[..end].to_owned())
    });
    names.collect()
}

#[test]
fn a_step_calls_no_function_outside_context() {
    let tree = Tree::read(&root()).unwrap();
    let context: Vec<&str> = tree.of(&[Kind::Context]).map(|definition| definition.file.name.as_str()).collect();
    for step in &tree.steps {
        // A new database never had it.
        let dropped = |name: &str| code(&step.file.sql).contains(&format!("drop function if exists edge.{name}("));
        let others: Vec<_> =
            called(&step.file.sql).into_iter().filter(|name| !context.contains(&name.as_str()) && !dropped(name)).collect();
        assert_eq!(others, Vec::<String>::new(), "{} would call today's text of these, whatever day it is", step.file.path);
    }
}

#[test]
fn a_step_that_creates_a_table_closes_it() {
    let tree = Tree::read(&root()).unwrap();
    let mut tables = 0;
    for step in &tree.steps {
        let sql = code(&step.file.sql);
        for table in sql.split("create table ").skip(1).filter_map(|rest| rest.split_whitespace().next()) {
            // Nobody may even name what is in that schema.
            if table.starts_with("parts.") {
                continue;
            }
            let closes = [
                format!("alter table {table} enable row level security;"),
                format!("revoke all on {table} from public, anon, authenticated;"),
            ];
            for line in closes {
                assert!(
                    sql.contains(&line),
                    "{}: `{line}`, or the table is open until its access file is applied",
                    step.file.path
                );
            }
            let (schema, name) = table.split_once('.').unwrap_or_default();
            let is_dropped = tree.steps.iter().any(|step| step.file.sql.contains(&format!("drop table if exists {table};")));
            let has_access = root().join(format!("migrations/access/{name}.sql")).exists();
            assert!(schema == "public" && has_access != is_dropped, "access/{name}.sql");
            tables += 1;
        }
        for word in ["create policy", "create trigger", "create function", "create or replace", "grant select"] {
            assert!(!sql.contains(word), "{}: `{word}` is no history: it has a file of its own", step.file.path);
        }
    }
    assert!(tables > 30, "{tables}");
}

#[test]
fn an_access_file_speaks_of_its_own_table_alone() {
    let tree = Tree::read(&root()).unwrap();
    for access in tree.of(&[Kind::Access]) {
        let table = &access.file.name;
        for statement in code(&access.file.sql).split(';').map(str::trim).filter(|statement| !statement.is_empty()) {
            let subject =
                statement.split(" on ").nth(1).unwrap_or_default().trim_start_matches("column ").trim_start_matches("table ");
            let name: String = subject.chars().take_while(|c| c.is_ascii_alphanumeric() || "._".contains(*c)).collect();
            let is_its_own = name == format!("public.{table}") || name.starts_with(&format!("public.{table}."));
            assert!(is_its_own, "{}: {statement}", access.file.path);
        }
    }
}

#[tokio::test]
async fn each_function_stands_in_the_file_that_is_called_as_it_is() {
    let database = Database::migrated().await;
    let rows = database.owner().await.query("select path, objects from migrations.definitions", &[]).await.unwrap();
    let mut functions = BTreeMap::new();
    for row in rows {
        let (path, objects): (String, Vec<String>) = (row.get(0), row.get(1));
        let name = Path::new(&path).file_stem().unwrap().to_string_lossy().into_owned();
        for object in objects.into_iter().filter(|object| object.starts_with("function ")) {
            assert!(object.starts_with(&format!("function edge.{name}(")), "{path} defines {object}");
            if let Some(other) = functions.insert(object.clone(), path.clone()) {
                panic!("{object} stands in {other} and in {path}");
            }
        }
    }
    assert!(functions.len() > 150, "{}", functions.len());
}

/// Rust that may call SQL, by the folder of its function, or `shared` and the like.
fn rust() -> BTreeMap<String, String> {
    let mut found = BTreeMap::<String, String>::new();
    let mut folders = vec![root().join("functions"), root().join("shared"), root().join("xtask")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !["tests", "target"].contains(&name.as_str()) {
                folders.push(path);
            } else if name.ends_with(".rs") && name != "tests.rs" {
                let inside = path.strip_prefix(root()).unwrap();
                let place: Vec<_> = inside.iter().map(|part| part.to_string_lossy()).collect();
                let caller = if place[0] == "functions" { place[..3].join("/") } else { place[..2].join("/") };
                let text = fs::read_to_string(&path).unwrap();
                found.entry(caller).or_default().push_str(text.split("#[cfg(test)]").next().unwrap_or_default());
            }
        }
    }
    found
}

#[test]
fn what_one_function_alone_calls_stands_beside_its_handler_and_nothing_else_does() {
    let tree = Tree::read(&root()).unwrap();
    let rust = rust();
    let mut beside = 0;
    for definition in tree.of(&[Kind::Function]) {
        let path = &definition.file.path;
        let call = format!("edge.{}(", definition.file.name);
        let callers: Vec<&String> = rust.iter().filter(|(_, text)| text.contains(&call)).map(|(caller, _)| caller).collect();
        let is_called_by_sql = tree
            .definitions
            .iter()
            .any(|other| other.file.path != *path && called(&other.file.sql).contains(&definition.file.name));
        let home = match callers[..] {
            [folder] if folder.starts_with("functions/") && !is_called_by_sql => format!("{folder}/sql/"),
            _ => "migrations/functions/".to_owned(),
        };
        assert!(
            path.starts_with(&home),
            "{path} is called by {callers:?}{}: its place is {home}",
            if is_called_by_sql { " and SQL" } else { "" }
        );
        beside += usize::from(path.starts_with("functions/"));
    }
    assert!(beside > 50, "{beside}");
}

#[test]
fn an_overload_that_is_kept_for_a_release_goes_with_it() {
    let version: Vec<u32> = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap()).collect();
    for definition in &Tree::read(&root()).unwrap().definitions {
        for line in definition.file.sql.lines().filter_map(|line| line.trim().strip_prefix("-- until ")) {
            let until: Vec<u32> = line.split('.').take(2).map_while(|part| part.trim().parse().ok()).collect();
            assert!(
                until.is_empty() || version < until,
                "{}: `until {line}` has passed: delete the text, and drop the function in a step",
                definition.file.path
            );
        }
    }
}

#[tokio::test]
async fn every_setting_stands_in_settings_sql_and_nowhere_else() {
    let database = Database::migrated().await;
    let text = fs::read_to_string(root().join("migrations/settings.sql")).unwrap();
    let keys = database.owner().await.query("select key from settings", &[]).await.unwrap();
    assert!(keys.len() > 20);
    for key in keys.iter().map(|row| row.get::<_, String>(0)) {
        assert!(text.contains(&format!("('{key}'")), "{key}");
    }
    for step in Tree::read(&root()).unwrap().steps {
        assert!(!step.file.sql.contains("insert into public.settings"), "{}", step.file.path);
    }
}

#[tokio::test]
async fn the_catalogue_is_the_committed_one_on_every_version() {
    let database = Database::migrated().await;
    let catalogue = migrate::catalogue(&database.owner().await, &Tree::read(&root()).unwrap()).await.unwrap();
    let committed = fs::read_to_string(root().join("migrations/catalogue.txt")).unwrap();
    let differs = catalogue.lines().zip(committed.lines()).find(|(now, before)| now != before);
    assert!(catalogue == committed, "`cargo xtask sync` writes it; the first line that differs: {differs:?}");
}
