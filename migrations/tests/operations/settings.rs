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
    ] {
        let sql = "update settings set value = $2::text::jsonb where key = $1";
        assert_eq!(database.refusal(&Caller::service(), sql, &[&key, &value]).await, "23514", "{key} = {value}");
    }
    let sql = "update settings set value = '365' where key = 'retention_days' returning value";
    assert_eq!(database.call(&Caller::service(), NOON, sql, &[]).await, json!(365));
}
