//! Sessions kept open per database and login.
//!
//! A session serves again only a request whose password is the one that opened it; any other password
//! goes to PostgreSQL to be checked. Between two requests everything a request may leave behind in a
//! session is undone ([`RESET`]), after the answer has gone out.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use postgres_protocol::message::frontend;
use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::address::Login;
use crate::connection::{Connection, Server, State};
use crate::failure::Failure;

/// What `DISCARD ALL` does, without the prepared statements, which are the gateway's own. Sent as text:
/// a prepared reset would cost PostgreSQL no less, and a request could have replaced it.
const RESET: &str = "close all; set session authorization default; reset all; unlisten *; \
    select pg_catalog.pg_advisory_unlock_all(); discard temp; discard sequences";

/// What opening a session may take.
const LOGIN: Duration = Duration::from_secs(15);
const IDLE: Duration = Duration::from_secs(5 * 60);
/// A password changed in PostgreSQL, and memory a session has gathered, last this long at most.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// Bounds what clean-up waits for before it lets go of a session.
const CLEANUP: Duration = Duration::from_secs(10);
/// Logins under way at once, over all pools: made-up ones must not use up PostgreSQL's connections.
const OPENING: usize = 32;

/// How sessions are opened and how many.
pub(crate) struct Settings {
    pub server: Arc<Server>,
    pub max_connections: usize,
    /// How long a request waits for a free session.
    pub wait: Duration,
    pub statement_timeout: Option<String>,
    /// Longest message accepted from PostgreSQL.
    pub longest_message: usize,
}

/// All pools.
pub(crate) struct Pools {
    settings: Settings,
    salt: [u8; 16],
    opening: Semaphore,
    pools: Mutex<HashMap<String, Arc<Pool>>>,
}

/// The sessions of one login in one database.
struct Pool {
    idle: Mutex<Vec<Idle>>,
    permits: Arc<Semaphore>,
}

struct Idle {
    connection: Connection,
    password: Fingerprint,
    since: Instant,
}

/// A salted hash of a password.
type Fingerprint = [u8; 32];

/// A session in use. When it is dropped, what has to follow is done in the background: reset and back
/// to the pool, cancel and terminate, or wait for a commit to finish.
pub(crate) struct Lease {
    connection: Connection,
    password: Fingerprint,
    pool: Arc<Pool>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pools {
    pub fn new(settings: Settings) -> Self {
        let salt = uuid::Uuid::new_v4().into_bytes();
        Self { settings, salt, opening: Semaphore::new(OPENING), pools: Mutex::default() }
    }

    /// A session for `login`, waiting for one if all are in use.
    pub async fn lease(&self, login: &Login) -> Result<Lease, Failure> {
        let password = Sha256::new().chain_update(self.salt).chain_update(&login.password).finalize().into();
        let pool = self.pool(login);
        let permit = match pool.permits.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => timeout(self.settings.wait, pool.permits.clone().acquire_owned())
                .await
                .ok()
                .and_then(Result::ok)
                .ok_or(Failure::Busy(self.settings.wait.as_secs()))?,
        };
        let connection = match pool.take_idle(&password) {
            Some(connection) => connection,
            None => {
                let connection = self.open(login).await?;
                pool.make_room(self.settings.max_connections);
                connection
            }
        };
        Ok(Lease { connection, password, pool, permit: Some(permit) })
    }

    fn pool(&self, login: &Login) -> Arc<Pool> {
        let key = format!("{}\0{}", login.database, login.user);
        let pool = || Pool { idle: Mutex::default(), permits: Arc::new(Semaphore::new(self.settings.max_connections)) };
        lock(&self.pools).entry(key).or_insert_with(|| Arc::new(pool())).clone()
    }

    async fn open(&self, login: &Login) -> Result<Connection, Failure> {
        let settings = &self.settings;
        let open = async {
            let _place = self.opening.acquire().await;
            let timeout = settings.statement_timeout.as_deref();
            Connection::open(&settings.server, login, timeout, settings.longest_message).await
        };
        timeout(LOGIN, open).await.unwrap_or_else(|_| Err(Failure::Unreachable("it does not answer".into())))
    }

