//! What is left of somebody whose grace period is over, and how they take it along before.

use serde_json::{Value, json};

use crate::database::{Caller, Database, NOON};

/// After the grace period of whoever closed their account at `NOON`.
const LATER: &str = "2026-12-30T12:00:00Z";
const ERASE: &str = "select edge.erase_due($1)";
/// They keep who did something by the id alone, which leads to nobody any more.
const LOGS: [&str; 2] = ["audit_logs", "settings_history"];

impl Database {
    async fn close(&self, person: &Caller) {
        let closed = self.call(person, NOON, "select edge.erase_account(edge.uid())", &[]).await;
        assert!(closed["erased_at"].is_string(), "{closed}");
    }

    /// Runs until nothing is left to be done; what each call said.
    async fn erase(&self, now: &str, batch: i32) -> Vec<Value> {
        let mut calls = Vec::new();
        while calls.last().is_none_or(|last: &Value| last["more"] == true) {
            calls.push(self.call(&Caller::service(), now, ERASE, &[&batch]).await);
            assert!(calls.len() < 100, "{calls:?}");
        }
        calls
    }

    async fn is_there(&self, person: &Caller) -> bool {
        self.owner().await.query_opt("select from users where id = $1", &[&person.id()]).await.unwrap().is_some()
    }
}

#[tokio::test]
async fn an_erased_person_is_nowhere_but_in_the_log() {
    let database = Database::migrated().await;
    let (ada, eve) = (database.person("ada@example.org").await, database.person("eve@example.org").await);
    let owner = database.owner().await;
    owner.batch_execute("update users set email_verified_at = edge.now()").await.unwrap();
    for example in crate::examples().iter().filter(|example| !example.sql.is_empty()) {
        if example.sql.contains("$1") {
            // Some rows are there by her signing up.
            let sql = format!("{} on conflict do nothing", example.sql);
            owner.execute(sql.as_str(), &[&ada.id()]).await.unwrap_or_else(|error| panic!("{}: {error}", example.table));
        }
    }
    // Others act at the address: an invitation and its letter, links, failed sign-ins.
    let founded = database.call(&eve, NOON, "select edge.create_organisation('Atelier')", &[]).await;
    let invite =
        "select edge.invite_member(($1::jsonb -> 'organisation' ->> 'id')::uuid, ' Ada@Example.org ', 'member', $2, 'l')";
    let invited = database.call(&eve, NOON, invite, &[&founded, &"t".repeat(64)]).await;
    assert_eq!(invited["is_new"], true, "{invited}");
    let reset = "select edge.ask_password_reset('ADA@example.org', $1, 'https://x.example/#token=t')";
    database.call(&Caller::anon(), NOON, reset, &[&"r".repeat(64)]).await;
    let login = "select edge.login(email => 'ada@example.org', password => 'wrong', refresh_hash => $1)";
    database.call(&Caller::anon(), NOON, login, &[&"l".repeat(64)]).await;

    let exported = "select jsonb_agg(x.table_name) from edge.export_account(null, null, 1000) x
                    where x.fields::text like '%ada@example.org%'";
    let exported = database.call(&ada, NOON, exported, &[]).await;
    let theirs = json!(["organisation_invitations", "organisation_invitations", "users"]);
    assert_eq!(exported, theirs, "what others keep of the address is in the export");
    let seen = "select coalesce(jsonb_agg(x.table_name), '[]') from edge.export_account(null, null, 1000) x
                where x.fields::text like '%ada@example.org%'";
    assert_eq!(database.call(&eve, NOON, seen, &[]).await, json!([]), "and not in that of others");

    database.close(&ada).await;
    database.erase(LATER, 1000).await;
    assert!(!database.is_there(&ada).await && database.is_there(&eve).await);
    let hash: String = owner.query_one("select edge.address_hash('ada@example.org')", &[]).await.unwrap().get(0);
    let tables = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'";
    for row in owner.query(tables, &[]).await.unwrap() {
        let table: String = row.get(0);
        for (what, is_kept) in
            [("ada@example.org", false), (hash.as_str(), false), (ada.id().to_string().as_str(), LOGS.contains(&table.as_str()))]
        {
            let left = format!("select count(*) from {table} t where to_jsonb(t)::text ilike '%' || $1 || '%'");
            let left: i64 = owner.query_one(&left, &[&what]).await.unwrap().get(0);
            assert!(left == 0 || is_kept, "{table} has {what}");
        }
    }
}

