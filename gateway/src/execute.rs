//! Running a request's statements on a session, pipelined, and writing the results as JSON.
//!
//! A batch is `begin`, every statement, and a `Sync`, sent at once. The `commit` of a batch that may
//! write follows only when all results are in and within the limit; that of a `read only` one goes along.
//! A single statement is sent with `Flush` instead of `Sync`, so that it, too, commits only then.

use std::borrow::Cow;

use bytes::BytesMut;
use fallible_iterator::FallibleIterator;
use postgres_protocol::IsNull;
use postgres_protocol::message::backend::{self, Message};
use postgres_protocol::message::frontend::{self, BindError};

use crate::connection::{Broken, Connection, State};
use crate::failure::{DatabaseError, Failure};
use crate::json::{self, ArrayType, ArrayTypes};
use crate::request::{Mode, Payload, Statement};
use crate::statements::Prepared;

/// Array types that are not built in. Only typed output needs them.
const ARRAY_TYPES: &str = "select a.oid, a.typelem, e.typdelim from pg_catalog.pg_type a \
    join pg_catalog.pg_type e on e.oid = a.typelem where e.typarray = a.oid and a.oid >= 16384";

/// Runs `payload` and returns the response's body, of about `limit` bytes at most.
///
/// The connection's [`State`] tells afterwards whether and how it can be used again. When this is
/// dropped halfway, nothing has been committed unless the state is [`State::Committing`].
pub(crate) async fn run(
    connection: &mut Connection,
    payload: &Payload<'_>,
    mode: Mode,
    limit: usize,
) -> Result<Vec<u8>, Failure> {
    let mut attempt = Attempt::new(connection, mode, limit, true);
    match attempt.run(payload).await {
        Err(Failure::Database { .. }) if attempt.stale => {}
        result => return result,
    }
    // A statement prepared before a migration no longer fits; the migration may be this batch's own, between two uses of one
    // text. Nothing ran that lasts, so once more, and each use is prepared when its turn comes.
    connection.statements.forget_all();
    if connection.state != State::Ready(b'I') {
        connection.run("rollback").await.map_err(|_| Failure::Lost { unknown: false })?;
    }
    Attempt::new(connection, mode, limit, false).run(payload).await
}

struct Attempt<'c> {
    connection: &'c mut Connection,
    mode: Mode,
    limit: usize,
    arrays: ArrayTypes,
    out: Vec<u8>,
    /// Statements are prepared once and used again.
    keeps: bool,
    /// The request failed on a kept statement before anything that lasts: it can be run again.
    stale: bool,
    /// A statement of the request has ended the transaction around it.
    left_transaction: bool,
}

/// A statement whose messages are queued.
struct Sent<'s> {
    text: &'s str,
    parsed: bool,
}

