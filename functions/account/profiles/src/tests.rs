use serde_json::{Value, json};
use testing::{Answer, App, Person, database};

use super::FUNCTION;

const NOON: &str = "2026-06-01T12:00:00Z";

fn app() -> App {
    App::native(&FUNCTION).at(NOON)
}

fn of(person: &Person) -> String {
    format!("/profiles/{}", person.id)
}

async fn create(person: &Person, body: Value) -> Answer {
    app().post("/profiles").by(person).json(body).send().await
}

async fn change(by: &Person, whose: &Person, body: Value) -> Answer {
    app().put(&of(whose)).by(by).json(body).send().await
}

#[tokio::test]
async fn a_person_has_one_profile_however_often_it_is_sent() {
    let ada = Person::new().await;
    let body = json!({"display_name": "Ada", "bio": "Compte.", "avatar_url": "https://f.example/a.png", "preferences": {"theme": "dark"}});
    let (first, second) = (create(&ada, body.clone()).await, create(&ada, body).await);
    assert_eq!((first.status, second.status), (201, 200), "{first:?} {second:?}");
    let profile = first.json();
    assert_eq!((&profile["user_id"], &profile["is_public"]), (&json!(ada.id), &json!(false)));
    assert_eq!((&profile["preferences"], &profile["updated_at"]), (&json!({"theme": "dark"}), &json!(NOON)));
    assert_eq!((&second.json()["id"], second.json() == profile), (&profile["id"], true));
    let rows = "select count(*) from user_profiles where user_id = $1";
    assert_eq!(database().await.query_one(rows, &[&ada.id]).await.unwrap().get::<_, i64>(0), 1);
}

#[tokio::test]
async fn two_first_saves_at_once_make_one_profile() {
    let ada = Person::new().await;
    let save = || create(&ada, json!({"display_name": "Ada"}));
    let (a, b, c) = tokio::join!(save(), save(), save());
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 201]);
}

#[tokio::test]
async fn only_a_public_profile_is_seen_by_others_and_never_its_preferences() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    create(&ada, json!({"display_name": "Ada", "preferences": {"theme": "dark"}})).await;
    let get = async |by: &Person| app().get(&of(&ada)).by(by).send().await;
    let hidden = get(&eve).await;
    let missing = app().get(&of(&eve)).by(&ada).send().await;
    assert_eq!((hidden.status, hidden.code()), (404, "not_found".to_owned()));
    assert_eq!((missing.status, missing.code()), (404, "not_found".to_owned()));
    change(&ada, &ada, json!({"is_public": true})).await;
    let seen = get(&eve).await.json();
    assert_eq!((&seen["display_name"], seen.get("preferences")), (&json!("Ada"), None));
    assert_eq!(get(&ada).await.json()["preferences"], json!({"theme": "dark"}));
    database().await.execute("update users set deleted_at = edge.now() where id = $1", &[&ada.id]).await.unwrap();
    assert_eq!(get(&eve).await.status, 404, "an erased person is not shown");
}

#[tokio::test]
async fn the_directory_shows_who_wants_to_be_found_in_pages() {
    let eve = Person::new().await;
    let mark = format!("m{}", eve.id.simple());
    for (number, is_public) in [(1, true), (2, false), (3, true), (4, true)] {
        let person = Person::new().await;
        create(&person, json!({"display_name": format!("{mark} {number}"), "is_public": is_public})).await;
        if number == 4 {
            database().await.execute("update users set is_banned = true where id = $1", &[&person.id]).await.unwrap();
        }
    }
    let get = async |query: String| app().get(&format!("/profiles?limit=1&q={mark}{query}")).by(&eve).send().await.json();
    let first = get(String::new()).await;
    let second = get(format!("&cursor={}", first["next_cursor"].as_str().unwrap())).await;
    let mut names = [&first, &second].map(|page| page["items"][0]["display_name"].as_str().unwrap().to_owned());
    names.sort();
    assert_eq!((names, &second["next_cursor"]), ([format!("{mark} 1"), format!("{mark} 3")], &Value::Null));
}

#[tokio::test]
async fn a_number_that_would_not_be_kept_as_it_is_is_refused() {
    let ada = Person::new().await;
    create(&ada, json!({"display_name": "Ada"})).await;
    for number in ["18446744073709551616", "-9223372036854775809", "1e300"] {
        for preferences in [format!("{{\"a\":{number}}}"), format!("{{\"a\":{{\"b\":[1,{number}]}}}}")] {
            let body = format!("{{\"preferences\":{preferences}}}");
            let call = App::native(&FUNCTION).put(&format!("/profiles/{}", ada.id)).by(&ada);
            let answer = call.body("application/json", body.as_bytes()).send().await;
            assert_eq!((answer.status, answer.wrong_fields()), (422, vec!["preferences:not_exact".to_owned()]), "{body}");
        }
    }
    let numbers = json!({"a": 18_446_744_073_709_551_615_u64, "b": -9_223_372_036_854_775_808_i64, "c": 0.1});
    let answer = change(&ada, &ada, json!({"preferences": numbers})).await;
    assert_eq!(answer.json()["preferences"], numbers, "{answer:?}");
}

#[tokio::test]
async fn preferences_are_merged_and_null_takes_one_away() {
    let ada = Person::new().await;
    create(&ada, json!({"preferences": {"theme": "dark", "player": {"speed": 1, "volume": 5}, "old": true}})).await;
    let merged = change(&ada, &ada, json!({"preferences": {"player": {"volume": 7}, "old": null}})).await;
    assert_eq!(merged.json()["preferences"], json!({"theme": "dark", "player": {"speed": 1, "volume": 7}}), "{merged:?}");
}

