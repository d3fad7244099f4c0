//! Discord's checks of a message, with its error codes and its nested `errors` object.

use chrono::DateTime;
use serde_json::{Value, json};

const CONTENT_MAX: usize = 2000;
const EMBEDS_MAX: usize = 10;
const EMBED_TOTAL_MAX: usize = 6000;
const FIELDS_MAX: usize = 25;
const COLOR_MAX: u64 = 0xFF_FF_FF;

/// The body of the 400 that the message earns, if any.
pub(super) fn problem(message: &Value) -> Option<Value> {
    let mut found = Problems::default();
    if !message.is_object() {
        found.add(&[], "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType");
        return Some(found.body());
    }
    found.text(message, &[], "content", CONTENT_MAX);
    found.text(message, &[], "username", 80);
    found.mentions(&message["allowed_mentions"]);
    found.embeds(&message["embeds"]);
    if !found.0.is_null() {
        return Some(found.body());
    }
    is_empty(message).then(|| json!({ "message": "Cannot send an empty message", "code": 50006 }))
}

fn is_empty(message: &Value) -> bool {
    let written = message["content"].as_str().is_some_and(|content| !content.trim().is_empty());
    let listed = |name: &str| message[name].as_array().is_some_and(|list| !list.is_empty());
    !(written || listed("embeds") || listed("components") || listed("attachments") || message["poll"].is_object())
}

/// `{"embeds":{"0":{"title":{"_errors":[{"code","message"}]}}}}`
#[derive(Default)]
struct Problems(Value);

impl Problems {
    fn body(self) -> Value {
        json!({ "message": "Invalid Form Body", "code": 50035, "errors": self.0 })
    }

    fn add(&mut self, path: &[&str], code: &str, message: &str) {
        let mut place = &mut self.0;
        for part in path {
            place = &mut place[*part];
        }
        place["_errors"] = json!([{ "code": code, "message": message }]);
    }

    fn text(&mut self, parent: &Value, path: &[&str], name: &str, max: usize) -> usize {
        let path = [path, &[name]].concat();
        match &parent[name] {
            Value::Null => 0,
            // Discord trims first, and counts characters.
            Value::String(text) => {
                let length = text.trim().chars().count();
                if length > max {
                    self.add(&path, "BASE_TYPE_MAX_LENGTH", &format!("Must be {max} or fewer in length."));
                }
                length
            }
            _ => {
                self.add(&path, "BASE_TYPE_CONVERT", "Could not interpret as string.");
                0
            }
        }
    }

    fn required_text(&mut self, parent: &Value, path: &[&str], name: &str, max: usize) -> usize {
        let length = self.text(parent, path, name, max);
        let empty = parent[name].is_null() || parent[name].is_string();
        if length == 0 && empty {
            self.add(&[path, &[name]].concat(), "BASE_TYPE_REQUIRED", "This field is required");
        }
        length
    }

    fn mentions(&mut self, allowed: &Value) {
        for (index, kind) in list(&allowed["parse"]).iter().enumerate() {
            if !["roles", "users", "everyone"].contains(&kind.as_str().unwrap_or_default()) {
                let message = "Value must be one of ('users', 'roles', 'everyone').";
                self.add(&["allowed_mentions", "parse", &index.to_string()], "BASE_TYPE_CHOICES", message);
            }
        }
    }

    fn embeds(&mut self, embeds: &Value) {
        if !(embeds.is_null() || embeds.is_array()) {
            self.add(&["embeds"], "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
        }
        let embeds = list(embeds);
        if embeds.len() > EMBEDS_MAX {
            self.add(&["embeds"], "BASE_TYPE_MAX_LENGTH", &format!("Must be {EMBEDS_MAX} or fewer in length."));
        }
        let lengths = embeds.iter().enumerate().map(|(index, embed)| self.embed(embed, &index.to_string()));
        let total: usize = lengths.sum();
        if total > EMBED_TOTAL_MAX {
            let message = format!("Embed size exceeds maximum size of {EMBED_TOTAL_MAX}");
            self.add(&["embeds"], "MAX_EMBED_SIZE_EXCEEDED", &message);
        }
    }

    /// Checks one embed; its share of the total length.
    fn embed(&mut self, embed: &Value, index: &str) -> usize {
        let path = ["embeds", index];
        let within = |name| ["embeds", index, name];
        let mut length = self.text(embed, &path, "title", 256);
        length += self.text(embed, &path, "description", 4096);
        if embed["footer"].is_object() {
            length += self.required_text(&embed["footer"], &within("footer"), "text", 2048);
        }
        if embed["author"].is_object() {
            length += self.required_text(&embed["author"], &within("author"), "name", 256);
        }
        self.color(&embed["color"], &within("color"));
        self.timestamp(&embed["timestamp"], &within("timestamp"));
        self.url(&embed["url"], &within("url"), &["http", "https"]);
        for name in ["image", "thumbnail"] {
            self.url(&embed[name]["url"], &["embeds", index, name, "url"], &["http", "https", "attachment"]);
        }
        length + self.fields(&embed["fields"], index)
    }

    fn fields(&mut self, fields: &Value, index: &str) -> usize {
        let fields = list(fields);
        if fields.len() > FIELDS_MAX {
            let message = format!("Must be {FIELDS_MAX} or fewer in length.");
            self.add(&["embeds", index, "fields"], "BASE_TYPE_MAX_LENGTH", &message);
        }
        let lengths = fields.iter().enumerate().map(|(position, field)| {
            let position = position.to_string();
            let path = ["embeds", index, "fields", &position];
            self.required_text(field, &path, "name", 256) + self.required_text(field, &path, "value", 1024)
        });
        lengths.sum()
    }

    fn color(&mut self, color: &Value, path: &[&str]) {
        if color.as_u64().is_some_and(|color| color > COLOR_MAX) {
            self.add(path, "NUMBER_TYPE_MAX", &format!("int value should be less than or equal to {COLOR_MAX}."));
        } else if !(color.is_null() || color.is_u64()) {
            self.add(path, "NUMBER_TYPE_COERCE", &format!("Value \"{color}\" is not int."));
        }
    }

    fn timestamp(&mut self, timestamp: &Value, path: &[&str]) {
        let valid = timestamp.as_str().is_some_and(|text| DateTime::parse_from_rfc3339(text).is_ok());
        if !(timestamp.is_null() || valid) {
            let message = format!("Could not parse {timestamp}. Should be ISO8601.");
            self.add(path, "DATE_TIME_TYPE_PARSE", &message);
        }
    }

    fn url(&mut self, url: &Value, path: &[&str], schemes: &[&str]) {
        let Some(url) = url.as_str() else { return };
        let valid = url.split_once("://").is_some_and(|(scheme, rest)| schemes.contains(&scheme) && !rest.is_empty());
        if !valid {
            self.add(path, "URL_TYPE_INVALID_URL", "Not a well formed URL.");
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}
