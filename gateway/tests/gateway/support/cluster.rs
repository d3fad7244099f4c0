//! A PostgreSQL of the test's own that it may stop and start.

use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::unique;

/// Stopped and removed when dropped.
pub struct Cluster {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    /// PostgreSQL does not run as root.
    user: Option<(u32, u32)>,
}

impl Cluster {
    pub fn start() -> Self {
        let bin = std::env::var("POSTGRES_BIN")
            .expect("POSTGRES_BIN must be the folder that holds PostgreSQL's initdb, postgres and pg_ctl");
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = std::env::temp_dir().join(unique("gateway"));
        let cluster = Self { bin: bin.into(), folder, port, user: lesser_user() };
        std::fs::create_dir(&cluster.folder).unwrap();
        if let Some((uid, gid)) = cluster.user {
            chown(&cluster.folder, Some(uid), Some(gid)).unwrap();
        }
        cluster.run("initdb", &["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
        cluster.resume();
        cluster
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn socket_url(&self) -> String {
        format!("postgres:///postgres?host={}&port={}", self.folder.display(), self.port)
    }

    pub fn url(&self) -> String {
        format!("postgres://postgres:any@127.0.0.1:{}/postgres", self.port)
    }

    /// As a crash does: sessions end without a word, the log is replayed at the next start.
    pub fn crash(&self) {
        self.run("pg_ctl", &["stop", "--mode=immediate", "--silent"]);
    }

    /// Starts again with TLS, as `localhost`, and returns the file with the certificate to trust.
    pub fn offer_tls(&self) -> PathBuf {
        let own = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
        self.run("pg_ctl", &["stop", "--mode=fast", "--silent"]);
        let (certificate, key) = (self.folder.join("server.crt"), self.folder.join("server.key"));
        std::fs::write(&certificate, own.cert.pem()).unwrap();
        std::fs::write(&key, own.signing_key.serialize_pem()).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = self.user {
            chown(&key, Some(uid), Some(gid)).unwrap();
        }
        std::fs::write(self.folder.join("postgresql.auto.conf"), "ssl = on\n").unwrap();
        self.resume();
        certificate
    }

    pub fn resume(&self) {
        let options = format!("-p {} -k {}", self.port, self.folder.display());
        self.run("pg_ctl", &["start", "--wait", "--silent", "--log=/dev/null", "--options", &options]);
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let mut command = Command::new(self.bin.join(program));
        command.args(arguments).current_dir(&self.folder).env("PGDATA", &self.folder);
        command.stdout(Stdio::null()).stdin(Stdio::null());
        if let Some((uid, gid)) = self.user {
            command.uid(uid).gid(gid);
        }
        let status = command.status().unwrap_or_else(|error| panic!("{program} in POSTGRES_BIN: {error}"));
        assert!(status.success(), "{program} {arguments:?}: {status}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.crash();
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

/// The user and group to become when this runs as root.
fn lesser_user() -> Option<(u32, u32)> {
    if std::fs::metadata("/proc/self").map_or(1, |own| own.uid()) != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let find = |name: &str| {
        let fields = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)?;
        Some((fields[2].parse().ok()?, fields[3].parse().ok()?))
    };
    Some(find("postgres").or_else(|| find("nobody")).expect("running as root needs a user postgres or nobody"))
}
