//! Connection strings: the one that says where PostgreSQL is, and the one each request logs in with.

use std::path::PathBuf;

use percent_encoding::percent_decode_str;

/// Where PostgreSQL listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Over TCP: host name or address, port, and what to trust if TLS is spoken.
    Tcp { host: String, port: u16, tls: Option<Roots> },
    /// Over a Unix socket: the socket file, `.s.PGSQL.<port>` included.
    Unix { path: PathBuf },
}

/// The certificates that may vouch for PostgreSQL's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Roots {
    /// Mozilla's list.
    Mozilla,
    /// A file in PEM format.
    File(PathBuf),
}

impl Target {
    /// Reads `postgres://host:port`, or a Unix socket's folder as `postgres:///?host=/folder` or
    /// `postgres://%2Ffolder`. Login, password and database in the string are ignored. With
    /// `sslmode=require`, `verify-ca` or `verify-full` TLS is spoken and certificate and name are always checked,
    /// against `sslrootcert` where it names a file.
    ///
    /// # Errors
    /// A sentence when it is no such string.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text)?;
        let tls = match url.parameter("sslmode") {
            None | Some("disable" | "allow" | "prefer") => None,
            Some("require" | "verify-ca" | "verify-full") => Some(match url.parameter("sslrootcert") {
                None | Some("system") => Roots::Mozilla,
                Some(path) => Roots::File(decode(path)?.into()),
            }),
            Some(mode) => return Err(format!("sslmode={mode} is unknown")),
        };
        let host = match url.parameter("host") {
            Some(host) => decode(host)?,
            None => url.host()?,
        };
        let port = url.port()?.unwrap_or(5432);
        if host.starts_with('/') {
            let path = PathBuf::from(host).join(format!(".s.PGSQL.{port}"));
            return Ok(Self::Unix { path });
        }
        if host.is_empty() {
            return Err("the target names no host".into());
        }
        Ok(Self::Tcp { host, port, tls })
    }

    /// Whether a login that names `host` means this server.
    fn is_called(&self, host: &str) -> bool {
        matches!(self, Self::Tcp { host: own, .. } if own.eq_ignore_ascii_case(host))
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp { host, port, .. } if host.contains(':') => write!(formatter, "[{host}]:{port}"),
            Self::Tcp { host, port, .. } => write!(formatter, "{host}:{port}"),
            Self::Unix { path } => write!(formatter, "{}", path.display()),
        }
    }
}

/// Who a request is, from its `Neon-Connection-String`. Deliberately not `Debug`: it holds the password.
#[derive(Clone)]
pub(crate) struct Login {
    pub user: String,
    pub password: Vec<u8>,
    pub database: String,
}

impl Login {
    /// Reads the header. Its host is never dialled; it must be the target's, `localhost` or one of `names`.
    pub fn parse(text: &str, target: &Target, names: &[String]) -> Result<Self, String> {
        let url = Url::parse(text)?;
        let host = url.host()?;
        let known = host.eq_ignore_ascii_case("localhost")
            || target.is_called(&host)
            || names.iter().any(|name| name.eq_ignore_ascii_case(&host));
        if !known {
            return Err("the connection string names another server: this gateway serves one PostgreSQL only".into());
        }
        let user = decode(url.user)?;
        if user.is_empty() {
            return Err("missing username".into());
        }
        let password = url.password.ok_or("missing authentication credentials: required password")?;
        let database = decode(url.path.split('/').next().unwrap_or_default())?;
        if database.is_empty() {
            return Err("missing database name".into());
        }
        if user.contains('\0') || database.contains('\0') {
            return Err("invalid connection string: a zero byte".into());
        }
        Ok(Self { user, password: percent_decode_str(password).collect(), database })
    }
}

/// The raw parts of `postgres[ql]://user:password@host:port/path?query`.
struct Url<'a> {
    user: &'a str,
    password: Option<&'a str>,
    authority: &'a str,
    path: &'a str,
    query: &'a str,
}

