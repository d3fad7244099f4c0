//! The migrated database, and the logins that functions use.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use migrate::{Progress, Report};
use tokio_postgres::Client;

use crate::{
    progress::Step,
    project::Project,
    secrets::{PERSON_PASSWORD, SERVICE_PASSWORD, Secrets},
    settings::Settings,
};

/// The variables of the logins, their roles, and their passwords among the secrets.
const LOGINS: [(&str, &str, &str); 2] =
    [("SQL_LOGIN_PERSON", "oree_person", PERSON_PASSWORD), ("SQL_LOGIN_SERVICE", "oree_service", SERVICE_PASSWORD)];

/// Brings the database up to date, lets the logins in, and returns their connection strings by variable.
///
/// # Errors
/// A migration that fails, in a sentence; a database that cannot be reached.
pub async fn prepare(project: &Project, url: &str, settings: &Settings, secrets: &Secrets) -> Result<BTreeMap<String, String>> {
    let applied = migrate(project, url).await?;
    let (mut logins, mut ours) = (BTreeMap::new(), Vec::new());
    for (name, role, password) in LOGINS {
        let login = match settings.get(name) {
            Some(login) => login,
            None => {
                let login = login(url, role, &secrets[password])?;
                ours.push(login.clone());
                login
            }
        };
        logins.insert(name.to_owned(), login);
    }
    let ours: Vec<&str> = ours.iter().map(String::as_str).collect();
    migrate::set_login_passwords(url, &ours).await.context("the functions' logins have no password")?;
    applied.done("");
    Ok(logins)
}

/// Brings the database to what the SQL files say.
///
/// # Errors
/// As [`migrate::run`]; what the database has and no file.
pub async fn migrate(project: &Project, url: &str) -> Result<Step> {
    let step = Step::start("migrations");
    let orphans = bring_up_to_date(project, url, &step).await?.orphans;
    ensure!(
        orphans.is_empty(),
        "the database has what stands in no file: {}; restore the file, or drop it in a step",
        orphans.join(", ")
    );
    Ok(step)
}

/// As [`migrate()`], for a database that people use: what stands in no file is told and left alone, for the release before this
/// one may still call it.
///
/// # Errors
/// As [`migrate::run`].
pub async fn migrate_deployed(project: &Project, url: &str) -> Result<Step> {
    let step = Step::start("migrations");
    for orphan in bring_up_to_date(project, url, &step).await?.orphans {
        eprintln!("  {orphan} stands in no file: drop it in a step of the next release");
    }
    Ok(step)
}

async fn bring_up_to_date(project: &Project, url: &str, step: &Step) -> Result<Report> {
    let show = |progress: Progress<'_>| match progress {
        Progress::Applying { name, index, total } => step.at(index as u64, total as u64, name),
        Progress::Waiting => step.doing("waiting for another run"),
        Progress::Retrying { name, reason, .. } => step.doing(&format!("{name} again: {reason}")),
    };
    migrate::run(url, &project.root, show).await
}

/// A new, empty database for one run of the tests, on a server of the person's own.
pub struct Fresh {
    client: Client,
    name: String,
    /// The owner's connection string.
    pub url: String,
}

impl Fresh {
    /// # Errors
    /// Where the server of `url` cannot be reached or its user may not make a database.
    pub async fn make(url: &str) -> Result<Self> {
        let client = migrate::connect(url).await.context("DATABASE_URL leads to no PostgreSQL")?;
        let name = format!("oree_test_{}", std::process::id());
        client.batch_execute(&format!("create database {name}")).await.context("DATABASE_URL's user may not make a database")?;
        let (before, after) = around_database(url)?;
        let url = format!("{before}{name}{after}");
        Ok(Self { client, name, url })
    }

    pub async fn drop(self) -> Result<()> {
        Ok(self.client.batch_execute(&format!("drop database {} with (force)", self.name)).await?)
    }
}

/// What stands before and after the name of the database in a connection string.
fn around_database(url: &str) -> Result<(&str, &str)> {
    let path_ends = url.find('?').unwrap_or(url.len());
    let name_begins = url[..path_ends]
        .rfind('/')
        .map(|slash| slash + 1)
        .filter(|begin| *begin < path_ends && !url[..*begin].ends_with("//"))
        .context("DATABASE_URL names no database: write postgres://user:password@host:port/database")?;
    Ok((&url[..name_begins], &url[path_ends..]))
}

/// A connection string as a client of the gateway sends it: the gateway knows one server, and calls it localhost.
pub fn through_gateway(url: &str) -> Result<String> {
    let (before, after) = around_database(url)?;
    let credentials = before.rsplit_once('@').map_or("postgres://", |(credentials, _)| credentials);
    Ok(format!("{credentials}@localhost/{}", &url[before.len()..url.len() - after.len()]))
}

/// The connection string of a login, as a function sends it to the gateway.
fn login(database_url: &str, role: &str, password: &str) -> Result<String> {
    let (before, after) = around_database(database_url)?;
    let database = &database_url[before.len()..database_url.len() - after.len()];
    Ok(format!("postgres://{role}:{password}@localhost/{database}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_goes_to_the_owners_database() {
        let login = login("postgres://owner:secret@db.example:5432/wood?sslmode=require", "oree_person", "key").unwrap();
        assert_eq!(login, "postgres://oree_person:key@localhost/wood");
    }

    #[test]
    fn a_connection_string_loses_its_server_on_the_way_to_the_gateway() {
        let url = through_gateway("postgres://owner:secret@db.example:5432/wood?sslmode=require").unwrap();
        assert_eq!(url, "postgres://owner:secret@localhost/wood");
    }

    #[test]
    fn a_connection_string_without_a_database_is_refused() {
        assert!(around_database("postgres://owner@db.example").is_err());
    }
}
