//! A function's log line, which is JSON, in the few words that fit a terminal's line.

use serde_json::Value;

/// `201 POST /rise/kaizen 12 ms, sql 1 in 3 ms, rise-kaizen.create_kaizen`; anything else as it is.
pub fn short(level: &str, message: &str) -> String {
    let Ok(Value::Object(line)) = serde_json::from_str(message) else { return format!("{level:5} {message}") };
    let line = Value::Object(line);
    let text = |key: &str| match &line[key] {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let mut parts = vec![text("status"), text("method"), text("route")];
    if !line["ms"].is_null() {
        parts.push(format!("{} ms", text("ms")));
    }
    if !line["sql"]["calls"].is_null() {
        parts.push(format!("sql {} in {} ms", line["sql"]["calls"], line["sql"]["ms"]));
    }
    parts.extend([text("operation"), text("code"), text("message"), text("error")]);
    parts.retain(|part| !part.is_empty());
    let clock = text("time").get(11..19).map(|clock| format!("{clock} ")).unwrap_or_default();
    format!("{clock}{}", parts.join(" "))
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn a_requests_line_is_short() {
        let line = r#"{"time":"2026-11-21T10:11:12.345Z","level":"info","method":"POST","operation":"rise-kaizen.create_kaizen",
            "route":"/rise/kaizen","status":201,"ms":12,"sql":{"calls":1,"ms":3,"rows":1}}"#;
        assert_eq!(short("log", line), "10:11:12 201 POST /rise/kaizen 12 ms sql 1 in 3 ms rise-kaizen.create_kaizen");
    }

    #[test]
    fn what_is_not_json_stays_as_it_is() {
        assert_eq!(short("error", "Uncaught TypeError"), "error Uncaught TypeError");
    }
}
