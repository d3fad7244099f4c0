use edge::auth::Keys;
use serde_json::Value;
use testing::{App, Person, database, variable};

use super::FUNCTION;

async fn run(now: &str) -> Value {
    let token = Keys::parse(&variable("JWT_KEYS")).unwrap().issue_internal("account-erasure", now.parse().unwrap());
    let answer = App::native(&FUNCTION).at(now).post("/").token(&token).send().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn erased_at(moment: &str) -> Person {
    let person = Person::new().await;
    let update = "update users set deleted_at = $2::text::timestamptz where id = $1";
    database().await.execute(update, &[&person.id, &moment]).await.unwrap();
    person
}

async fn exists(person: &Person) -> bool {
    database().await.query_opt("select from users where id = $1", &[&person.id]).await.unwrap().is_some()
}

async fn in_organisation(name: &str, people: &[(&Person, &str)]) {
    let owner = database().await;
    owner.execute("insert into organisations (name) values ($1)", &[&name]).await.unwrap();
    let join =
        "insert into organisation_members (organisation_id, user_id, role) select id, $2, $3 from organisations where name = $1";
    for (person, role) in people {
        owner.execute(join, &[&name, &person.id, role]).await.unwrap();
    }
}

/// Who is left, or nothing where the organisation is gone.
async fn members(name: &str) -> Option<Vec<String>> {
    let select = "select (select coalesce(array_agg(m.role), '{}') from organisation_members m where m.organisation_id = o.id)
                  from organisations o where o.name = $1";
    database().await.query_opt(select, &[&name]).await.unwrap().map(|row| row.get(0))
}

#[tokio::test]
async fn an_account_goes_with_all_its_rows_when_its_grace_period_is_over() {
    let (gone, waiting, here) = (erased_at("1999-12-01").await, erased_at("1999-12-20").await, Person::new().await);
    let owner = database().await;
    let [alone, shared, banned] = [erased_at("1999-12-01").await, erased_at("1999-12-01").await, Person::new().await];
    owner.execute("update users set is_banned = true where id = $1", &[&banned.id]).await.unwrap();
    let names = [&gone, &alone, &shared].map(|person| format!("Atelier {}", person.id.simple()));
    in_organisation(&names[0], &[(&gone, "manager")]).await;
    in_organisation(&names[1], &[(&alone, "manager"), (&banned, "member")]).await;
    in_organisation(&names[2], &[(&shared, "manager"), (&here, "member")]).await;
    for insert in [
        "insert into kaizen (user_id, action, date) values ($1, 'x', '2026-01-01')",
        "insert into user_profiles (user_id, display_name) values ($1, 'Ada')",
        "insert into outbox (user_id, kind, payload) values ($1, 'mail', '{\"to\": \"ada@example.org\"}')",
    ] {
        owner.execute(insert, &[&gone.id]).await.unwrap();
    }
    assert!(run("2000-01-01T00:00:00Z").await["accounts"].as_u64().unwrap() >= 1);
    assert!(!exists(&gone).await && exists(&waiting).await && exists(&here).await);
    let left = [members(&names[0]).await, members(&names[1]).await, members(&names[2]).await];
    assert_eq!(left, [None, None, Some(vec!["manager".to_owned()])], "an organisation goes where nobody can sign in");
    let left = "select (select count(*) from kaizen where user_id = $1) + (select count(*) from user_profiles where user_id = $1)
                  + (select count(*) from user_sessions where user_id = $1) + (select count(*) from outbox where user_id = $1)";
    assert_eq!(owner.query_one(left, &[&gone.id]).await.unwrap().get::<_, i64>(0), 0);
    let logged = "select count(*) from audit_logs where action = 'accounts.deleted' and \"timestamp\" = '2000-01-01'";
    assert!(owner.query_one(logged, &[]).await.unwrap().get::<_, i64>(0) >= 1);
}

#[tokio::test]
async fn a_link_goes_a_day_after_its_end() {
    let ada = Person::new().await;
    let owner = database().await;
    for (hash, end) in [("gone", "1998-12-30"), ("kept", "1998-12-31T12:00:00Z")] {
        let insert = "insert into user_tokens (hash, user_id, purpose, email_hash, expires_at)
                      values (rpad($1 || $2::uuid::text, 64, '.'), $2::uuid, 'password_reset', repeat('0', 64), $3::text::timestamptz)";
        owner.execute(insert, &[&hash, &ada.id, &end]).await.unwrap();
    }
    run("1999-01-01T00:00:00Z").await;
    let left = "select substr(hash, 1, 4) from user_tokens where user_id = $1";
    let rows = owner.query(left, &[&ada.id]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<&str>>(), ["kept"]);
}

#[tokio::test]
async fn only_the_clock_may_erase() {
    assert_eq!(App::native(&FUNCTION).post("/").send().await.status, 401);
}
