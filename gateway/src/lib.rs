//! Gives any PostgreSQL the SQL-over-HTTP endpoint (`POST /sql`) of Neon's serverless driver.
//!
//! [`Gateway::bind`] opens the port, [`Gateway::run`] serves until it is told to stop. `README.md` has
//! the command line and the differences from Neon.

mod address;
mod connection;
mod counts;
mod execute;
mod failure;
mod http;
mod json;
mod pool;
mod request;
mod statements;
mod tls;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};

pub use crate::address::{Roots, Target};
use crate::connection::Server;
use crate::counts::Counts;
use crate::http::Service;
use crate::pool::{Pools, Settings};

/// A request's head must be in, and a kept-alive connection used again, within this time.
const HEAD: Duration = Duration::from_secs(60);
/// What requests under way get at shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// A message of PostgreSQL's may be this much longer than a response: an error's text, a description.
const MESSAGE_MARGIN: usize = 64 * 1024;

/// How a gateway is set up.
#[derive(Clone, Debug)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The one PostgreSQL it serves.
    pub target: Target,
    /// Further host names that connection strings may use for it.
    pub names: Vec<String>,
    /// Sessions per database and login.
    pub max_connections: usize,
    /// How long a request waits for one of them to become free, before it is answered 503.
    pub wait: Duration,
    /// Largest request body, in bytes.
    pub max_request: usize,
    /// Largest response body, in bytes.
    pub max_response: usize,
    /// Initial `statement_timeout` of every session, as PostgreSQL writes it, e.g. `30s`.
    pub statement_timeout: Option<String>,
    /// Count requests per `X-Request-Id`, for tests.
    pub count: bool,
}

impl Options {
    /// The defaults: loopback on a free port, 20 sessions, 10 MiB each way.
    #[must_use]
    pub fn new(target: Target) -> Self {
        const LIMIT: usize = 10 * 1024 * 1024;
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            target,
            names: Vec::new(),
            max_connections: 20,
            wait: Duration::from_secs(15),
            max_request: LIMIT,
            max_response: LIMIT,
            statement_timeout: None,
            count: false,
        }
    }
}

/// A gateway whose port is open.
pub struct Gateway {
    listener: TcpListener,
    service: Arc<Service>,
}

impl Gateway {
    /// Opens the port. PostgreSQL is not contacted before the first request.
    ///
    /// # Errors
    /// When the address cannot be listened on, or the target's `sslrootcert` not be read.
    pub async fn bind(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind(options.listen).await?;
        let server = Arc::new(Server::new(options.target)?);
        let pools = Pools::new(Settings {
            server: server.clone(),
            max_connections: options.max_connections.max(1),
            wait: options.wait,
            statement_timeout: options.statement_timeout,
            longest_message: options.max_response.saturating_add(MESSAGE_MARGIN),
        });
        let service = Service {
            server,
            names: options.names,
            max_request: options.max_request,
            max_response: options.max_response,
            pools,
            counts: options.count.then(Counts::default),
        };
        Ok(Self { listener, service: Arc::new(service) })
    }

    /// The address it listens on.
    ///
    /// # Errors
    /// As the operating system's.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` is done, then lets requests under way finish for ten seconds.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let connections = GracefulShutdown::new();
        let accept = async {
            loop {
                self.accept(&connections).await;
            }
        };
        tokio::select! {
            () = stop => {}
            never = accept => match never {},
            never = self.service.pools.tidy() => match never {},
        }
        drop(self.listener);
        if tokio::time::timeout(GRACE, connections.shutdown()).await.is_err() {
            http::log("", "stopped with requests under way");
        }
        self.service.pools.close().await;
    }

    async fn accept(&self, connections: &GracefulShutdown) {
        match self.listener.accept().await {
            Ok((stream, _)) => self.serve(stream, connections),
            Err(error) => {
                // Out of file descriptors, most likely: connections that end give some back.
                http::log("", &format!("cannot accept a connection: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    fn serve(&self, stream: TcpStream, connections: &GracefulShutdown) {
        // Only latency suffers without it.
        let _ = stream.set_nodelay(true);
        let service = self.service.clone();
        let connection = http1::Builder::new().timer(TokioTimer::new()).header_read_timeout(HEAD).serve_connection(
            TokioIo::new(stream),
            service_fn(move |request| {
                let service = service.clone();
                async move { Ok::<_, Infallible>(service.answer(request).await) }
            }),
        );
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // A client that goes away in the middle is not news.
            let _ = connection.await;
        });
    }
}
