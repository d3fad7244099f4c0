//! How the service is doing, and where to look next.

use chrono::{DateTime, Utc};
use edge::auth::Role;
use edge::{Html, Language, Message, msg};
use page::html;
use serde::Deserialize;

use crate::layout;

#[derive(Deserialize)]
pub struct Overview {
    waiting: i64,
    dead: i64,
    sign_ins: i64,
    events: i64,
    failed: Vec<FailedJob>,
}

#[derive(Deserialize)]
struct FailedJob {
    function: String,
    succeeded_at: Option<DateTime<Utc>>,
}

const NOW: Message = msg!("", fr: "En ce moment", en: "At this moment");
const WAITING: Message = msg!("", fr: "Messages en attente", en: "Messages that wait");
const DEAD: Message = msg!("", fr: "Messages abandonnés", en: "Messages given up");
const SIGN_INS: Message = msg!("", fr: "Connexions refusées depuis une heure", en: "Failed sign-ins of the last hour");
const EVENTS: Message = msg!("", fr: "Alertes de sécurité depuis un jour", en: "Security alerts of the last day");
const FAILED: Message = msg!("", fr: "Tâches dont la dernière exécution a échoué", en: "Jobs whose last run failed");
const SINCE: Message = msg!("", fr: "dernière réussite :", en: "last success:");
const NEVER: Message = msg!("", fr: "jamais", en: "never");
const NONE: Message = msg!("", fr: "aucune", en: "none");
const VIEWS: Message = msg!("", fr: "Vues", en: "Views");
const PAGE: Message = msg!("", fr: "rapports de qualité par commit", en: "quality reports by commit");
const BY_API: Message = msg!("",
    fr: "Par l'API, avec un jeton d'accès (POST /api/v1/auth/login) :",
    en: "By the API, with an access token (POST /api/v1/auth/login):");

/// The other views of operators: who may read them, their path, and what they show.
pub const OTHERS: [(&[Role], &str, Message); 8] = [
    (&[Role::Admin, Role::Qa], "/api/v1/qa/report", msg!("", fr: "rapports de qualité, en JSON", en: "quality reports, as JSON")),
    (&[Role::Admin, Role::Qa], "/api/v1/qa/report/runs.csv", msg!("", fr: "chaque exécution, en CSV", en: "every run, as CSV")),
    (&[Role::Admin, Role::Qa], "/api/v1/latencies", msg!("", fr: "temps de réponse de RunPod", en: "how long RunPod takes")),
    (&[Role::Admin], "/api/v1/outbox", msg!("", fr: "messages sortants", en: "messages that go out")),
    (&[Role::Admin], "/api/v1/settings", msg!("", fr: "réglages", en: "settings")),
    (&[Role::Admin], "/api/v1/security-events", msg!("", fr: "événements de sécurité", en: "security events")),
    (&[Role::Admin, Role::Privacy], "/api/v1/audit-logs", msg!("", fr: "journal d'audit", en: "audit log")),
    (&[Role::Admin, Role::Privacy], "/api/v1/users", msg!("", fr: "comptes", en: "accounts")),
];

pub fn render(overview: &Overview, role: Role, language: Language) -> Html {
    let text = |message: Message| message.text(language);
    let numbers = [(WAITING, overview.waiting), (DEAD, overview.dead), (SIGN_INS, overview.sign_ins), (EVENTS, overview.events)];
    let content = html! {
        h2 { (text(NOW)) }
        dl {
            @for (name, number) in numbers {
                dt { (text(name)) } dd { (chart::number(number, language)) }
            }
            dt { (text(FAILED)) }
            dd {
                @if overview.failed.is_empty() { (text(NONE)) }
                @for job in &overview.failed {
                    div class="failure" {
                        (job.function) " (" (text(SINCE)) " "
                        @match job.succeeded_at {
                            Some(moment) => (moment.format("%Y-%m-%d %H:%M UTC")),
                            None => (text(NEVER)),
                        }
                        ")"
                    }
                }
            }
        }
        h2 { (text(VIEWS)) }
        ul {
            @if matches!(role, Role::Admin | Role::Qa) {
                li { a href="/admin/qa" { "/admin/qa" } " – " (text(PAGE)) }
            }
        }
        p { (text(BY_API)) }
        ul {
            @for (roles, path, about) in OTHERS {
                @if roles.contains(&role) { li { code { "GET " (path) } " – " (text(about)) } }
            }
        }
    };
    layout::page(text(layout::TITLE), language, &content)
}
