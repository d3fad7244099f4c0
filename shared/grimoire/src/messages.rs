//! What the team reads in Discord of creations and of the GPUs that make them, and what RunPod is told through the outbox. The
//! payload names no person and holds none of their own words, and neither does the message.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use discord::{BLUE, Embed, ORANGE, seconds};
use edge::small_json::from_str;
use edge::{Context, HttpAnswer, HttpFailure};
use futures::future::LocalBoxFuture;
use outbox::{Delivery, Sender};
use runpod::RunPod;
use serde::Deserialize;
use serde_json::value::RawValue;
use storage::Storage;
use uuid::Uuid;

/// The Grimoire's messages.
pub struct Messages;

impl Sender for Messages {
    fn notice(&self, ctx: &Context, event: &str, payload: &str) -> Option<Embed> {
        if event == "latency.drifted" {
            return Some(drifted(&from_str(payload).ok()?));
        }
        let ended: Ended = from_str(payload).ok()?;
        let link = |url: &str| Storage::new(ctx).map_or_else(|_| url.to_owned(), |storage| storage.lasting_link(url));
        of(&ended, ended.url.as_deref().map(link))
    }

    fn order<'a>(&self, ctx: &'a Context, kind: &str, payload: &'a str) -> Option<LocalBoxFuture<'a, Delivery>> {
        let order = Some(payload).filter(|_| kind == "runpod").and_then(|payload| from_str(payload).ok())?;
        Some(Box::pin(async move { cancel(ctx, &order).await }))
    }
}

/// What RunPod must be told.
#[edge::outcome(tag = "action")]
enum Order {
    Cancel { endpoint: String, runpod_job_id: String },
}

/// As `edge.move_job` writes it at the end of a job.
#[derive(Deserialize)]
struct Ended {
    event: String,
    id: Uuid,
    attempt: i32,
    /// What was asked for, by the names of its fields; null for words that are not of the vocabulary.
    input: BTreeMap<String, Box<RawValue>>,
    url: Option<String>,
    error: Option<String>,
    delay_ms: Option<i64>,
    execution_ms: Option<i64>,
    response_time_ms: Option<i64>,
    #[serde(with = "edge::validation::written")]
    finished_at: DateTime<Utc>,
}

/// As `edge.measure_latencies` writes it.
#[derive(Deserialize)]
struct Drifted {
    drifts: Vec<Drift>,
    #[serde(with = "edge::validation::written")]
    measured_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct Drift {
    kind: String,
    endpoint: String,
    measure: String,
    jobs: i64,
    p95_ms: i64,
    usual_ms: i64,
}

const NAMES: [(&str, &str); 9] = [
    ("world", "Monde"),
    ("era", "Époque"),
    ("class", "Classe"),
    ("pose", "Pose"),
    ("decor", "Décor"),
    ("effect", "Effet"),
    ("description", "Description"),
    ("duration_s", "Durée (s)"),
    ("view", "Vue"),
];

/// Tells RunPod that nobody waits for a job any more. A job that it does not know, or that has ended, needs no telling.
async fn cancel(ctx: &Context, Order::Cancel { endpoint, runpod_job_id }: &Order) -> Delivery {
    let Ok(runpod) = RunPod::new(ctx) else {
        return Delivery::Dead { status: None, reason: "runpod_not_configured".to_owned() };
    };
    let retry = |status, after_s, reason| Delivery::Retry { status, after_s, reason };
    match runpod.cancel(endpoint, runpod_job_id).await {
        Ok(HttpAnswer { status: status @ (200..300 | 400 | 404 | 410), .. }) => Delivery::Delivered { status },
        Ok(HttpAnswer { status: status @ (408 | 429 | 500..), retry_after, .. }) => {
            retry(Some(status), retry_after, ["status ", &status.to_string()].concat())
        }
        Ok(HttpAnswer { status, .. }) => {
            Delivery::Dead { status: Some(status), reason: ["status ", &status.to_string()].concat() }
        }
        Err(HttpFailure::Timeout) => retry(None, None, "timeout".to_owned()),
        Err(HttpFailure::Connection(why)) => retry(None, None, why),
    }
}

fn drifted(day: &Drifted) -> Embed {
    let about = "95ᵉ centile d'aujourd'hui, comparé à la médiane des quatorze jours précédents.";
    let embed = Embed::new("RunPod a changé de rythme", ORANGE).description(about).at(day.measured_at);
    day.drifts.iter().fold(embed, |embed, drift| {
        let measure = match drift.measure.as_str() {
            "queue_delay" => "file d'attente",
            "execution_time" => "calcul",
            _ => "réponse",
        };
        let name = [subject(&drift.kind).unwrap_or(&drift.kind), ", ", measure, " (", &drift.endpoint, ")"].concat();
        let (now, usual) = (seconds(drift.p95_ms), seconds(drift.usual_ms));
        embed.field(&name, &[&now, " au lieu de ", &usual, ", ", &drift.jobs.to_string(), " tâches"].concat())
    })
}

fn subject(kind: &str) -> Option<&'static str> {
    match kind {
        "scene" => Some("Scène"),
        "pose" => Some("Pose"),
        "audio" => Some("Ambiance sonore"),
        _ => None,
    }
}