/// Why a statement's answer was no success.
enum Refusal {
    /// PostgreSQL's error. `is_prepared`: met while binding a statement prepared earlier.
    Database {
        error: DatabaseError,
        is_prepared: bool,
    },
    Other(Failure),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl<'c> Attempt<'c> {
    fn new(connection: &'c mut Connection, mode: Mode, limit: usize, keeps: bool) -> Self {
        let (arrays, out) = (ArrayTypes::new(), Vec::with_capacity(1024));
        Self { connection, mode, limit, arrays, out, keeps, stale: false, left_transaction: false }
    }

    async fn run(&mut self, payload: &Payload<'_>) -> Result<Vec<u8>, Failure> {
        if !self.mode.raw_text {
            self.load_array_types().await?;
        }
        let result = match payload {
            Payload::Single(statement) => self.single(statement).await,
            Payload::Batch(statements) => self.batch(statements).await,
        };
        if result.is_err() {
            self.connection.statements.forget_unconfirmed();
        }
        result.map(|()| std::mem::take(&mut self.out))
    }

    async fn single(&mut self, statement: &Statement<'_>) -> Result<(), Failure> {
        let sent = self.queue_all(|attempt| {
            let sent = attempt.queue(statement)?;
            frontend::flush(&mut attempt.connection.output);
            Ok(sent)
        })?;
        if let Err(refusal) = self.answer(&sent, Some(statement)).await {
            let failure = self.refuse(refusal, Some(0))?;
            frontend::sync(&mut self.connection.output);
            self.until_ready(false).await?;
            return Err(failure);
        }
        self.connection.state = State::Committing;
        frontend::sync(&mut self.connection.output);
        self.until_ready(false).await
    }

    async fn batch(&mut self, statements: &[Statement<'_>]) -> Result<(), Failure> {
        let begin = self.mode.begin();
        let read_only = self.mode.read_only;
        let (opening, sent) = self.queue_all(|attempt| {
            let opening = attempt.queue_command(&begin)?;
            let sent = statements.iter().map(|statement| attempt.queue(statement)).collect::<Result<Vec<_>, _>>()?;
            if read_only {
                attempt.queue_command(COMMIT)?;
            }
            frontend::sync(&mut attempt.connection.output);
            Ok((opening, sent))
        })?;
        if let Err((refusal, index)) = self.batch_answers(&opening, &sent, statements).await {
            let failure = self.refuse(refusal, index)?;
            self.until_ready(false).await?;
            return Err(failure);
        }
        if read_only {
            return self.until_ready(true).await;
        }
        self.until_ready(false).await?;
        // Otherwise a statement of the batch has ended the transaction itself.
        if self.connection.state == State::Ready(b'T') {
            self.queue_all(|attempt| {
                attempt.queue_command(COMMIT)?;
                frontend::sync(&mut attempt.connection.output);
                Ok(())
            })?;
            self.connection.state = State::Committing;
            self.until_ready(true).await?;
        }
        Ok(())
    }

    async fn batch_answers(
        &mut self,
        opening: &Sent<'_>,
        sent: &[Sent<'_>],
        statements: &[Statement<'_>],
    ) -> Result<(), (Refusal, Option<usize>)> {
        self.answer(opening, None).await.map_err(|refusal| (refusal, None))?;
        self.out.extend_from_slice(b"{\"results\":[");
        for (index, (sent, statement)) in sent.iter().zip(statements).enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.answer(sent, Some(statement)).await.map_err(|refusal| (refusal, Some(index)))?;
        }
        self.out.extend_from_slice(b"]}");
        Ok(())
    }

    /// Queues messages; when one cannot be built, none is sent.
    fn queue_all<T>(&mut self, queue: impl FnOnce(&mut Self) -> Result<T, Failure>) -> Result<T, Failure> {
        let queued = queue(self);
        match queued {
            Ok(_) => self.connection.state = State::Busy,
            Err(_) => self.connection.output.clear(),
        }
        queued
    }

    fn queue<'s>(&mut self, statement: &'s Statement<'_>) -> Result<Sent<'s>, Failure> {
        let text = &*statement.query;
        let prepared = if self.keeps { self.connection.statements.prepare(text) } else { Prepared::once() };
        let out = &mut self.connection.output;
        if prepared.parse {
            frontend::parse(&prepared.name, text, [], out).map_err(invalid)?;
        }
        let write = |value: &Option<Cow<'_, str>>, out: &mut BytesMut| match value {
            Some(text) => {
                out.extend_from_slice(text.as_bytes());
                Ok(IsNull::No)
            }
            None => Ok(IsNull::Yes),
        };
        frontend::bind("", &prepared.name, [], &statement.params, write, [], out).map_err(|error| match error {
            BindError::Serialization(error) => invalid(error),
            BindError::Conversion(_) => Failure::Request("a parameter cannot be sent".into()),
        })?;
        frontend::describe(b'P', "", out).map_err(invalid)?;
        frontend::execute("", 0, out).map_err(invalid)?;
        Ok(Sent { text, parsed: prepared.parse })
    }

    /// A command of our own: no parameters, no description of its rows. Parsed each time, as one kept under a name
    /// could be deallocated by the batch it is to end.
    fn queue_command<'s>(&mut self, text: &'s str) -> Result<Sent<'s>, Failure> {
        let out = &mut self.connection.output;
        frontend::parse("", text, [], out).map_err(invalid)?;
        let nothing = |_: (), _: &mut BytesMut| Ok(IsNull::Yes);
        frontend::bind("", "", [], [], nothing, [], out).map_err(|_| Failure::Protocol("bind"))?;
        frontend::execute("", 0, out).map_err(invalid)?;
        Ok(Sent { text, parsed: true })
    }

