use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use edge::auth;
use serde_json::{Value, json};
use testing::{App, Person, database, now, variable};
use uuid::Uuid;

use super::*;

/// Keys of one test, under ids of its own: rows of other tests then belong to keys that this one does not have.
struct Ring {
    old: String,
    new: String,
}

impl Ring {
    fn new() -> Ring {
        let of = |name: &str| {
            let id = auth::random_uuid().unwrap().simple().to_string();
            let key = [auth::random_uuid().unwrap().into_bytes(), auth::random_uuid().unwrap().into_bytes()].concat();
            format!("{name}-{id}:{}", BASE64_STANDARD.encode(key))
        };
        Ring { old: of("old"), new: of("new") }
    }
}

fn keys(text: &str) -> Keys {
    Keys::parse(text).unwrap()
}

async fn place(person: Uuid, provider: &str) -> String {
    let select = "select edge.token_place($1, $2::text::provider_type)";
    database().await.query_one(select, &[&person, &provider]).await.unwrap().get(0)
}

async fn keep(person: Uuid, provider: &str, keys: &Keys, token: &str) {
    let row = place(person, provider).await;
    let sealed = |column| keys.seal(Place { table: "provider_connections", column, row: &row }, token).unwrap();
    let insert = "insert into provider_connections (user_id, provider, status, provider_user_id, access_token, refresh_token)
                  values ($1::uuid, $2::text::provider_type, 'active', $1::uuid::text, $3, $4)";
    let values = [sealed("access_token"), sealed("refresh_token")];
    database().await.execute(insert, &[&person, &provider, &values[0], &values[1]]).await.unwrap();
}

async fn stored(person: Uuid, provider: &str) -> (String, String, String) {
    let select =
        "select key_id, access_token, refresh_token from provider_connections where user_id = $1 and provider::text = $2";
    let row = database().await.query_one(select, &[&person, &provider]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

async fn run_with(keys: &str) -> Value {
    let token = auth::Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("operations-reseal", now());
    let answer = App::native(&FUNCTION).with("SEALING_KEYS", keys).post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_key_is_replaced_row_by_row_and_can_then_be_taken_out() {
    let ring = Ring::new();
    let ada = Person::new().await.id;
    keep(ada, "strava", &keys(&ring.old), "jeton de Strava").await;
    keep(ada, "polar", &keys(&ring.old), "jeton de Polar").await;
    let report = run_with(&[&ring.new, ",", &ring.old].concat()).await;
    assert!(report["resealed"].as_u64() >= Some(2) && report["more"] == json!(false), "{report}");
    let after = keys(&ring.new);
    for (provider, token) in [("strava", "jeton de Strava"), ("polar", "jeton de Polar")] {
        let (key, access, refresh) = stored(ada, provider).await;
        assert_eq!(key, after.first());
        let row = place(ada, provider).await;
        let open = |column, sealed: &str| after.open(Place { table: "provider_connections", column, row: &row }, sealed).unwrap();
        assert_eq!((open("access_token", &access), open("refresh_token", &refresh)), (token.to_owned(), token.to_owned()));
    }
    let again = stored(ada, "strava").await;
    run_with(&[&ring.new, ",", &ring.old].concat()).await;
    assert_eq!(stored(ada, "strava").await, again, "what has the first key is left alone");
}

#[tokio::test]
async fn a_cell_that_was_moved_to_another_row_is_not_opened() {
    let ring = Ring::new();
    let (ada, eve) = (Person::new().await.id, Person::new().await.id);
    keep(ada, "strava", &keys(&ring.old), "jeton d'Ada").await;
    keep(eve, "strava", &keys(&ring.old), "jeton d'Eve").await;
    let (_, access, refresh) = stored(ada, "strava").await;
    let swap = "update provider_connections set access_token = $2, refresh_token = $3 where user_id = $1";
    database().await.execute(swap, &[&eve, &access, &refresh]).await.unwrap();
    let report = run_with(&[&ring.new, ",", &ring.old].concat()).await;
    assert!(report["unreadable"].as_u64() >= Some(1), "{report}");
    assert_eq!(stored(eve, "strava").await.1, access, "it is left as it is");
    assert_eq!(stored(ada, "strava").await.0, keys(&ring.new).first());
}

#[tokio::test]
async fn the_database_takes_no_token_in_plain_text_and_shows_sealed_ones_to_nobody() {
    let ada = Person::new().await;
    let owner = database().await;
    let insert =
        "insert into provider_connections (user_id, provider, status, access_token) values ($1, 'strava', 'needs_reauth', $2)";
    for plain in ["a1b2c3d4", "a:b:c", ""] {
        let refused = owner.execute(insert, &[&ada.id, &plain]).await.unwrap_err();
        assert_eq!(
            refused.as_db_error().and_then(|error| error.constraint()),
            Some("provider_connections_access_sealed"),
            "{plain}"
        );
    }
    let login = testing::database_as_person().await;
    let claims = format!(r#"{{"sub":"{}","session":"{}","role":"user"}}"#, ada.id, ada.session);
    login.batch_execute(&format!("begin; select edge.enter('{claims}', now()); set local role authenticated")).await.unwrap();
    let refused = login.batch_execute("select access_token from provider_connections").await.unwrap_err();
    assert_eq!(refused.code().map(|code| code.code()), Some("42501"));
}
