use std::collections::BTreeMap;

use serde_json::Value;
use testing::{App, Person, database};

use super::FUNCTION;

/// The whole export, in pages of `limit`.
async fn export(by: &Person, limit: u32) -> Vec<(String, Value)> {
    let (mut all, mut cursor) = (Vec::new(), String::new());
    loop {
        let answer = App::native(&FUNCTION).get(&format!("/account/export?limit={limit}{cursor}")).by(by).send().await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let page = answer.json();
        let items = page["items"].as_array().unwrap();
        all.extend(items.iter().map(|item| (item["table"].as_str().unwrap().to_owned(), item["row"].clone())));
        let Some(next) = page["next_cursor"].as_str() else { return all };
        assert_eq!(items.len(), limit as usize);
        cursor = format!("&cursor={next}");
    }
}

async fn write(person: &Person, kaizens: i32) {
    let owner = database().await;
    let insert = "insert into kaizen (user_id, action, date, created_at, updated_at)
                  select $1, 'Lire ' || n, '2026-06-01', '2026-06-01', '2026-06-01' from generate_series(1, $2) n";
    owner.execute(insert, &[&person.id, &kaizens]).await.unwrap();
    owner.execute("insert into user_profiles (user_id, bio) values ($1, 'Botaniste')", &[&person.id]).await.unwrap();
}

#[tokio::test]
async fn everything_that_is_a_persons_comes_once_whatever_the_size_of_a_page() {
    let ada = Person::new().await;
    write(&ada, 7).await;
    let whole = export(&ada, 1000).await;
    let mut counts = BTreeMap::new();
    for (table, _) in &whole {
        *counts.entry(table.as_str()).or_insert(0) += 1;
    }
    assert_eq!(counts, BTreeMap::from([("kaizen", 7), ("user_profiles", 1), ("user_sessions", 1), ("users", 1)]));
    let bio = whole.iter().find(|(table, _)| table == "user_profiles").unwrap();
    assert_eq!(bio.1["bio"], "Botaniste");
    for limit in [1, 3, 7] {
        assert_eq!(export(&ada, limit).await, whole, "in pages of {limit}");
    }
}

#[tokio::test]
async fn nothing_of_others_and_no_secret_is_in_it() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    write(&eve, 2).await;
    let hers = export(&ada, 1000).await;
    let text = hers.iter().map(|(_, row)| row.to_string()).collect::<String>();
    assert!(!text.contains(&eve.id.to_string()) && text.contains(&ada.email), "{text}");
    for secret in ["password", "refresh_hash", "$2a$"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

/// What the policies show a person and the export does not know would be left behind.
#[tokio::test]
async fn what_has_no_owners_column_comes_by_its_policy() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let owner = database().await;
    for person in [&ada, &eve] {
        let name = format!("Wood of {}", person.id.simple());
        let found = "with founded as (insert into organisations (name, created_at, updated_at) values ($2, now(), now()) returning id)
                     insert into organisation_members (organisation_id, user_id, role, joined_at) select id, $1, 'manager', now() from founded";
        owner.execute(found, &[&person.id, &name]).await.unwrap();
    }
    let hers = export(&ada, 1000).await;
    let organisations: Vec<_> = hers.iter().filter(|(table, _)| table == "organisations").map(|(_, row)| &row["name"]).collect();
    assert_eq!(organisations, [&Value::from(format!("Wood of {}", ada.id.simple()))]);
}

/// A page needs an order.
#[tokio::test]
async fn every_table_that_people_may_read_has_a_key() {
    let without = "select c.relname::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'
           and has_any_column_privilege('authenticated', c.oid, 'select')
           and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)";
    let rows = database().await.query(without, &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<String>>(), Vec::<String>::new());
}

#[tokio::test]
async fn nobody_has_nothing() {
    assert_eq!(App::native(&FUNCTION).get("/account/export").send().await.status, 401);
}

#[tokio::test]
async fn what_the_log_says_of_a_person_is_in_it_without_who_else_did_it_and_from_where() {
    let (ada, eve) = (Person::new().await, Person::new().await);
    let insert = "insert into audit_logs (user_id, action, metadata, request_id, ip)
                  values ($1, $2, jsonb_build_object('subject', $3::uuid, 'fields', '[\"name\"]'::jsonb), 'request', '203.0.113.0')";
    for (by, action, about) in [(&ada, "accounts.changed", &ada), (&eve, "accounts.read", &ada), (&ada, "accounts.read", &eve)] {
        database().await.execute(insert, &[&by.id, &action, &about.id]).await.unwrap();
    }
    let logged: Vec<Value> =
        export(&ada, 1000).await.into_iter().filter(|(table, _)| table == "audit_logs").map(|(_, row)| row).collect();
    let text = Value::from(logged.clone()).to_string();
    assert_eq!(logged.len(), 2, "{text}");
    assert_eq!((&logged[0]["action"], &logged[1]["action"]), (&Value::from("accounts.changed"), &Value::from("accounts.read")));
    assert!(!text.contains("203.0.113.0") && !text.contains(&eve.id.to_string()), "{text}");
}

#[tokio::test]
async fn what_is_kept_sealed_comes_in_clear() {
    let ada = Person::new().await;
    let owner = database().await;
    let id = uuid::Uuid::from_u128(0x7d44_4840);
    let keys = sealing::Keys::parse(&testing::variable("SEALING_KEYS")).unwrap();
    let place = sealing::Place { table: "meditation_sessions", column: "notes", row: &id.to_string() };
    let sealed = keys.seal(place, "Très relaxant").unwrap();
    let insert = "insert into meditation_sessions (id, user_id, technique, duration, started_at, date, notes)
                  values ($1, $2, 'mantra', 600, '2026-06-01T08:00:00Z', '2026-06-01', $3::text) on conflict (id) do update set user_id = excluded.user_id, notes = excluded.notes";
    owner.execute(insert, &[&id, &ada.id, &sealed]).await.unwrap();
    let rows = export(&ada, 1000).await;
    let session = rows.iter().find(|(table, _)| table == "meditation_sessions").unwrap();
    assert_eq!(session.1["notes"], "Très relaxant");
    // Moved to another row it opens nowhere.
    owner
        .execute("update meditation_sessions set id = gen_random_uuid() where id = $1 and user_id = $2", &[&id, &ada.id])
        .await
        .unwrap();
    let rows = export(&ada, 1000).await;
    assert_eq!(rows.iter().find(|(table, _)| table == "meditation_sessions").unwrap().1["notes"], Value::Null);
}
