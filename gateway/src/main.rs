use std::net::SocketAddr;

use anyhow::{Context, anyhow};
use clap::Parser;
use gateway::{Gateway, Options, Target};
use tokio::signal::unix::{SignalKind, signal};

/// Gives a PostgreSQL the SQL-over-HTTP endpoint of Neon's serverless driver.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Address to listen on. Anything but loopback needs TLS in front of it.
    #[arg(long, default_value = "127.0.0.1:8788")]
    listen: SocketAddr,

    /// The PostgreSQL to serve; login and database in it are ignored.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_parser = Target::parse)]
    target: Target,

    /// A further host name that connection strings may use for it.
    #[arg(long = "name")]
    names: Vec<String>,

    /// PostgreSQL connections per database and login.
    #[arg(long, default_value_t = 20)]
    max_connections: usize,

    /// Largest request body.
    #[arg(long, default_value = "10MiB", value_parser = bytes)]
    max_request: usize,

    /// Largest response body.
    #[arg(long, default_value = "10MiB", value_parser = bytes)]
    max_response: usize,

    /// Initial statement_timeout of every connection, e.g. 30s.
    #[arg(long, value_parser = interval)]
    statement_timeout: Option<String>,

    /// Count requests per X-Request-Id and serve GET /counts/{id}. For tests only.
    #[arg(long)]
    count: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // Many systems give 1024 files unless asked, one for each connection. Refused, there are fewer, and `run` says so.
    let _ = rlimit::increase_nofile_limit(rlimit::INFINITY);
    let target = arguments.target.clone();
    let gateway = Gateway::bind(Options {
        listen: arguments.listen,
        names: arguments.names,
        max_connections: arguments.max_connections,
        max_request: arguments.max_request,
        max_response: arguments.max_response,
        statement_timeout: arguments.statement_timeout,
        count: arguments.count,
        ..Options::new(arguments.target)
    })
    .await
    .with_context(|| format!("cannot serve {target} on {}", arguments.listen))?;
    println!("http://{}/sql -> {target}", gateway.local_addr()?);

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    gateway
        .run(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        })
        .await;
    Ok(())
}

/// A size such as `512`, `64KiB` or `10MiB`.
fn bytes(text: &str) -> anyhow::Result<usize> {
    let (digits, unit) = split_unit(text);
    let factor = match unit {
        "" | "B" => 1,
        "KiB" => 1024,
        "MiB" => 1024 * 1024,
        _ => return Err(anyhow!("a size is bytes, KiB or MiB")),
    };
    digits.parse::<usize>()?.checked_mul(factor).context("too large")
}

/// A time as PostgreSQL writes it, such as `500ms` or `30s`.
fn interval(text: &str) -> anyhow::Result<String> {
    let (digits, unit) = split_unit(text);
    if digits.is_empty() || !matches!(unit, "" | "ms" | "s" | "min") {
        return Err(anyhow!("a time is a number of ms, s or min"));
    }
    Ok(text.to_owned())
}

fn split_unit(text: &str) -> (&str, &str) {
    text.split_at(text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_binary_unit() {
        assert_eq!(bytes("512").unwrap(), 512);
        assert_eq!(bytes("10MiB").unwrap(), 10 * 1024 * 1024);
        assert!(bytes("10MB").is_err() && bytes("MiB").is_err() && bytes("99999999999999MiB").is_err());
    }

    #[test]
    fn a_time_has_a_unit_of_postgres() {
        assert!(interval("500ms").is_ok() && interval("1000").is_ok());
        assert!(interval("s").is_err() && interval("1 day").is_err());
    }
}
