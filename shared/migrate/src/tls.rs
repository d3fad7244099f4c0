//! TLS towards the database, by the words of libpq: it is spoken where the connection string says `sslmode=require`,
//! `verify-ca` or `verify-full`, and then the certificate and its name are always checked, against `sslrootcert` or
//! Mozilla's list.

use std::net::IpAddr;
use std::sync::Arc;

use anyhow::{Context, Result};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// A connection string, and the file of `sslrootcert`, which `tokio_postgres` does not know.
pub(crate) fn read(database_url: &str) -> Result<(Config, Option<String>)> {
    let (url, query) = database_url.split_once('?').unwrap_or((database_url, ""));
    let (mut kept, mut roots) = (Vec::new(), None);
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        match parameter.split_once('=') {
            Some(("sslrootcert", file)) => roots = Some(file.replace("%2F", "/").replace("%2f", "/")),
            Some(("sslmode", "verify-ca" | "verify-full")) => kept.push("sslmode=require"),
            _ => kept.push(parameter),
        }
    }
    let url = if kept.is_empty() { url.to_owned() } else { format!("{url}?{}", kept.join("&")) };
    Ok((url.parse().context("DATABASE_URL is not a PostgreSQL connection string")?, roots))
}

/// Whether nobody on the way can read along: TLS, or no network in between.
///
/// # Errors
/// What is not a connection string.
pub fn is_private(database_url: &str) -> Result<bool> {
    let (config, _) = read(database_url)?;
    let is_near = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    Ok(config.get_ssl_mode() == SslMode::Require || config.get_hosts().iter().all(is_near))
}

pub(crate) fn connector(roots: Option<&str>) -> Result<MakeRustlsConnect> {
    let mut store = RootCertStore::empty();
    match roots {
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(file) => {
            let certificates = CertificateDer::pem_file_iter(file).with_context(|| format!("sslrootcert: {file}"))?;
            for certificate in certificates {
                store.add(certificate?)?;
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_says_whether_tls_is_spoken_and_whom_to_trust() {
        for (query, mode, roots) in [
            ("", SslMode::Prefer, None),
            ("?sslmode=require&channel_binding=prefer", SslMode::Require, None),
            ("?sslmode=verify-full&sslrootcert=%2Fetc%2Fca.pem", SslMode::Require, Some("/etc/ca.pem")),
            ("?connect_timeout=3&sslmode=verify-ca", SslMode::Require, None),
        ] {
            let (config, file) = read(&format!("postgres://owner:secret@db.example/wood{query}")).unwrap();
            assert_eq!((config.get_ssl_mode(), file.as_deref()), (mode, roots), "{query}");
        }
        assert!(read("postgres://owner@db.example/wood?sslmode=requite").is_err());
    }

    #[test]
    fn a_database_across_a_network_needs_tls() {
        for (url, private) in [
            ("postgres://owner@localhost/wood", true),
            ("postgres://owner@127.0.0.1:5432/wood", true),
            ("postgres://owner@[::1]/wood", true),
            ("postgres:///wood?host=/run/postgresql", true),
            ("postgres://owner@db.example/wood", false),
            ("postgres://owner@db.example/wood?sslmode=prefer", false),
            ("postgres://owner@db.example/wood?sslmode=verify-full", true),
            ("postgres://owner@localhost,db.example/wood", false),
        ] {
            assert_eq!(is_private(url).unwrap(), private, "{url}");
        }
    }
}