    /// Reads the answer to one statement and appends its result; nothing for a command of our own.
    async fn answer(&mut self, sent: &Sent<'_>, statement: Option<&Statement<'_>>) -> Result<(), Refusal> {
        let mut rows = None;
        let mut bound = false;
        loop {
            match self.next().await? {
                backend::PARSE_COMPLETE_TAG => self.connection.statements.confirm(sent.text),
                backend::BIND_COMPLETE_TAG => bound = true,
                backend::NO_DATA_TAG | backend::ROW_DESCRIPTION_TAG if !bound || rows.is_some() => {
                    return Err(self.unexpected().into());
                }
                backend::NO_DATA_TAG => rows = statement.map(|statement| self.no_columns(statement)),
                backend::ROW_DESCRIPTION_TAG => {
                    rows = statement.map(|statement| self.columns(statement)).transpose()?;
                }
                backend::DATA_ROW_TAG => {
                    let rows = rows.as_mut().ok_or(Failure::Protocol("a row before its description"))?;
                    rows.append(&mut self.out, self.connection.body(), &self.arrays).map_err(Failure::Protocol)?;
                    if self.out.len() > self.limit {
                        return Err(Failure::ResponseTooLarge(self.limit).into());
                    }
                }
                backend::COMMAND_COMPLETE_TAG | backend::EMPTY_QUERY_RESPONSE_TAG if statement.is_some() != rows.is_some() => {
                    return Err(self.unexpected().into());
                }
                backend::COMMAND_COMPLETE_TAG => {
                    let tag = self.command_tag()?;
                    self.note_command(&tag, statement);
                    return self.finish(rows, &tag);
                }
                backend::EMPTY_QUERY_RESPONSE_TAG => return self.finish(rows, ""),
                backend::ERROR_RESPONSE_TAG => {
                    let error = self.error()?;
                    let is_prepared = !bound && !sent.parsed;
                    if is_prepared && error.code().starts_with("22") {
                        // The parameter's type may have changed since; another use is to find out.
                        self.connection.statements.forget(sent.text);
                    }
                    return Err(Refusal::Database { error, is_prepared });
                }
                backend::COPY_IN_RESPONSE_TAG | backend::COPY_OUT_RESPONSE_TAG => {
                    return Err(Failure::Request("COPY is not supported over HTTP".into()).into());
                }
                _ => return Err(self.unexpected().into()),
            }
        }
    }

    fn no_columns(&mut self, statement: &Statement<'_>) -> Rows {
        self.out.extend_from_slice(b"{\"fields\":[],\"rows\":[");
        Rows { columns: Vec::new(), raw: self.mode.raw_text, array: statement.array, count: 0 }
    }

    fn columns(&mut self, statement: &Statement<'_>) -> Result<Rows, Failure> {
        let Ok(Message::RowDescription(body)) = self.connection.take_message() else {
            return Err(self.unexpected());
        };
        let (raw, array) = (self.mode.raw_text, statement.array);
        let mut columns = Vec::new();
        let mut fields = body.fields();
        self.out.extend_from_slice(b"{\"fields\":[");
        while let Some(field) = fields.next().map_err(|_| self.unexpected())? {
            if !self.out.ends_with(b"[") {
                self.out.push(b',');
            }
            append_field(&mut self.out, &field);
            let mut name = Vec::new();
            if !array {
                json::string(&mut name, field.name());
                name.push(b':');
            }
            columns.push(Column { name, oid: field.type_oid() });
        }
        self.out.extend_from_slice(b"],\"rows\":[");
        Ok(Rows { columns, raw, array, count: 0 })
    }

    fn finish(&mut self, rows: Option<Rows>, tag: &str) -> Result<(), Refusal> {
        let Some(rows) = rows else { return Ok(()) };
        let mut words = tag.split(' ');
        let command = words.next().unwrap_or_default();
        let count = if command == "INSERT" { words.nth(1) } else { words.next() };
        let count = count.and_then(|count| count.parse::<i64>().ok());
        self.out.extend_from_slice(b"],\"command\":");
        json::string(&mut self.out, command);
        let count = count.map_or_else(|| "null".into(), |count| count.to_string());
        self.out.extend_from_slice(b",\"rowCount\":");
        self.out.extend_from_slice(count.as_bytes());
        self.out.extend_from_slice(if rows.array { b",\"rowAsArray\":true}" } else { b",\"rowAsArray\":false}" });
        if self.out.len() > self.limit {
            return Err(Failure::ResponseTooLarge(self.limit).into());
        }
        Ok(())
    }

