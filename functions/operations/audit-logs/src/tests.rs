use edge::auth::Role;
use testing::{Answer, App, Person, database};

use super::FUNCTION;

async fn list(by: &Person, query: &str) -> Answer {
    App::native(&FUNCTION).get(&format!("/audit-logs?{query}")).by(by).send().await
}

#[tokio::test]
async fn privacy_operations_see_what_a_person_did_and_what_was_done_to_them() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    let privacy = Person::of(Role::Privacy, "Europe/Paris").await;
    let insert = "insert into audit_logs (user_id, action, metadata)
                  values ($1, 'auth.login', '{}'), ($2, 'accounts.read', jsonb_build_object('subject', $1::uuid)), ($2, 'auth.login', '{}')";
    database().await.execute(insert, &[&ada.id, &admin.id]).await.unwrap();
    let of_ada = format!("user_id={}", ada.id);
    let first = list(&privacy, &format!("{of_ada}&limit=1")).await;
    assert_eq!(first.status, 200, "{first:?}");
    let first = first.json();
    let rest = list(&privacy, &format!("{of_ada}&limit=3&cursor={}", first["next_cursor"].as_str().unwrap())).await.json();
    let seen: Vec<_> = [&first, &rest].iter().flat_map(|page| page["items"].as_array().unwrap()).collect();
    let actions: Vec<&str> = seen.iter().map(|row| row["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["audit.read", "accounts.read", "auth.login"], "its own reading too");
    let logins = list(&admin, &format!("{of_ada}&action=auth.login")).await.json();
    assert_eq!(logins["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_else_reads_the_log() {
    for role in [Role::User, Role::Manager, Role::Qa] {
        let person = Person::of(role, "Europe/Paris").await;
        assert_eq!(list(&person, "").await.status, 403, "{role:?}");
    }
}
