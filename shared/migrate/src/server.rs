//! The connection, and its errors in words.

use std::fmt::Write;

use anyhow::Result;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls, error::ErrorPosition};

use crate::file::Migration;
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

fn reason(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(database), _) => format!("{} (SQLSTATE {})", database.message(), database.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}

/// `0003_create_x.sql, line 12: relation "y" does not exist (SQLSTATE 42P01)`, then detail, hint and context.
pub fn describe(error: &tokio_postgres::Error, file: &Migration) -> String {
    let Some(database) = error.as_db_error() else { return format!("{}: {}", file.name, reason(error)) };
    let line = match database.position() {
        Some(ErrorPosition::Original(position)) => format!(", line {}", line_of(&file.sql, *position)),
        _ => String::new(),
    };
    let mut text = format!("{}{line}: {}", file.name, reason(error));
    for (label, part) in [("detail", database.detail()), ("hint", database.hint()), ("where", database.where_())] {
        if let Some(part) = part {
            let _ = write!(text, "\n  {label}: {part}");
        }
    }
    text
}

/// The line, from 1, of the `position`th character, from 1.
fn line_of(sql: &str, position: u32) -> usize {
    let before = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
    1 + sql.chars().take(before).filter(|character| *character == '\n').count()
}