    /// Commands that change what the gateway relies on.
    fn note_command(&mut self, tag: &str, statement: Option<&Statement<'_>>) {
        if statement.is_none() {
            return;
        }
        match tag {
            "COMMIT" | "ROLLBACK" | "PREPARE TRANSACTION" | "BEGIN" | "START TRANSACTION" => self.left_transaction = true,
            "PREPARE" | "DEALLOCATE" | "DEALLOCATE ALL" | "DISCARD ALL" => self.connection.retired = true,
            _ => {}
        }
    }

    /// Turns a refusal into the request's failure.
    ///
    /// # Errors
    /// With that failure, when the session is no longer in step and must not be read on.
    fn refuse(&mut self, refusal: Refusal, statement: Option<usize>) -> Result<Failure, Failure> {
        match refusal {
            Refusal::Database { error, is_prepared } => {
                // Undefined or mismatched columns and functions; a plan or name that is gone; a type dropped
                // and made again ("cache lookup failed").
                let outdated = matches!(error.code().get(..2), Some("42" | "0A" | "26" | "XX"));
                self.stale = is_prepared && outdated && !self.left_transaction;
                Ok(Failure::Database { error, statement })
            }
            Refusal::Other(failure) => Err(failure),
        }
    }

    /// Reads on until PostgreSQL awaits the next command. `commit`: ours is among the answers to come.
    async fn until_ready(&mut self, commit: bool) -> Result<(), Failure> {
        let mut failure = None;
        let mut committed = false;
        loop {
            match self.next().await? {
                backend::READY_FOR_QUERY_TAG => break,
                backend::ERROR_RESPONSE_TAG => {
                    failure = Some(Failure::Database { error: self.error()?, statement: None });
                }
                backend::COMMAND_COMPLETE_TAG => committed = self.command_tag()? == "COMMIT",
                backend::PARSE_COMPLETE_TAG | backend::BIND_COMPLETE_TAG => {}
                _ => return Err(self.unexpected()),
            }
        }
        self.connection.state = State::Ready(self.connection.status());
        match failure {
            Some(failure) => Err(failure),
            None if commit && !committed => Err(Failure::Protocol("the transaction was rolled back")),
            None => Ok(()),
        }
    }

    async fn load_array_types(&mut self) -> Result<(), Failure> {
        self.queue_all(|attempt| {
            attempt.queue_command(ARRAY_TYPES)?;
            frontend::sync(&mut attempt.connection.output);
            Ok(())
        })?;
        loop {
            match self.next().await? {
                backend::DATA_ROW_TAG => self.arrays.extend(read_array_type(self.connection.body())),
                backend::READY_FOR_QUERY_TAG => break,
                backend::ERROR_RESPONSE_TAG => return Err(Failure::Protocol("array types cannot be read")),
                _ => {}
            }
        }
        self.connection.state = State::Ready(self.connection.status());
        Ok(())
    }

    async fn next(&mut self) -> Result<u8, Failure> {
        self.connection.next().await.map_err(|broken| match broken {
            Broken::TooLong => Failure::ResponseTooLarge(self.limit),
            Broken::Io(_) => {
                let unknown = self.connection.state == State::Committing;
                self.connection.state = State::Broken;
                Failure::Lost { unknown }
            }
        })
    }

    fn error(&mut self) -> Result<DatabaseError, Failure> {
        match self.connection.take_message() {
            Ok(Message::ErrorResponse(body)) => DatabaseError::read(&body).map_err(|_| self.unexpected()),
            _ => Err(self.unexpected()),
        }
    }

    fn command_tag(&self) -> Result<String, Failure> {
        let body = self.connection.body();
        let tag = body.strip_suffix(b"\0").and_then(|tag| std::str::from_utf8(tag).ok());
        tag.map(str::to_owned).ok_or(Failure::Protocol("a command tag"))
    }