#[tokio::test]
async fn a_long_history_goes_in_bounded_calls_and_whoever_fails_does_not_hold_up_the_next() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    let mut people = Vec::new();
    for name in ["first", "stuck", "long", "last"] {
        let person = database.person(&format!("{name}@example.org")).await;
        let fill = "insert into kaizen (user_id, action, date) select $1, 'x', '2026-01-01' from generate_series(1, $2)";
        owner.execute(fill, &[&person.id(), &if name == "long" { 950 } else { 10 }]).await.unwrap();
        let replaced = "insert into user_session_tokens (hash, session_id) select md5(n::text || $1::uuid::text), $1::uuid from generate_series(1, 250) n";
        owner.execute(replaced, &[&person.session()]).await.unwrap();
        database.close(&person).await;
        people.push(person);
    }
    owner
        .batch_execute(&format!(
            "create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
             create trigger stuck before delete on kaizen for each row when (old.user_id = '{}') execute function refuse()",
            people[1].id()
        ))
        .await
        .unwrap();

    let calls = database.erase(LATER, 300).await;
    assert!(calls.iter().all(|call| call["rows"].as_i64().unwrap() < 600), "{calls:?}");
    assert!(calls.len() >= 6, "{calls:?}");
    let failed: Vec<&Value> = calls.iter().map(|call| &call["failed"]).filter(|failed| !failed.is_null()).collect();
    assert_eq!(failed, [&json!("P0001")]);
    let mut left = Vec::new();
    for person in &people {
        left.push(database.is_there(person).await);
    }
    assert_eq!(left, [false, true, false, false], "{calls:?}");
    let count = "select count(*) from kaizen";
    assert_eq!(owner.query_one(count, &[]).await.unwrap().get::<_, i64>(0), 10, "what failed was rolled back");

    owner.batch_execute("drop trigger stuck on kaizen").await.unwrap();
    database.erase("2026-12-30T12:59:00Z", 300).await;
    assert!(database.is_there(&people[1]).await, "it is left alone for an hour");
    database.erase("2026-12-30T13:00:00Z", 300).await;
    assert!(!database.is_there(&people[1]).await);
}

#[tokio::test]
async fn an_account_whose_deletion_has_begun_is_not_restored() {
    let database = Database::migrated().await;
    let (ada, admin) = (database.person("ada@example.org").await, database.person("admin@example.org").await);
    let owner = database.owner().await;
    owner.execute("update users set role = 'admin' where id = $1", &[&admin.id()]).await.unwrap();
    owner.execute("update user_sessions set expires_at = '2027-06-01'", &[]).await.unwrap();
    let admin = admin.claiming("role", "admin");
    database.close(&ada).await;
    let restore = "select edge.change_account($1, '{\"restore\": true}')";
    let late = database.answer(&admin, "2026-12-21T12:00:00Z", restore, &[&ada.id()]).await;
    assert_eq!(late.unwrap_err(), "not_found");
    let in_time = database.call(&admin, "2026-12-21T11:59:59Z", restore, &[&ada.id()]).await;
    assert!(in_time["deleted_at"].is_null(), "{in_time}");
}

#[tokio::test]
async fn a_shorter_grace_period_brings_nobodys_end_closer() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    database.close(&ada).await;
    database.owner().await.batch_execute("update settings set value = '1' where key = 'erasure_grace_days'").await.unwrap();
    database.erase("2026-12-21T11:59:59Z", 1000).await;
    assert!(database.is_there(&ada).await);
    database.erase("2026-12-21T12:00:00Z", 1000).await;
    assert!(!database.is_there(&ada).await);
}

#[tokio::test]
async fn rows_that_go_while_an_export_is_read_hide_no_others() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let owner = database.owner().await;
    let fill = "insert into kaizen (user_id, action, date) select $1, n::text, '2026-01-01' from generate_series(1, 20) n";
    owner.execute(fill, &[&ada.id()]).await.unwrap();
    let page = "select coalesce(jsonb_agg(x), '[]') from edge.export_account($1, $2, 7) x";
    let (mut table, mut key, mut seen) = (None::<String>, None::<Value>, Vec::new());
    loop {
        let rows = database.call(&ada, NOON, page, &[&table, &key]).await;
        let rows = rows.as_array().unwrap();
        seen.extend(rows.iter().filter(|row| row["table_name"] == "kaizen").map(|row| row["fields"]["action"].clone()));
        let Some(last) = rows.last() else { break };
        table = last["table_name"].as_str().map(str::to_owned);
        key = Some(last["key"].clone());
        // What was shown already goes.
        let gone = "delete from kaizen where action::int <= $1";
        owner.execute(gone, &[&i32::try_from(seen.len()).unwrap()]).await.unwrap();
    }
    let all: Vec<Value> = (1..=20).map(|n| json!(n.to_string())).collect();
    assert_eq!(seen, all);
}
