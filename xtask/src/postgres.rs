//! A PostgreSQL of the project's own, from its npm package.
//!
//! PostgreSQL refuses to run as root. Then it runs as a user without privileges, from a copy in a folder that this
//! user can reach, which the project's folder need not be.

use std::{
    fs::{self, File},
    io::ErrorKind,
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};
use tokio_postgres::{Client, NoTls};

use crate::{
    guard::{self, Guarded, Stop, User},
    npm,
    project::Project,
    secrets::{OWNER_PASSWORD, POSTGRES_PASSWORD, Secrets},
};

/// The database and the role that owns it: no superuser, as on a hosted PostgreSQL.
const OWNER: &str = "oree";
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// What the data are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Data {
    /// Kept from one run to the next.
    Dev,
    /// New in each run, and not worth waiting for the disk.
    Test,
    /// Like those of tests, beside them.
    Chaos,
    /// Like those of tests, beside them.
    Bench,
    /// Like those of tests, beside them.
    Catalogue,
    /// Like those of tests, beside them.
    Peers,
}

/// A running server.
pub struct Postgres {
    process: Guarded,
    /// The owner's connection string.
    pub url: String,
    /// To the same database, as the superuser.
    pub superuser_url: String,
}

/// Where PostgreSQL's files are, and who runs it.
pub struct Installation {
    /// Holds `initdb`, `postgres` and `pg_ctl`.
    pub programs: PathBuf,
    data: PathBuf,
    user: Option<User>,
}

impl Installation {
    pub fn find(project: &Project) -> Result<Self> {
        let package = npm::postgres_package(project).join("native");
        if !rustix::process::geteuid().is_root() {
            return Ok(Self { programs: package.join("bin"), data: project.state().join("postgres"), user: None });
        }
        let folder = root_folder(project)?;
        let programs = folder.join("programs");
        copy_once(&package, &programs)?;
        Ok(Self { programs: programs.join("bin"), data: folder, user: Some(unprivileged_user()?) })
    }

    /// Where a library lies that PostgreSQL can load too, whoever runs it.
    pub fn library(&self, name: &str) -> Result<PathBuf> {
        fs::create_dir_all(&self.data)?;
        Ok(self.data.join(name))
    }

    /// Starts the server, after making its data if there are none.
    pub async fn start(&self, data: Data, port: u16, secrets: &Secrets, log: &Path) -> Result<Postgres> {
        let folder = self.folder(data);
        self.stop_leftover(&folder).await?;
        if data != Data::Dev && folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        let (superuser, owner) = (&secrets[POSTGRES_PASSWORD], &secrets[OWNER_PASSWORD]);
        if !folder.join("PG_VERSION").exists() {
            self.make_data(&folder, superuser).await?;
        }
        let process = self.serve(&folder, data, port, log)?;
        let client = ready(&process, &url("postgres", superuser, port, "postgres"), log).await?;
        make_owner(&client, owner).await?;
        Ok(Postgres { process, url: url(OWNER, owner, port, OWNER), superuser_url: url("postgres", superuser, port, OWNER) })
    }

    /// Starts a server again that was killed, with its data and passwords as they were.
    pub async fn restart(&self, data: Data, port: u16, before: Postgres, log: &Path) -> Result<Postgres> {
        let Postgres { mut process, url, superuser_url } = before;
        process.kill().await;
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let process = self.serve(&self.folder(data), data, port, log)?;
            match ready(&process, &url, log).await {
                Ok(_) => return Ok(Postgres { process, url, superuser_url }),
                // Processes of the one before still hold its memory: each notices by itself that it has been orphaned.
                Err(_) if Instant::now() < deadline => sleep(Duration::from_millis(100)).await,
                Err(error) => return Err(error),
            }
        }
    }

    /// Where the data lie.
    pub fn folder(&self, data: Data) -> PathBuf {
        self.data.join(match data {
            Data::Dev => "dev",
            Data::Test => "test",
            Data::Chaos => "chaos",
            Data::Bench => "bench",
            Data::Catalogue => "catalogue",
            Data::Peers => "peers",
        })
    }

    async fn make_data(&self, folder: &Path, password: &str) -> Result<()> {
        let parent = folder.parent().context("data need a folder")?;
        fs::create_dir_all(parent)?;
        // Made under another name first, so that an interrupted run leaves nothing that looks complete.
        let unfinished = folder.with_extension("new");
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        fs::DirBuilder::new().mode(0o700).create(&unfinished)?;
        let password_file = folder.with_extension("password");
        fs::write(&password_file, password)?;
        fs::set_permissions(&password_file, fs::Permissions::from_mode(0o600))?;
        if let Some(User { uid, gid }) = self.user {
            chown(&unfinished, Some(uid), Some(gid))?;
            chown(&password_file, Some(uid), Some(gid))?;
        }
        let made = self.initdb(&unfinished, &password_file).await;
        fs::remove_file(&password_file)?;
        made?;
        fs::rename(&unfinished, folder)?;
        Ok(())
    }

    async fn initdb(&self, folder: &Path, password_file: &Path) -> Result<()> {
        let mut command = guard::command(self.programs.join("initdb"), Stop::Terminate, self.user);
        command
            .args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--no-sync", "--no-instructions"])
            // The same order and case rules on every machine.
            .args(["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"])
            .arg("--pwfile")
            .arg(password_file)
            .arg("--pgdata")
            .arg(folder)
            .current_dir("/")
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = guard::spawn(command)?;
        let said = read_all(process.stderr.take()).await;
        if !process.ended().await.success() {
            bail!("PostgreSQL could not make its data in {}: {}", folder.display(), said.trim());
        }
        Ok(())
    }

    fn serve(&self, folder: &Path, data: Data, port: u16, log: &Path) -> Result<Guarded> {
        let mut command = guard::command(self.programs.join("postgres"), Stop::Interrupt, self.user);
        command.arg("-D").arg(folder);
        for setting in [
            &format!("port={port}"),
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "timezone=UTC",
            "log_timezone=UTC",
        ] {
            command.args(["-c", setting]);
        }
        if data != Data::Dev {
            // Commits stay synchronous: otherwise a vacuum right after one finds rows that it may not yet call visible.
            command.args(["-c", "fsync=off", "-c", "full_page_writes=off"]);
        }
        if let Some(parent) = log.parent() {
            fs::create_dir_all(parent)?;
        }
        let log = File::create(log)?;
        command.current_dir("/").stdout(Stdio::null()).stderr(log);
        guard::spawn(command)
    }

    /// Stops a server that outlived its guard, which only a kill of the guard itself can bring about.
    async fn stop_leftover(&self, folder: &Path) -> Result<()> {
        let Ok(text) = fs::read_to_string(folder.join("postmaster.pid")) else { return Ok(()) };
        let is_postgres = text.lines().next().and_then(|pid| fs::read_link(format!("/proc/{pid}/exe")).ok());
        if Path::new("/proc/self").exists() && !is_postgres.is_some_and(|program| program.ends_with("postgres")) {
            return Ok(());
        }
        let mut command = guard::command(self.programs.join("pg_ctl"), Stop::Terminate, self.user);
        command.args(["stop", "-m", "fast", "-w", "-t", "20", "-D"]).arg(folder);
        command.current_dir("/").stdout(Stdio::null()).stderr(Stdio::null());
        guard::spawn(command)?.ended().await;
        Ok(())
    }
}

