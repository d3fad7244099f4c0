use serde_json::{Value, json};
use testing::{App, Person, database};

use super::FUNCTION;

#[tokio::test]
async fn an_account_is_shown_to_its_owner_without_its_secrets() {
    let app = App::native(&FUNCTION);
    let (ada, _) = (Person::new().await, Person::new().await);
    let update = "update users set name = 'Ada', phone = '+33 1 23 45 67 89', country = 'FR', tier = 'PREMIUM', login_count = 7,
                    last_login_at = '2026-06-01T12:00:00Z', registration_date = '2026-05-01T12:00:00Z' where id = $1";
    database().await.execute(update, &[&ada.id]).await.unwrap();
    let answer = app.get("/auth/me").by(&ada).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    let mut user = answer.json();
    assert!(user.as_object_mut().unwrap().remove("updated_at").is_some());
    assert_eq!(
        user,
        json!({
            "id": ada.id, "email": ada.email, "name": "Ada", "phone": "+33 1 23 45 67 89", "country": "FR", "role": "user",
            "tier": "PREMIUM", "locale": "fr", "time_zone": "Europe/Paris", "email_verified": true,
            "registration_date": "2026-05-01T12:00:00Z", "login_count": 7, "last_login_at": "2026-06-01T12:00:00Z",
            "organisations": [],
        })
    );
}

#[tokio::test]
async fn what_an_account_does_not_have_is_null() {
    let ada = Person::new().await;
    database().await.execute("update users set email_verified_at = null where id = $1", &[&ada.id]).await.unwrap();
    let user = App::native(&FUNCTION).get("/auth/me").by(&ada).send().await.json();
    for absent in ["name", "phone", "country", "last_login_at"] {
        assert_eq!(user.get(absent), Some(&Value::Null), "{absent}");
    }
    assert_eq!(user["email_verified"], false);
}

#[tokio::test]
async fn the_tag_changes_with_the_account() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let tag = async || app.get("/auth/me").by(&ada).send().await.header("etag").map(str::to_owned);
    assert!(tag().await.is_some_and(|tag| tag.starts_with("\"1-")));
    database().await.execute("update users set name = 'Ada' where id = $1", &[&ada.id]).await.unwrap();
    assert!(tag().await.is_some_and(|tag| tag.starts_with("\"2-")));
}

#[tokio::test]
async fn an_answer_is_known_for_as_long_as_all_of_it_is_the_same() {
    let ada = Person::new().await;
    let owner = database().await;
    let subscribe = "insert into user_subscriptions (subscription, customer, user_id, status, period_end, is_ending, is_live, event_at, event_id)
                     values ('sub_' || $1::uuid, 'cus', $1, 'active', '2026-06-20T10:00:00Z', true, false, '2026-05-20', 'evt')";
    owner.execute(subscribe, &[&ada.id]).await.unwrap();
    let look = async |now: &str, known: &str| {
        App::native(&FUNCTION).at(now).get("/auth/me").by(&ada).header("if-none-match", known).send().await
    };
    let first = look("2026-06-20T09:59:58Z", "\"1\"").await;
    let tag = first.header("etag").unwrap().to_owned();
    assert_eq!((first.status, &first.json()["tier"]), (200, &json!("PREMIUM")));
    assert_eq!(look("2026-06-20T09:59:59Z", &tag).await.status, 304);
    // No row changes at that moment.
    let after = look("2026-06-20T10:00:00Z", &tag).await;
    assert_eq!((after.status, &after.json()["tier"]), (200, &json!("FREE")));
    let counted = after.header("etag").unwrap().to_owned();
    owner.execute("update users set login_count = login_count + 1 where id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(look("2026-06-20T10:00:01Z", &counted).await.status, 200, "a sign-in is shown too");
}

#[tokio::test]
async fn an_account_shows_its_organisations_and_its_tag_changes_with_them() {
    let ada = Person::new().await;
    let owner = database().await;
    let found = "with o as (insert into organisations (name) values ('Atelier') returning id)
                 insert into organisation_members (organisation_id, user_id, role)
                 select id, $1, 'manager' from o returning organisation_id::text";
    let id: String = owner.query_one(found, &[&ada.id]).await.unwrap().get(0);
    let answer = App::native(&FUNCTION).get("/auth/me").by(&ada).send().await;
    let organisation = &answer.json()["organisations"][0];
    assert_eq!((&organisation["id"], &organisation["role"]), (&json!(id), &json!("manager")));
    assert_eq!((&organisation["name"], &answer.header("etag").unwrap()[..3]), (&json!("Atelier"), "\"2-"));
}

#[tokio::test]
async fn nobody_is_nobody() {
    let app = App::native(&FUNCTION);
    let none = app.get("/auth/me").send().await;
    assert_eq!((none.status, none.code().as_str()), (401, "unauthenticated"));
    let garbage = app.get("/auth/me").token("a.b.c").send().await;
    assert_eq!((garbage.status, garbage.code().as_str()), (401, "unauthenticated"));
    let ada = Person::new().await;
    let erased = "update users set deleted_at = edge.now() where id = $1";
    database().await.execute(erased, &[&ada.id]).await.unwrap();
    let erased = app.get("/auth/me").by(&ada).send().await;
    assert_eq!((erased.status, erased.code().as_str()), (401, "session_revoked"));
}
