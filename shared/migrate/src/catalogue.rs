//! What a database consists of, in words.

use std::collections::BTreeMap;

use anyhow::Result;
use sha2::{Digest, Sha256};
use tokio_postgres::GenericClient;

use crate::tree::{File, Kind};

const QUERY: &str = include_str!("catalogue.sql");

/// How the lines begin that an access file decides about.
const ACCESS: [&str; 6] = ["table", "partitioned table", "policy ", "trigger: ", "grant ", "comment"];

/// The lines of every object, for example of `table kaizen` or `function edge.uid()`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue(BTreeMap<String, String>);

impl Catalogue {
    pub async fn read(client: &impl GenericClient) -> Result<Self, tokio_postgres::Error> {
        // Names are written with their schema only where no path leads to it.
        let path: String = client.query_one("select current_setting('search_path')", &[]).await?.get(0);
        client.batch_execute("set search_path = ''").await?;
        let rows = client.query(QUERY, &[]).await?;
        client.execute("select set_config('search_path', $1, false)", &[&path]).await?;
        Ok(Self(rows.iter().map(|row| (row.get(0), row.get(1))).collect()))
    }

    pub fn objects(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    pub fn has(&self, object: &str) -> bool {
        self.0.contains_key(object)
    }

    /// The lines of an object; none where there is none.
    pub fn lines(&self, object: &str) -> impl Iterator<Item = &str> {
        self.0.get(object).map_or("", String::as_str).lines()
    }

    /// A table and its sequences.
    pub fn table(&self, name: &str) -> Vec<String> {
        let sequence = format!("sequence of {name}");
        let is_of_it = |(object, lines): (&String, &String)| {
            (*object == format!("table {name}") || lines.lines().next() == Some(sequence.as_str())).then(|| object.clone())
        };
        self.0.iter().filter_map(is_of_it).collect()
    }

    /// Names the state that a definition's objects are in; `None` where one of them is missing. Of a table it is only what its
    /// access file decides.
    pub fn fingerprint(&self, kind: Kind, objects: &[String]) -> Option<String> {
        let mut digest = Sha256::new();
        for object in objects {
            digest.update(object);
            let lines = self.0.get(object)?.lines();
            for line in lines.filter(|line| kind != Kind::Access || ACCESS.iter().any(|word| line.starts_with(word))) {
                digest.update("\n");
                digest.update(line);
            }
        }
        Some(digest.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }

    /// The catalogue as it is committed, with the file of each function and view (`files`, by object). What defines a view is
    /// told by its file's checksum, for servers write the definition itself in different words.
    pub fn text(&self, files: &BTreeMap<String, &File>) -> String {
        let mut text = String::new();
        for (object, lines) in &self.0 {
            text.push_str(object);
            let file = files.get(object);
            for line in lines.lines() {
                text.push_str("\n  ");
                match file {
                    Some(file) if line.starts_with("definition ") => text.push_str(&format!("definition {}", file.checksum)),
                    _ => text.push_str(line),
                }
            }
            if let Some(file) = file {
                text.push_str(&format!("\n  file {}", file.path));
            }
            text.push('\n');
        }
        text
    }

    /// Functions and views that `after` no longer has, and tables that have changed.
    pub fn lost(&self, after: &Self) -> (Vec<String>, Vec<String>) {
        let differs = self.0.iter().filter(|(object, lines)| after.0.get(*object) != Some(lines));
        differs.map(|(object, _)| object.clone()).partition(|object| {
            !after.has(object) && (object.starts_with("function ") || self.lines(object).any(|line| line.starts_with("view")))
        })
    }
}
