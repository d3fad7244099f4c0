use edge::auth::{Role, sha256_hex};
use serde_json::{Value, json};
use testing::{Answer, App, Person, database, insta, letters_to};

use super::FUNCTION;

fn app() -> App {
    App::native(&FUNCTION)
}

fn of(person: &Person) -> String {
    format!("/users/{}", person.id)
}

async fn change(by: &Person, whose: &Person, body: Value) -> Answer {
    app().put(&of(whose)).by(by).json(body).send().await
}

/// Actions that an administrator left in the log about somebody.
async fn logged(admin: &Person, about: &Person) -> Vec<String> {
    let select = "select action from audit_logs where user_id = $1 and metadata ->> 'subject' = $2 order by id";
    let rows = database().await.query(select, &[&admin.id, &about.id.to_string()]).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

async fn open_sessions(person: &Person) -> i64 {
    let select = "select count(*) from user_sessions where user_id = $1 and revoked_at is null";
    database().await.query_one(select, &[&person.id]).await.unwrap().get(0)
}

#[tokio::test]
async fn an_account_is_its_owners_and_administrators() {
    let (ada, eve, admin) = (Person::new().await, Person::new().await, Person::admin().await);
    let mut shown = Vec::new();
    for by in [&ada, &admin] {
        let answer = app().get(&of(&ada)).by(by).send().await;
        assert_eq!((answer.status, &answer.header("etag").unwrap()[..3]), (200, "\"1-"), "{answer:?}");
        assert_eq!((&answer.json()["id"], &answer.json()["email"]), (&json!(ada.id), &json!(ada.email)));
        shown.push(answer.json());
    }
    assert_eq!(shown[0], shown[1]);
    insta::assert_json_snapshot!(shown[0], {
        ".id" => "[id]", ".email" => "[email]", ".created_at" => "[time]", ".registration_date" => "[time]", ".updated_at" => "[time]",
    }, @r#"
    {
      "country": null,
      "created_at": "[time]",
      "deleted_at": null,
      "email": "[email]",
      "email_verified": true,
      "id": "[id]",
      "is_active": true,
      "is_banned": false,
      "last_login_at": null,
      "locale": "fr",
      "login_count": 0,
      "name": null,
      "phone": null,
      "registration_date": "[time]",
      "role": "user",
      "tier": "FREE",
      "time_zone": "Europe/Paris",
      "updated_at": "[time]"
    }
    "#);
    assert_eq!(logged(&admin, &ada).await, ["accounts.read"]);
    let nobody = "/users/00000000-0000-4000-8000-000000000000";
    for path in [of(&ada), nobody.to_owned()] {
        for call in [app().get(&path), app().delete(&path), app().put(&path).json(json!({"name": "Eve"}))] {
            let answer = call.by(&eve).send().await;
            assert_eq!((answer.status, answer.json()["detail"].as_str()), (403, Some("Accès non autorisé")), "{path}");
        }
    }
    assert_eq!(app().get(nobody).by(&admin).send().await.status, 404);
}

#[tokio::test]
async fn the_list_is_searched_and_paged_by_administrators_only() {
    let (admin, ada) = (Person::admin().await, Person::new().await);
    let refused = app().get("/users").by(&ada).send().await;
    assert_eq!((refused.status, refused.json()["detail"].as_str()), (403, Some("Accès non autorisé")));
    let mark = format!("m{}", ada.id.simple());
    let mut people = vec![ada];
    for _ in 0..2 {
        people.push(Person::new().await);
    }
    for person in &people {
        let name = "update users set name = 'Ada ' || upper($2) where id = $1";
        database().await.execute(name, &[&person.id, &mark]).await.unwrap();
    }
    let get = async |query: String| app().get(&format!("/users?q={mark}{query}")).by(&admin).send().await.json();
    let first = get("&limit=2".to_owned()).await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = get(format!("&limit=2&cursor={cursor}")).await;
    let mut found: Vec<String> = [&first, &second]
        .iter()
        .flat_map(|page| page["items"].as_array().unwrap())
        .map(|account| account["id"].as_str().unwrap().to_owned())
        .collect();
    let mut made: Vec<String> = people.iter().map(|person| person.id.to_string()).collect();
    found.sort();
    made.sort();
    assert_eq!((found, &second["next_cursor"]), (made, &Value::Null));
    change(&admin, &people[0], json!({"is_banned": true})).await;
    let banned = get("&state=banned".to_owned()).await;
    assert_eq!(banned["items"].as_array().unwrap().len(), 1);
    let listed = "select count(*) from audit_logs where user_id = $1 and action = 'accounts.listed'";
    assert_eq!(database().await.query_one(listed, &[&admin.id]).await.unwrap().get::<_, i64>(0), 3);
    let by_mail = app().get(&format!("/users?q={}", people[1].email.to_uppercase())).by(&admin).send().await.json();
    assert_eq!(by_mail["items"][0]["id"], json!(people[1].id));
}

#[tokio::test]
async fn who_asked_for_an_address_before_it_had_an_account_makes_no_link_dead() {
    let admin = Person::admin().await;
    let email = format!("new.{}", admin.email);
    let asked = "insert into user_tokens (hash, purpose, email_hash, expires_at)
                 select md5($1 || n::text), 'password_reset', edge.address_hash($1), '2200-01-01' from generate_series(1, 3) as n";
    database().await.execute(asked, &[&email]).await.unwrap();
    assert_eq!(app().post("/users").by(&admin).json(json!({"email": email})).send().await.status, 201);
    let opens = "select u.email from user_tokens t join users u on u.id = t.user_id where t.hash = $1";
    let hash = sha256_hex(letters_to(&email).await.remove(0).token().as_bytes());
    let row = database().await.query_opt(opens, &[&hash]).await.unwrap();
    assert_eq!(row.map(|row| row.get::<_, String>(0)), Some(email));
}

#[tokio::test]
async fn an_account_opened_for_somebody_is_theirs_by_the_link_in_a_letter() {
    let (admin, eve) = (Person::admin().await, Person::new().await);
    let email = format!("new.{}", admin.email);
    let body = json!({"email": email, "name": "Bob", "locale": "en", "role": "manager"});
    assert_eq!(app().post("/users").by(&eve).json(body.clone()).send().await.status, 403);
    let answer = app().post("/users").by(&admin).json(body.clone()).send().await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let account = answer.json();
    assert_eq!((&account["role"], &account["email_verified"]), (&json!("manager"), &json!(false)));
    assert_eq!(answer.header("location"), Some(format!("/api/v1/users/{}", account["id"].as_str().unwrap()).as_str()));
    let letter = letters_to(&email).await.remove(0);
    assert_eq!((letter.subject.as_str(), letter.token().len()), ("Your account is waiting", 43));
    let again = app().post("/users").by(&admin).json(body).send().await;
    assert_eq!((again.status, again.code().as_str()), (409, "email_taken"));
    for (body, refused) in [
        (json!({"email": email, "password": "trois petits chats"}), "password:unknown_field"),
        (json!({"email": "x"}), "email:bad_email"),
        (json!({"email": format!("x.{email}"), "time_zone": "Europe/Nulle_Part"}), "time_zone:bad_time_zone"),
    ] {
        let answer = app().post("/users").by(&admin).json(body).send().await;
        assert_eq!((answer.status, answer.wrong_fields()), (422, vec![refused.to_owned()]));
    }
}

#[tokio::test]
async fn owners_change_what_they_say_of_themselves_and_nobody_their_own_rights() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    assert_eq!(change(&ada, &ada, json!({"name": "Ada"})).await.json()["name"], "Ada");
    for right in [
        json!({"role": "admin"}),
        json!({"tier": "PREMIUM"}),
        json!({"is_banned": false}),
        json!({"is_active": true}),
        json!({"restore": true}),
    ] {
        for person in [&ada, &admin] {
            let answer = change(person, person, right.clone()).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{right}");
        }
    }
    assert_eq!(app().get(&of(&ada)).by(&ada).send().await.json()["role"], "user");
}

#[tokio::test]
async fn an_administrator_bans_and_unbans_and_the_log_says_which_fields() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    let banned = change(&admin, &ada, json!({"is_banned": true, "tier": "PREMIUM"})).await;
    assert_eq!((banned.status, &banned.json()["is_banned"]), (200, &json!(true)), "{banned:?}");
    assert_eq!(open_sessions(&ada).await, 0);
    let refused = app().get(&of(&ada)).by(&ada).send().await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "banned"));
    assert_eq!(change(&admin, &ada, json!({"is_banned": false})).await.json()["tier"], "PREMIUM");
    let select =
        "select metadata -> 'fields' from audit_logs where user_id = $1 and action = 'accounts.changed' order by id limit 1";
    let fields: Value = database().await.query_one(select, &[&admin.id]).await.unwrap().get(0);
    assert_eq!(fields, json!(["tier", "is_banned"]));
}