    fn unexpected(&mut self) -> Failure {
        self.connection.state = State::Broken;
        Failure::Protocol("an unexpected message")
    }
}

const COMMIT: &str = "commit";

fn invalid(error: std::io::Error) -> Failure {
    Failure::Request(format!("a statement cannot be sent: {error}"))
}

fn append_field(out: &mut Vec<u8>, field: &backend::Field<'_>) {
    use std::io::Write;
    out.extend_from_slice(b"{\"name\":");
    json::string(out, field.name());
    // Writing to a vector does not fail.
    let _ = write!(
        out,
        ",\"dataTypeID\":{},\"tableID\":{},\"columnID\":{},\"dataTypeSize\":{},\"dataTypeModifier\":{},\"format\":\"text\"}}",
        field.type_oid(),
        field.table_oid(),
        field.column_id(),
        field.type_size(),
        field.type_modifier()
    );
}

fn read_array_type(row: &[u8]) -> Option<(u32, ArrayType)> {
    let mut cells = Cells::new(row).ok()?;
    let mut number = || cells.next().ok()??.and_then(|text| text.parse().ok());
    let (oid, element) = (number()?, number()?);
    let delimiter = *cells.next().ok()???.as_bytes().first()?;
    Some((oid, ArrayType { element, delimiter }))
}

struct Column {
    /// `"name":` in JSON, when rows are objects.
    name: Vec<u8>,
    oid: u32,
}

/// The rows of one result, as they are appended.
struct Rows {
    columns: Vec<Column>,
    raw: bool,
    array: bool,
    count: u64,
}

impl Rows {
    fn append(&mut self, out: &mut Vec<u8>, row: &[u8], arrays: &ArrayTypes) -> Result<(), &'static str> {
        let mut cells = Cells::new(row)?;
        if self.count > 0 {
            out.push(b',');
        }
        self.count += 1;
        out.push(if self.array { b'[' } else { b'{' });
        for (index, column) in self.columns.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&column.name);
            match cells.next()?.ok_or("a row with too few values")? {
                None => out.extend_from_slice(b"null"),
                Some(text) if self.raw => json::string(out, text),
                Some(text) => json::typed(out, text, column.oid, arrays),
            }
        }
        out.push(if self.array { b']' } else { b'}' });
        Ok(())
    }
}

/// The values in a `DataRow`.
struct Cells<'a> {
    rest: &'a [u8],
    left: u16,
}

impl<'a> Cells<'a> {
    fn new(row: &'a [u8]) -> Result<Self, &'static str> {
        let (count, rest) = row.split_first_chunk().ok_or(TRUNCATED)?;
        Ok(Self { rest, left: u16::from_be_bytes(*count) })
    }

    /// The next value, `Some(None)` for NULL; `None` at the end.
    fn next(&mut self) -> Result<Option<Option<&'a str>>, &'static str> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let (length, rest) = self.rest.split_first_chunk().ok_or(TRUNCATED)?;
        self.rest = rest;
        let Ok(length) = usize::try_from(i32::from_be_bytes(*length)) else {
            return Ok(Some(None));
        };
        let (value, rest) = self.rest.split_at_checked(length).ok_or(TRUNCATED)?;
        self.rest = rest;
        std::str::from_utf8(value).map(|text| Some(Some(text))).map_err(|_| "not UTF-8")
    }
}

