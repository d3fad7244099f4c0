//! What a request asks for: its headers and its body.

use std::borrow::Cow;

use hyper::HeaderMap;
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// More statements than this in one batch are refused: each costs PostgreSQL several messages.
pub(crate) const MOST_STATEMENTS: usize = 1000;

/// What the headers say about execution and output. A flag counts only when it is exactly `true`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mode {
    pub raw_text: bool,
    pub array: bool,
    pub isolation: Option<Isolation>,
    pub read_only: bool,
    pub deferrable: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isolation {
    ReadUncommitted,
    ReadCommitted,
    RepeatableRead,
    Serializable,
}

impl Isolation {
    const ALL: [Self; 4] = [Self::ReadUncommitted, Self::ReadCommitted, Self::RepeatableRead, Self::Serializable];

    pub fn header(self) -> &'static str {
        match self {
            Self::ReadUncommitted => "ReadUncommitted",
            Self::ReadCommitted => "ReadCommitted",
            Self::RepeatableRead => "RepeatableRead",
            Self::Serializable => "Serializable",
        }
    }

    fn sql(self) -> &'static str {
        match self {
            Self::ReadUncommitted => " isolation level read uncommitted",
            Self::ReadCommitted => " isolation level read committed",
            Self::RepeatableRead => " isolation level repeatable read",
            Self::Serializable => " isolation level serializable",
        }
    }
}

impl Mode {
    pub fn read(headers: &HeaderMap) -> Result<Self, String> {
        let flag = |name: &str| headers.get(name).is_some_and(|value| value.as_bytes() == b"true");
        Ok(Self {
            raw_text: flag("neon-raw-text-output"),
            array: flag("neon-array-mode"),
            isolation: headers.get("neon-batch-isolation-level").map(isolation).transpose()?,
            read_only: flag("neon-batch-read-only"),
            deferrable: flag("neon-batch-deferrable"),
        })
    }

    /// The statement that opens a batch's transaction.
    pub fn begin(self) -> String {
        let mut sql = String::from("begin");
        sql.push_str(self.isolation.map(Isolation::sql).unwrap_or_default());
        if self.read_only {
            sql.push_str(" read only");
        }
        if self.deferrable {
            sql.push_str(" deferrable");
        }
        sql
    }
}

fn isolation(value: &HeaderValue) -> Result<Isolation, String> {
    Isolation::ALL
        .into_iter()
        .find(|level| level.header().as_bytes() == value.as_bytes())
        .ok_or_else(|| "invalid isolation level".into())
}

/// One statement, its parameters as PostgreSQL reads them.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    pub query: Cow<'a, str>,
    pub params: Vec<Option<Cow<'a, str>>>,
    pub array: bool,
}

/// The statements of a request.
#[derive(Debug)]
pub(crate) enum Payload<'a> {
    Single(Statement<'a>),
    Batch(Vec<Statement<'a>>),
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
struct Raw<'a> {
    #[serde(borrow)]
    query: Text<'a>,
    #[serde(borrow, default)]
    params: Vec<&'a RawValue>,
    #[serde(rename = "arrayMode")]
    array_mode: Option<bool>,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(borrow)]
    query: Option<Text<'a>>,
    #[serde(borrow, default)]
    params: Vec<&'a RawValue>,
    #[serde(rename = "arrayMode")]
    array_mode: Option<bool>,
    #[serde(borrow)]
    queries: Option<Vec<Raw<'a>>>,
}

impl<'a> Payload<'a> {
    /// Reads a body: `{query, params?, arrayMode?}` or `{queries: [...]}`. Unknown keys are ignored.
    pub fn parse(body: &'a [u8], mode: Mode) -> Result<Self, String> {
        let explain = |error| format!("could not parse the HTTP request body: {error}");
        let body: Body = serde_json::from_slice(body).map_err(explain)?;
        if let Some(query) = body.query {
            let raw = Raw { query, params: body.params, array_mode: body.array_mode };
            return raw.statement(mode).map(Self::Single).map_err(explain);
        }
        let queries = body.queries.ok_or("could not parse the HTTP request body: neither `query` nor `queries` is there")?;
        if queries.len() > MOST_STATEMENTS {
            return Err(format!("a batch has at most {MOST_STATEMENTS} queries"));
        }
        let statements = queries.into_iter().map(|raw| raw.statement(mode)).collect::<Result<_, _>>();
        statements.map(Self::Batch).map_err(explain)
    }

    pub fn statements(&self) -> &[Statement<'a>] {
        match self {
            Self::Single(statement) => std::slice::from_ref(statement),
            Self::Batch(statements) => statements,
        }
    }
}

impl<'a> Raw<'a> {
    fn statement(self, mode: Mode) -> Result<Statement<'a>, serde_json::Error> {
        Ok(Statement {
            query: self.query.0,
            params: self.params.into_iter().map(parameter).collect::<Result<_, _>>()?,
            array: self.array_mode.unwrap_or(mode.array),
        })
    }
}