#[tokio::test]
async fn of_two_changes_to_one_version_the_second_is_refused() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    let at = |tag: &'static str| app().put(&of(&ada)).by(&admin).header("if-match", tag).json(json!({"name": "x"})).send();
    assert_eq!(at("\"1\"").await.header("etag"), Some("\"2\""));
    assert_eq!(at("\"1\"").await.code(), "precondition_failed");
    assert_eq!(change(&admin, &ada, json!({})).await.wrong_fields(), [":nothing_to_change"]);
}

#[tokio::test]
async fn an_erased_account_is_closed_at_once_and_can_be_restored() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    let at = app().at("2026-06-01T12:00:00Z");
    let answer = at.delete(&of(&ada)).by(&ada).send().await;
    assert_eq!(
        (answer.status, answer.json()),
        (202, json!({"erased_at": "2026-07-01T12:00:00Z", "payments": null})),
        "{answer:?}"
    );
    assert_eq!(open_sessions(&ada).await, 0);
    assert_eq!(at.get(&of(&ada)).by(&ada).send().await.code(), "session_revoked");
    let again = at.delete(&of(&ada)).by(&admin).send().await;
    assert_eq!(again.json(), json!({"erased_at": "2026-07-01T12:00:00Z", "payments": null}), "the first date holds");
    let waiting = "select payload ->> 'template' from outbox where user_id = $1 and delivered_at is null";
    assert_eq!(database().await.query_one(waiting, &[&ada.id]).await.unwrap().get::<_, &str>(0), "erasure");
    let late = app().at("2026-07-01T12:00:00Z").put(&of(&ada)).by(&admin).json(json!({"restore": true})).send().await;
    assert_eq!((late.status, late.code().as_str()), (404, "not_found"), "it is being deleted");
    let restored = at.put(&of(&ada)).by(&admin).json(json!({"restore": true})).send().await;
    assert_eq!((restored.status, &restored.json()["deleted_at"]), (200, &Value::Null));
    assert_eq!(open_sessions(&ada).await, 0, "the old sessions stay closed");
    assert_eq!(logged(&admin, &ada).await, ["accounts.erased", "accounts.changed"], "what was refused has changed nothing");
}

