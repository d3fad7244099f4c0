//! What the database says has been applied, against what the folder has.

use anyhow::{Context, Result, bail};
use tokio_postgres::{Client, GenericClient};

use crate::file::Migration;

/// One applied file.
#[derive(Debug)]
pub struct Applied {
    number: i32,
    name: String,
    checksum: String,
}

/// What is to be done.
#[derive(Debug)]
pub struct Plan<'a> {
    pub pending: Vec<&'a Migration>,
    /// Applied by a release newer than this folder.
    pub ahead: Vec<String>,
}

const CREATE: &str = "
create schema if not exists migrations;
create table if not exists migrations.applied (
  number integer primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp()
);";

/// All rows by number; the table is created where it is missing.
pub async fn read(client: &Client) -> Result<Vec<Applied>> {
    client.batch_execute(CREATE).await.context("cannot create the table migrations.applied")?;
    let rows = client.query("select number, name, checksum from migrations.applied order by number", &[]).await?;
    Ok(rows.iter().map(|row| Applied { number: row.get(0), name: row.get(1), checksum: row.get(2) }).collect())
}

pub async fn record(client: &impl GenericClient, file: &Migration) -> Result<(), tokio_postgres::Error> {
    let insert = "insert into migrations.applied (number, name, checksum) values ($1, $2, $3)";
    client.execute(insert, &[&file.number, &file.name, &file.checksum]).await?;
    Ok(())
}

pub fn compare<'a>(files: &'a [Migration], applied: &[Applied]) -> Result<Plan<'a>> {
    let newest_file = files.last().map_or(0, |file| file.number);
    let mut ahead = Vec::new();
    for row in applied {
        match files.iter().find(|file| file.number == row.number) {
            Some(file) if file.name != row.name => {
                bail!("{} has been applied and is now called {}: give it its old name back", row.name, file.name)
            }
            Some(file) if file.checksum != row.checksum => {
                bail!("{} was changed after it had been applied: restore it and write the change as a new migration", file.name)
            }
            Some(_) => {}
            None if row.number > newest_file => ahead.push(row.name.clone()),
            None => bail!("{} has been applied and is missing from the folder: restore it", row.name),
        }
    }

    let pending: Vec<_> = files.iter().filter(|file| applied.iter().all(|row| row.number != file.number)).collect();
    if let (Some(first), Some(newest)) = (pending.first(), applied.last())
        && first.number < newest.number
    {
        bail!("{} is new, but {} has already been applied: give it the next number", first.name, newest.name);
    }
    Ok(Plan { pending, ahead })
}
