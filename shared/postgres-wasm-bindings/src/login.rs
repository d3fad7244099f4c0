//! Where the database is and who asks.

use std::fmt;

use crate::Error;

/// Endpoint and connection string, checked once. `Debug` shows the endpoint only.
#[derive(Clone)]
pub struct Login {
    pub(crate) url: String,
    pub(crate) connection_string: String,
}

impl Login {
    /// `url` is the endpoint (`https://…/sql`); `connection_string` is `postgres://user:password@host/database`, its parts
    /// percent-encoded, and is sent exactly as given.
    ///
    /// # Errors
    /// [`Error::Login`] says which rule is broken, without quoting.
    pub fn new(url: impl Into<String>, connection_string: impl Into<String>) -> Result<Login, Error> {
        let login = Login { url: url.into(), connection_string: connection_string.into() };
        check_url(&login.url)?;
        parts(&login.connection_string)?;
        Ok(login)
    }

    /// The login of a hosted database that serves the protocol at its own host: `https://<host>/sql`, and on Neon
    /// `https://api.<region>/sql`.
    ///
    /// # Errors
    /// As [`Login::new`].
    pub fn hosted(connection_string: impl Into<String>) -> Result<Login, Error> {
        let connection_string = connection_string.into();
        let host = parts(&connection_string)?;
        let url = match host.split_once('.') {
            Some((_, region)) if host.ends_with(".neon.tech") => format!("https://api.{region}/sql"),
            _ => format!("https://{host}/sql"),
        };
        Login::new(url, connection_string)
    }
}

impl fmt::Debug for Login {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Login").field("url", &self.url).finish_non_exhaustive()
    }
}

fn check_url(url: &str) -> Result<(), Error> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let rest = rest.ok_or(Error::Login("the SQL URL must begin with https:// or http://"))?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.is_empty() || authority.starts_with(':') {
        return Err(Error::Login("the SQL URL has no host"));
    }
    if authority.contains('@') {
        return Err(Error::Login("the SQL URL must not hold a user: it belongs into the connection string"));
    }
    if !is_visible_ascii(url) {
        return Err(Error::Login("the SQL URL holds a blank or a character outside ASCII"));
    }
    Ok(())
}

/// Checks a connection string and returns its host.
fn parts(text: &str) -> Result<&str, Error> {
    if !is_visible_ascii(text) {
        return Err(Error::Login("the connection string holds a blank or a character outside ASCII: percent-encode it"));
    }
    let rest = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
    let rest = rest.ok_or(Error::Login("the connection string must begin with postgres:// or postgresql://"))?;
    let Some((authority, path)) = rest.split_once('/') else {
        return Err(Error::Login("the connection string names no database (…@host/database)"));
    };
    let Some((user, server)) = authority.split_once('@') else {
        return Err(Error::Login(
            "the connection string names no user (postgres://user:password@…), or holds a / before the host: percent-encode it",
        ));
    };
    if server.contains('@') {
        return Err(Error::Login("the connection string has more than one @: percent-encode those of the password as %40"));
    }
    if user.is_empty() || user.starts_with(':') {
        return Err(Error::Login("the connection string names no user (postgres://user:password@…)"));
    }
    let host = server.split_once(':').map_or(server, |(host, _)| host);
    if host.is_empty() {
        return Err(Error::Login("the connection string names no host"));
    }
    if path.is_empty() || path.starts_with('?') {
        return Err(Error::Login("the connection string names no database (…@host/database)"));
    }
    if path.contains('@') {
        return Err(Error::Login("the connection string holds a / before its last @: percent-encode it as %2F"));
    }
    Ok(host)
}

pub(crate) fn is_visible_ascii(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATABASE: &str = "postgres://ann:p%40ss@db.example.org:5432/wood?sslmode=require";

    fn reason(url: &str, connection_string: &str) -> String {
        Login::new(url, connection_string).unwrap_err().to_string()
    }

    #[test]
    fn a_login_is_kept_as_given_and_never_shown() {
        let login = Login::new("http://127.0.0.1:8788/sql", DATABASE).unwrap();
        assert_eq!(login.connection_string, DATABASE);
        assert_eq!(format!("{login:?}"), "Login { url: \"http://127.0.0.1:8788/sql\", .. }");
    }

    #[test]
    fn hosted_databases_are_asked_at_their_own_host() {
        let url = |text: &str| Login::hosted(text).unwrap().url;
        assert_eq!(url(DATABASE), "https://db.example.org/sql");
        assert_eq!(
            url("postgresql://ann:x@ep-cool-rain-1.us-east-2.aws.neon.tech/wood"),
            "https://api.us-east-2.aws.neon.tech/sql"
        );
    }

    #[test]
    fn each_mistake_has_its_own_sentence() {
        assert!(reason("127.0.0.1/sql", DATABASE).contains("https://"));
        assert!(reason("https:///sql", DATABASE).contains("no host"));
        assert!(reason("https://ann@host/sql", DATABASE).contains("user"));
        assert!(reason("https://host/s ql", DATABASE).contains("blank"));
        for (connection_string, word) in [
            ("mysql://a:b@h/d", "postgres://"),
            ("postgres://a:b@h", "database"),
            ("postgres://a:b@h/", "database"),
            ("postgres://a:b@h/?x=1", "database"),
            ("postgres://h/d", "user"),
            ("postgres://:b@h/d", "user"),
            ("postgres://a:b@:5432/d", "host"),
            ("postgres://a:b@c@h/d", "%40"),
            ("postgres://a:b@c/d@h/d", "%2F"),
            ("postgres://a:é@h/d", "percent-encode"),
            ("postgres://a:b@h/d\n", "percent-encode"),
        ] {
            let reason = reason("https://h/sql", connection_string);
            assert!(reason.contains(word), "{connection_string}: {reason}");
        }
    }
}