#[tokio::test]
async fn closing_an_account_says_that_a_subscription_goes_on_and_where_to_end_it() {
    let at = app().at("2026-06-01T12:00:00Z");
    for (status, is_ending, goes_on) in
        [("active", false, true), ("past_due", false, true), ("active", true, false), ("canceled", false, false)]
    {
        let ada = Person::new().await;
        let subscribe =
            "insert into user_subscriptions (subscription, customer, user_id, status, period_end, is_ending, is_live, event_at,
                           event_id)
                         values ('sub_' || $1::uuid, 'cus', $1, $2, '2026-07-01', $3, false, '2026-06-01', 'evt')";
        database().await.execute(subscribe, &[&ada.id, &status, &is_ending]).await.unwrap();
        let page = json!({"page": "http://localhost:3000/subscription"});
        let payments = if goes_on { page } else { Value::Null };
        // Said again, the answer is the same, for the first may have been lost.
        let first = at.delete(&of(&ada)).by(&ada).send().await;
        assert_eq!((first.status, &first.json()["payments"]), (202, &payments), "{status} {is_ending}: {first:?}");
        let letter = "select payload ->> 'template', sealed ->> 'about', sealed ->> 'link' from outbox where user_id = $1";
        let letter = database().await.query_one(letter, &[&ada.id]).await.unwrap();
        let template = if goes_on { "erasure_paying" } else { "erasure" };
        assert_eq!((letter.get(0), letter.get(1)), (template, "01/07/2026"));
        assert_eq!(letter.get::<_, Option<&str>>(2), payments["page"].as_str());
    }
}

#[tokio::test]
async fn a_demoted_administrator_sees_nobody() {
    let (ada, former) = (Person::new().await, Person::admin().await);
    database().await.execute("update users set role = 'user' where id = $1", &[&former.id]).await.unwrap();
    for path in [of(&ada), "/users".to_owned()] {
        assert_eq!(app().get(&path).by(&former).send().await.code(), "session_revoked");
    }
}

