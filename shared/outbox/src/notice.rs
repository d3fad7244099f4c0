//! What the team reads in Discord. The payload names no person, and neither does the message.

use chrono::{DateTime, Utc};
use discord::{BLUE, Embed};
use serde::Deserialize;
use uuid::Uuid;

/// As `edge.move_job` writes it at the end of a job.
#[derive(Deserialize)]
struct Scene {
    event: String,
    scene_id: Uuid,
    attempt: i32,
    world: String,
    era: String,
    class: String,
    pose: String,
    decor: String,
    image_url: Option<String>,
    error: Option<String>,
    delay_ms: Option<i64>,
    execution_ms: Option<i64>,
    response_time_ms: Option<i64>,
    finished_at: DateTime<Utc>,
}

/// `None` for an event that this release does not know.
pub(crate) fn embed(payload: &serde_json::Value) -> Option<Embed> {
    let scene = Scene::deserialize(payload).ok()?;
    let title = match scene.event.as_str() {
        "scene.succeeded" => "🌀 Scène générée",
        "scene.failed" => "🌀 Scène en échec",
        "scene.cancelled" => "🌀 Scène annulée",
        _ => return None,
    };
    let embed = Embed::new(title, BLUE)
        .quoted("Monde", &scene.world)
        .quoted("Époque", &scene.era)
        .quoted("Classe", &scene.class)
        .quoted("Pose", &scene.pose)
        .quoted("Décor", &scene.decor)
        .quoted("Erreur", scene.error.as_deref().unwrap_or_default())
        .field("Réponse de RunPod", &seconds(scene.response_time_ms))
        .field("File d'attente", &seconds(scene.delay_ms))
        .field("Calcul", &seconds(scene.execution_ms))
        .footer(&["Scène ", &scene.scene_id.to_string(), ", essai ", &scene.attempt.to_string()].concat())
        .at(scene.finished_at);
    Some(match &scene.image_url {
        Some(url) => embed.image(url),
        None => embed,
    })
}

/// `1,25 s`, or nothing where it is not known.
fn seconds(milliseconds: Option<i64>) -> String {
    milliseconds.map_or(String::new(), |ms| format!("{},{:02} s", ms / 1000, ms % 1000 / 10))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_scene_becomes_a_blue_embed_without_a_person() {
        let payload = json!({
            "event": "scene.succeeded", "scene_id": Uuid::from_u128(1), "job_id": Uuid::from_u128(2), "attempt": 2,
            "world": "Orée", "era": "an mil", "class": "mage", "pose": "debout", "decor": "un bois",
            "image_url": "https://f.example/1.png", "error": null, "delay_ms": 4736, "execution_ms": 2007,
            "response_time_ms": null, "finished_at": "2026-11-21T12:00:00Z",
        });
        let embed = serde_json::to_value(embed(&payload).unwrap()).unwrap();
        assert_eq!((&embed["title"], &embed["color"]), (&json!("🌀 Scène générée"), &json!(0x34_98DB)));
        let fields: Vec<_> = embed["fields"].as_array().unwrap().iter().map(|field| field["value"].as_str().unwrap()).collect();
        assert_eq!(fields, ["`Orée`", "`an mil`", "`mage`", "`debout`", "`un bois`", "4,73 s", "2,00 s"]);
        assert_eq!(embed["image"]["url"], "https://f.example/1.png");
        assert_eq!(embed["footer"]["text"], "Scène 00000000-0000-0000-0000-000000000001, essai 2");
    }

    #[test]
    fn an_event_of_another_release_is_not_guessed_at() {
        assert!(embed(&json!({"event": "audio.succeeded"})).is_none());
        assert!(embed(&json!({})).is_none());
    }
}
