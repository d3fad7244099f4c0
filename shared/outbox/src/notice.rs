//! What the team reads in Discord. The payload names no person and holds none of their own words, and neither does the message.

use chrono::{DateTime, Utc};
use discord::{BLUE, Embed, ORANGE, RED};
use edge::Context;
use serde::Deserialize;
use serde_json::{Map, Value};
use storage::Storage;
use uuid::Uuid;

/// As `edge.move_job` writes it at the end of a job.
#[derive(Deserialize)]
struct Ended {
    event: String,
    id: Uuid,
    attempt: i32,
    /// What was asked for, by the names of its fields; null for words that are not of the vocabulary.
    input: Map<String, Value>,
    url: Option<String>,
    error: Option<String>,
    delay_ms: Option<i64>,
    execution_ms: Option<i64>,
    response_time_ms: Option<i64>,
    finished_at: DateTime<Utc>,
}

/// As `edge.measure_latencies` writes it.
#[derive(Deserialize)]
struct Drifted {
    drifts: Vec<Drift>,
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

/// As `edge.report_error` writes it.
#[derive(Deserialize)]
struct Failed {
    operation: String,
    code: String,
    /// By which the log finds the request.
    request_id: String,
    failed_at: DateTime<Utc>,
}

/// As `edge.watch_security` writes it.
#[derive(Deserialize)]
struct Alert {
    rule: String,
    events: i64,
    threshold: i64,
    seen_at: DateTime<Utc>,
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

/// `None` for an event that this release does not know.
pub(crate) fn embed(ctx: &Context, payload: &Value) -> Option<Embed> {
    match payload.get("event").and_then(Value::as_str) {
        Some("latency.drifted") => return Some(drifted(&Drifted::deserialize(payload).ok()?)),
        Some("backend.failed") => return Some(failed(&Failed::deserialize(payload).ok()?)),
        Some("security.alert") => return alert(&Alert::deserialize(payload).ok()?),
        _ => {}
    }
    let ended = Ended::deserialize(payload).ok()?;
    let link = |url: &str| Storage::new(ctx).map_or_else(|_| url.to_owned(), |storage| storage.lasting_link(url));
    of(&ended, ended.url.as_deref().map(link))
}

fn failed(fault: &Failed) -> Embed {
    Embed::new("Erreur du backend", RED)
        .description("Une requête a échoué par notre faute. Une fois par heure et par opération.")
        .field("Opération", &fault.operation)
        .field("Gravité", "erreur")
        .field("Code", &fault.code)
        .field("Requête", &fault.request_id)
        .at(fault.failed_at)
}

/// What happened and what to do about it; `None` for a rule that this release does not know.
fn alert(alert: &Alert) -> Option<Embed> {
    let (what, cure) = match alert.rule.as_str() {
        "login_failed" => ("Connexions refusées", "Chercher les réseaux dans les journaux ; les bloquer chez l'hébergeur."),
        "networks_locked" => ("Réseaux qui essaient cent adresses et plus", "Bloquer ces réseaux chez l'hébergeur."),
        "refresh_reused" => {
            ("Jetons de rafraîchissement revenus", "Voir si un client les garde mal ; sinon prévenir les personnes.")
        }
        "people_read" => ("Personnes consultées par un même administrateur", "Lui demander pourquoi ; sinon retirer son rôle."),
        "rights_given" => ("Rôles donnés ou changés", "Vérifier que c'était voulu ; sinon retirer le rôle."),
        _ => return None,
    };
    let embed = Embed::new("Alerte de sécurité", RED)
        .description(what)
        .field("En une heure", &alert.events.to_string())
        .field("Seuil", &alert.threshold.to_string())
        .field("Que faire", cure)
        .footer("GET /security-events, docs/OPERATIONS.md")
        .at(alert.seen_at);
    Some(embed)
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
        let (now, usual) = (seconds(Some(drift.p95_ms)), seconds(Some(drift.usual_ms)));
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
    let mut embed = Embed::new(["🌀 ", subject, " ", end].concat(), BLUE);
    for (name, title) in NAMES {
        embed = match ended.input.get(name) {
            Some(Value::String(words)) => embed.quoted(title, words),
            Some(Value::Number(number)) => embed.field(title, &number.to_string()),
            Some(Value::Null) => embed.field(title, "libre"),
            _ => embed,
        };
    }
    let embed = embed
        .field("Erreur", ended.error.as_deref().map_or("", in_our_words))
        .field("Réponse de RunPod", &seconds(ended.response_time_ms))
        .field("File d'attente", &seconds(ended.delay_ms))
        .field("Calcul", &seconds(ended.execution_ms))
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

/// `1,25 s`, or nothing where it is not known.
fn seconds(milliseconds: Option<i64>) -> String {
    milliseconds.map_or(String::new(), |ms| format!("{},{:02} s", ms / 1000, ms % 1000 / 10))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(payload: &Value) -> Option<Value> {
        let ended = Ended::deserialize(payload).ok()?;
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
        let embed = serde_json::to_value(drifted(&Drifted::deserialize(&payload).unwrap())).unwrap();
        assert_eq!(embed["color"], 0xE6_7E22);
        assert_eq!(embed["fields"][0]["name"], "Scène, file d'attente (abc)");
        assert_eq!(embed["fields"][0]["value"], "12,30 s au lieu de 2,10 s, 34 tâches");
    }

    #[test]
    fn a_fault_is_told_with_the_request_that_the_log_knows() {
        let payload = json!({"event": "backend.failed", "operation": "rise-kaizen.list_kaizens", "code": "internal",
            "request_id": "0190", "failed_at": "2026-06-10T12:00:00Z"});
        let embed = serde_json::to_value(failed(&Failed::deserialize(&payload).unwrap())).unwrap();
        assert_eq!(embed["color"], 0xE7_4C3C);
        let values: Vec<_> = embed["fields"].as_array().unwrap().iter().map(|field| field["value"].as_str().unwrap()).collect();
        assert_eq!(values, ["rise-kaizen.list_kaizens", "erreur", "internal", "0190"]);
    }

    #[test]
    fn an_alert_says_what_to_do() {
        for rule in ["login_failed", "networks_locked", "refresh_reused", "people_read", "rights_given"] {
            let payload = json!({"event": "security.alert", "rule": rule, "events": 7, "threshold": 5,
                "seen_at": "2026-06-10T12:00:00Z"});
            let embed = serde_json::to_value(alert(&Alert::deserialize(&payload).unwrap()).unwrap()).unwrap();
            assert_eq!((&embed["color"], &embed["fields"][0]["value"]), (&json!(0xE7_4C3C), &json!("7")));
            assert!(embed["fields"][2]["value"].as_str().unwrap().len() > 20, "{rule}");
        }
    }

    #[test]
    fn an_event_of_another_release_is_not_guessed_at() {
        assert!(shown(&json!({"event": "dance.succeeded"})).is_none());
        assert!(shown(&json!({})).is_none());
    }
}
