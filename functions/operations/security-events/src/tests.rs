use edge::auth::Role;
use testing::{Answer, App, Person, database};

use super::FUNCTION;

async fn list(by: &Person, query: &str) -> Answer {
    App::native(&FUNCTION).get(&format!("/security-events?{query}")).by(by).send().await
}

/// Rows of the audit log by `person`, one after the other.
async fn log(person: &Person, actions: &[&str]) {
    for action in actions {
        let insert = "insert into audit_logs (user_id, action) values ($1, $2)";
        database().await.execute(insert, &[&person.id, action]).await.unwrap();
    }
}

fn kinds(answer: &Answer) -> Vec<(String, String)> {
    let text = |event: &serde_json::Value, field: &str| event[field].as_str().unwrap().to_owned();
    answer.json()["items"].as_array().unwrap().iter().map(|event| (text(event, "kind"), text(event, "severity"))).collect()
}

fn of(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(kind, severity)| ((*kind).to_owned(), (*severity).to_owned())).collect()
}

#[tokio::test]
async fn an_administrator_sees_what_concerns_security_latest_first_and_by_severity() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    log(&ada, &["auth.login", "auth.login_failed", "auth.refresh_reused", "profile.read"]).await;
    let of_ada = format!("user_id={}", ada.id);
    let first = list(&admin, &format!("{of_ada}&limit=2")).await;
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(kinds(&first), of(&[("audit.read", "notice"), ("auth.refresh_reused", "warning")]), "its own reading too");
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let rest = list(&admin, &format!("{of_ada}&limit=3&cursor={cursor}")).await;
    assert_eq!(kinds(&rest), of(&[("auth.login_failed", "notice")]), "what is no matter of security is not here");
    let warnings = list(&admin, &format!("{of_ada}&severity=warning")).await;
    assert_eq!(kinds(&warnings), of(&[("auth.refresh_reused", "warning")]));
    let other = list(&admin, &format!("{of_ada}&severity=warning&cursor={cursor}")).await;
    assert_eq!((other.status, other.wrong_fields()), (422, vec!["cursor:bad_cursor".to_owned()]));
}

#[tokio::test]
async fn nobody_else_reads_them() {
    for role in [Role::User, Role::Manager, Role::Qa, Role::Privacy] {
        let person = Person::of(role, "Europe/Paris").await;
        assert_eq!(list(&person, "").await.status, 403, "{role:?}");
    }
}
