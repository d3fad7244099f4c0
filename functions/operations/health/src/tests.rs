use serde_json::json;
use testing::{App, insta};

use super::FUNCTION;

#[tokio::test]
async fn a_backend_with_its_database_is_ok() {
    let answer = App::native(&FUNCTION).get("/health").send().await;
    assert_eq!(answer.status, 200);
    assert!(answer.json()["checks"]["database"]["latency_ms"].as_f64().unwrap() > 0.0);
    insta::assert_json_snapshot!(answer.json(), { ".checks.database.latency_ms" => "[ms]" }, @r#"
    {
      "checks": {
        "database": {
          "latency_ms": "[ms]",
          "status": "ok"
        }
      },
      "status": "ok",
      "version": "0.1.0"
    }
    "#);
}

#[tokio::test]
async fn without_its_database_it_is_down_and_says_nothing_secret() {
    let app = App::native(&FUNCTION).with("SQL_URL", "http://127.0.0.1:9/sql");
    let answer = app.get("/health").send().await;
    assert_eq!((answer.status, &answer.json()["checks"]["database"]["status"]), (503, &json!("down")));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(!text.contains("127.0.0.1") && !text.contains("postgres://"), "{text}");
    assert!(!answer.log.join("").contains("postgres://"), "{:?}", answer.log);
}

#[tokio::test]
async fn live_makes_no_call() {
    let app = App::native(&FUNCTION).with("SQL_URL", "http://127.0.0.1:9/sql");
    for path in ["/health?live", "/health?live=1"] {
        let answer = app.get(path).send().await;
        assert_eq!((answer.status, answer.json()), (200, json!({"status": "ok", "version": "0.1.0", "checks": {}})));
    }
}
