//! Requests made from contracts: for every endpoint a path and a body that its schema accepts, and ways to spoil them.

use edge::schemars::SchemaGenerator;
use edge::{Endpoint, Function, Media, Root, Trigger};
use serde_json::{Map, Value, json};
use testing::{App, Call, Person, plain};

/// An endpoint with what its schemas say.
pub struct Subject {
    pub function: &'static Function,
    pub endpoint: &'static Endpoint,
    path: Value,
    query: Option<Value>,
    /// What the body is declared as.
    media: Media,
    body: Option<Value>,
    body_optional: bool,
}

/// Every endpoint that is called over HTTP.
pub fn subjects() -> Vec<Subject> {
    let http = contracts::FUNCTIONS.iter().filter(|function| function.trigger == Trigger::Http);
    http.flat_map(|function| function.endpoints.iter().map(|endpoint| Subject::new(function, endpoint))).collect()
}

impl Subject {
    /// An endpoint of a function, which need not be of the contracts.
    pub fn new(function: &'static Function, endpoint: &'static Endpoint) -> Subject {
        let mut generator = SchemaGenerator::default();
        let shape = (endpoint.describe)(&mut generator);
        let whole = |schema: edge::schemars::Schema| resolve(&schema.to_value(), generator.definitions());
        Subject {
            function,
            endpoint,
            path: shape.path.map_or(Value::Null, whole),
            query: shape.query.map(whole),
            media: shape.bodies.first().map_or(Media::NONE, |(media, _)| *media),
            body: shape.bodies.into_iter().next().map(|(_, schema)| whole(schema)),
            body_optional: shape.body_optional,
        }
    }

    /// `rise-kaizen.create`
    pub fn name(&self) -> String {
        format!("{}.{}", self.function.package, self.endpoint.operation)
    }

    pub fn is_public(&self) -> bool {
        self.endpoint.caller == "Public"
    }

    pub fn is_signed(&self) -> bool {
        self.endpoint.caller.starts_with("Signed")
    }

    /// A page of operators, opened by a cookie.
    pub fn is_page(&self) -> bool {
        self.endpoint.caller.starts_with("Operator")
    }

    /// The caller, at a page the one who must be there.
    pub fn rank(&self) -> &'static str {
        let caller = self.endpoint.caller;
        caller.strip_prefix("Operator<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(caller).trim()
    }

    /// The path names a person, whose data an administrator may read as well.
    pub fn is_of_a_person(&self) -> bool {
        self.endpoint.caller == "OwnerOrAdmin"
    }

    pub fn takes_body(&self) -> bool {
        self.body.is_some()
    }

    pub fn takes_json(&self) -> bool {
        self.media == Media::JSON
    }

    /// Every type that a body may be declared as.
    pub fn media(&self) -> Media {
        (self.endpoint.describe)(&mut SchemaGenerator::default()).media()
    }

    pub fn has_path_parameters(&self) -> bool {
        self.endpoint.path.contains('{')
    }

    /// Whether a parameter of the path is something that could be somebody's: not a word of a list.
    pub fn names_a_row(&self) -> bool {
        let names = self.endpoint.path.split('/').filter_map(|part| edge::route::parameter(part).map(|(name, _)| name));
        names.into_iter().any(|name| word(&self.path["properties"][name]).is_none())
    }

    /// Whether the query is of the endpoint's own parameters alone; what others send by way of a browser may bring more.
    pub fn refuses_unknown_parameters(&self) -> bool {
        self.query.as_ref().is_some_and(|query| query["additionalProperties"] != true)
    }

    pub fn requires_body(&self) -> bool {
        self.body.is_some() && !self.body_optional
    }

    /// Somebody whose role lets them in.
    pub async fn person(&self) -> Person {
        let role = match self.rank() {
            "Admin" | "Staff" => edge::auth::Role::Admin,
            "Manager" => edge::auth::Role::Manager,
            "Privacy" => edge::auth::Role::Privacy,
            "Qa" => edge::auth::Role::Qa,
            _ => edge::auth::Role::User,
        };
        Person::of(role, "Europe/Paris").await
    }

    /// The path, with `id` where it takes a UUID, a number that no row has where it takes a number, the first word of a list of
    /// words, and what the query must have.
    pub fn path(&self, id: &str) -> String {
        let path = self.path_of(|schema| match (word(schema), kind(schema)) {
            (Some(word), _) => word.to_owned(),
            (None, "integer") => "9223372036854775807".to_owned(),
            _ => id.to_owned(),
        });
        self.complete(path, id)
    }

    /// The path with what the query must have, `id` where that is a UUID.
    pub fn complete(&self, path: String, id: &str) -> String {
        let required = self.query.iter().flat_map(|query| query["required"].as_array().into_iter().flatten());
        required.filter_map(Value::as_str).fold(path, |path, name| {
            let schema = &self.query.as_ref().unwrap_or(&Value::Null)["properties"][name];
            let value = if schema["format"] == "uuid" { json!(id) } else { sample(schema) };
            with_query(&path, name, &value.to_string().replace('"', "").replace(' ', "+"))
        })
    }

    /// The path, below `/api/v1` where it has no other root, with what `value` gives for the JSON type of each parameter.
    pub fn path_with(&self, value: impl Fn(&str) -> String) -> String {
        self.path_of(|schema| value(kind(schema)))
    }

    /// The path, with what `value` gives for the schema of each parameter.
    fn path_of(&self, value: impl Fn(&Value) -> String) -> String {
        let parts = self.endpoint.path.split('/').map(|part| {
            let Some((name, ending)) = edge::route::parameter(part) else { return part.to_owned() };
            [&value(&self.path["properties"][name]), ending].concat()
        });
        let path = parts.collect::<Vec<_>>().join("/");
        match self.function.root {
            Root::Api => path,
            other => [other.prefix(), &path].concat(),
        }
    }

