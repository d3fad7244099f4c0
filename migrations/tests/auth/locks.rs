//! The order of locks: organisations, then a person, then what is theirs. Two functions that keep it cannot wait for each
//! other, whatever they do.

use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::database::{Caller, Database, NOON, enter, hash};

/// What may be locked before a person is: what comes first in the order, and tables that calls only add rows to.
const BEFORE: [&str; 5] =
    ["organisations", "organisation_invitations", "organisation_members", "webhook_deliveries", "audit_logs"];

struct Call {
    name: &'static str,
    by: Caller,
    sql: String,
}

#[tokio::test]
async fn every_function_locks_a_person_before_what_is_theirs() {
    let database = Database::migrated().await;
    let ada = database.person("ada@example.org").await;
    let owner = database.owner().await;
    let admin = database.person("admin@example.org").await.claiming("role", "admin");
    owner.execute("update users set role = 'admin' where id = $1", &[&admin.id()]).await.unwrap();
    owner.execute("update users set email_verified_at = edge.now() where id = $1", &[&ada.id()]).await.unwrap();
    let token = |name: &str| format!("{name:.<64}");
    for (name, purpose) in [("reset", "password_reset"), ("verify", "email_change")] {
        let insert = "insert into user_tokens (hash, user_id, asked_by, purpose, email, email_hash, expires_at)
                      values ($1, $2, $2, $3, 'ada@example.org', repeat('0', 64), edge.now() + interval '1 hour')";
        owner.execute(insert, &[&token(name), &ada.id(), &purpose]).await.unwrap();
    }
    let customer = "insert into user_subscriptions (subscription, customer, user_id, status, is_live, event_at, event_id,
                      period_end, is_ending) values ('sub', 'cus', $1, 'active', false, '2026-01-01', 'e', edge.now() + interval '1 day', true)";
    owner.execute(customer, &[&ada.id()]).await.unwrap();
    owner
        .batch_execute(
            "insert into login_failures (email_hash, ip, failures) select edge.address_hash('ada@example.org'), ip, 1
                         from unnest('{*, 192.0.2.0}'::text[]) ip",
        )
        .await
        .unwrap();

    let id = ada.id();
    let call = |name, by: &Caller, sql: &str| Call { name, by: by.clone(), sql: sql.to_owned() };
    let calls = [
        call("login", &Caller::anon(), "select edge.login('ada@example.org', 'digest', repeat('n', 43))"),
        call("wrong login", &Caller::anon(), "select edge.login('ada@example.org', 'wrong', repeat('n', 43))"),
        call("refresh", &Caller::anon(), &format!("select edge.refresh('{}', array[repeat('m', 43)])", hash("ada@example.org"))),
        call("reset", &Caller::anon(), &format!("select edge.reset_password('{}', 'new')", token("reset"))),
        call("verify", &Caller::anon(), &format!("select edge.verify_email('{}')", token("verify"))),
        call("ask reset", &Caller::anon(), "select edge.ask_password_reset('ada@example.org', repeat('p', 64), 'l')"),
        call("password", &ada, "select edge.change_password('digest', 'new')"),
        call("email", &ada, "select edge.ask_email_change('b@example.org', 'digest', repeat('q', 64), 'l')"),
        call("logout", &ada, "select edge.logout(true)"),
        call("change", &admin, &format!("select edge.change_account('{id}', '{{\"is_banned\": true}}')")),
        call("profile", &ada, &format!("select edge.change_account('{id}', '{{\"name\": \"Ada\"}}')")),
        call("erase", &ada, &format!("select edge.erase_account('{id}')")),
        call("found", &ada, "select edge.create_organisation('Atelier')"),
        call("freeze", &ada, "select edge.freeze_days('freeze', edge.today(), edge.today())"),
        call("scene", &ada, "select edge.submit_creation('pose', '{}', '{}', 'pose', 'https://x.example/')"),
        call("expire", &Caller::service(), "select edge.expire_subscriptions()"),
        call(
            "stripe",
            &Caller::service(),
            "select edge.stripe_event(jsonb_build_object('id', 'e1', 'type', 'customer.subscription.updated', 'created_at', edge.now(),
               'is_live', false, 'customer', 'cus', 'subscription', jsonb_build_object('id', 'sub', 'after', '{}'::jsonb,
                 'state', jsonb_build_object('status', 'active', 'period_end', edge.now(), 'is_ending', true))))",
        ),
    ];
    let mut waited = Vec::new();
    for Call { name, by, sql } in calls {
        let mut holder = database.login("oree_service").await;
        holder.batch_execute("reset session authorization").await.unwrap();
        let held = holder.transaction().await.unwrap();
        held.execute("select from users where id = $1 for no key update", &[&id]).await.unwrap();

        let mut client = database.login(by.login).await;
        let pid: i32 = client.query_one("select pg_backend_pid()", &[]).await.unwrap().get(0);
        let task = tokio::spawn(async move {
            let request = enter(&mut client, &by, NOON).await.unwrap();
            let answer = request.query_one(sql.as_str(), &[]).await.unwrap().get::<_, Value>(0);
            request.rollback().await.unwrap();
            answer
        });
        let mut locked = None;
        for _ in 0..400 {
            let waits = "select exists (select from pg_locks where pid = $1 and not granted)";
            if task.is_finished() {
                break;
            } else if owner.query_one(waits, &[&pid]).await.unwrap().get(0) {
                let tables = "select coalesce(array_agg(distinct relation::regclass::text), '{}') from pg_locks
                              where pid = $1 and locktype = 'relation' and mode in ('RowShareLock', 'RowExclusiveLock')
                                and relation in (select oid from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace)";
                locked = Some(owner.query_one(tables, &[&pid]).await.unwrap().get::<_, Vec<String>>(0));
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        held.rollback().await.unwrap();
        let answer = task.await.unwrap();
        let Some(locked) = locked else { continue };
        waited.push(name);
        let early: Vec<&String> = locked.iter().filter(|table| *table != "users" && !BEFORE.contains(&table.as_str())).collect();
        assert!(early.is_empty(), "{name} has locked {early:?} before the person: {answer}");
    }
    for name in ["login", "reset", "verify", "password", "change", "profile", "erase", "found", "freeze", "scene", "stripe"] {
        assert!(waited.contains(&name), "{name} changes the person and does not lock them first: {waited:?}");
    }
}
