use serde_json::{Value, json};
use testing::{Answer, App, Person, insta};

mod oracle;

use super::FUNCTION;

const NIGHT: &str = "2026-06-09T23:30:00Z";
const BASE: &str = "/wellness/emotion-scans";

fn app() -> App {
    App::native(&FUNCTION).at(NIGHT)
}

async fn scan(by: &Person, body: Value) -> Answer {
    app().post(BASE).by(by).json(body).send().await
}

#[tokio::test]
async fn what_is_felt_is_kept_in_the_persons_own_words_and_day() {
    let ada = Person::new().await;
    let body = json!({"emotions": [{"name": "joie", "intensity": 0.4}, {"name": "vague à l'âme", "intensity": 0.6}], "mood": 7, "mood_scale": 10});
    let answer = scan(&ada, body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    insta::assert_json_snapshot!(answer.json(), { ".id" => "[id]", ".client_id" => "[client_id]" }, @r#"
    {
      "arousal": null,
      "client_id": "[client_id]",
      "confidence": null,
      "confidence_score": null,
      "corrected_at": null,
      "correction": null,
      "created_at": "2026-06-09T23:30:00Z",
      "date": "2026-06-10",
      "emotions": [
        {
          "intensity": 0.4,
          "label_en": "joy",
          "name": "joie"
        },
        {
          "intensity": 0.6,
          "label_en": null,
          "name": "vague à l'âme"
        }
      ],
      "emotions_detected": [
        {
          "intensity": 0.4,
          "label_en": "joy",
          "name": "joie"
        },
        {
          "intensity": 0.6,
          "label_en": null,
          "name": "vague à l'âme"
        }
      ],
      "id": "[id]",
      "input_data": {},
      "language": null,
      "model": null,
      "mood": 70,
      "primary_emotion": "vague à l'âme",
      "recommendations": [],
      "scan_type": "manual",
      "scanned_at": "2026-06-09T23:30:00Z",
      "updated_at": "2026-06-09T23:30:00Z",
      "valence": null,
      "version": 1
    }
    "#);
    let path = format!("{BASE}/{}", answer.json()["id"].as_str().unwrap());
    assert_eq!(app().get(&path).by(&ada).send().await.json(), answer.json());
    let bob = Person::new().await;
    for call in [app().get(&path), app().delete(&path), app().delete(&[&path, "/correction"].concat())] {
        let answer = call.by(&bob).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    }
}

#[tokio::test]
async fn a_repeat_is_the_same_scan_and_what_cannot_be_is_refused() {
    let ada = Person::new().await;
    let body = json!({"emotions": [{"name": "peur", "intensity": 1}], "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"});
    let (first, again) = (scan(&ada, body.clone()).await, scan(&ada, body).await);
    assert_eq!((first.status, again.status, first.json()), (201, 200, again.json()));
    let other =
        scan(&ada, json!({"emotions": [{"name": "joie", "intensity": 1}], "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"}))
            .await;
    assert_eq!((other.status, other.code().as_str()), (409, "client_id_mismatch"));
    for (body, wrong) in [
        (json!({"emotions": []}), "emotions:length"),
        (json!({"emotions": [{"name": "joie", "intensity": 1.1}]}), "emotions.0.intensity:range"),
        (json!({"emotions": [{"name": "joie", "intensity": 1}], "mood": 11, "mood_scale": 10}), "mood:not_allowed"),
        (json!({"emotions": [{"name": "joie", "intensity": 1}], "mood": 11, "mood_scale": 5}), "mood_scale:not_allowed"),
        (
            json!({"emotions": [{"name": "joie", "intensity": 1}], "scanned_at": "2026-05-01T00:00:00Z"}),
            "scanned_at:date_too_old",
        ),
    ] {
        let answer = scan(&ada, body.clone()).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![wrong.to_owned()]), "{body}");
    }
}

