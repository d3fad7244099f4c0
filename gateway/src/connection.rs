//! One session with PostgreSQL: opening it, and messages in both directions.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};
use std::time::Instant;

use bytes::{Buf, BytesMut};
use fallible_iterator::FallibleIterator;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::backend::{self, Header, Message};
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::address::{Login, Target};
use crate::failure::{DatabaseError, Failure};
use crate::statements::Statements;
use crate::tls;

/// Buffers above this are given back when a session returns to its pool.
const KEPT_BUFFER: usize = 256 * 1024;
const READ_AHEAD: usize = 16 * 1024;

/// Where the session is in the protocol, which decides what must happen when its request is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// PostgreSQL awaits a command; the byte is its transaction status: `I`, `T` or `E`.
    Ready(u8),
    /// Commands run that may be cancelled.
    Busy,
    /// The commit is under way: it is left to finish.
    Committing,
    /// Of no further use.
    Broken,
}

/// A session. Messages are queued in `output` and leave with the next read.
pub(crate) struct Connection {
    stream: Stream,
    input: BytesMut,
    pub output: BytesMut,
    /// Length of the message at the front of `input` that [`Self::next`] returned last.
    current: usize,
    /// Longest message accepted.
    limit: usize,
    canceller: Option<Canceller>,
    pub state: State,
    pub statements: Statements,
    pub opened: Instant,
    /// Not to be used again: a request may have touched the prepared statements.
    pub retired: bool,
}

/// What a `CancelRequest` needs.
#[derive(Clone)]
pub(crate) struct Canceller {
    server: Arc<Server>,
    process: i32,
    secret: i32,
}

/// The PostgreSQL that sessions are opened with.
pub(crate) struct Server {
    pub target: Target,
    connector: Option<TlsConnector>,
}

impl Server {
    /// Reads the certificates to trust, if any.
    pub fn new(target: Target) -> io::Result<Self> {
        let roots = match &target {
            Target::Tcp { tls, .. } => tls.as_ref(),
            Target::Unix { .. } => None,
        };
        let connector = roots.map(tls::connector).transpose()?;
        Ok(Self { target, connector })
    }
}

/// Why a message could not be had.
#[derive(Debug)]
pub(crate) enum Broken {
    Io(io::Error),
    /// The message is longer than the limit.
    TooLong,
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Default for Connection {
    fn default() -> Self {
        Self::new(Stream::Closed, 0)
    }
}

impl Connection {
    fn new(stream: Stream, limit: usize) -> Self {
        Self {
            stream,
            input: BytesMut::new(),
            output: BytesMut::new(),
            current: 0,
            limit,
            canceller: None,
            state: State::Broken,
            statements: Statements::default(),
            opened: Instant::now(),
            retired: false,
        }
    }

    /// A session that has begun, over a socket whose other end is the test.
    #[cfg(test)]
    pub fn over(stream: UnixStream, limit: usize) -> Self {
        let mut connection = Self::new(Stream::Unix(stream), limit);
        connection.state = State::Ready(b'I');
        connection
    }

    /// Opens a session and proves the password to PostgreSQL. `limit` is the longest message accepted.
    pub async fn open(
        server: &Arc<Server>,
        login: &Login,
        statement_timeout: Option<&str>,
        limit: usize,
    ) -> Result<Self, Failure> {
        let stream = Stream::connect(server).await.map_err(unreachable)?;
        let mut connection = Self::new(stream, limit);
        let mut parameters = vec![
            ("user", login.user.as_str()),
            ("database", login.database.as_str()),
            ("application_name", "gateway"),
            ("client_encoding", "UTF8"),
        ];
        parameters.extend(statement_timeout.map(|timeout| ("statement_timeout", timeout)));
        frontend::startup_message(parameters, &mut connection.output).map_err(unreachable)?;
        connection.authenticate(login).await?;
        connection.await_start(server).await?;
        Ok(connection)
    }

    async fn authenticate(&mut self, login: &Login) -> Result<(), Failure> {
        let mut scram = None;
        loop {
            match self.startup_message().await? {
                Message::AuthenticationOk => return Ok(()),
                Message::AuthenticationCleartextPassword => {
                    frontend::password_message(&login.password, &mut self.output).map_err(unreachable)?;
                }
                Message::AuthenticationMd5Password(body) => {
                    let hash = md5_hash(login.user.as_bytes(), &login.password, body.salt());
                    frontend::password_message(hash.as_bytes(), &mut self.output).map_err(unreachable)?;
                }
                Message::AuthenticationSasl(body) => {
                    if !body.mechanisms().any(|name| Ok(name == SCRAM_SHA_256)).map_err(unreachable)? {
                        return Err(Failure::Unreachable("it offers no known SASL mechanism".into()));
                    }
                    let exchange = ScramSha256::new(&login.password, ChannelBinding::unsupported());
                    frontend::sasl_initial_response(SCRAM_SHA_256, exchange.message(), &mut self.output).map_err(unreachable)?;
                    scram = Some(exchange);
                }
                Message::AuthenticationSaslContinue(body) => {
                    let exchange = scram.as_mut().ok_or_else(unexpected)?;
                    exchange.update(body.data()).map_err(unreachable)?;
                    frontend::sasl_response(exchange.message(), &mut self.output).map_err(unreachable)?;
                }
                Message::AuthenticationSaslFinal(body) => {
                    scram.as_mut().ok_or_else(unexpected)?.finish(body.data()).map_err(unreachable)?;
                }
                _ => return Err(Failure::Unreachable("it asks for an unknown way to log in".into())),
            }
        }
    }

