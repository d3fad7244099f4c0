use edge::auth::Role;
use serde_json::{Value, json};
use testing::{App, Person, insta};

use super::FUNCTION;

/// Half past one at night in Paris, still the day before in UTC.
const NIGHT: &str = "2026-06-09T23:30:00Z";

#[tokio::test]
async fn a_new_entry_is_for_the_persons_own_today_and_not_yet_completed() {
    let app = App::native(&FUNCTION).at(NIGHT);
    let ada = Person::new().await;
    let answer = app.post("/rise/kaizen").by(&ada).json(json!({"action": "Ranger le bureau"})).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.json()["user_id"], ada.id.to_string());
    insta::assert_json_snapshot!(answer.json(), { ".client_id" => "[client_id]", ".id" => "[id]", ".user_id" => "[person]" }, @r#"
    {
      "action": "Ranger le bureau",
      "client_id": "[client_id]",
      "completed": false,
      "completed_at": null,
      "created_at": "2026-06-09T23:30:00Z",
      "date": "2026-06-10",
      "id": "[id]",
      "updated_at": "2026-06-09T23:30:00Z",
      "user_id": "[person]",
      "version": 1
    }
    "#);
    assert_eq!(answer.header("etag"), Some("\"1\""));
}

#[tokio::test]
async fn a_repeated_client_id_returns_the_first_entry() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let body = json!({"action": "Marcher", "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"});
    let first = app.post("/rise/kaizen").by(&ada).json(body.clone()).send().await;
    let second = app.post("/rise/kaizen").by(&ada).json(body).send().await;
    assert_eq!((first.status, second.status), (201, 200));
    assert_eq!(first.json(), second.json());
    let other = json!({"action": "Courir", "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad2"});
    let third = app.post("/rise/kaizen").by(&ada).json(other.clone()).send().await;
    assert_eq!((third.status, third.code().as_str()), (409, "client_id_mismatch"));
    let bob = Person::new().await;
    assert_eq!(app.post("/rise/kaizen").by(&bob).json(other).send().await.status, 201, "client ids are per person");
}

#[tokio::test]
async fn a_device_that_sends_again_late_is_answered_whatever_became_of_the_entry() {
    let app = App::native(&FUNCTION).at(NIGHT);
    let ada = Person::new().await;
    let send = |body: Value| app.post("/rise/kaizen").by(&ada).json(body).send();
    let body = json!({"action": "Lire", "completed": true, "completed_at": "2026-06-09T18:00:00.1234567Z",
        "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad5"});
    let first = send(body.clone()).await;
    let again = send(body.clone()).await;
    assert_eq!((first.status, again.status), (201, 200), "a moment finer than the database's is still the same: {again:?}");
    let path = format!("/rise/kaizen/{}", first.json()["id"]);
    let changed = app.put(&path).by(&ada).json(json!({"action": "Lire mieux", "completed": false})).send().await.json();
    let late = send(body.clone()).await;
    assert_eq!((late.status, late.json()), (200, changed), "the entry as it is now");
    let other = send(json!({"action": "Lire mieux", "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad5"})).await;
    assert_eq!((other.status, other.code().as_str()), (409, "client_id_mismatch"), "this was never sent");
    assert_eq!(app.delete(&path).by(&ada).send().await.status, 204);
    let removed = send(body).await;
    assert_eq!((removed.status, removed.code().as_str()), (410, "removed"));
}

#[tokio::test]
async fn two_requests_with_one_client_id_at_once_make_one_entry() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let body = json!({"action": "Marcher", "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad3"});
    let send = || app.post("/rise/kaizen").by(&ada).json(body.clone()).send();
    let (a, b, c) = tokio::join!(send(), send(), send());
    let mut statuses = [a.status, b.status, c.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 201]);
    assert_eq!(a.json()["id"], b.json()["id"]);
}