    /// The names of the query's parameters.
    pub fn query_fields(&self) -> Vec<String> {
        names(self.query.as_ref())
    }

    /// A body that the schema accepts.
    pub fn sample_body(&self) -> Option<Value> {
        self.body.as_ref().map(sample)
    }

    /// A body with every field; truth values are false, and so publish nothing.
    pub fn full_body(&self) -> Option<Value> {
        let properties = self.body.as_ref()?["properties"].as_object()?;
        let value = |schema: &Value| if is_of(schema, "boolean") { json!(false) } else { sample(schema) };
        Some(Value::Object(properties.iter().map(|(name, schema)| (name.clone(), value(schema))).collect()))
    }

    /// The body's fields of a JSON type, such as `string`.
    pub fn fields(&self, kind: &str) -> Vec<String> {
        let properties = self.body.as_ref().and_then(|body| body["properties"].as_object());
        properties.into_iter().flatten().filter(|(_, schema)| is_of(schema, kind)).map(|(name, _)| name.clone()).collect()
    }

    /// Every field of the body.
    pub fn all_fields(&self) -> Vec<String> {
        names(self.body.as_ref())
    }

    /// A request that is right but for what the caller then spoils.
    pub fn call(&self, app: &App, id: &str) -> Call {
        let call = app.call(self.endpoint.method, &self.path(id));
        match self.sample_body() {
            Some(body) => self.with_body(call, body),
            None => call,
        }
    }

    /// The call with a body, written as the endpoint takes it.
    pub fn with_body(&self, call: Call, body: Value) -> Call {
        match self.media {
            Media::FORM => call.form(&body),
            Media::MULTIPART => call.multipart(&body, &[]),
            Media::TEXT => call.body("text/plain; charset=utf-8", plain(&body).as_bytes()),
            _ => call.json(body),
        }
    }
}

fn kind(schema: &Value) -> &str {
    schema["type"].as_str().unwrap_or("string")
}

/// The first word of a list of words.
fn word(schema: &Value) -> Option<&str> {
    schema["enum"][0].as_str().or(schema["oneOf"][0]["const"].as_str()).or(schema["oneOf"][0]["enum"][0].as_str())
}

/// The path with this parameter in its query, in place of one of the same name.
pub fn with_query(path: &str, name: &str, value: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let others = query.split('&').filter(|pair| !pair.is_empty() && pair.split('=').next() != Some(name));
    let pairs: Vec<String> = others.map(str::to_owned).chain([format!("{name}={value}")]).collect();
    format!("{path}?{}", pairs.join("&"))
}

fn names(schema: Option<&Value>) -> Vec<String> {
    let properties = schema.and_then(|schema| schema["properties"].as_object());
    properties.into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

fn is_of(schema: &Value, kind: &str) -> bool {
    schema["type"] == kind || schema["type"].as_array().is_some_and(|kinds| kinds.contains(&json!(kind)))
}

/// Puts every `$ref` in its place.
fn resolve(schema: &Value, definitions: &Map<String, Value>) -> Value {
    match schema {
        Value::Object(object) => {
            let named = object.get("$ref").and_then(Value::as_str).and_then(|reference| reference.rsplit('/').next());
            match named.and_then(|name| definitions.get(name)) {
                Some(definition) => resolve(definition, definitions),
                None => Value::Object(object.iter().map(|(key, value)| (key.clone(), resolve(value, definitions))).collect()),
            }
        }
        Value::Array(items) => items.iter().map(|item| resolve(item, definitions)).collect(),
        other => other.clone(),
    }
}

/// A value that a schema accepts: its example, or as little as it takes.
fn sample(schema: &Value) -> Value {
    if let Some(word) = schema["enum"].as_array().and_then(|words| words.first()) {
        return word.clone();
    }
    if let Some(example) = schema["examples"].as_array().and_then(|examples| examples.first())
        && schema["type"] == "object"
    {
        return example.clone();
    }
    if !schema["const"].is_null() {
        return schema["const"].clone();
    }
    if let Some(choice) = schema["oneOf"].as_array().and_then(|choices| choices.first()) {
        return sample(choice);
    }
    let unique = uuid();
    match (schema["type"].as_str(), schema["format"].as_str()) {
        (Some("object"), _) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let mut body: Map<String, Value> =
                required.map(|name| (name.to_owned(), sample(&schema["properties"][name]))).collect();
            if body.is_empty()
                && let Some((name, first)) = schema["properties"].as_object().and_then(|properties| properties.iter().next())
            {
                body.insert(name.clone(), sample(first));
            }
            Value::Object(body)
        }
        (Some("string"), Some("uuid")) => json!(unique),
        (Some("string"), Some("email" | "idn-email")) => json!(format!("{unique}@example.org")),
        (Some("string"), Some("date")) => json!("2026-01-02"),
        (Some("string"), Some("date-time")) => json!("2026-01-02T03:04:05Z"),
        (Some("string"), _) => {
            let longest = schema["maxLength"].as_u64().map_or(40, |length| usize::try_from(length).unwrap_or(40));
            json!(format!("Phrase {unique}").chars().take(longest).collect::<String>())
        }
        (Some("integer" | "number"), _) => schema["minimum"].as_i64().map_or(json!(1), |least| json!(least)),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => json!([]),
        _ => match schema["type"].as_array().and_then(|kinds| kinds.first()) {
            Some(kind) => {
                let mut one = schema.clone();
                one["type"] = kind.clone();
                sample(&one)
            }
            None => json!({}),
        },
    }
}

fn uuid() -> String {
    edge::auth::random_uuid().map_or_else(|_| String::new(), |id| id.to_string())
}
