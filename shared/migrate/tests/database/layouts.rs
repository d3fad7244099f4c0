//! The databases that the migrations must fit: an empty one, an earlier one of ours, a hosted one, Supabase's.

use std::fs;

use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::{
    support::{Caller, Database, Folder, NOON, at_as, enter, migrations, server},
    tables,
};

#[tokio::test]
async fn an_empty_database_gets_everything() {
    let database = Database::empty().await;
    let report = database.migrate().await;
    assert_eq!((report.already, report.ahead.len()), (0, 0));
    assert_eq!(database.migrate().await.applied, Vec::<String>::new());
    tables::are_guarded(&database).await;
}

#[tokio::test]
async fn several_databases_of_one_server_are_migrated_at_once() {
    let databases = join_all((0..4).map(|_| Database::empty())).await;
    join_all(databases.iter().map(Database::migrate)).await;
}

/// A database as the files before `number` leave it.
async fn earlier_than(number: &str) -> Database {
    let database = Database::empty().await;
    let earlier = Folder::new(&[]);
    for entry in fs::read_dir(migrations()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if name.ends_with(".sql") && name.as_str() < number {
            earlier.write(&name, &fs::read_to_string(migrations().join(&name)).unwrap());
        }
    }
    migrate::run(&database.url, earlier.path(), |_| {}).await.unwrap();
    database
}

#[tokio::test]
async fn an_earlier_version_keeps_its_data() {
    let database = earlier_than("0010").await;
    let person = database.person("early@example.org").await;
    let add = "insert into kaizen (action) values ('water the tree') returning to_jsonb(kaizen)";
    let entry = database.call(&person, NOON, add, &[]).await;

    let report = database.migrate().await;
    assert_eq!(report.already, 9);
    assert!(!report.applied.is_empty());
    let kept = database.call(&person, NOON, "select to_jsonb(kaizen) - 'first' from kaizen", &[]).await;
    assert_eq!(kept, entry);
    tables::are_guarded(&database).await;
}

#[tokio::test]
async fn scenes_of_an_earlier_version_are_kept_and_finished() {
    let database = earlier_than("0030").await;
    let person = database.person("early@example.org").await;
    let submit = "select edge.submit_scene('forest', 'dawn', 'mage', 'standing', 'mist', 'image')";
    let mut jobs = Vec::new();
    for runpod in ["r-1", "r-2"] {
        let job: Uuid = database.call(&person, NOON, submit, &[]).await["job"]["id"].as_str().unwrap().parse().unwrap();
        database.call(&person, NOON, "select edge.job_submitted($1, $2)", &[&job, &runpod]).await;
        jobs.push(job);
    }
    let made = r#"select edge.job_event($1, 'r-1', 'succeeded', '{"image_url": "https://images.example/1.png"}')"#;
    database.call(&Caller::service(), NOON, made, &[&jobs[0]]).await;
    let scenes = "select jsonb_agg(to_jsonb(s) - 'is_cached' order by s.id) from scenes s";
    let before = database.call(&person, NOON, scenes, &[]).await;

    database.migrate().await;
    assert_eq!(database.call(&person, NOON, scenes, &[]).await, before);
    assert_eq!(database.call(&person, NOON, "select edge.quota('scene')", &[]).await["used"], 2);
    let made = r#"select edge.job_event($1, 'r-2', 'succeeded', '{"url": "storage://scene/2.png"}')"#;
    let answer = database.call(&Caller::service(), NOON, made, &[&jobs[1]]).await;
    assert_eq!((&answer["outcome"], &answer["job"]["state"]), (&json!("moved"), &json!("succeeded")));
    let urls = "select jsonb_agg(image_url order by image_url) from scenes where status = 'succeeded'";
    let both = json!(["https://images.example/1.png", "storage://scene/2.png"]);
    assert_eq!(database.call(&person, NOON, urls, &[]).await, both);
}

