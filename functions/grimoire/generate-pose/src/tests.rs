use serde_json::json;
use testing::{App, Person, database};

use super::FUNCTION;

#[tokio::test]
async fn a_pose_is_queued_on_its_own_endpoint() {
    let ada = Person::new().await;
    let endpoint = ada.id.simple().to_string();
    let app = App::native(&FUNCTION).with("RUNPOD_ENDPOINT_ID_POSE", &endpoint);
    let wanted = json!({"class": "mage", "pose": "assis sim:queued", "view": "side"});
    let answer = app.post("/generate/pose").by(&ada).json(wanted.clone()).send().await;
    assert_eq!((answer.status, &answer.json()["status"]), (202, &json!("queued")), "{answer:?}");
    assert!(answer.header("location").unwrap().contains("/api/v1/creations/"));
    let select =
        "select c.input, c.kind, j.kind, j.endpoint from creations c join jobs j on j.id = c.job_id where c.user_id = $1";
    let row = database().await.query_one(select, &[&ada.id]).await.unwrap();
    let (input, kind, job, at): (serde_json::Value, String, String, String) = (row.get(0), row.get(1), row.get(2), row.get(3));
    assert_eq!((input, kind.as_str(), job.as_str(), at), (wanted, "pose", "pose", endpoint));
}

#[tokio::test]
async fn a_pose_needs_a_class_and_a_pose() {
    let ada = Person::new().await;
    let answer = App::native(&FUNCTION).post("/generate/pose").by(&ada).json(json!({"class": "<>", "pose": ""})).send().await;
    assert_eq!(answer.status, 422);
    let wrong = answer.wrong_fields();
    assert!(wrong.contains(&"class:blank".to_owned()) && wrong.contains(&"pose:length".to_owned()), "{wrong:?}");
}