const TRUNCATED: &str = "a truncated row";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;
    use tokio::net::UnixStream;

    use super::*;

    const LIMIT: usize = 4096;

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let mut message = vec![tag];
        message.extend_from_slice(&u32::try_from(body.len() + 4).unwrap().to_be_bytes());
        message.extend_from_slice(body);
        message
    }

    /// A column `a` of type text.
    fn description() -> Vec<u8> {
        message(b'T', b"\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0")
    }

    fn row(text: &[u8]) -> Vec<u8> {
        let length = u32::try_from(text.len()).unwrap().to_be_bytes();
        message(b'D', &[b"\0\x01".as_slice(), &length, text].concat())
    }

    fn steps() -> Vec<Vec<u8>> {
        vec![message(b'1', b""), message(b'2', b""), description(), row(b"x"), message(b'C', b"SELECT 1\0")]
    }

    /// What a request gets when PostgreSQL answers with `bytes` and hangs up, and the state afterwards.
    fn answered(bytes: &[u8], body: &str, mode: Mode) -> (Result<Vec<u8>, Failure>, State) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (own, mut other) = UnixStream::pair().unwrap();
            other.write_all(bytes).await.unwrap();
            other.shutdown().await.unwrap();
            let mut connection = Connection::over(own, LIMIT);
            let payload = Payload::parse(body.as_bytes(), mode).unwrap();
            let result = run(&mut connection, &payload, mode, LIMIT).await;
            (result, connection.state)
        })
    }

    const SINGLE: &str = r#"{"query":"select 'x' as a"}"#;
    const BATCH: &str = r#"{"queries":[{"query":"select 'x' as a"},{"query":"select 'x' as a"}]}"#;
    const RAW: Mode = Mode { raw_text: true, array: true, isolation: None, read_only: false, deferrable: false };

    #[test]
    fn a_plain_answer_is_a_result() {
        let bytes = [steps().concat(), message(b'N', b"SNOTICE\0\0"), message(b'Z', b"I")].concat();
        let (result, state) = answered(&bytes, SINGLE, RAW);
        let result: serde_json::Value = serde_json::from_slice(&result.unwrap()).unwrap();
        assert_eq!(result["rows"], serde_json::json!([["x"]]));
        assert_eq!(state, State::Ready(b'I'));
    }

    #[test]
    fn a_loss_after_the_commit_was_sent_is_of_unknown_outcome() {
        let (result, state) = answered(&steps().concat(), SINGLE, RAW);
        assert!(matches!(result, Err(Failure::Lost { unknown: true })));
        assert_eq!(state, State::Broken);
        let (result, _) = answered(&steps()[..3].concat(), SINGLE, RAW);
        assert!(matches!(result, Err(Failure::Lost { unknown: false })));
    }

    #[test]
    fn what_is_no_text_or_too_long_is_refused() {
        let with_row = |row: Vec<u8>| [steps()[..3].concat(), row].concat();
        let (result, _) = answered(&with_row(row(b"\xff")), SINGLE, RAW);
        assert!(matches!(result, Err(Failure::Protocol("not UTF-8"))));
        let (result, state) = answered(&with_row(row(&[b'x'; LIMIT])), SINGLE, RAW);
        assert!(matches!(result, Err(Failure::ResponseTooLarge(LIMIT))));
        assert_eq!(state, State::Busy);
        let (result, _) = answered(&with_row(message(b'D', b"\0\x01\0\0\0\x09x")), SINGLE, RAW);
        assert!(matches!(result, Err(Failure::Protocol(TRUNCATED))));
        let (result, _) = answered(&with_row(message(b'D', b"\0\0")), SINGLE, RAW);
        assert!(matches!(result, Err(Failure::Protocol(_))));
    }

    fn any_message() -> impl Strategy<Value = Vec<u8>> {
        let known = proptest::sample::select(steps());
        let tag = proptest::sample::select(b"12CDEGHIKNRSTZnst".to_vec());
        let body = proptest::collection::vec(any::<u8>(), 0..24);
        prop_oneof![
            4 => known,
            1 => proptest::sample::select(b"ITE".to_vec()).prop_map(|status| message(b'Z', &[status])),
            2 => (tag, body.clone()).prop_map(|(tag, body)| message(tag, &body)),
            1 => body,
        ]
    }

    proptest! {
        #[test]
        fn whatever_postgres_sends_is_json_or_a_failure(
            messages in proptest::collection::vec(any_message(), 0..24),
            body in proptest::sample::select(vec![SINGLE, BATCH]),
            (raw_text, array, read_only) in any::<(bool, bool, bool)>(),
        ) {
            let mode = Mode { raw_text, array, read_only, ..RAW };
            match answered(&messages.concat(), body, mode) {
                (Ok(result), state) => {
                    prop_assert!(matches!(state, State::Ready(_)));
                    prop_assert!(serde_json::from_slice::<serde_json::Value>(&result).is_ok());
                }
                (Err(failure), _) => {
                    prop_assert!(serde_json::from_slice::<serde_json::Value>(&failure.body()).is_ok());
                }
            }
        }
    }
}
