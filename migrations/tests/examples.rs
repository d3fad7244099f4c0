//! The rows that access files give as examples.

use std::collections::BTreeMap;

use migrate::{Kind, Tree};
use tokio_postgres::{Client, types::ToSql};
use uuid::Uuid;

use crate::root;

/// A statement that inserts one row of somebody, whose id is `$1`; of nobody in particular where it has no `$1`.
#[derive(Clone, Debug)]
pub struct Example {
    pub table: String,
    /// Empty where tests make the row by themselves.
    pub sql: String,
}

/// The example of every table, in the order in which steps create them: one may need the row of another.
pub fn examples() -> Vec<Example> {
    let tree = Tree::read(&root()).expect("the SQL files are readable");
    let created = |table: &str| {
        let create = format!("create table public.{table} ");
        let places = tree.steps.iter().enumerate().filter_map(|(step, at)| Some((step, at.file.sql.find(&create)?)));
        places.min().unwrap_or((usize::MAX, 0))
    };
    let mut examples: Vec<_> = tree
        .of(&[Kind::Access])
        .map(|access| {
            let (_, example) = access.file.sql.split_once("\n-- example:").unwrap_or_else(|| {
                panic!("{} ends in no `-- example:`, a row for the laws", access.file.path);
            });
            let lines = example.lines().skip(1).map(|line| line.trim_start_matches("--").trim());
            Example { table: access.file.name.clone(), sql: lines.collect::<Vec<_>>().join(" ") }
        })
        .collect();
    examples.sort_by_key(|example| (created(&example.table), example.table.clone()));
    examples
}

/// Inserts every example for somebody; says how many rows of each table that made: none where they had such a row already.
///
/// # Panics
/// Where the database refuses one.
pub async fn insert_examples(client: &Client, person: Uuid) -> BTreeMap<String, u64> {
    let mut made = BTreeMap::new();
    for Example { table, sql } in examples().into_iter().filter(|example| !example.sql.is_empty()) {
        let person: &[&(dyn ToSql + Sync)] = if sql.contains("$1") { &[&person] } else { &[] };
        let rows = client.execute(&format!("{sql} on conflict do nothing"), person).await;
        made.insert(table.clone(), rows.unwrap_or_else(|error| panic!("the example of access/{table}.sql: {error:?}")));
    }
    made
}
