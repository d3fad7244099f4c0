//! From a batch to what is read from its results, over a transport that plays a script.

mod decoding;
mod errors;
mod requests;
mod retries;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use crate::{Batch, Client, Error, Login, Request, Response, Results, Sql, Transport, TransportError};

const ANY: Sql = Sql::new("select");

/// Answers in order, and remembers what it was asked.
#[derive(Default)]
struct Script {
    answers: RefCell<VecDeque<Result<Response, TransportError>>>,
    requests: RefCell<Vec<Sent>>,
    pauses: RefCell<Vec<Duration>>,
}

struct Sent {
    headers: Vec<(&'static str, String)>,
    body: Value,
    timeout: Duration,
}

impl Transport for Script {
    async fn send(&self, request: &Request<'_>) -> Result<Response, TransportError> {
        assert_eq!(request.url, "http://localhost/sql");
        self.requests.borrow_mut().push(Sent {
            headers: request.headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect(),
            body: serde_json::from_str(request.body).expect("the body is JSON"),
            timeout: request.timeout,
        });
        self.answers.borrow_mut().pop_front().expect("no more requests than expected")
    }

    async fn pause(&self, delay: Duration) {
        self.pauses.borrow_mut().push(delay);
    }
}

fn client(answers: impl IntoIterator<Item = Result<Response, TransportError>>) -> Client<Script> {
    let login = Login::new("http://localhost/sql", "postgres://ann:secret@localhost/wood").unwrap();
    Client::new(login, Script { answers: RefCell::new(answers.into_iter().collect()), ..Script::default() })
}

fn run(client: &Client<Script>, batch: Batch) -> Result<Results, Error> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(client.run(batch))
}

fn answer(status: u16, body: impl ToString) -> Result<Response, TransportError> {
    Ok(Response { status, body: body.to_string().into_bytes() })
}

fn batch_of(statements: usize) -> Batch {
    let mut batch = Batch::new();
    for _ in 0..statements {
        batch.add(ANY);
    }
    batch
}

/// One result as the protocol has it.
fn result(columns: &[(&str, u32)], rows: Value) -> Value {
    let fields: Vec<_> = columns.iter().map(|(name, oid)| json!({"name": name, "dataTypeID": oid, "format": "text"})).collect();
    json!({"command": "SELECT", "fields": fields, "rowAsArray": true, "rowCount": rows.as_array().unwrap().len(), "rows": rows})
}

/// What one statement gave that was answered with these columns and rows.
fn results(columns: &[(&str, u32)], rows: Value) -> Results {
    run(&client([answer(200, result(columns, rows))]), batch_of(1)).unwrap()
}
