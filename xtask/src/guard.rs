//! No process is left behind, whatever happens to the command.
//!
//! Each process is started through a guard, which is this program again. The guard's standard input is a pipe whose
//! other end only the command holds. When the command ends, killed or not, the pipe closes; the guard then ends its
//! process and everything that process started.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::PathBuf,
    process::{ExitCode, ExitStatus, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::{
    process::{ChildStderr, ChildStdin, ChildStdout, Command},
    sync::watch,
    time::{Instant, sleep},
};

use crate::{clock, npm};

/// How long a process may take to end by itself.
const GRACE: Duration = Duration::from_secs(8);

/// Guarded processes that have not ended yet.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// The arguments of the hidden `guard` command.
#[derive(Args)]
pub struct Watch {
    #[arg(long)]
    stop: Stop,
    /// `uid:gid` to run the program as
    #[arg(long)]
    user: Option<String>,
    program: PathBuf,
    #[arg(last = true)]
    arguments: Vec<OsString>,
}

/// How a process is asked to end.
#[derive(Clone, Copy, ValueEnum)]
pub enum Stop {
    /// It ends when its standard input does.
    Close,
    /// SIGINT.
    Interrupt,
    /// SIGTERM.
    Terminate,
}

/// A user without privileges.
#[derive(Clone, Copy)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
}

/// A process under guard. Dropping it ends the process.
pub struct Guarded {
    pub stdin: Option<ChildStdin>,
    pub stdout: Option<ChildStdout>,
    pub stderr: Option<ChildStderr>,
    status: watch::Receiver<Option<ExitStatus>>,
    guard: Option<u32>,
}

/// A command that will run under guard; its arguments, environment and outputs are set on what is returned.
pub fn command(program: impl AsRef<OsStr>, stop: Stop, user: Option<User>) -> Command {
    let mut command = Command::new(own_program());
    command.args(["guard", "--stop", stop.to_possible_value().as_ref().map_or("terminate", |value| value.get_name())]);
    if let Some(User { uid, gid }) = user {
        command.args(["--user", &format!("{uid}:{gid}")]);
    }
    command.arg(program).arg("--").envs(clock::variables()).envs(npm::variables());
    command
}

/// This program, also after its file has been replaced by a newer build.
fn own_program() -> PathBuf {
    let link = PathBuf::from("/proc/self/exe");
    if link.exists() { link } else { std::env::current_exe().unwrap_or(link) }
}

/// Starts what [`command`] returned.
pub fn spawn(mut command: Command) -> Result<Guarded> {
    // A group of its own: the terminal's Ctrl-C reaches the command only, which ends the rest in order.
    let mut child = command.stdin(Stdio::piped()).process_group(0).spawn().context("a process did not start")?;
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let guard = child.id();
    let (sender, status) = watch::channel(None);
    RUNNING.fetch_add(1, Ordering::SeqCst);
    tokio::spawn(async move {
        let ended = child.wait().await.unwrap_or_else(|_| ExitStatus::from_raw(1 << 8));
        RUNNING.fetch_sub(1, Ordering::SeqCst);
        // Nobody may be listening any more.
        let _ = sender.send(Some(ended));
    });
    Ok(Guarded { stdin, stdout, stderr, status, guard })
}

impl Guarded {
    /// Waits until the process has ended by itself.
    pub async fn ended(&mut self) -> ExitStatus {
        match self.status.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            Err(_) => ExitStatus::from_raw(1 << 8),
        }
    }

    /// Whether the process has ended by itself.
    pub fn has_ended(&self) -> bool {
        self.status.borrow().is_some()
    }

    /// The process itself, which is the guard's one child. On Linux.
    pub fn process(&self) -> Option<u32> {
        let guard = self.guard?;
        let children = std::fs::read_to_string(format!("/proc/{guard}/task/{guard}/children")).ok()?;
        children.split_whitespace().next()?.parse().ok()
    }

    /// Kills the process with everything it started, as a crash of the machine would, and waits until it is gone. On Linux.
    pub async fn kill(&mut self) {
        let children = self.guard.map(|guard| format!("/proc/{guard}/task/{guard}/children"));
        let children = children.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
        for child in children.split_whitespace().filter_map(|child| child.parse().ok().and_then(Pid::from_raw)) {
            let _ = kill_process_group(child, Signal::KILL);
        }
        self.ended().await;
    }

    /// Ends the process and waits until it is gone.
    pub async fn stop(mut self) {
        self.stdin = None;
        self.ended().await;
    }
}

/// Waits until every guarded process is gone.
pub async fn all_gone() {
    let deadline = Instant::now() + GRACE * 2;
    while RUNNING.load(Ordering::SeqCst) > 0 && Instant::now() < deadline {
        sleep(Duration::from_millis(20)).await;
    }
}

/// What the guard itself does.
pub fn stand(watch: Watch) -> ExitCode {
    let mut command = std::process::Command::new(&watch.program);
    command.args(&watch.arguments).stdin(Stdio::piped()).process_group(0);
    if let Some((uid, gid)) = watch.user.as_deref().and_then(parse_user) {
        // Setting the user while root also drops the supplementary groups.
        command.uid(uid).gid(gid);
    }
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => {
            eprintln!("{}: {error}", watch.program.display());
            return ExitCode::from(127);
        }
    };
    let process = Pid::from_child(&child);
    let mut input = child.stdin.take();
    thread::spawn(move || {
        if let Some(input) = input.as_mut() {
            // An error means that the process no longer reads; the end of the pipe is still awaited below.
            let _ = io::copy(&mut io::stdin(), input);
        }
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        drop(input);
        end(process, watch.stop);
    });
    let status = child.wait();
    // What the process started and left behind.
    let _ = kill_process_group(process, Signal::KILL);
    match status.ok().and_then(|status| status.code()) {
        Some(code) => ExitCode::from(u8::try_from(code).unwrap_or(1)),
        None => ExitCode::FAILURE,
    }
}

fn end(process: Pid, stop: Stop) {
    let signal = match stop {
        Stop::Close => None,
        Stop::Interrupt => Some(Signal::INT),
        Stop::Terminate => Some(Signal::TERM),
    };
    if let Some(signal) = signal {
        let _ = kill_process(process, signal);
    }
    thread::sleep(GRACE);
    let _ = kill_process_group(process, Signal::KILL);
}

fn parse_user(user: &str) -> Option<(u32, u32)> {
    let (uid, gid) = user.split_once(':')?;
    Some((uid.parse().ok()?, gid.parse().ok()?))
}
