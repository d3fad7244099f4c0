//! What the database says has been applied, against what the repository has.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use tokio_postgres::{Client, GenericClient};

use crate::{
    catalogue::Catalogue,
    failure::TooOld,
    tree::{Definition, Step},
};

/// One applied step.
#[derive(Debug)]
pub struct Applied {
    number: i32,
    name: String,
    checksum: String,
}

/// One applied definition.
#[derive(Debug)]
pub struct Defined {
    checksum: String,
    /// What it defines, as the catalogue names it.
    pub objects: Vec<String>,
    /// The state in which it left them.
    fingerprint: String,
}

/// Which steps are to be taken.
#[derive(Debug)]
pub struct Plan<'a> {
    pub pending: Vec<&'a Step>,
    /// Taken by a release newer than this repository.
    pub ahead: Vec<String>,
}

const CREATE: &str = "
create schema if not exists migrations;
create table if not exists migrations.steps (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp()
);
create table if not exists migrations.definitions (
  path text primary key,
  checksum text not null,
  objects text[] not null,
  fingerprint text not null,
  applied_at timestamptz not null default clock_timestamp()
);";

/// Makes the tables of the ledger where they are missing.
pub async fn open(client: &Client) -> Result<()> {
    let is_older = client.query_one("select to_regclass('migrations.applied') is not null", &[]).await?;
    if is_older.get(0) {
        bail!(TooOld);
    }
    client.batch_execute(CREATE).await.context("cannot create the tables of the schema migrations")
}

pub async fn steps(client: &Client) -> Result<Vec<Applied>> {
    let rows = client.query("select number, name, checksum from migrations.steps order by number", &[]).await?;
    Ok(rows.iter().map(|row| Applied { number: row.get(0), name: row.get(1), checksum: row.get(2) }).collect())
}

pub async fn definitions(client: &Client) -> Result<BTreeMap<String, Defined>> {
    let rows = client.query("select path, checksum, objects, fingerprint from migrations.definitions", &[]).await?;
    let defined = |row: &tokio_postgres::Row| Defined { checksum: row.get(1), objects: row.get(2), fingerprint: row.get(3) };
    Ok(rows.iter().map(|row| (row.get(0), defined(row))).collect())
}

impl Defined {
    /// Whether the database still has what this text left in it.
    pub fn holds(&self, definition: &Definition, catalogue: &Catalogue) -> bool {
        self.checksum == definition.file.checksum
            && catalogue.fingerprint(definition.kind, &self.objects).as_ref() == Some(&self.fingerprint)
    }
}

pub async fn record_step(client: &impl GenericClient, step: &Step) -> Result<(), tokio_postgres::Error> {
    let insert = "insert into migrations.steps (number, name, checksum) values ($1, $2, $3)";
    client.execute(insert, &[&step.number, &step.file.name, &step.file.checksum]).await?;
    Ok(())
}

pub async fn record_definition(
    client: &impl GenericClient,
    definition: &Definition,
    objects: &[String],
    catalogue: &Catalogue,
) -> Result<(), tokio_postgres::Error> {
    let upsert = "insert into migrations.definitions (path, checksum, objects, fingerprint) values ($1, $2, $3, $4)
        on conflict (path) do update set checksum = excluded.checksum, objects = excluded.objects,
          fingerprint = excluded.fingerprint, applied_at = excluded.applied_at";
    let fingerprint = catalogue.fingerprint(definition.kind, objects).unwrap_or_default();
    client.execute(upsert, &[&definition.file.path, &definition.file.checksum, &objects, &fingerprint]).await?;
    Ok(())
}

/// Forgets the definitions whose files are gone.
pub async fn forget(client: &Client, paths: &[&str]) -> Result<()> {
    client.execute("delete from migrations.definitions where path <> all ($1)", &[&paths]).await?;
    Ok(())
}

pub fn compare<'a>(steps: &'a [Step], applied: &[Applied]) -> Result<Plan<'a>> {
    let newest_file = steps.last().map_or(0, |step| step.number);
    let mut ahead = Vec::new();
    for row in applied {
        match steps.iter().find(|step| step.number == row.number) {
            Some(step) if step.file.name != row.name => {
                bail!("{} has been applied and is now called {}: give it its old name back", row.name, step.file.name)
            }
            Some(step) if step.file.checksum != row.checksum => {
                bail!("{} was changed after it had been applied: restore it and write the change as a new step", step.file.name)
            }
            Some(_) => {}
            None if row.number > newest_file => ahead.push(row.name.clone()),
            None => bail!("{} has been applied and is missing from migrations/steps: restore it", row.name),
        }
    }

    let pending: Vec<_> = steps.iter().filter(|step| applied.iter().all(|row| row.number != step.number)).collect();
    if let (Some(first), Some(newest)) = (pending.first(), applied.last())
        && first.number < newest.number
    {
        bail!("{} is new, but {} has already been applied: give it the next number", first.file.name, newest.name);
    }
    Ok(Plan { pending, ahead })
}