    async fn await_start(&mut self, server: &Arc<Server>) -> Result<(), Failure> {
        loop {
            match self.startup_message().await? {
                Message::BackendKeyData(body) => {
                    let (process, secret) = (body.process_id(), body.secret_key());
                    self.canceller = Some(Canceller { server: server.clone(), process, secret });
                }
                Message::ReadyForQuery(body) => {
                    self.state = State::Ready(body.status());
                    return Ok(());
                }
                _ => return Err(unexpected()),
            }
        }
    }

    async fn startup_message(&mut self) -> Result<Message, Failure> {
        self.next().await.map_err(|broken| match broken {
            Broken::Io(error) => unreachable(error),
            Broken::TooLong => unexpected(),
        })?;
        match self.take_message().map_err(unreachable)? {
            Message::ErrorResponse(body) => {
                let error = DatabaseError::read(&body).map_err(unreachable)?;
                if error.is_unavailable() {
                    let reason = error.get(b'M').unwrap_or_default();
                    return Err(Failure::Unreachable(format!("{reason} ({})", error.code())));
                }
                Err(Failure::Database { error, statement: None })
            }
            message => Ok(message),
        }
    }

    /// Sends what is queued, waits for the next message and returns its type. Its body is
    /// [`Self::body`] until the next call. Notices and the like are skipped.
    pub async fn next(&mut self) -> Result<u8, Broken> {
        loop {
            self.input.advance(std::mem::take(&mut self.current));
            let tag = self.frame().await?;
            let skipped = [backend::NOTICE_RESPONSE_TAG, backend::PARAMETER_STATUS_TAG, backend::NOTIFICATION_RESPONSE_TAG];
            if !skipped.contains(&tag) {
                return Ok(tag);
            }
        }
    }

    async fn frame(&mut self) -> Result<u8, Broken> {
        loop {
            let mut wanted = READ_AHEAD;
            if let Some(header) = Header::parse(&self.input)? {
                let total = usize::try_from(header.len()).unwrap_or(usize::MAX).saturating_add(1);
                if total > self.limit {
                    return Err(Broken::TooLong);
                }
                if self.input.len() >= total {
                    self.current = total;
                    return Ok(header.tag());
                }
                wanted = wanted.max(total - self.input.len());
            }
            self.input.reserve(wanted);
            self.exchange().await?;
        }
    }

    /// The body of the message that [`Self::next`] returned.
    pub fn body(&self) -> &[u8] {
        self.input.get(5..self.current).unwrap_or_default()
    }

    /// Takes that message out, parsed.
    pub fn take_message(&mut self) -> io::Result<Message> {
        let mut frame = self.input.split_to(std::mem::take(&mut self.current));
        Message::parse(&mut frame)?.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// Reads at least one byte while writing what is queued. Both at once, or a long batch with long
    /// results would have each side wait for the other.
    async fn exchange(&mut self) -> io::Result<()> {
        poll_fn(|context| {
            while !self.output.is_empty() {
                match pin!(self.stream.write_buf(&mut self.output)).poll(context) {
                    Poll::Ready(Ok(written)) if written > 0 => {}
                    // PostgreSQL may have said why before it closed: read that first.
                    Poll::Ready(_) => self.output.clear(),
                    Poll::Pending => break,
                }
            }
            // TLS keeps what it has sealed until told to send it.
            if let Stream::Tls(stream) = &mut self.stream {
                let _ = Pin::new(stream).poll_flush(context);
            }
            match ready!(pin!(self.stream.read_buf(&mut self.input)).poll(context))? {
                0 => Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into())),
                _ => Poll::Ready(Ok(())),
            }
        })
        .await
    }

