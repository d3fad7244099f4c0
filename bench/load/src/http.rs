use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{Asks, Request};

/// A kept-alive connection; opened anew where the other side has closed it.
pub struct Connection {
    address: String,
    status: u16,
    requests: Vec<Request>,
    sender: Option<SendRequest<Full<Bytes>>>,
    asked: usize,
    unique: String,
}

impl Connection {
    pub fn new(address: String, status: u16, requests: Vec<Request>, number: usize) -> Connection {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let unique = format!("{:x}-{number}-", since.as_micros());
        Connection { address, status, requests, sender: None, asked: 0, unique }
    }

    async fn open(&self) -> Result<SendRequest<Full<Bytes>>> {
        let stream = TcpStream::connect(&self.address).await.with_context(|| format!("nobody listens on {}", self.address))?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::task::spawn_local(connection);
        Ok(sender)
    }
}

impl Asks for Connection {
    async fn ask(&mut self) -> Result<Result<(), String>> {
        self.asked += 1;
        let wanted = &self.requests[self.asked % self.requests.len()];
        let mut request =
            hyper::Request::builder().method(wanted.method.as_str()).uri(&wanted.path).header("host", &self.address);
        for (name, value) in &wanted.headers {
            request = request.header(name, value);
        }
        let body = wanted.body.replace("{n}", &format!("{}{}", self.unique, self.asked));
        let request = request.body(Full::from(body))?;
        let mut sender = match self.sender.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => self.open().await?,
        };
        sender.ready().await?;
        let answer = match sender.send_request(request).await {
            Ok(answer) => answer,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let status = answer.status().as_u16();
        let body = match answer.into_body().collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Ok(Err(error.to_string())),
        };
        self.sender = Some(sender);
        Ok(if status == self.status { Ok(()) } else { Err(format!("{status} {}", String::from_utf8_lossy(&body))) })
    }
}