#[tokio::test]
async fn a_day_in_the_future_or_too_far_back_is_refused_and_nothing_stored() {
    let app = App::native(&FUNCTION).at(NIGHT);
    let ada = Person::new().await;
    for (date, refusal) in [
        ("2026-06-11", "date:date_in_future"),
        ("2026-05-10", "date:date_too_old"),
        ("1899-12-31", "date:bad_date"),
        ("+99999-01-01", "date:bad_date"),
        ("2026-02-30", "date:bad_date"),
    ] {
        let answer = app.post("/rise/kaizen").by(&ada).json(json!({"action": "x", "date": date})).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{date}");
    }
    let oldest = app.post("/rise/kaizen").by(&ada).json(json!({"action": "x", "date": "2026-05-11"})).send().await;
    assert_eq!(oldest.status, 201);
    let list = app.get(&format!("/rise/kaizen/{}", ada.id)).by(&ada).send().await;
    assert_eq!(list.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn completing_is_stamped_and_can_be_taken_back() {
    let app = App::native(&FUNCTION).at(NIGHT);
    let ada = Person::new().await;
    let id = app.post("/rise/kaizen").by(&ada).json(json!({"action": "Lire"})).send().await.json()["id"].clone();
    let path = format!("/rise/kaizen/{id}");
    let done = app.put(&path).by(&ada).json(json!({"completed": true})).send().await;
    assert_eq!((done.status, done.json()["completed_at"].as_str()), (200, Some("2026-06-09T23:30:00Z")));
    let undone = app.put(&path).by(&ada).json(json!({"completed": false, "action": "Lire dix pages"})).send().await.json();
    assert_eq!((&undone["completed_at"], undone["action"].as_str()), (&json!(null), Some("Lire dix pages")));
    let nothing = app.put(&path).by(&ada).json(json!({})).send().await;
    assert_eq!((nothing.status, nothing.wrong_fields()), (422, vec![":nothing_to_change".to_owned()]));
}

#[tokio::test]
async fn a_device_that_was_offline_says_when_it_was_completed() {
    let app = App::native(&FUNCTION).at(NIGHT);
    let ada = Person::new().await;
    let body = json!({"action": "Lire", "date": "2026-06-09", "completed": true, "completed_at": "2026-06-09T20:00:00+02:00",
        "client_id": "7d444840-9dc0-11d1-b245-5ffdce74fad4"});
    let first = app.post("/rise/kaizen").by(&ada).json(body.clone()).send().await;
    assert_eq!((first.status, &first.json()["completed_at"]), (201, &json!("2026-06-09T18:00:00Z")), "{first:?}");
    assert_eq!(app.post("/rise/kaizen").by(&ada).json(body).send().await.status, 200);
    let path = format!("/rise/kaizen/{}", first.json()["id"]);
    let change = |body| app.put(&path).by(&ada).json(body).send();
    let unchanged = change(json!({"completed": true, "action": "Lire encore"})).await.json();
    assert_eq!(unchanged["completed_at"], "2026-06-09T18:00:00Z", "completing what is completed keeps the moment");
    let moved = change(json!({"completed": true, "completed_at": "2026-06-09T19:30:00Z"})).await.json();
    assert_eq!(moved["completed_at"], "2026-06-09T19:30:00Z");
    for (body, refusal) in [
        (json!({"completed_at": "2026-06-09T19:30:00Z"}), "completed_at:not_allowed"),
        (json!({"completed": false, "completed_at": "2026-06-09T19:30:00Z"}), "completed_at:not_allowed"),
        (json!({"completed": true, "completed_at": "2026-06-09T23:36:00Z"}), "completed_at:date_in_future"),
        (json!({"completed": true, "completed_at": "9999-12-31T23:59:59Z"}), "completed_at:date_in_future"),
        (json!({"completed": true, "completed_at": "2026-05-10T20:00:00Z"}), "completed_at:date_too_old"),
        (json!({"completed": true, "completed_at": "0000-01-01T00:00:00Z"}), "completed_at:date_too_old"),
        (json!({"completed": true, "completed_at": "+262142-12-31T23:59:59Z"}), "completed_at:bad_moment"),
    ] {
        let answer = change(body.clone()).await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refusal.to_owned()]), "{body}");
    }
}

#[tokio::test]
async fn an_entry_without_a_date_is_of_the_day_on_which_it_was_completed() {
    let app = App::native(&FUNCTION).at(NIGHT);
    let ada = Person::new().await;
    for (completed_at, date) in [
        ("2026-06-09T23:50:00+02:00", "2026-06-09"),
        ("2026-06-10T00:10:00+02:00", "2026-06-10"),
        // A device may be ahead of us.
        ("2026-06-09T23:34:00Z", "2026-06-10"),
    ] {
        let body = json!({"action": "Lire", "completed": true, "completed_at": completed_at});
        let answer = app.post("/rise/kaizen").by(&ada).json(body).send().await;
        assert_eq!((answer.status, &answer.json()["date"]), (201, &json!(date)), "{answer:?}");
    }
    let body = json!({"action": "Lire", "completed": true, "completed_at": "2026-04-09T12:00:00Z"});
    let refused = app.post("/rise/kaizen").by(&ada).json(body).send().await;
    assert_eq!((refused.status, refused.wrong_fields()), (422, vec!["completed_at:date_too_old".to_owned()]));
}