impl<'a> Url<'a> {
    fn parse(text: &'a str) -> Result<Self, String> {
        let (scheme, rest) = text.split_once("://").ok_or("invalid connection string: no scheme")?;
        if !matches!(scheme, "postgres" | "postgresql") {
            return Err("incorrect scheme".into());
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (credentials, authority) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) = match credentials.split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (credentials, None),
        };
        Ok(Self { user, password, authority, path, query })
    }

    fn host(&self) -> Result<String, String> {
        decode(self.split_authority().0)
    }

    fn port(&self) -> Result<Option<u16>, String> {
        let port = self.parameter("port").unwrap_or(self.split_authority().1);
        if port.is_empty() {
            return Ok(None);
        }
        port.parse().map(Some).map_err(|_| "invalid connection string: port".into())
    }

    fn split_authority(&self) -> (&'a str, &'a str) {
        if let Some((host, rest)) = self.authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            return (host, rest.strip_prefix(':').unwrap_or_default());
        }
        self.authority.rsplit_once(':').unwrap_or((self.authority, ""))
    }

    fn parameter(&self, name: &str) -> Option<&'a str> {
        self.query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }
}

fn decode(text: &str) -> Result<String, String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| "invalid connection string: not UTF-8".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target() -> Target {
        Target::Tcp { host: "db.internal".into(), port: 5432, tls: None }
    }

    fn login(text: &str) -> Result<Login, String> {
        Login::parse(text, &target(), &["sql.example.org".into()])
    }

    #[test]
    fn a_login_is_percent_decoded() {
        let login = login("postgresql://a%40b:p%2Fw%3a@localhost:1/my%20db?sslmode=require").unwrap();
        assert_eq!(login.user, "a@b");
        assert_eq!(login.password, b"p/w:");
        assert_eq!(login.database, "my db");
    }

    #[test]
    fn a_login_for_another_server_is_refused() {
        for host in ["evil.example", "127.0.0.1", "db.internal.evil", "", "localhost,evil.example"] {
            assert!(login(&format!("postgres://a:b@{host}/d")).is_err(), "{host}");
        }
        for host in ["localhost", "LOCALHOST:5432", "db.internal", "sql.example.org:443"] {
            assert!(login(&format!("postgres://a:b@{host}/d")).is_ok(), "{host}");
        }
    }

    #[test]
    fn an_incomplete_login_says_what_is_missing() {
        for (text, message) in [
            ("localhost/d", "no scheme"),
            ("mysql://a:b@localhost/d", "incorrect scheme"),
            ("postgres://:b@localhost/d", "missing username"),
            ("postgres://a@localhost/d", "required password"),
            ("postgres://a:b@localhost", "missing database name"),
            ("postgres://a%00:b@localhost/d", "zero byte"),
            ("postgres://%ff:b@localhost/d", "not UTF-8"),
        ] {
            let error = login(text).err().unwrap();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn a_target_that_asks_for_tls_says_whom_to_trust() {
        let tls = |query: &str| match Target::parse(&format!("postgres://h/db?{query}")).unwrap() {
            Target::Tcp { tls, .. } => tls,
            Target::Unix { .. } => None,
        };
        assert_eq!(tls("sslmode=prefer"), None);
        assert_eq!(tls("sslmode=require"), Some(Roots::Mozilla));
        assert_eq!(tls("sslrootcert=%2Fetc%2Fca.pem&sslmode=verify-full"), Some(Roots::File("/etc/ca.pem".into())));
    }

    #[test]
    fn a_target_is_a_host_or_a_socket() {
        let tcp = |host: &str, port| Ok(Target::Tcp { host: host.into(), port, tls: None });
        let unix = Ok(Target::Unix { path: "/run/pg/.s.PGSQL.5433".into() });
        assert_eq!(Target::parse("postgres://u:p@127.0.0.1:5501/db"), tcp("127.0.0.1", 5501));
        assert_eq!(Target::parse("postgres://[::1]"), tcp("::1", 5432));
        assert_eq!(Target::parse("postgres:///db?host=/run/pg&port=5433"), unix);
        assert_eq!(Target::parse("postgres://%2Frun%2Fpg:5433/db"), unix);
        assert!(Target::parse("postgres://h:99999/db").is_err());
        assert!(Target::parse("postgres://h/db?sslmode=requite").is_err());
        assert!(Target::parse("postgres:///db").is_err());
    }
}
