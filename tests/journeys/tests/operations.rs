//! What docs/OPERATIONS.md tells an operator to ask has an answer.

use std::path::Path;

use auth::Role;
use serde_json::json;
use testing::{App, Person, database};

/// The first SQL block of the document.
fn documented_query() -> String {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/OPERATIONS.md")).unwrap();
    let (_, block) = text.split_once("```sql\n").expect("docs/OPERATIONS.md has lost its query");
    block.split(";\n```").next().unwrap().to_owned()
}

#[tokio::test]
async fn the_id_of_an_answer_leads_to_what_the_request_did() {
    let email = format!("{}@example.org", auth::random_uuid().unwrap());
    let body = json!({"email": email, "password": "une phrase de passe assez longue"});
    let answer = App::edge().post("/auth/register").json(body).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let id = answer.header("x-request-id").unwrap();
    let rows = testing::database().await.query(&documented_query(), &[&id]).await.unwrap();
    let found: Vec<(String, String)> = rows.iter().map(|row| (row.get("what"), row.get("which"))).collect();
    assert!(found.iter().any(|(what, which)| what == "audit" && which.contains("register")), "{found:?}");
}

#[tokio::test]
async fn a_quota_that_an_admin_changes_holds_from_the_next_request_on() {
    let (app, grace, ada) = (App::edge(), Person::admin().await, Person::new().await);
    // Of a tier that no other test has.
    database().await.execute("update users set tier = 'PREMIUM' where id = $1", &[&ada.id]).await.unwrap();
    let limit = async || app.get("/generate/audio").by(&ada).send().await.json()["limit"].clone();
    let change = async |premium: u32| {
        let value = json!({"value": {"FREE": 10, "PREMIUM": premium}});
        let answer = app.put("/settings/audio_per_day").by(&grace).json(value).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
    };
    assert_eq!(limit().await, 100);
    change(7).await;
    let changed = limit().await;
    change(100).await;
    assert_eq!((changed, limit().await), (json!(7), json!(100)));
}

#[tokio::test]
async fn an_operator_signs_in_reads_and_signs_out() {
    let (app, maya) = (App::edge(), Person::of(Role::Qa, "Europe/Paris").await);
    maya.set_password("une phrase de passe assez longue").await;
    let typed = json!({"email": maya.email, "password": "une phrase de passe assez longue"});
    let entered = app.post("/admin/sign-in").form(&typed).send().await;
    assert_eq!((entered.status, entered.header("location")), (303, Some("/admin")), "{entered:?}");
    let names: Vec<_> = entered.cookies().filter_map(|cookie| cookie.split('=').next()).collect();
    assert_eq!(names, ["__Host-page", "__Host-device"], "each in a header of its own");
    let cookies: Vec<_> = entered.cookies().filter_map(|cookie| cookie.split(';').next()).collect();
    let look = async || app.get("/admin/qa").header("cookie", &cookies.join("; ")).send().await;
    let page = look().await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")), "{page:?}");
    assert_eq!(app.post("/admin/sign-out").header("cookie", cookies[0]).send().await.status, 303);
    assert_eq!(look().await.code(), "session_revoked");
}