    /// Closes sessions that were idle for too long and forgets pools without any.
    pub async fn tidy(&self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(IDLE / 10).await;
            let mut pools = lock(&self.pools);
            let expired: Vec<_> = pools.values().flat_map(|pool| pool.take_expired()).collect();
            pools.retain(|_, pool| Arc::strong_count(pool) > 1 || !lock(&pool.idle).is_empty());
            drop(pools);
            expired.into_iter().for_each(|connection| drop(end(connection)));
        }
    }

    /// Ends every idle session.
    pub async fn close(&self) {
        let pools: Vec<_> = lock(&self.pools).drain().map(|(_, pool)| pool).collect();
        let idle = pools.iter().flat_map(|pool| std::mem::take(&mut *lock(&pool.idle)));
        let ends: Vec<_> = idle.map(|idle| end(idle.connection)).collect();
        for end in ends {
            // It is bounded in time, and cannot fail in a way that matters here.
            let _ = end.await;
        }
    }
}

impl Pool {
    /// The session used last, as the others then get to be idle; dead ones are dropped on the way.
    fn take_idle(&self, password: &Fingerprint) -> Option<Connection> {
        let mut all = lock(&self.idle);
        while let Some(index) = all.iter().rposition(|idle| idle.password == *password) {
            let mut idle = all.remove(index);
            if idle.connection.is_alive() {
                return Some(idle.connection);
            }
        }
        None
    }

    /// Sessions in use and idle ones together stay within the limit.
    fn make_room(&self, limit: usize) {
        let mut all = lock(&self.idle);
        let room = self.permits.available_permits().min(limit);
        while all.len() > room {
            drop(end(all.remove(0).connection));
        }
    }

    fn take_expired(&self) -> Vec<Connection> {
        let mut all = lock(&self.idle);
        all.extract_if(.., |idle| idle.since.elapsed() > IDLE).map(|idle| idle.connection).collect()
    }
}

impl Deref for Lease {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl DerefMut for Lease {
    fn deref_mut(&mut self) -> &mut Connection {
        &mut self.connection
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let connection = std::mem::take(&mut self.connection);
        let permit = self.permit.take();
        let (pool, password) = (self.pool.clone(), self.password);
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(async move {
            let connection = settle(connection).await;
            if let Some(connection) = connection {
                let idle = Idle { connection, password, since: Instant::now() };
                lock(&pool.idle).push(idle);
            }
            drop(permit);
        });
    }
}

/// Brings a session that was used back into its first state, or ends it.
async fn settle(mut connection: Connection) -> Option<Connection> {
    if connection.state == State::Committing {
        timeout(CLEANUP, connection.finish_commit()).await.ok()?;
    }
    match connection.state {
        State::Ready(status) if !connection.retired && connection.opened.elapsed() < LIFETIME => {
            match timeout(CLEANUP, reset(&mut connection, status)).await {
                Ok(Ok(())) => Some(connection),
                _ => None,
            }
        }
        State::Busy => {
            if let Some(canceller) = connection.canceller() {
                let _ = timeout(CLEANUP, canceller.cancel()).await;
            }
            let _ = timeout(CLEANUP, connection.terminate()).await;
            None
        }
        State::Broken => None,
        State::Ready(_) | State::Committing => {
            let _ = timeout(CLEANUP, connection.terminate()).await;
            None
        }
    }
}

async fn reset(connection: &mut Connection, status: u8) -> std::io::Result<()> {
    connection.shrink();
    for name in connection.statements.take_closing() {
        frontend::close(b'S', &name, &mut connection.output)?;
    }
    if status != b'I' {
        connection.run("rollback").await?;
    }
    connection.run(RESET).await
}

fn end(connection: Connection) -> JoinHandle<()> {
    tokio::spawn(async { timeout(CLEANUP, connection.terminate()).await.unwrap_or_default() })
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