    /// Whether an idle session is still there: silent, not closed.
    pub fn is_alive(&mut self) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        self.input.reserve(1);
        self.input.len() == self.current && pin!(self.stream.read_buf(&mut self.input)).poll(&mut context).is_pending()
    }

    /// Runs the commands in `sql` by themselves, as one transaction.
    ///
    /// # Errors
    /// When one fails or the session breaks; it is then of no further use.
    pub async fn run(&mut self, sql: &str) -> io::Result<()> {
        self.state = State::Broken;
        frontend::query(sql, &mut self.output)?;
        loop {
            match self.next().await {
                Ok(backend::READY_FOR_QUERY_TAG) => break,
                Ok(backend::ERROR_RESPONSE_TAG) | Err(_) => return Err(io::ErrorKind::Other.into()),
                Ok(_) => {}
            }
        }
        self.state = State::Ready(self.status());
        Ok(())
    }

    /// Reads on until the commit under way has ended, well or not.
    pub async fn finish_commit(&mut self) {
        loop {
            match self.next().await {
                Ok(backend::READY_FOR_QUERY_TAG) => {
                    self.state = State::Ready(self.status());
                    return;
                }
                Ok(_) => {}
                Err(_) => {
                    self.state = State::Broken;
                    return;
                }
            }
        }
    }

    /// The transaction status in a `ReadyForQuery`.
    pub fn status(&self) -> u8 {
        self.body().first().copied().unwrap_or_default()
    }

    pub fn canceller(&self) -> Option<Canceller> {
        self.canceller.clone()
    }

    /// Ends the session and returns when PostgreSQL has: its transaction is then rolled back.
    pub async fn terminate(mut self) {
        frontend::terminate(&mut self.output);
        loop {
            self.input.clear();
            self.input.reserve(READ_AHEAD);
            if self.exchange().await.is_err() {
                return;
            }
        }
    }

    pub fn shrink(&mut self) {
        if self.output.capacity() > KEPT_BUFFER {
            self.output = BytesMut::new();
        }
        if self.input.capacity() > KEPT_BUFFER && self.input.len() == self.current {
            self.current = 0;
            self.input = BytesMut::new();
        }
    }
}

impl Canceller {
    /// Asks PostgreSQL to cancel what the session runs; returns when it has taken note.
    pub async fn cancel(&self) -> io::Result<()> {
        let mut stream = Stream::connect(&self.server).await?;
        let mut message = BytesMut::new();
        frontend::cancel_request(self.process, self.secret, &mut message);
        stream.write_all(&message).await?;
        stream.flush().await?;
        // PostgreSQL says nothing; it closes when the signal is on its way.
        stream.read_to_end(&mut Vec::new()).await?;
        Ok(())
    }
}

fn unreachable(error: io::Error) -> Failure {
    Failure::Unreachable(error.to_string())
}

fn unexpected() -> Failure {
    Failure::Unreachable("an unexpected message".into())
}

/// The transport.
enum Stream {
    Closed,
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    Unix(UnixStream),
}

impl Stream {
    async fn connect(server: &Server) -> io::Result<Self> {
        match &server.target {
            Target::Tcp { host, port, .. } => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                match &server.connector {
                    Some(connector) => Ok(Self::Tls(Box::new(tls::start(connector, host, stream).await?))),
                    None => Ok(Self::Tcp(stream)),
                }
            }
            Target::Unix { path } => Ok(Self::Unix(UnixStream::connect(path).await?)),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Closed => Poll::Ready(Ok(())),
            Self::Tcp(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(context, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Closed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
            Self::Tcp(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(context, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Closed => Poll::Ready(Ok(())),
            Self::Tcp(stream) => Pin::new(stream).poll_flush(context),
            Self::Tls(stream) => Pin::new(stream).poll_flush(context),
            Self::Unix(stream) => Pin::new(stream).poll_flush(context),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Closed => Poll::Ready(Ok(())),
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(context),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn login() -> Login {
        Login { user: "u".into(), password: b"p".to_vec(), database: "d".into() }
    }

    proptest! {
        #[test]
        fn a_hostile_login_exchange_ends_in_an_error(messages in proptest::collection::vec(
            (prop_oneof![Just(b'R'), Just(b'E'), Just(b'S'), any::<u8>()], proptest::collection::vec(0..12_u8, 0..12)), 0..6)
        ) {
            let bytes: Vec<u8> = messages.iter().flat_map(|(tag, body)| {
                let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
                [*tag].into_iter().chain(length).chain(body.iter().copied()).collect::<Vec<_>>()
            }).collect();
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let (own, mut other) = UnixStream::pair().unwrap();
                other.write_all(&bytes).await.unwrap();
                other.shutdown().await.unwrap();
                let mut connection = Connection::over(own, 1000);
                // The server never says that it is ready, so this cannot end well.
                let target = Target::Tcp { host: "h".into(), port: 1, tls: None };
                let server = Arc::new(Server::new(target).unwrap());
                let begun = match connection.authenticate(&login()).await {
                    Ok(()) => connection.await_start(&server).await,
                    refused => refused,
                };
                assert!(begun.is_err() || bytes.contains(&b'Z'));
            });
        }
    }
}
