//! The databases that the SQL must fit: an empty one, a hosted one, Supabase's, and one that was made before all this.

use futures::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::{
    database::{Database, NOON, at_as, enter, root, server},
    rules::broken_rules,
};

#[tokio::test]
async fn an_empty_database_gets_everything() {
    let database = Database::empty().await;
    let report = database.migrate().await;
    assert_eq!((report.ahead.len(), report.orphans.len()), (0, 0));
    assert_eq!(database.migrate().await, migrate::Report::default());
    assert_eq!(broken_rules(&database.owner().await).await, Vec::<String>::new());
}

#[tokio::test]
async fn several_databases_of_one_server_are_migrated_at_once() {
    let databases = join_all((0..4).map(|_| Database::empty())).await;
    join_all(databases.iter().map(Database::migrate)).await;
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
    assert_eq!(broken_rules(&database.owner().await).await, Vec::<String>::new());
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
    assert_eq!(broken_rules(&database.owner().await).await, Vec::<String>::new());

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

#[tokio::test]
async fn a_database_of_before_is_refused_with_what_to_do() {
    let database = Database::empty().await;
    database.owner().await.batch_execute("create schema migrations; create table migrations.applied (number int)").await.unwrap();
    let error = migrate::run(&database.url, &root(), |_| {}).await.unwrap_err();
    assert!(error.is::<migrate::TooOld>() && error.to_string().contains("make a new database"), "{error}");
}