#[tokio::test]
async fn privacy_operations_find_read_and_erase_accounts_and_change_none() {
    let (ada, privacy) = (Person::new().await, Person::of(Role::Privacy, "Europe/Paris").await);
    let found = app().get(&format!("/users?q={}", ada.email)).by(&privacy).send().await.json();
    assert_eq!(found["items"][0]["id"], json!(ada.id));
    assert_eq!(app().get(&of(&ada)).by(&privacy).send().await.status, 200);
    for change_of in [json!({"name": "Eve"}), json!({"role": "admin"})] {
        assert_eq!(change(&privacy, &ada, change_of).await.status, 403);
    }
    assert_eq!(app().post("/users").by(&privacy).json(json!({"email": "x@example.org"})).send().await.status, 403);
    assert_eq!(app().delete(&of(&ada)).by(&privacy).send().await.status, 202);
    assert_eq!(logged(&privacy, &ada).await, ["accounts.read", "accounts.erased"]);
    for role in [Role::Manager, Role::Qa] {
        let other = Person::of(role, "Europe/Paris").await;
        assert_eq!(app().get(&of(&ada)).by(&other).send().await.status, 403, "{role:?}");
    }
}

#[tokio::test]
async fn a_role_is_taken_by_the_next_token_and_lost_at_once() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    assert_eq!(change(&admin, &ada, json!({"role": "privacy"})).await.json()["role"], "privacy");
    assert_eq!(app().get(&of(&ada)).by(&ada).send().await.status, 200, "a token of before is one of a user");
    let promoted = Person { role: Role::Privacy, ..ada.clone() };
    assert_eq!(app().get(&of(&admin)).by(&promoted).send().await.status, 200);
    change(&admin, &ada, json!({"role": "qa"})).await;
    let answer = app().get(&of(&admin)).by(&promoted).send().await;
    assert_eq!((answer.status, answer.code().as_str()), (401, "session_revoked"));
}

/// Of Ada, a manager, Bob and Cleo: the organisation, with who joined when.
async fn organisation(people: &[(&Person, &str, &str)]) -> String {
    let owner = database().await;
    let found = "insert into organisations (name) values ('Atelier') returning id::text";
    let id: String = owner.query_one(found, &[]).await.unwrap().get(0);
    let join = "insert into organisation_members (organisation_id, user_id, role, joined_at)
                values ($1::text::uuid, $2, $3, $4::text::timestamptz)";
    for (person, role, joined_at) in people {
        owner.execute(join, &[&id, &person.id, role, joined_at]).await.unwrap();
    }
    id
}

async fn managers(organisation: &str) -> Vec<uuid::Uuid> {
    let select = "select user_id from organisation_members
                  where organisation_id = $1::text::uuid and role = 'manager' order by joined_at";
    let rows = database().await.query(select, &[&organisation]).await.unwrap();
    rows.into_iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn whoever_joined_first_manages_once_the_last_manager_is_erased() {
    let [ada, banned, bob, cleo] = [Person::new().await, Person::new().await, Person::new().await, Person::new().await];
    database().await.execute("update users set is_banned = true where id = $1", &[&banned.id]).await.unwrap();
    let id = organisation(&[
        (&ada, "manager", "2026-01-01"),
        (&banned, "member", "2026-01-02"),
        (&cleo, "member", "2026-01-04"),
        (&bob, "member", "2026-01-03"),
    ])
    .await;
    assert_eq!(app().delete(&of(&cleo)).by(&cleo).send().await.status, 202);
    assert_eq!(managers(&id).await, [ada.id], "a member's end changes nothing");
    assert_eq!(app().delete(&of(&ada)).by(&ada).send().await.status, 202);
    assert_eq!(managers(&id).await, [ada.id, bob.id]);
    let logged = "select metadata ->> 'organisation' from audit_logs where user_id = $1 and action = 'organisations.handed_over'";
    assert_eq!(database().await.query_one(logged, &[&bob.id]).await.unwrap().get::<_, String>(0), id);
}

#[tokio::test]
async fn another_manager_who_can_sign_in_is_enough() {
    let [ada, bob, cleo] = [Person::new().await, Person::new().await, Person::new().await];
    let id =
        organisation(&[(&ada, "manager", "2026-01-01"), (&bob, "member", "2026-01-02"), (&cleo, "manager", "2026-01-03")]).await;
    assert_eq!(app().delete(&of(&ada)).by(&ada).send().await.status, 202);
    assert_eq!(managers(&id).await, [ada.id, cleo.id]);
}

#[tokio::test]
async fn a_manager_who_is_alone_is_erased_and_has_the_organisation_back_when_restored() {
    let (ada, admin) = (Person::new().await, Person::admin().await);
    let id = organisation(&[(&ada, "manager", "2026-01-01")]).await;
    assert_eq!(app().delete(&of(&ada)).by(&ada).send().await.status, 202);
    assert_eq!(change(&admin, &ada, json!({"restore": true})).await.status, 200);
    assert_eq!(managers(&id).await, [ada.id]);
}
