//! Passwords of the logins that functions use.

use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use postgres_protocol::password::scram_sha_256;
use tokio::time::sleep;
use tokio_postgres::{Client, Config};

use crate::{ATTEMPTS, failure::gave_way, server};

/// Gives each login of `logins` the password of its connection string (`SQL_LOGIN_PERSON`, `SQL_LOGIN_SERVICE`).
///
/// The roles must exist, so this follows [`run`](crate::run). The server is sent a SCRAM-SHA-256 verifier, so the password
/// reaches neither its log nor, should the connection be overheard, anybody else.
///
/// # Errors
///
/// A connection string without user or password, a role that does not exist or that the owner may not alter.
pub async fn set_login_passwords(database_url: &str, logins: &[&str]) -> Result<()> {
    let client = server::connect(database_url).await?;
    for login in logins {
        let login: Config = login.parse().map_err(|_| anyhow!("a login is not a PostgreSQL connection string"))?;
        let role = login.get_user().context("a login's connection string names no user")?;
        let password = login.get_password().with_context(|| format!("the login of {role} has no password"))?;
        set_password(&client, role, password).await.with_context(|| format!("cannot set the password of {role}"))?;
    }
    Ok(())
}

async fn set_password(client: &Client, role: &str, password: &[u8]) -> Result<()> {
    match alter_role(client, role, &scram_sha_256(password)).await {
        // Neon's servers hash passwords in their control plane and say so.
        Err(error) if error.as_db_error().is_some_and(|error| error.message().contains("plaintext")) => {
            Ok(alter_role(client, role, std::str::from_utf8(password)?).await?)
        }
        outcome => Ok(outcome?),
    }
}

/// Roles belong to the whole server: another database's run may be at the same one.
async fn alter_role(client: &Client, role: &str, secret: &str) -> Result<(), tokio_postgres::Error> {
    let statement = format!("alter role \"{}\" password '{}'", role.replace('"', "\"\""), secret.replace('\'', "''"));
    for attempt in 1.. {
        match client.batch_execute(&statement).await {
            Err(error) if attempt < ATTEMPTS && gave_way(&error) => sleep(Duration::from_millis(50) * attempt).await,
            outcome => return outcome,
        }
    }
    Ok(())
}
