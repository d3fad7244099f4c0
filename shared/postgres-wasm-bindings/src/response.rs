//! Reads answers, good and bad.

use crate::client::Response;
use crate::json::{Reader, Span};
use crate::results::{Column, Set};
use crate::{DatabaseError, Error, Results};

/// The results of `statements` statements, or the error that the answer stands for.
pub(crate) fn read(answer: Response, statements: usize, calls: u32) -> Result<Results, Error> {
    if !(200..300).contains(&answer.status) {
        return Err(error(answer));
    }
    let mut body = answer.body;
    let mut results = Results { calls, ..Results::default() };
    let mut reader = Reader::new(&mut body)?;
    let is_batch = read_object(&mut reader, &mut results, true)?;
    reader.end()?;
    if is_batch {
        // What the outer object itself left, which describes no statement.
        results.sets.pop();
    }
    if results.sets.len() != statements {
        return Err(Error::Protocol(format!("{} results for {statements} statements", results.sets.len())));
    }
    results.text = String::from_utf8(body).map_err(|_| Error::Protocol("the answer is not UTF-8".into()))?;
    Ok(results)
}

/// One result, or (`outermost`) the object that holds the results of a batch; says whether it was the latter.
fn read_object(reader: &mut Reader<'_>, results: &mut Results, outermost: bool) -> Result<bool, Error> {
    let mut is_batch = false;
    let (columns, cells) = (results.columns.len(), results.cells.len());
    let (mut rows, mut count) = (Rows::default(), None);
    reader.object(|reader, key| {
        match reader.key(key) {
            b"fields" => read_fields(reader, &mut results.columns)?,
            b"rows" => rows = read_rows(reader, &mut results.cells)?,
            b"rowCount" => count = reader.number()?,
            b"results" if outermost => {
                is_batch = true;
                reader.array(|reader| read_object(reader, results, false).map(drop))?;
            }
            _ => drop(reader.value()?),
        }
        Ok(())
    })?;
    let set = Set {
        columns: columns..results.columns.len(),
        cells: cells..results.cells.len(),
        rows: rows.count,
        affected: count.unwrap_or(rows.count as u64),
    };
    if !is_batch && rows.count > 0 && rows.width != set.columns.len() {
        return Err(Error::Protocol(format!("rows of {} cells under {} columns", rows.width, set.columns.len())));
    }
    results.sets.push(set);
    Ok(is_batch)
}

fn read_fields(reader: &mut Reader<'_>, columns: &mut Vec<Column>) -> Result<(), Error> {
    reader.array(|reader| {
        let mut column = Column { name: Span::NULL, oid: 0 };
        reader.object(|reader, key| {
            match reader.key(key) {
                b"name" => column.name = reader.value()?,
                b"dataTypeID" => column.oid = reader.number()?.and_then(|oid| oid.try_into().ok()).unwrap_or(0),
                _ => drop(reader.value()?),
            }
            Ok(())
        })?;
        columns.push(column);
        Ok(())
    })
}

#[derive(Default)]
struct Rows {
    count: usize,
    width: usize,
}

fn read_rows(reader: &mut Reader<'_>, cells: &mut Vec<Span>) -> Result<Rows, Error> {
    let mut rows = Rows::default();
    reader.array(|reader| {
        if reader.peek() == Some(b'{') {
            return Err(Error::Protocol("rows are objects, the server ignored Neon-Array-Mode".into()));
        }
        let before = cells.len();
        reader.array(|reader| {
            cells.push(reader.value()?);
            Ok(())
        })?;
        let width = cells.len() - before;
        if rows.count > 0 && width != rows.width {
            return Err(Error::Protocol("rows of different lengths".into()));
        }
        rows = Rows { count: rows.count + 1, width };
        Ok(())
    })?;
    Ok(rows)
}

/// The keys and values of an error object.
#[derive(Default)]
struct Fields(Vec<(Span, Span)>);

impl Fields {
    /// Vendors name things differently, and some put the object one level deeper, under `error`.
    fn read(&mut self, reader: &mut Reader<'_>, outermost: bool) -> Result<(), Error> {
        reader.object(|reader, key| {
            if outermost && reader.key(key) == b"error" && reader.peek() == Some(b'{') {
                return self.read(reader, false);
            }
            self.0.push((key, reader.value()?));
            Ok(())
        })
    }

    /// The value of a key, unless null or empty.
    #[inline(never)]
    fn get(&self, text: &str, key: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(name, _)| name.of(text) == Some(key))?;
        value.of(text).filter(|value| !value.is_empty()).map(str::to_owned)
    }
}

fn error(answer: Response) -> Error {
    let Response { status, mut body } = answer;
    let mut fields = Fields::default();
    let is_json = body.trim_ascii_start().starts_with(b"{")
        && Reader::new(&mut body).is_ok_and(|mut reader| fields.read(&mut reader, true).is_ok());
    let text = String::from_utf8_lossy(&body);
    if !is_json {
        return classify(status, String::new(), text.chars().take(200).collect());
    }
    let field = |key| fields.get(&text, key);
    let message = field("message").or_else(|| field("msg")).or_else(|| field("error")).unwrap_or_default();
    let code = field("code").unwrap_or_default();
    if !is_sqlstate(&code, field("severity").is_some()) {
        return classify(status, code, message);
    }
    if code == "28P01" || code == "28000" {
        return Error::Unauthorized { status, message };
    }
    Error::Database(Box::new(DatabaseError {
        status,
        sqlstate: code,
        message,
        detail: field("detail"),
        hint: field("hint"),
        schema: field("schema"),
        table: field("table"),
        column: field("column"),
        constraint: field("constraint"),
        position: field("position").and_then(|digits| digits.parse().ok()),
        statement_index: field("statementIndex").and_then(|digits| digits.parse().ok()),
    }))
}

/// Vendors use `code` for words of their own as well; only PostgreSQL sends a severity too.
fn is_sqlstate(code: &str, has_severity: bool) -> bool {
    code.len() == 5
        && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        && (has_severity || code.bytes().any(|byte| byte.is_ascii_digit()))
}

/// The error of an answer that does not come from PostgreSQL.
fn classify(status: u16, code: String, message: String) -> Error {
    match status {
        401 | 403 => Error::Unauthorized { status, message },
        400 if message.starts_with("password authentication failed") => Error::Unauthorized { status, message },
        413 | 507 => Error::TooLarge { status },
        409 | 429 | 500.. => Error::Unavailable { status, code, message },
        _ => Error::Protocol(format!("status {status}: {message}")),
    }
}
