//! One OpenAPI document of its parts. The build script of `operations/openapi` compiles this file; here tests hold it to what
//! [`parts`](crate::parts) makes.

use serde_json::Value;

/// Everything that the parts say: objects member by member; a list has what any of them has, words in the order of the alphabet.
/// Where two parts tell a scalar differently, the first one counts.
pub fn join(parts: impl IntoIterator<Item = Value>) -> Value {
    let mut parts = parts.into_iter();
    let first = parts.next().unwrap_or_default();
    parts.fold(first, unite)
}

fn unite(one: Value, other: Value) -> Value {
    match (one, other) {
        (Value::Object(mut one), Value::Object(other)) => {
            for (name, member) in other {
                let known = one.remove(&name);
                let united = known.map_or_else(|| member.clone(), |known| unite(known, member.clone()));
                one.insert(name, united);
            }
            Value::Object(one)
        }
        (Value::Array(mut one), Value::Array(other)) => {
            let new: Vec<Value> = other.into_iter().filter(|item| !one.contains(item)).collect();
            if !new.is_empty() {
                one.extend(new);
                if one.iter().all(Value::is_string) {
                    one.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
                }
            }
            Value::Array(one)
        }
        (one, _) => one,
    }
}
