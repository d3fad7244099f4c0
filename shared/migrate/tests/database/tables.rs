//! What holds for every table and function, whoever adds the next one.

use serde_json::json;

use crate::support::{Caller, Database, NOON, Params, code, enter, migrations};

/// Fails with the names of tables and functions that break a rule.
pub async fn are_guarded(database: &Database) {
    let owner = database.owner().await;
    for (rule, sql) in RULES {
        let rows = owner.query(*sql, &[]).await.unwrap();
        let broken: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(broken.is_empty(), "{rule}: {broken:?}");
    }
}

const RULES: &[(&str, &str)] = &[
    (
        "every table has row level security",
        "select oid::regclass::text from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity",
    ),
    (
        "PUBLIC and anon have no right on any table or view",
        "select distinct c.oid::regclass::text from pg_class c, aclexplode(c.relacl) a
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
           and (a.grantee = 0 or a.grantee = 'anon'::regrole)",
    ),
    (
        "people have no right on any sequence",
        "select distinct c.oid::regclass::text from pg_class c, aclexplode(c.relacl) a
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'S'
           and (a.grantee = 0 or a.grantee in ('anon'::regrole, 'authenticated'::regrole))",
    ),
    (
        "a view shows what its reader may see, and changes nothing",
        "select c.oid::regclass::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and (c.relkind = 'm' or c.relkind = 'v' and (
           not coalesce('security_invoker=true' = any (c.reloptions), false)
           or has_any_column_privilege('authenticated', c.oid, 'insert, update')
           or has_table_privilege('authenticated', c.oid, 'delete')))",
    ),
    (
        "a table that people may reach has an owner policy for them, and only that; what hangs on another table asks that one",
        "select distinct c.oid::regclass::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           and has_any_column_privilege('authenticated', c.oid, 'select, insert, update')
           and not exists (select from pg_policies p
             where p.schemaname = 'public' and p.tablename = c.relname and p.roles = '{authenticated}'
               and (p.qual like '%( SELECT edge.uid() AS uid) = %id)'
                 or p.qual ~ '^\\(?EXISTS \\( SELECT\\s+FROM (organisation_members|stripe_customers) ' and p.qual like '%.user_id = ( SELECT edge.uid() AS uid))%'))",
    ),
    (
        "a table that people may reach has an index that begins with its owner",
        "select c.oid::regclass::text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = case c.relname when 'users' then 'id' else 'user_id' end
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           and has_any_column_privilege('authenticated', c.oid, 'select')
           and not exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum)",
    ),
    (
        "no role of ours bypasses row level security",
        "select rolname::text from pg_roles where (rolbypassrls or rolsuper) and rolname in
         ('anon', 'authenticated', 'service', 'edge_owner', 'oree_person', 'oree_service')",
    ),
    (
        "no function of ours is callable by PUBLIC",
        "select oid::regprocedure::text from pg_proc
         where pronamespace = 'edge'::regnamespace and (proacl is null or exists (
           select from aclexplode(proacl) a where a.grantee = 0))",
    ),
    (
        "every function of ours belongs to edge_owner",
        "select oid::regprocedure::text from pg_proc
         where pronamespace = 'edge'::regnamespace and proowner <> 'edge_owner'::regrole",
    ),
    (
        "every SECURITY DEFINER function has an empty search_path",
        "select oid::regprocedure::text from pg_proc
         where pronamespace = 'edge'::regnamespace and prosecdef and not coalesce('search_path=\"\"' = any (proconfig), false)",
    ),
    (
        "the server's clock is used nowhere",
        "select oid::regprocedure::text from pg_proc
         where pronamespace = 'edge'::regnamespace and prosrc ~* '(?<![a-z_.])(now|clock_timestamp|statement_timestamp)\\(\\)'
         union all
         select adrelid::regclass::text from pg_attrdef d join pg_class c on c.oid = d.adrelid
         where c.relnamespace = 'public'::regnamespace
           and pg_get_expr(adbin, adrelid) ~* '(?<![a-z_.])(now\\(\\)|current_date|current_timestamp)'",
    ),
    (
        "a foreign key has an index",
        "select conname::text from pg_constraint k
         where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
           select from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = k.conkey[1])",
    ),
];

/// Views among them.
const TABLES: &str = "select relname::text from pg_class
    where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v') order by 1";

