//! The connection, and its errors in words.

use anyhow::Result;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};

use crate::tls;

/// Connects as the owner, with TLS where the connection string asks for it. The connection ends with the client.
///
/// # Errors
/// What is not a connection string; a server that does not answer, or whose certificate is not good.
pub async fn connect(database_url: &str) -> Result<Client> {
    let (config, roots) = tls::read(database_url)?;
    let failed = |error| anyhow::anyhow!("cannot connect to {}: {}", target(&config), reason(&error));
    let client = if config.get_ssl_mode() == SslMode::Require {
        let (client, connection) = config.connect(tls::connector(roots.as_deref())?).await.map_err(failed)?;
        tokio::spawn(connection);
        client
    } else {
        let (client, connection) = config.connect(NoTls).await.map_err(failed)?;
        tokio::spawn(connection);
        client
    };
    // Waiting is the business of lock_timeout; a long backfill is no error.
    client.batch_execute("set statement_timeout = 0; set client_min_messages = warning; set timezone = 'UTC'").await?;
    Ok(client)
}

/// Where a connection string leads, without its password.
fn target(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!(
        "{host}:{port}, database {}, as {}",
        config.get_dbname().unwrap_or("of the same name"),
        config.get_user().unwrap_or("the current user")
    )
}

/// An error in words.
pub fn reason(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(database), _) => format!("{} (SQLSTATE {})", database.message(), database.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
