use serde_json::json;

use crate::database::{Caller, Database, NOON};

#[tokio::test]
async fn settings_refuse_values_that_would_break_a_reader() {
    let database = Database::migrated().await;
    for (key, value) in [
        ("retention_days", "89"),
        ("retention_days", "\"90\""),
        ("retention_days", "90.5"),
        ("verify_first", "1"),
        ("scenes_per_day", "{\"FREE\": 3}"),
        ("scenes_per_day", "{\"FREE\": -1, \"PREMIUM\": 3}"),
        ("scenes_per_day", "5"),
        ("audio_per_day", "{\"FREE\": 3}"),
        ("poses_per_day", "[]"),
        ("models", "{\"scene\": 1}"),
        ("scene_vocabulary", "{\"era\": {\"words\": \"an mil\", \"free_text\": true}}"),
        ("scene_vocabulary", "{\"era\": {\"words\": []}}"),
        ("bcrypt_cost", "15"),
        ("calls_per_run", "50.5"),
        ("erasure_grace_days", "0"),
        ("freezes_per_month", "32"),
        ("gpu_prices", "{\"scene\": \"0.1\"}"),
        ("gpu_prices", "{\"scene\": 2}"),
        ("latency_drift", "{\"factor\": 1, \"fewest_jobs\": 20}"),
        ("latency_drift", "{\"factor\": 2, \"fewest_jobs\": 2.0}"),
        ("organisation_founders", "[\"privacy\"]"),
        ("organisation_members", "{\"PREMIUM\": 3}"),
        ("security_alerts", "{\"login_failed\": 500}"),
        ("smallest_group", "4"),
        ("subscription_notice_days", "61"),
    ] {
        let sql = "update settings set value = $2::text::jsonb where key = $1";
        assert_eq!(database.refusal(&Caller::service(), sql, &[&key, &value]).await, "23514", "{key} = {value}");
    }
    let sql = "update settings set value = '365' where key = 'retention_days' returning value";
    assert_eq!(database.call(&Caller::service(), NOON, sql, &[]).await, json!(365));
}

#[tokio::test]
async fn a_schema_allows_what_it_says_and_no_keyword_is_overlooked() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    let is_valid = async |value: &str, schema: &str| {
        owner.query_one("select edge.is_valid($1::text::jsonb, $2::text::jsonb)", &[&value, &schema]).await
    };
    let person = r#"{"type": "object", "properties": {"age": {"type": "integer", "minimum": 0}}, "required": ["age"],
        "additionalProperties": {"type": "array", "items": {"enum": ["a", 1]}}}"#;
    for (value, schema, holds) in [
        ("null", "{}", true),
        ("1.5", "{}", true),
        ("1.5", r#"{"minimum": 1.5, "maximum": 1.5}"#, true),
        ("1.5", r#"{"minimum": 1.6}"#, false),
        ("5.0", r#"{"type": "integer"}"#, false),
        ("-5", r#"{"type": "integer"}"#, true),
        ("12345678901", r#"{"type": "integer"}"#, false),
        ("\"5\"", r#"{"type": "integer"}"#, false),
        ("null", r#"{"type": "string"}"#, false),
        (r#"{"age": 3}"#, person, true),
        (r#"{"age": 3, "tags": ["a", 1, "a"]}"#, person, true),
        (r#"{"age": 3, "tags": ["b"]}"#, person, false),
        (r#"{"age": 3, "tags": "a"}"#, person, false),
        (r#"{"age": -3}"#, person, false),
        (r#"{"tags": []}"#, person, false),
        ("[]", person, false),
        (r#"{"a": 1}"#, r#"{"additionalProperties": false}"#, false),
        (r#"{"a": 1}"#, r#"{"additionalProperties": false, "properties": {"a": {}}}"#, true),
    ] {
        let row = is_valid(value, schema).await.unwrap();
        assert_eq!(row.get::<_, Option<bool>>(0), Some(holds), "{value} by {schema}");
    }
    let error = is_valid("1", r#"{"minLength": 1}"#).await.unwrap_err();
    assert!(error.as_db_error().unwrap().message().contains("minLength"));
}