impl Postgres {
    pub async fn stop(self) {
        self.process.stop().await;
    }
}

/// A folder that a user without privileges can reach, and that nobody else can have put there.
fn root_folder(project: &Project) -> Result<PathBuf> {
    let folder = Path::new("/var/tmp").join(format!("oree-{}", project.hash()));
    match fs::DirBuilder::new().mode(0o755).create(&folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            return Err(error).with_context(|| format!("{} cannot be made", folder.display()));
        }
        _ => {}
    }
    let found = fs::symlink_metadata(&folder)?;
    if !found.is_dir() || found.uid() != 0 {
        bail!("{} belongs to someone else: delete it and try again", folder.display());
    }
    Ok(folder)
}

/// Copies PostgreSQL's files unless this version has been copied already.
fn copy_once(package: &Path, programs: &Path) -> Result<()> {
    let version = fs::read_to_string(package.with_file_name("package.json"))?;
    let copied = programs.join("copied.json");
    if fs::read_to_string(&copied).is_ok_and(|of| of == version) {
        return Ok(());
    }
    if programs.exists() {
        fs::remove_dir_all(programs)?;
    }
    copy(package, programs).with_context(|| format!("PostgreSQL could not be copied to {}", programs.display()))?;
    fs::write(copied, version)?;
    Ok(())
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    for entry in fs::read_dir(from)? {
        let (source, target) = {
            let entry = entry?;
            (entry.path(), to.join(entry.file_name()))
        };
        if source.is_dir() {
            copy(&source, &target)?;
        } else {
            fs::copy(&source, &target)?;
            let mode = if fs::metadata(&source)?.permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
            fs::set_permissions(&target, fs::Permissions::from_mode(mode))?;
        }
    }
    Ok(())
}

fn unprivileged_user() -> Result<User> {
    let id = |flag: &str, name: &str| {
        let output = std::process::Command::new("id").args([flag, name]).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse::<u32>().ok()
    };
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| Some(User { uid: id("-u", name)?, gid: id("-g", name)? }))
        .context("PostgreSQL refuses to run as root and there is no user nobody: run this as an ordinary user")
}

fn url(role: &str, password: &str, port: u16, database: &str) -> String {
    format!("postgres://{role}:{password}@127.0.0.1:{port}/{database}")
}

/// Connects as soon as the server answers.
async fn ready(process: &Guarded, url: &str, log: &Path) -> Result<Client> {
    let deadline = Instant::now() + START_TIMEOUT;
    loop {
        match tokio_postgres::connect(url, NoTls).await {
            Ok((client, connection)) => {
                tokio::spawn(connection);
                return Ok(client);
            }
            Err(_) if !process.has_ended() && Instant::now() < deadline => sleep(Duration::from_millis(50)).await,
            Err(error) => bail!("PostgreSQL did not start ({error}): {} tells why", log.display()),
        }
    }
}

async fn make_owner(client: &Client, password: &str) -> Result<()> {
    let exists = |of: &'static str, name: &'static str| async move {
        anyhow::Ok(client.query_opt(&format!("select from pg_{of} where {name} = $1"), &[&OWNER]).await?.is_some())
    };
    let verb = if exists("roles", "rolname").await? { "alter" } else { "create" };
    client.batch_execute(&format!("{verb} role {OWNER} login createdb createrole password '{password}'")).await?;
    if !exists("database", "datname").await? {
        client.batch_execute(&format!("create database {OWNER} owner {OWNER}")).await?;
    }
    Ok(())
}

async fn read_all(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let mut text = String::new();
    if let Some(mut stream) = stream {
        // What could be read is still worth showing.
        let _ = tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut text).await;
    }
    text
}
