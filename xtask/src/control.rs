//! How another command reaches a running `dev`: a port on loopback, known to whoever may read `.dev/control.json`.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::Write,
    os::unix::fs::OpenOptionsExt,
};

use anyhow::{Context, Result, anyhow, bail};
use auth::Keys;
use chrono::Utc;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::{
    edge::{Edge, Ran},
    manifest::Manifest,
    project::Project,
    secrets,
};

/// No call is longer.
const MAX_CALL: u64 = 4096;

#[derive(Deserialize, Serialize)]
struct Address {
    port: u16,
    token: String,
}

#[derive(Deserialize, Serialize)]
struct Question {
    token: String,
    run: String,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ran(Ran),
    Failed(String),
}

/// The end of `dev`.
pub struct Control {
    listener: TcpListener,
    token: String,
}

/// Someone asks for a run of a cron function.
pub struct Call {
    stream: TcpStream,
    run: String,
}

/// Holds the place of a command that keeps data; the system takes it back however the command ends.
pub fn only_one(project: &Project, command: &str) -> Result<File> {
    fs::create_dir_all(project.state())?;
    let lock = File::create(project.state().join(format!("{command}.lock")))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => {
            bail!("`cargo xtask {command}` is running already in this folder: stop it, or wait for its end")
        }
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

impl Control {
    pub async fn open(project: &Project) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let token = secrets::token()?;
        let address = Address { port: listener.local_addr()?.port(), token: token.clone() };
        let path = project.state().join("control.json");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(&serde_json::to_vec(&address)?)?;
        Ok(Self { listener, token })
    }

    /// Waits for a call from someone who has read the address.
    pub async fn next(&mut self) -> Call {
        loop {
            if let Ok((stream, _)) = self.listener.accept().await
                && let Ok(call) = Call::read(stream, &self.token).await
            {
                return call;
            }
        }
    }
}

impl Call {
    async fn read(mut stream: TcpStream, token: &str) -> Result<Self> {
        let mut line = String::new();
        BufReader::new(&mut stream).take(MAX_CALL).read_line(&mut line).await?;
        let question: Question = serde_json::from_str(&line)?;
        if question.token != token {
            bail!("not the token of this run");
        }
        Ok(Self { stream, run: question.run })
    }

    pub async fn answer(mut self, project: &Project, edge: &mut Edge, keys: &str) {
        let answer = match run(project, edge, keys, &self.run).await {
            Ok(ran) => Answer::Ran(ran),
            Err(error) => Answer::Failed(format!("{error:#}")),
        };
        if let Ok(line) = serde_json::to_vec(&answer) {
            // The caller may have gone.
            let _ = self.stream.write_all(&line).await;
        }
    }
}

async fn run(project: &Project, edge: &mut Edge, keys: &str, function: &str) -> Result<Ran> {
    let manifest = Manifest::read(project)?;
    let names = manifest.cron_workers();
    let suffix = format!("-{function}");
    let Some(name) = names.iter().find(|name| *name == function || name.ends_with(&suffix)) else {
        bail!("{function} is not a cron function; these are: {}", names.join(", "));
    };
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    let now = Utc::now();
    let token =
        Keys::parse(keys).map_err(|_| anyhow!("JWT_KEYS is not kid:key with the key in base64"))?.issue_internal(name, now);
    let headers = [("authorization", format!("Bearer {token}")), ("x-oree-scheduled", now.to_rfc3339())];
    edge.run(name, headers.into()).await
}

/// Asks the running `dev` to run a cron function, and waits for its report.
pub async fn ask(project: &Project, function: &str) -> Result<Ran> {
    const NOT_RUNNING: &str = "`cargo xtask dev` is not running: start it in another terminal";
    let address = fs::read(project.state().join("control.json")).map_err(|_| anyhow!(NOT_RUNNING))?;
    let address: Address = serde_json::from_slice(&address).map_err(|_| anyhow!(NOT_RUNNING))?;
    let mut stream = TcpStream::connect(("127.0.0.1", address.port)).await.map_err(|_| anyhow!(NOT_RUNNING))?;
    let mut line = serde_json::to_vec(&Question { token: address.token, run: function.to_owned() })?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    match serde_json::from_str(&answer).context("`cargo xtask dev` ended before the report")? {
        Answer::Ran(ran) => Ok(ran),
        Answer::Failed(reason) => bail!(reason),
    }
}
