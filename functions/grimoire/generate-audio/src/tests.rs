use serde_json::json;
use testing::{App, Person, database, database_at, now};

use super::FUNCTION;

const PATH: &str = "/generate/audio";

fn app(person: &Person) -> App {
    App::native(&FUNCTION).with("RUNPOD_ENDPOINT_ID_AUDIO", &person.id.simple().to_string())
}

#[tokio::test]
async fn a_sound_is_queued_with_its_licence() {
    let ada = Person::new().await;
    let wanted = json!({"effect": "rune", "description": "grave, sim:queued"});
    let answer = app(&ada).post(PATH).by(&ada).json(wanted).send().await;
    assert_eq!((answer.status, &answer.json()["status"]), (202, &json!("queued")), "{answer:?}");
    let select = "select c.input, c.licence, j.input from creations c join jobs j on j.id = c.job_id where c.user_id = $1";
    let row = database().await.query_one(select, &[&ada.id]).await.unwrap();
    let (input, licence, given): (serde_json::Value, Option<String>, serde_json::Value) = (row.get(0), row.get(1), row.get(2));
    assert_eq!(input, json!({"effect": "rune", "description": "grave, sim:queued", "duration_s": 5, "format": "mp3"}));
    assert_eq!(given["prompt"], "magic rune, grave, sim:queued");
    assert!(licence.is_some());
}

#[tokio::test]
async fn a_sound_has_bounds() {
    let ada = Person::new().await;
    for (body, wrong) in [
        (json!({"effect": "rune", "duration_s": 31}), "duration_s:range"),
        (json!({"effect": "rune", "duration_s": 0}), "duration_s:range"),
        (json!({"effect": "rune", "format": "midi"}), "format:"),
        (json!({"effect": "explosion"}), "effect:"),
        (json!({}), "effect:required"),
    ] {
        let answer = app(&ada).post(PATH).by(&ada).json(body).send().await;
        assert_eq!(answer.status, 422);
        assert!(answer.wrong_fields()[0].starts_with(wrong), "{:?}", answer.wrong_fields());
    }
}

#[tokio::test]
async fn sounds_have_a_quota_of_their_own() {
    let ada = Person::new().await;
    // One moment for all, or the person's midnight may come between.
    let now = now().to_rfc3339();
    let app = app(&ada).at(&now);
    let fill = "insert into jobs (user_id, kind, state, endpoint, expires_at, asked_on)
         select $1, 'audio', 'queued', 'elsewhere', edge.now() + interval '10 minutes', edge.today($1)
         from generate_series(1, (edge.setting('audio_per_day') ->> 'FREE')::int)";
    database_at(&now).await.execute(fill, &[&ada.id]).await.unwrap();
    let answer = app.post(PATH).by(&ada).json(json!({"effect": "page_turn"})).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (429, "quota_exceeded"));
    assert!(answer.header("retry-after").is_some());
    let offer = app.get(PATH).by(&ada).send().await.json();
    assert_eq!((&offer["left"], &offer["used"]), (&json!(0), &offer["limit"]));
}

#[tokio::test]
async fn without_its_endpoint_no_sound_is_made() {
    let ada = Person::new().await;
    let app = App::native(&FUNCTION).with("RUNPOD_ENDPOINT_ID_AUDIO", "");
    let answer = app.post(PATH).by(&ada).json(json!({"effect": "rune"})).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "runpod_not_configured"));
}