fn of(ended: &Ended, url: Option<String>) -> Option<Embed> {
    let (kind, end) = ended.event.split_once('.')?;
    let subject = subject(kind)?;
    let end = match end {
        "succeeded" => "générée",
        "failed" => "en échec",
        "cancelled" => "annulée",
        _ => return None,
    };
    let known = |ms: Option<i64>| ms.map_or_else(String::new, seconds);
    let mut embed = Embed::new(["🌀 ", subject, " ", end].concat(), BLUE);
    for (name, title) in NAMES {
        embed = match ended.input.get(name).map(|value| value.get()) {
            Some("null") => embed.field(title, "libre"),
            Some(words) if words.starts_with('"') => embed.quoted(title, &from_str::<String>(words).unwrap_or_default()),
            Some(number) if !number.starts_with(['{', '[', 't', 'f']) => embed.field(title, number),
            _ => embed,
        };
    }
    let embed = embed
        .field("Erreur", ended.error.as_deref().map_or("", in_our_words))
        .field("Réponse de RunPod", &known(ended.response_time_ms))
        .field("File d'attente", &known(ended.delay_ms))
        .field("Calcul", &known(ended.execution_ms))
        .footer(&[subject, " ", &ended.id.to_string(), ", essai ", &ended.attempt.to_string()].concat())
        .at(ended.finished_at);
    Some(match url {
        Some(url) if kind != "audio" => embed.image(&url),
        _ => embed,
    })
}

/// A worker's own sentence can echo what was asked of it: who asked reads it, the team does not.
fn in_our_words(error: &str) -> &str {
    const WORDS: [&str; 12] = [
        "job_status_unknown",
        "no_output",
        "output_too_large",
        "output_unreachable",
        "output_unsupported",
        "result_expired",
        "runpod_busy",
        "runpod_failed",
        "runpod_refused",
        "runpod_unavailable",
        "submission_unknown",
        "timed_out",
    ];
    WORDS.into_iter().find(|word| *word == error).unwrap_or("phrase du worker")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn shown(payload: &Value) -> Option<Value> {
        let ended: Ended = from_str(&payload.to_string()).ok()?;
        of(&ended, ended.url.clone()).map(|embed| serde_json::to_value(embed).unwrap())
    }

    #[test]
    fn a_scene_becomes_a_blue_embed_without_a_person() {
        let payload = json!({
            "event": "scene.succeeded", "id": Uuid::from_u128(1), "job_id": Uuid::from_u128(2), "attempt": 2,
            "input": {"world": "Orée", "era": "an mil", "class": "mage", "pose": "debout", "decor": null},
            "url": "https://f.example/1.png", "error": null, "delay_ms": 4736, "execution_ms": 2007,
            "response_time_ms": null, "finished_at": "2026-11-21T12:00:00Z",
        });
        let embed = shown(&payload).unwrap();
        assert_eq!((&embed["title"], &embed["color"]), (&json!("🌀 Scène générée"), &json!(0x34_98DB)));
        let fields: Vec<_> = embed["fields"].as_array().unwrap().iter().map(|field| field["value"].as_str().unwrap()).collect();
        assert_eq!(fields, ["`Orée`", "`an mil`", "`mage`", "`debout`", "libre", "4,73 s", "2,00 s"]);
        assert_eq!(embed["image"]["url"], "https://f.example/1.png");
        assert_eq!(embed["footer"]["text"], "Scène 00000000-0000-0000-0000-000000000001, essai 2");
    }

    #[test]
    fn a_sound_is_not_shown_as_a_picture() {
        let payload = json!({
            "event": "audio.succeeded", "id": Uuid::from_u128(1), "attempt": 1, "input": {"effect": "rune", "duration_s": 3},
            "url": "https://f.example/1.mp3", "error": null, "delay_ms": null, "execution_ms": null,
            "response_time_ms": null, "finished_at": "2026-11-21T12:00:00Z",
        });
        let embed = shown(&payload).unwrap();
        assert_eq!((&embed["title"], embed.get("image")), (&json!("🌀 Ambiance sonore générée"), None));
        assert_eq!((&embed["fields"][0]["value"], &embed["fields"][1]["value"]), (&json!("`rune`"), &json!("3")));
    }

    #[test]
    fn a_workers_sentence_is_not_quoted() {
        for (error, told) in [("no_output", "no_output"), ("cannot draw a letter to ada@example.org", "phrase du worker")] {
            let payload = json!({
                "event": "scene.failed", "id": Uuid::from_u128(1), "attempt": 1, "input": {}, "url": null, "error": error,
                "delay_ms": null, "execution_ms": null, "response_time_ms": null, "finished_at": "2026-11-21T12:00:00Z",
            });
            assert_eq!(shown(&payload).unwrap()["fields"][0]["value"], told);
        }
    }

    #[test]
    fn a_drift_is_told_with_what_is_usual() {
        let drift =
            json!({"kind": "scene", "endpoint": "abc", "measure": "queue_delay", "jobs": 34, "p95_ms": 12_300, "usual_ms": 2100});
        let payload =
            json!({"event": "latency.drifted", "day": "2026-06-10", "drifts": [drift], "measured_at": "2026-06-10T12:00:00Z"});
        let embed = serde_json::to_value(drifted(&from_str(&payload.to_string()).unwrap())).unwrap();
        assert_eq!(embed["color"], 0xE6_7E22);
        assert_eq!(embed["fields"][0]["name"], "Scène, file d'attente (abc)");
        assert_eq!(embed["fields"][0]["value"], "12,30 s au lieu de 2,10 s, 34 tâches");
    }

    #[test]
    fn an_event_of_another_release_is_not_guessed_at() {
        assert!(shown(&json!({"event": "dance.succeeded"})).is_none());
        assert!(shown(&json!({})).is_none());
    }
}
