use serde_json::json;
use testing::{App, Person, database, database_at, now};

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

#[tokio::test]
async fn poses_have_a_quota_of_their_own() {
    let ada = Person::new().await;
    // One moment for all, or the person's midnight may come between.
    let now = now().to_rfc3339();
    let app = App::native(&FUNCTION).at(&now);
    let fill = "insert into jobs (user_id, kind, state, endpoint, expires_at, asked_on)
         select $1, 'pose', 'queued', 'elsewhere', edge.now() + interval '10 minutes', edge.today($1)
         from generate_series(1, (edge.setting('poses_per_day') ->> 'FREE')::int)";
    database_at(&now).await.execute(fill, &[&ada.id]).await.unwrap();
    let answer = app.post("/generate/pose").by(&ada).json(json!({"class": "mage", "pose": "assis"})).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "quota_exceeded"));
    assert!(answer.header("retry-after").is_some() && answer.json()["left"] == 0, "{answer:?}");
    let offer = app.get("/generate/pose").by(&ada).send().await.json();
    assert_eq!((&offer["left"], &offer["limit"]), (&json!(0), &answer.json()["limit"]));
    assert_eq!(offer["words"].as_object().unwrap().keys().collect::<Vec<_>>(), ["class", "pose"]);
}

#[tokio::test]
async fn a_class_that_no_scene_may_have_is_no_poses_either() {
    // For everybody: the words come back at once, and the other tests use one that stays allowed.
    let owner = database().await;
    let set = "update settings set value = jsonb_set(value, '{class}', $1) where key = 'scene_vocabulary'";
    owner.execute(set, &[&json!({"words": ["mage"], "free_text": false})]).await.unwrap();
    let ada = Person::new().await;
    let app = App::native(&FUNCTION).with("RUNPOD_ENDPOINT_ID_POSE", &ada.id.simple().to_string());
    let ask = |class| app.post("/generate/pose").by(&ada).json(json!({"class": class, "pose": "assis sim:queued"})).send();
    let (refused, taken) = (ask("pirate").await, ask("mage").await);
    owner.execute(set, &[&json!({"words": [], "free_text": true})]).await.unwrap();
    assert_eq!((refused.status, refused.wrong_fields()), (422, vec!["class:not_allowed".to_owned()]));
    assert_eq!(taken.status, 202, "{taken:?}");
}