#[tokio::test]
async fn a_person_sees_their_rows_of_every_table_and_nobody_elses() {
    let database = Database::migrated().await;
    let people = [database.person("a@example.org").await, database.person("b@example.org").await];
    for person in &people {
        for kind in ["scene", "audio"] {
            let ask = "select edge.submit_creation($1, '{\"world\": \"w\", \"era\": \"e\", \"class\": \"c\", \"pose\": \"p\",
                \"decor\": \"d\"}', '{}', 'endpoint', 'https://api.example/', true, $1, 'hash')";
            assert_eq!(database.call(person, NOON, ask, &[&kind]).await["outcome"], "created");
        }
        let kaizen = "insert into kaizen (action) values ('x') returning to_jsonb(id)";
        database.call(person, NOON, kaizen, &[]).await;
        for sql in [
            "update users set day_end_hour = 3 returning to_jsonb(1)",
            "select edge.freeze_days('freeze', edge.today(), edge.today())",
            "insert into weekly_targets (week, target) values (edge.week_of(edge.today()), 5) returning to_jsonb(1)",
            "insert into zazen_sessions (\"timestamp\", ended_at, date)
             values (edge.now() - interval '10 minutes', edge.now(), edge.today()) returning to_jsonb(1)",
            "select edge.progress('fr')",
            "select edge.save_profile(edge.uid(), '{\"display_name\": \"A\", \"is_public\": true}', null, true)",
        ] {
            database.call(person, NOON, sql, &[]).await;
        }
    }

    let owner = database.owner().await;
    for (n, person) in people.iter().enumerate() {
        let (id, customer) = (person.id(), format!("cus_{n}"));
        owner
            .execute(
                "insert into stripe_customers (customer, user_id, created_at) values ($1, $2, current_timestamp)",
                &[&customer, &id],
            )
            .await
            .unwrap();
        let subscribe = "insert into user_subscriptions (subscription, customer, status, is_live, event_at, event_rank, event_id,
              created_at, updated_at)
            values ('sub_' || $1, $1, 'active', true, current_timestamp, 0, 'evt', current_timestamp, current_timestamp)";
        owner.execute(subscribe, &[&customer]).await.unwrap();
        let join = "with o as (insert into organisations (name, created_by, created_at, updated_at)
              values ('Atelier', $1, current_timestamp, current_timestamp) returning id)
            insert into organisation_members (organisation_id, user_id, role, joined_at)
            select id, $1, 'manager', current_timestamp from o";
        owner.execute(join, &[&id]).await.unwrap();
    }
    let mut reached = Vec::new();
    for row in owner.query(TABLES, &[]).await.unwrap() {
        let table: String = row.get(0);
        let column = if table == "users" { "id" } else { "user_id" };
        let mut client = database.login("oree_person").await;
        let request = enter(&mut client, &people[0], NOON).await.unwrap();
        match request.query(&format!("select {column} from public.{table}"), &[]).await {
            Ok(rows) => {
                assert!(!rows.is_empty(), "{table}: the test needs a row of the person's");
                assert!(rows.iter().all(|row| row.get::<_, uuid::Uuid>(0) == people[0].id()), "{table}");
                reached.push(table);
            }
            // Whose rows they are, another table says.
            Err(error) if code(&error) == "42703" => {
                drop(request);
                let request = enter(&mut client, &people[0], NOON).await.unwrap();
                match request.query_one(&format!("select count(*) from public.{table}"), &[]).await {
                    Ok(row) => {
                        assert_eq!(row.get::<_, i64>(0), 1, "{table}: one row of each person");
                        reached.push(table);
                    }
                    Err(error) => assert_eq!(code(&error), "42501", "{table}: {error}"),
                }
            }
            Err(error) => assert_eq!(code(&error), "42501", "{table}: {error}"),
        }
    }
    let theirs = [
        "audit_logs",
        "clock_changes",
        "creations",
        "grimoire_creations",
        "jobs",
        "kaizen",
        "organisation_members",
        "organisations",
        "profiles",
        "scenes",
        "sign_in_sources",
        "streak_freezes",
        "stripe_customers",
        "user_badges",
        "user_profiles",
        "user_sessions",
        "user_streaks",
        "user_subscriptions",
        "users",
        "weekly_targets",
        "zazen_sessions",
    ];
    assert_eq!(reached, theirs);
}

#[tokio::test]
async fn strangers_and_bare_logins_reach_no_table() {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    for row in owner.query(TABLES, &[]).await.unwrap() {
        let sql = format!("select count(*) from public.{}", row.get::<_, String>(0));
        assert_eq!(database.refusal(&Caller::anon(), &sql, &[]).await, "42501", "{sql}");
        for login in ["oree_person", "oree_service"] {
            let client = database.login(login).await;
            assert_eq!(code(&client.query(&sql, &[]).await.unwrap_err()), "42501", "{login}: {sql}");
        }
    }
}

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

#[tokio::test]
async fn settings_refuse_values_that_would_break_a_reader() {
    let database = Database::migrated().await;
    for (key, value) in [
        ("retention_days", "89"),
        ("retention_days", "\"90\""),
        ("retention_days", "90.5"),
        ("verify_first", "1"),
        ("scenes_per_day", "{\"FREE\": 3}"),
        ("scenes_per_day", "{\"FREE\": -1, \"PREMIUM\": 3}"),
        ("scenes_per_day", "5"),
        ("audio_per_day", "{\"FREE\": 3}"),
        ("poses_per_day", "[]"),
        ("models", "{\"scene\": 1}"),
        ("scene_vocabulary", "{\"era\": {\"words\": \"an mil\", \"free_text\": true}}"),
        ("scene_vocabulary", "{\"era\": {\"words\": []}}"),
    ] {
        let sql = "update settings set value = $2::text::jsonb where key = $1";
        assert_eq!(database.refusal(&Caller::service(), sql, &[&key, &value]).await, "23514", "{key} = {value}");
    }
    let sql = "update settings set value = '365' where key = 'retention_days' returning value";
    assert_eq!(database.call(&Caller::service(), NOON, sql, &[]).await, json!(365));
}

#[tokio::test]
async fn every_function_that_a_role_may_call_is_in_the_readme() {
    let database = Database::migrated().await;
    let readme = std::fs::read_to_string(migrations().join("README.md")).unwrap();
    let sql = "select distinct proname::text from pg_proc
        where pronamespace = 'edge'::regnamespace and prorettype <> 'trigger'::regtype
          and exists (select from unnest(array['anon', 'authenticated', 'service', 'oree_person', 'oree_service']) r
            where has_function_privilege(r, oid, 'execute'))";
    for row in database.owner().await.query(sql, &[]).await.unwrap() {
        let name = format!("edge.{}(", row.get::<_, &str>(0));
        assert!(readme.contains(&name), "{name} is missing");
    }
}
