//! Declarations as JSON Schema, under the names that are published. Native only.

use edge::schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::{Field, Kind, NULLABLE, REQUIRED, SHOWN};

/// Publishes what may be sent `when` under a name.
pub fn of_input(generator: &mut SchemaGenerator, name: &str, about: &str, fields: &[&[Field]], when: u8, must: bool) -> Schema {
    let sent = fields.iter().flat_map(|part| part.iter()).filter(|field| field.is(when));
    let mut schema = object(generator, sent, |field| must && field.is(REQUIRED), false);
    schema["additionalProperties"] = false.into();
    publish(generator, name, about, schema)
}

/// Publishes what is shown under a name: `shared`, if any, and these fields.
pub fn of_output(
    generator: &mut SchemaGenerator,
    name: &str,
    about: &str,
    shared: Option<Schema>,
    fields: &[&[Field]],
) -> Schema {
    let shown = fields.iter().flat_map(|part| part.iter()).filter(|field| field.is(SHOWN));
    let own = object(generator, shown, |_| true, true);
    let schema = match shared {
        Some(shared) => json!({ "allOf": [shared, own] }),
        None => own,
    };
    publish(generator, name, about, schema)
}

/// Publishes a page of these.
pub fn of_page(generator: &mut SchemaGenerator, name: &str, item: &Schema) -> Schema {
    let page = json!({ "type": "object", "required": ["items"], "properties": {
        "items": { "type": "array", "items": item },
        "next_cursor": { "type": ["string", "null"],
            "description": "Give it back as `cursor`, with the same filters, for the page that follows; null at the end of the list." },
    } });
    publish(generator, &format!("{name}Page"), "One page of a list, newest first.", page)
}

/// Publishes a schema under a name, and gives a reference to it.
///
/// # Panics
/// Where `schema` is no object.
pub fn publish(generator: &mut SchemaGenerator, name: &str, about: &str, mut schema: Value) -> Schema {
    schema["description"] = about.into();
    schema["x-published"] = true.into();
    generator.definitions_mut().insert(name.to_owned(), schema);
    let path = generator.settings().definitions_path.trim_matches('/').to_owned();
    Schema::new_ref(format!("#/{path}/{name}"))
}

fn object<'a>(
    generator: &mut SchemaGenerator,
    fields: impl Iterator<Item = &'a Field>,
    is_required: impl Fn(&Field) -> bool,
    may_be_null: bool,
) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let mut schema = kind(generator, &field.kind);
        if may_be_null && field.is(NULLABLE) {
            nullable(&mut schema);
        }
        if !field.about.is_empty() {
            schema["description"] = field.about.into();
        }
        if is_required(field) {
            required.push(field.name);
        }
        properties.insert(field.name.to_owned(), schema);
    }
    let mut object = json!({ "type": "object", "properties": properties });
    if !required.is_empty() {
        object["required"] = required.into();
    }
    object
}

fn nullable(schema: &mut Value) {
    if schema.get("$ref").is_some() {
        *schema = json!({ "anyOf": [schema.take(), { "type": "null" }] });
        return;
    }
    let kind = schema["type"].clone();
    schema["type"] = json!([kind, "null"]);
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
}

fn kind(generator: &mut SchemaGenerator, kind: &Kind) -> Value {
    match kind {
        Kind::Flag => json!({ "type": "boolean" }),
        Kind::Whole(least, most) => json!({ "type": "integer", "format": "int64", "minimum": least, "maximum": most }),
        Kind::Number(least, most) => json!({ "type": "number", "format": "double", "minimum": least, "maximum": most }),
        Kind::Text(least, most) => json!({ "type": "string", "minLength": least, "maxLength": most }),
        Kind::Words(words) => json!({ "type": "string", "enum": words }),
        Kind::OneOf(numbers) => json!({ "type": "integer", "enum": numbers }),
        Kind::Moment => json!({ "type": "string", "format": "date-time" }),
        Kind::Day => json!({ "type": "string", "format": "date" }),
        Kind::Id => json!({ "type": "string", "format": "uuid" }),
        Kind::List(most, item) => json!({ "type": "array", "maxItems": most, "items": self::kind(generator, item) }),
        Kind::Object(shape) => {
            let schema = object(generator, shape.fields.iter(), |field| field.is(REQUIRED), false);
            json!(publish(generator, shape.name, shape.about, schema))
        }
        Kind::Free(_) => json!({ "type": "object", "additionalProperties": true }),
    }
}

/// What is wrong with an answer that is not as declared.
pub fn mismatch(fields: &[&[Field]], answer: &Value) -> Option<String> {
    let shown: Vec<&Field> = fields.iter().flat_map(|part| part.iter()).filter(|field| field.is(SHOWN)).collect();
    let members = answer.as_object()?;
    if let Some(field) = shown.iter().find(|field| !members.contains_key(field.name)) {
        return Some(format!("{} is not there", field.name));
    }
    let mut wrong = members.iter().filter_map(|(name, value)| match shown.iter().find(|field| field.name == name) {
        None => Some(format!("{name} is not declared")),
        Some(field) if value.is_null() => (!field.is(NULLABLE)).then(|| format!("{name} is null")),
        Some(field) => (!fits(&field.kind, value)).then(|| format!("{name} is {value}")),
    });
    wrong.next()
}

fn fits(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Flag => value.is_boolean(),
        Kind::Whole(least, most) => value.as_i64().is_some_and(|number| (least..=most).contains(&&number)),
        Kind::Number(least, most) => value.as_f64().is_some_and(|number| (least..=most).contains(&&number)),
        Kind::Text(..) => value.is_string(),
        Kind::Words(words) => value.as_str().is_some_and(|word| words.contains(&word)),
        Kind::OneOf(numbers) => value.as_i64().is_some_and(|number| numbers.contains(&number)),
        Kind::Moment => value.as_str().is_some_and(|text| text.ends_with('Z') && text.contains('T')),
        Kind::Day => value.as_str().is_some_and(|text| text.len() == 10),
        Kind::Id => value.as_str().is_some_and(|text| text.len() == 36),
        Kind::List(_, item) => value.as_array().is_some_and(|items| items.iter().all(|value| fits(item, value))),
        Kind::Object(shape) => value.as_object().is_some_and(|members| {
            members.iter().all(|(name, value)| {
                shape
                    .fields
                    .iter()
                    .any(|field| field.name == name && (fits(&field.kind, value) || (value.is_null() && field.is(NULLABLE))))
            })
        }),
        Kind::Free(_) => value.is_object(),
    }
}