#[tokio::test]
async fn a_day_that_has_passed_beyond_the_limit_is_not_completed_afterwards() {
    let ada = Person::new().await;
    let insert = "insert into kaizen (user_id, action, date, completed) values ($1, 'x', '2026-05-10', $2) returning id";
    let owner = testing::database().await;
    let (open, done): (i64, i64) = (
        owner.query_one(insert, &[&ada.id, &false]).await.unwrap().get(0),
        owner.query_one(insert, &[&ada.id, &true]).await.unwrap().get(0),
    );
    let change = |now: &'static str, id: i64, body| {
        let ada = ada.clone();
        async move { App::native(&FUNCTION).at(now).put(&format!("/rise/kaizen/{id}")).by(&ada).json(body).send().await }
    };
    let late = change(NIGHT, open, json!({"completed": true})).await;
    assert_eq!((late.status, late.wrong_fields()), (422, vec!["completed:date_too_old".to_owned()]));
    assert_eq!(late.json()["oldest"], "2026-05-11");
    let words = json!({"action": "y", "date": "2026-05-10", "completed": false});
    assert_eq!(change(NIGHT, open, words).await.status, 200, "its words may change where its day does not");
    assert_eq!(change(NIGHT, done, json!({"completed": true})).await.status, 200, "it is done already");
    assert_eq!(change(NIGHT, done, json!({"completed": false})).await.status, 200, "and may be taken back");
    assert_eq!(change(NIGHT, done, json!({"completed": true})).await.status, 422);
    assert_eq!(change("2026-06-09T21:30:00Z", open, json!({"completed": true})).await.status, 200, "on the last day it may");
}

#[tokio::test]
async fn a_change_to_a_version_that_has_passed_is_refused() {
    let app = App::native(&FUNCTION);
    let ada = Person::new().await;
    let id = app.post("/rise/kaizen").by(&ada).json(json!({"action": "Lire"})).send().await.json()["id"].clone();
    let change = |tag: &'static str| {
        app.put(&format!("/rise/kaizen/{id}")).by(&ada).header("if-match", tag).json(json!({"completed": true})).send()
    };
    assert_eq!(change("\"1\"").await.header("etag"), Some("\"2\""));
    let late = change("\"1\"").await;
    assert_eq!((late.status, late.code().as_str()), (412, "precondition_failed"));
    assert_eq!(change("*").await.header("etag"), Some("\"3\""), "any version that there is");
    let listed = app.get(&format!("/rise/kaizen/{}", ada.id)).by(&ada).send().await.json();
    assert_eq!(listed["items"][0]["version"], 3, "another device knows it from the list");
    let delete = |tag: &'static str| app.delete(&format!("/rise/kaizen/{id}")).by(&ada).header("if-match", tag).send();
    assert_eq!(delete("\"2\"").await.status, 412);
    assert_eq!(delete("\"3\"").await.status, 204);
    assert_eq!(delete("\"3\"").await.status, 404);
}

#[tokio::test]
async fn somebody_elses_entry_is_as_missing_as_one_that_never_was() {
    let app = App::native(&FUNCTION);
    let (ada, eve) = (Person::new().await, Person::new().await);
    let id = app.post("/rise/kaizen").by(&ada).json(json!({"action": "Lire"})).send().await.json()["id"].clone();
    for path in [format!("/rise/kaizen/{id}"), "/rise/kaizen/9223372036854775807".to_owned()] {
        let put = app.put(&path).by(&eve).json(json!({"completed": true})).send().await;
        assert_eq!((put.status, put.code().as_str()), (404, "not_found"));
        assert_eq!(app.delete(&path).by(&eve).send().await.status, 404);
    }
    for other in [ada.id.to_string(), "00000000-0000-0000-0000-000000000000".to_owned()] {
        let list = app.get(&format!("/rise/kaizen/{other}")).by(&eve).send().await;
        assert_eq!((list.status, list.json()["detail"].as_str()), (403, Some("Accès non autorisé")));
    }
}