/// Neon's conversion: null is NULL, a string stands for itself, an array becomes a PostgreSQL array
/// literal, anything else is its JSON text.
fn parameter(raw: &RawValue) -> Result<Option<Cow<'_, str>>, serde_json::Error> {
    let json = raw.get();
    match json.as_bytes().first() {
        Some(b'n') => Ok(None),
        Some(b'"') => serde_json::from_str::<Text>(json).map(|text| Some(text.0)),
        Some(b'[') => {
            let mut literal = String::with_capacity(json.len());
            array_literal(&mut literal, &serde_json::from_str(json)?);
            Ok(Some(literal.into()))
        }
        _ => Ok(Some(json.into())),
    }
}

fn array_literal(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("NULL"),
        Value::Bool(_) | Value::Number(_) => out.push_str(&value.to_string()),
        Value::String(text) => array_element(out, text),
        Value::Object(_) => array_element(out, &value.to_string()),
        Value::Array(items) => {
            out.push('{');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                array_literal(out, item);
            }
            out.push('}');
        }
    }
}

/// Quoted as PostgreSQL wants it. Neon writes a JSON string here, which turns a line feed into the letter n.
fn array_element(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            out.push('\\');
        }
        out.push(character);
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn params(json: &str) -> Result<Vec<Option<String>>, String> {
        let body = format!(r#"{{"query":"select","params":{json}}}"#);
        let payload = Payload::parse(body.as_bytes(), Mode::default())?;
        let params = payload.statements()[0].params.iter();
        Ok(params.map(|value| value.as_ref().map(ToString::to_string)).collect())
    }

    fn param(json: &str) -> Option<String> {
        params(&format!("[{json}]")).unwrap().remove(0)
    }

    #[test]
    fn parameters_become_postgres_text() {
        assert_eq!(param("null"), None);
        assert_eq!(param("true").as_deref(), Some("true"));
        assert_eq!(param("9007199254740993").as_deref(), Some("9007199254740993"));
        assert_eq!(param("1.50").as_deref(), Some("1.50"));
        assert_eq!(param(r#""a\n\"b\u00e9""#).as_deref(), Some("a\n\"bé"));
        assert_eq!(param(r#"{"a":[1,"x"]}"#).as_deref(), Some(r#"{"a":[1,"x"]}"#));
        assert_eq!(param(r#"[1,"two",null,[true],"a\n\"\\"]"#).as_deref(), Some("{1,\"two\",NULL,{true},\"a\n\\\"\\\\\"}"));
        assert_eq!(param(r#"[{"a":1}]"#).as_deref(), Some(r#"{"{\"a\":1}"}"#));
    }

    #[test]
    fn a_body_is_single_or_a_batch() {
        let mode = Mode { array: true, ..Mode::default() };
        let single = Payload::parse(br#"{"query":"select 1","other":{}}"#, mode).unwrap();
        assert!(matches!(&single, Payload::Single(statement) if statement.array && statement.params.is_empty()));
        let batch = br#"{"queries":[{"query":"a","arrayMode":false},{"query":"b","params":["x"]}]}"#;
        let batch = Payload::parse(batch, mode).unwrap();
        let arrays: Vec<_> = batch.statements().iter().map(|statement| statement.array).collect();
        assert!(matches!(batch, Payload::Batch(_)));
        assert_eq!(arrays, [false, true]);
    }

    #[test]
    fn a_bad_body_is_refused_with_a_reason() {
        for body in ["", "[]", "{}", "nope", r#"{"query":1}"#, r#"{"query":"a","params":{}}"#, r#"{"queries":[1]}"#] {
            let error = Payload::parse(body.as_bytes(), Mode::default()).unwrap_err();
            assert!(error.starts_with("could not parse the HTTP request body"), "{body}: {error}");
        }
        let many = format!(r#"{{"queries":[{}]}}"#, vec![r#"{"query":""}"#; MOST_STATEMENTS + 1].join(","));
        assert!(Payload::parse(many.as_bytes(), Mode::default()).unwrap_err().contains("at most"));
    }

    #[test]
    fn depth_is_bounded() {
        let deep = "[".repeat(100_000) + &"]".repeat(100_000);
        assert!(params(&format!("[{deep}]")).is_err());
        let ignored = format!(r#"{{"query":"a","other":{deep}}}"#);
        assert!(Payload::parse(ignored.as_bytes(), Mode::default()).is_ok());
    }

    #[test]
    fn an_isolation_level_is_spelled_exactly() {
        let mut headers = HeaderMap::new();
        headers.insert("neon-batch-isolation-level", HeaderValue::from_static("RepeatableRead"));
        headers.insert("neon-batch-read-only", HeaderValue::from_static("true"));
        headers.insert("neon-batch-deferrable", HeaderValue::from_static("false"));
        assert_eq!(Mode::read(&headers).unwrap().begin(), "begin isolation level repeatable read read only");
        headers.insert("neon-batch-isolation-level", HeaderValue::from_static("serializable"));
        assert!(Mode::read(&headers).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_request_or_an_error(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Payload::parse(&body, Mode::default());
        }

        #[test]
        fn near_json_is_a_request_or_an_error(body in r#"(\{|\}|\[|\]|,|:|"query"|"queries"|"params"|"a\\u00e9"|"\\ud800"|null|1e9|true| ){0,30}"#) {
            let _ = Payload::parse(body.as_bytes(), Mode::default());
        }
    }
}
