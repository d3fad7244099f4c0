use serde_json::{Value, json};
use testing::{Answer, App, Person};
use uuid::Uuid;

use super::FUNCTION;

/// Adds one of Ada's.
async fn add(app: &App, ada: &Person, body: Value) -> Answer {
    app.post("__path__").by(ada).json(body).send().await
}

fn place(added: &Answer) -> String {
    format!("__path__/{}", added.json()["id"])
}

#[tokio::test]
async fn a_repeated_client_id_gives_the_first_one() {
    let (app, ada, client_id) = (App::native(&FUNCTION), Person::new().await, Uuid::from_u128(1));
    let sent = json!({"text": "Merci", "client_id": client_id});
    let (first, again) = (add(&app, &ada, sent.clone()).await, add(&app, &ada, sent.clone()).await);
    assert_eq!((first.status, again.status, again.json()["id"].as_i64()), (201, 200, first.json()["id"].as_i64()), "{again:?}");
    let other = add(&app, &ada, json!({"text": "Autre", "client_id": client_id})).await;
    assert_eq!((other.status, other.code().as_str()), (409, "client_id_mismatch"));

    assert_eq!(app.delete(&place(&first)).by(&ada).send().await.status, 204);
    let late = add(&app, &ada, sent).await;
    assert_eq!((late.status, late.code().as_str()), (410, "removed"));
}

#[tokio::test]
async fn a_list_comes_in_pages_and_ends() {
    let (app, ada) = (App::native(&FUNCTION), Person::new().await);
    for text in ["un", "deux", "trois"] {
        assert_eq!(add(&app, &ada, json!({"text": text})).await.status, 201);
    }
    let first = app.get("__path__?limit=2").by(&ada).send().await.json();
    assert_eq!((&first["items"][0]["text"], &first["items"][1]["text"]), (&json!("trois"), &json!("deux")));
    let next = format!("__path__?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    let last = app.get(&next).by(&ada).send().await.json();
    assert_eq!((&last["items"][0]["text"], &last["items"][1], &last["next_cursor"]), (&json!("un"), &Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_change_holds_for_the_version_that_it_names() {
    let (app, ada) = (App::native(&FUNCTION), Person::new().await);
    let added = add(&app, &ada, json!({"text": "Merci"})).await;
    let change = |version: &'static str| {
        let call = app.put(&place(&added)).by(&ada).json(json!({"text": "Grand merci"}));
        call.header("if-match", version).send()
    };
    let changed = change("\"1\"").await;
    assert_eq!((changed.status, &changed.json()["version"]), (200, &json!(2)), "{changed:?}");
    assert_eq!((change("\"1\"").await.status, change("\"2\"").await.status), (412, 200));
    let delete = |version: &'static str| app.delete(&place(&added)).by(&ada).header("if-match", version).send();
    assert_eq!((delete("\"1\"").await.status, delete("\"3\"").await.status), (412, 204));
}

#[tokio::test]
async fn what_is_somebody_elses_is_not_there() {
    let (app, ada, eve) = (App::native(&FUNCTION), Person::new().await, Person::new().await);
    let added = add(&app, &ada, json!({"text": "Merci"})).await;
    let change = app.put(&place(&added)).by(&eve).json(json!({"text": "À moi"})).send().await;
    let removal = app.delete(&place(&added)).by(&eve).send().await;
    assert_eq!((change.code().as_str(), removal.code().as_str()), ("not_found", "not_found"));
    assert_eq!(app.get("__path__").by(&eve).send().await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_blank_text_is_refused() {
    let (app, ada) = (App::native(&FUNCTION), Person::new().await);
    let answer = add(&app, &ada, json!({"text": " "})).await;
    assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["text:blank".to_owned()]));
}