#[tokio::test]
async fn a_correction_is_the_truth_for_statistics_and_the_answer_stays_beside_it() {
    let ada = Person::new().await;
    let owner = testing::database().await;
    let machine = "insert into emotion_scans (user_id, scan_type, date, scanned_at, emotions, primary_emotion, confidence, model, language)
        values ($1, 'text', '2026-06-09', '2026-06-09T12:00:00Z', '[{\"name\": \"colère\", \"intensity\": 0.8}]', 'colère', 0.9, 'lexicon-1', 'fr') returning id";
    let id: uuid::Uuid = owner.query_one(machine, &[&ada.id]).await.unwrap().get(0);
    let second: uuid::Uuid = owner.query_one(machine, &[&ada.id]).await.unwrap().get(0);
    assert_ne!(id, second);
    scan(&ada, json!({"emotions": [{"name": "joie", "intensity": 0.5}], "mood": 80})).await;
    let stats = async || app().get(&format!("{BASE}/stats?days=7")).by(&ada).send().await.json();
    let before = stats().await;
    assert_eq!(
        (&before["totalScans"], &before["analysed"], &before["uncorrectedShare"]),
        (&json!(3), &json!(2), &json!(1.0)),
        "{before}"
    );
    let path = format!("{BASE}/{id}/correction");
    let old = app()
        .put(&path)
        .by(&ada)
        .header("if-match", "\"9\"")
        .json(json!({"emotions": [{"name": "tristesse", "intensity": 0.4}]}))
        .send()
        .await;
    assert_eq!((old.status, old.code().as_str()), (412, "precondition_failed"));
    let corrected = app().put(&path).by(&ada).json(json!({"emotions": [{"name": "tristesse", "intensity": 0.4}]})).send().await;
    assert_eq!(
        (corrected.status, &corrected.json()["emotions"][0]["name"], &corrected.json()["correction"][0]["label_en"]),
        (200, &json!("colère"), &json!("sadness"))
    );
    let after = stats().await;
    assert_eq!(
        after["emotionDistribution"]
            .as_array()
            .unwrap()
            .iter()
            .map(|share| (share["name"].as_str().unwrap(), share["scans"].as_i64().unwrap()))
            .collect::<Vec<_>>(),
        [("colère", 1), ("joie", 1), ("tristesse", 1)]
    );
    assert_eq!(
        (&after["uncorrectedShare"], &after["averageMood"], &after["averageConfidence"]),
        (&json!(0.5), &json!(80.0), &json!(0.9))
    );
    let back = app().delete(&path).by(&ada).send().await;
    assert_eq!((back.status, &back.json()["correction"]), (200, &Value::Null), "{back:?}");
    assert_eq!(stats().await, before);
}

#[tokio::test]
async fn nothing_has_no_average_and_what_is_deleted_is_gone() {
    let ada = Person::new().await;
    let stats = app().get(&format!("{BASE}/stats")).by(&ada).send().await.json();
    assert_eq!(
        (&stats["totalScans"], &stats["averageConfidence"], &stats["averageMood"], &stats["emotionDistribution"]),
        (&json!(0), &Value::Null, &Value::Null, &json!([]))
    );
    let mut ids = Vec::new();
    for at in 1..=3 {
        ids.push(
            scan(&ada, json!({"emotions": [{"name": "joie", "intensity": f64::from(at) / 10.0}]})).await.json()["id"].clone(),
        );
    }
    let page = app().get(&format!("{BASE}?limit=2")).by(&ada).send().await.json();
    let rest =
        app().get(&format!("{BASE}?limit=2&cursor={}", page["next_cursor"].as_str().unwrap())).by(&ada).send().await.json();
    assert_eq!((page["items"].as_array().unwrap().len(), rest["items"].as_array().unwrap().len()), (2, 1));
    assert_eq!(app().delete(&format!("{BASE}/{}", ids[0].as_str().unwrap())).by(&ada).send().await.status, 204);
    assert_eq!(app().delete(BASE).by(&ada).send().await.json(), json!({"removed": 2}));
    assert_eq!(app().get(BASE).by(&ada).send().await.json()["items"], json!([]));
    let wheel = app().get(&format!("{BASE}/wheel")).send().await.json();
    assert_eq!((wheel["emotions"].as_array().unwrap().len(), &wheel["emotions"][0]["strong_en"]), (8, &json!("ecstasy")));
}