#[tokio::test]
async fn the_later_change_wins_whichever_arrives_first() {
    let ada = Person::new().await;
    create(&ada, json!({"display_name": "first", "updated_at": "2026-06-01T08:00:00Z"})).await;
    let change_at = |name: &str, at: &str| json!({"display_name": name, "updated_at": at});
    let late = change(&ada, &ada, change_at("late", "2026-06-01T10:00:00Z")).await.json();
    assert_eq!((&late["display_name"], &late["updated_at"]), (&json!("late"), &json!("2026-06-01T10:00:00Z")));
    let early = change(&ada, &ada, change_at("early", "2026-06-01T09:00:00Z")).await;
    assert_eq!((early.status, &early.json()["display_name"]), (200, &json!("late")));
    let ahead = change(&ada, &ada, change_at("ahead", "2027-01-01T00:00:00Z")).await.json();
    assert_eq!(
        (&ahead["display_name"], &ahead["updated_at"]),
        (&json!("ahead"), &json!(NOON)),
        "a clock that is ahead is set back"
    );
}

#[tokio::test]
async fn a_removed_profile_leaves_a_tombstone_and_can_come_back() {
    let ada = Person::new().await;
    create(&ada, json!({"display_name": "Ada", "is_public": true, "preferences": {"theme": "dark"}})).await;
    assert_eq!(app().delete(&of(&ada)).by(&ada).send().await.status, 204);
    for answer in [app().get(&of(&ada)).by(&ada).send().await, change(&ada, &ada, json!({"bio": "x"})).await] {
        assert_eq!((answer.status, answer.code().as_str()), (410, "profile_removed"), "{answer:?}");
    }
    for stranger in [Person::new().await, Person::admin().await] {
        let answer = app().get(&of(&ada)).by(&stranger).send().await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{answer:?}");
    }
    let never = Person::new().await;
    for answer in [app().get(&of(&never)).by(&never).send().await, change(&never, &never, json!({"bio": "x"})).await] {
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{answer:?}");
    }
    assert_eq!(app().delete(&of(&ada)).by(&ada).send().await.status, 404);
    let select =
        "select deleted_at is not null, display_name is null and preferences = '{}' from user_profiles where user_id = $1";
    let row = database().await.query_one(select, &[&ada.id]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (true, true));
    let back = create(&ada, json!({"display_name": "Ada"})).await;
    assert_eq!((back.status, &back.json()["preferences"], &back.json()["is_public"]), (201, &json!({}), &json!(false)));
}

#[tokio::test]
async fn an_administrator_may_change_a_profile_and_the_log_says_so() {
    let (ada, eve, admin) = (Person::new().await, Person::new().await, Person::admin().await);
    create(&ada, json!({"display_name": "Ada"})).await;
    for call in [app().put(&of(&ada)).json(json!({"bio": "x"})), app().delete(&of(&ada))] {
        let refused = call.by(&eve).send().await;
        assert_eq!((refused.status, refused.json()["detail"].as_str()), (403, Some("Accès non autorisé")));
    }
    assert_eq!(app().get(&of(&ada)).by(&admin).send().await.status, 200);
    assert_eq!(change(&admin, &ada, json!({"bio": "Modéré."})).await.json()["bio"], "Modéré.");
    assert_eq!(app().delete(&of(&ada)).by(&admin).send().await.status, 204);
    let select = "select action from audit_logs where user_id = $1 and metadata ->> 'subject' = $2 order by id";
    let rows = database().await.query(select, &[&admin.id, &ada.id.to_string()]).await.unwrap();
    let actions: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(actions, ["profiles.read", "profiles.changed", "profiles.removed"]);
}

#[tokio::test]
async fn a_change_to_a_version_that_has_passed_is_refused() {
    let ada = Person::new().await;
    create(&ada, json!({"display_name": "Ada"})).await;
    let at = |tag: &'static str| app().put(&of(&ada)).by(&ada).header("if-match", tag).json(json!({"bio": "x"})).send();
    assert_eq!(at("\"1\"").await.header("etag"), Some("\"2\""));
    assert_eq!(at("\"1\"").await.code(), "precondition_failed");
    assert_eq!(change(&ada, &ada, json!({})).await.wrong_fields(), [":nothing_to_change"]);
}

#[tokio::test]
async fn what_a_profile_cannot_be_is_named() {
    let ada = Person::new().await;
    let large = json!({"preferences": {"a": "x".repeat(17_000)}});
    for (body, refused) in [
        (json!({"display_name": " "}), "display_name:blank"),
        (json!({"avatar_url": "javascript:alert(1)"}), "avatar_url:not_allowed"),
        (json!({"avatar_url": "http://f.example/a.png"}), "avatar_url:not_allowed"),
        (json!({"preferences": {"$set": 1}}), "preferences:not_allowed"),
        (json!({"preferences": []}), "preferences:wrong_type"),
        (large, "preferences:not_allowed"),
        (json!({"user_id": ada.id}), "user_id:unknown_field"),
    ] {
        let answer = create(&ada, body).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refused.to_owned()]), "{answer:?}");
    }
}

#[tokio::test]
async fn the_view_profiles_shows_a_person_their_own() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    for (person, name) in [(&ada, "Ada"), (&eve, "Eve")] {
        create(person, json!({"display_name": name, "is_public": true})).await;
    }
    let login = testing::database_as_person().await;
    let claims = format!(r#"{{"sub":"{}","session":"{}","role":"user"}}"#, ada.id, ada.session);
    login.batch_execute(&format!("begin; select edge.enter('{claims}', now()); set local role authenticated;")).await.unwrap();
    let rows = login.query("select display_name from profiles", &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<&str>>(), ["Ada"]);
}