/// The owner of a hosted database may create roles and owns its database, nothing more. What PostgreSQL 16 and later give
/// the creator of a role, the right to grant it but not to use it, is given here, since the roles exist already.
#[tokio::test]
async fn an_owner_who_is_no_superuser_can_migrate() {
    let mut database = Database::empty().await;
    let owner = format!("migrate_owner_{}", Uuid::new_v4().simple());
    let server = server().await;
    let version: i32 = server.query_one("select current_setting('server_version_num')::int", &[]).await.unwrap().get(0);
    let create = format!(
        "create role {owner} login createrole createdb password 'owner'; alter database {} owner to {owner}",
        database.name
    );
    server.batch_execute(&create).await.unwrap();
    if version >= 160_000 {
        Database::migrated().await;
        let grant = format!(
            "grant anon, authenticated, service, edge_owner, oree_person, oree_service to {owner}
             with admin true, inherit false, set false"
        );
        server.batch_execute(&grant).await.unwrap();
    }

    database.url = at_as(&database.name, &owner, "owner");
    database.migrate().await;
    tables::are_guarded(&database).await;
    let person = database.person("hosted@example.org").await;
    assert_eq!(database.call(&person, NOON, "select to_jsonb(count(*)) from users", &[]).await, json!(1));

    drop(database);
    server.batch_execute(&format!("drop role {owner}")).await.unwrap();
}

const SUPABASE: &str = "
do $$
begin
  create role authenticator login noinherit;
exception when duplicate_object or unique_violation then null;
end $$;
do $$
begin
  create role service_role nologin noinherit bypassrls;
exception when duplicate_object or unique_violation then null;
end $$;
do $$
declare
  name text;
begin
  foreach name in array array['anon', 'authenticated'] loop
    begin
      execute format('create role %I nologin noinherit', name);
    exception when duplicate_object or unique_violation then null;
    end;
  end loop;
end $$;
grant usage on schema public to anon, authenticated, service_role;
alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
alter default privileges in schema public grant all on sequences to anon, authenticated, service_role;
create schema extensions;
create extension pgcrypto with schema extensions;
create schema auth;
grant usage on schema auth to anon, authenticated, service_role;
create table auth.users (id uuid primary key, email text);
create function auth.uid() returns uuid language sql stable as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.sub', true), ''),
    (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')
  )::uuid
$$;";

#[tokio::test]
async fn a_supabase_database_keeps_its_schema_and_opens_no_table() {
    let database = Database::empty().await;
    let owner = database.owner().await;
    owner.batch_execute(SUPABASE).await.unwrap();
    let theirs = "select string_agg(c.oid::regclass::text, ',' order by c.oid) from pg_class c
        where c.relnamespace = 'auth'::regnamespace";
    let before: String = owner.query_one(theirs, &[]).await.unwrap().get(0);

    database.migrate().await;
    assert_eq!(owner.query_one(theirs, &[]).await.unwrap().get::<_, String>(0), before);
    tables::are_guarded(&database).await;

    let person = database.person("supabase@example.org").await;
    let mut client = database.login("oree_person").await;
    let request = enter(&mut client, &person, NOON).await.unwrap();
    let ids = request.query_one("select edge.uid(), auth.uid()", &[]).await.unwrap();
    assert_eq!((ids.get::<_, Uuid>(0), ids.get::<_, Uuid>(1)), (person.id(), person.id()));
}

#[tokio::test]
async fn a_supabase_token_alone_reaches_nothing() {
    let database = Database::empty().await;
    database.owner().await.batch_execute(SUPABASE).await.unwrap();
    database.migrate().await;
    let person = database.person("rest@example.org").await;
    let mut client = database.login("authenticator").await;
    let transaction = client.transaction().await.unwrap();
    // What PostgREST sends for a token that Supabase signed; `authenticator` may become `authenticated` there.
    let refused = transaction.execute("select set_config('role', 'service', true)", &[]).await;
    assert!(refused.is_err());
    drop(transaction);

    let owner = database.owner().await;
    owner.batch_execute("begin; set local role authenticated").await.unwrap();
    let claims = json!({ "sub": person.id(), "role": "authenticated" }).to_string();
    owner.execute("select set_config('request.jwt.claims', $1, true)", &[&claims]).await.unwrap();
    let rows = owner.query("select id from public.users", &[]).await.unwrap();
    assert!(rows.is_empty());
}