#[tokio::test]
async fn the_history_comes_in_pages_newest_first_without_removed_entries() {
    let app = App::native(&FUNCTION).at(NIGHT);
    let ada = Person::new().await;
    for day in ["2026-06-08", "2026-06-10", "2026-06-09", "2026-06-09"] {
        app.post("/rise/kaizen").by(&ada).json(json!({"action": "x", "date": day})).send().await;
    }
    let get = |query: String| app.get(&format!("/rise/kaizen/{}?{query}", ada.id)).by(&ada).send();
    let days = |page: &serde_json::Value| -> Vec<String> {
        page["items"].as_array().unwrap().iter().map(|entry| entry["date"].as_str().unwrap().to_owned()).collect()
    };
    let first = get("limit=2".to_owned()).await.json();
    assert_eq!(days(&first), ["2026-06-10", "2026-06-09"]);
    let removed = first["items"][0]["id"].clone();
    assert_eq!(app.delete(&format!("/rise/kaizen/{removed}")).by(&ada).send().await.status, 204);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(format!("limit=2&cursor={cursor}")).await.json();
    assert_eq!((days(&second), &second["next_cursor"]), (vec!["2026-06-09".to_owned(), "2026-06-08".to_owned()], &json!(null)));
    assert_eq!(days(&get("from=2026-06-09&to=2026-06-10".to_owned()).await.json()), ["2026-06-09", "2026-06-09"]);
    for (query, refusal) in [
        ("from=2026-06-10&to=2026-06-09".to_owned(), "from:from_after_to"),
        (format!("from=2026-06-01&cursor={cursor}"), "cursor:bad_cursor"),
        ("limit=101".to_owned(), "limit:range"),
        ("sort=date".to_owned(), "sort:unknown_field"),
    ] {
        assert_eq!(get(query.clone()).await.wrong_fields(), [refusal], "{query}");
    }
}

#[tokio::test]
async fn an_administrator_sees_what_its_owner_sees_by_the_owners_own_day_and_leaves_a_row_in_the_log() {
    let app = App::native(&FUNCTION).at(NIGHT);
    let (ada, admin) = (Person::new().await, Person::of(Role::Admin, "America/New_York").await);
    app.post("/rise/kaizen").by(&ada).json(json!({"action": "Ranger"})).send().await;
    app.post("/rise/kaizen").by(&admin).json(json!({"action": "Le mien"})).send().await;
    let path = format!("/rise/kaizen/{}", ada.id);
    let (own, seen) = (app.get(&path).by(&ada).send().await, app.get(&path).by(&admin).send().await);
    assert_eq!((seen.status, seen.json()), (200, own.json()));
    assert!(seen.log.concat().contains("\"calls\":1"), "{:?}", seen.log);
    let logged = "select metadata - 'subject', request_id from audit_logs
                  where user_id = $1 and action = 'data.read' and metadata ->> 'subject' = $2";
    let rows = testing::database().await.query(logged, &[&admin.id, &ada.id.to_string()]).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].get::<_, Value>(0), json!({"operation": "rise-kaizen.list_kaizens"}));
    assert_eq!(rows[0].get::<_, Option<&str>>(1), seen.header("x-request-id"));
}

#[tokio::test]
async fn neither_managers_nor_privacy_operations_read_entries_and_nobody_reads_of_nobody() {
    let (app, ada) = (App::native(&FUNCTION), Person::new().await);
    for role in [Role::User, Role::Manager, Role::Privacy, Role::Qa] {
        let answer = app.get(&format!("/rise/kaizen/{}", ada.id)).by(&Person::of(role, "Europe/Paris").await).send().await;
        assert_eq!((answer.status, answer.json()["detail"].as_str()), (403, Some("Accès non autorisé")), "{role:?}");
    }
    let nobody = app.get("/rise/kaizen/00000000-0000-4000-8000-000000000000").by(&Person::admin().await).send().await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn in_somebody_elses_place_an_administrator_can_write_nothing() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    let login = testing::database_as_person().await;
    let claims = json!({"sub": admin.id, "session": admin.session, "role": "admin", "subject": ada.id, "writes": false});
    let begin = format!("begin; select edge.enter('{claims}', clock_timestamp()); set local role authenticated;");
    login.batch_execute(&begin).await.unwrap();
    assert_eq!(login.query_one("select edge.uid(), edge.role()", &[]).await.unwrap().get::<_, uuid::Uuid>(0), ada.id);
    let refused = login.execute("insert into kaizen (action) values ('x')", &[]).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "25006", "a read-only transaction");
    login.batch_execute("rollback").await.unwrap();
    let eve = Person::new().await;
    let claims = json!({"sub": eve.id, "session": eve.session, "role": "user", "subject": ada.id});
    let refused = login.batch_execute(&format!("select edge.enter('{claims}', clock_timestamp())")).await.unwrap_err();
    assert_eq!(refused.code().unwrap().code(), "OR403");
}

#[tokio::test]
async fn how_far_back_an_entry_may_be_dated_is_a_setting() {
    let owner = testing::database().await;
    let change = "begin; update settings set value = '7' where key = 'kaizen_back_days'; set local oree.today = '2026-06-10'";
    owner.batch_execute(change).await.unwrap();
    let oldest: String = owner.query_one("select edge.kaizen_oldest()::text", &[]).await.unwrap().get(0);
    owner.batch_execute("rollback").await.unwrap();
    assert_eq!(oldest, "2026-06-03");
}
