//! What neither logins nor people may do, whatever statement they find a way to send.

use serde_json::json;

use crate::database::{Caller, Database, NOON, Params, code};

#[tokio::test]
async fn a_login_becomes_only_what_it_is_for() {
    let database = Database::migrated().await;
    for (login, roles) in [("oree_person", ["service", "edge_owner"]), ("oree_service", ["authenticated", "edge_owner"])] {
        let client = database.login(login).await;
        for role in roles {
            let error = client.batch_execute(&format!("set role {role}")).await.unwrap_err();
            assert_eq!(code(&error), "42501", "{login} as {role}");
        }
    }
}

#[tokio::test]
async fn a_person_cannot_raise_themselves_or_write_for_another() {
    let database = Database::migrated().await;
    let (person, other) = (database.person("a@example.org").await, database.person("b@example.org").await);
    for sql in [
        "update users set role = 'admin'",
        "update users set tier = 'PREMIUM'",
        "update users set email = 'c@example.org'",
        "select password_hash from users",
        "update users set held_until = 'infinity'",
        "select refresh_hash from user_sessions",
        "select hash from user_tokens",
        "select sealed from outbox",
        "update user_sessions set expires_at = 'infinity'",
        "insert into kaizen (action, created_at) values ('x', '2020-01-01')",
        "update kaizen set user_id = edge.uid()",
        "insert into scenes (world, era, class, pose, decor, user_id) values ('w', 'e', 'c', 'p', 'd', edge.uid())",
        "update scenes set status = 'queued'",
        "update creations set result_url = 'https://images.example/1.png'",
        "insert into user_badges (user_id, rule, earned_on) values (edge.uid(), 'streak_365', edge.today())",
        "insert into streak_freezes (user_id, kind, from_day, to_day) values (edge.uid(), 'skip', '2000-01-01', '2099-01-01')",
        "delete from clock_changes",
        "update user_profiles set version = 0",
        "insert into profiles (user_id) values (edge.uid())",
        "select edge.mail(edge.uid(), 'reset_password', 'a@example.org', 'fr')",
        "select edge.issue_token(edge.uid(), 'password_reset', 'a@example.org', repeat('x', 43), interval '1 day')",
        "select edge.count_login_failure(repeat('x', 64), '192.0.2.0', false)",
        "select edge.erase_due()",
        "select edge.job_event(gen_random_uuid(), 'r', 'failed')",
        "select edge.purge()",
        "select edge.setting('verify_first')",
        "select edge.move_job(gen_random_uuid(), 'failed')",
        "select edge.open_session(edge.uid(), repeat('x', 43), null)",
        "select edge.bcrypt_hash('x')",
    ] {
        assert_eq!(database.refusal(&person, sql, &[]).await, "42501", "{sql}");
    }
    let theirs: Params = &[&other.id()];
    let insert = "insert into kaizen (action, user_id) values ('x', $1)";
    assert_eq!(database.refusal(&person, insert, theirs).await, "42501");

    let rename = "with changed as (update users set name = 'Mine' returning 1) select to_jsonb(count(*)) from changed";
    assert_eq!(database.call(&person, NOON, rename, &[]).await, json!(1));
    let name = "select jsonb_agg(name) from users";
    assert_eq!(database.call(&other, NOON, name, &[]).await, json!([null]));
}

#[tokio::test]
async fn the_audit_log_only_grows() {
    let database = Database::migrated().await;
    database.person("a@example.org").await;
    let owner = database.owner().await;
    for sql in ["update audit_logs set action = 'auth.nothing'", "truncate audit_logs"] {
        assert_eq!(code(&owner.batch_execute(sql).await.unwrap_err()), "OR409", "{sql}");
    }
    let delete = "delete from audit_logs";
    assert_eq!(database.refusal(&Caller::service(), delete, &[]).await, "42501");
}

#[tokio::test]
async fn only_time_zones_of_the_world_are_accepted() {
    let database = Database::migrated().await;
    let person = database.person("a@example.org").await;
    for zone in ["Europe/Pari", "Europe/Pari+5", "UTC+3", "", "europe/paris", "Paris", "Europe/Paris; x"] {
        let sql = "update users set time_zone = $1";
        assert_eq!(database.refusal(&person, sql, &[&zone]).await, "23514", "{zone}");
    }
    for zone in ["UTC", "Pacific/Kiritimati", "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "Etc/GMT+12"] {
        let sql = "update users set time_zone = $1 returning to_jsonb(time_zone)";
        assert_eq!(database.call(&person, NOON, sql, &[&zone]).await, json!(zone));
    }
}
