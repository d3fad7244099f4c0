//! What the team reads in Discord of the backend itself. No payload names a person, and neither does a message.

use chrono::{DateTime, Utc};
use discord::{Embed, RED};
use edge::Context;
use edge::small_json::from_str;
use outbox::Sender;
use serde::Deserialize;

/// The messages of operations.
pub(crate) struct Messages;

impl Sender for Messages {
    fn notice(&self, _: &Context, event: &str, payload: &str) -> Option<Embed> {
        match event {
            "backend.failed" => Some(failed(&from_str(payload).ok()?)),
            "security.alert" => alert(&from_str(payload).ok()?),
            _ => None,
        }
    }
}

/// As `edge.report_error` writes it.
#[derive(Deserialize)]
struct Failed {
    operation: String,
    code: String,
    /// By which the log finds the request.
    request_id: String,
    #[serde(with = "edge::validation::written")]
    failed_at: DateTime<Utc>,
}

/// As `edge.watch_security` writes it.
#[derive(Deserialize)]
struct Alert {
    rule: String,
    events: i64,
    threshold: i64,
    #[serde(with = "edge::validation::written")]
    seen_at: DateTime<Utc>,
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_is_told_with_the_request_that_the_log_knows() {
        let payload = json!({"event": "backend.failed", "operation": "rise-kaizen.list_kaizens", "code": "internal",
            "request_id": "0190", "failed_at": "2026-06-10T12:00:00Z"});
        let embed = serde_json::to_value(failed(&from_str(&payload.to_string()).unwrap())).unwrap();
        assert_eq!(embed["color"], 0xE7_4C3C);
        let values: Vec<_> = embed["fields"].as_array().unwrap().iter().map(|field| field["value"].as_str().unwrap()).collect();
        assert_eq!(values, ["rise-kaizen.list_kaizens", "erreur", "internal", "0190"]);
    }

    #[test]
    fn an_alert_says_what_to_do() {
        for rule in ["login_failed", "networks_locked", "refresh_reused", "people_read", "rights_given"] {
            let payload = json!({"event": "security.alert", "rule": rule, "events": 7, "threshold": 5,
                "seen_at": "2026-06-10T12:00:00Z"});
            let embed = serde_json::to_value(alert(&from_str(&payload.to_string()).unwrap()).unwrap()).unwrap();
            assert_eq!((&embed["color"], &embed["fields"][0]["value"]), (&json!(0xE7_4C3C), &json!("7")));
            assert!(embed["fields"][2]["value"].as_str().unwrap().len() > 20, "{rule}");
        }
    }
}
