//! The runner, with repositories of a few files, against the PostgreSQL server of `DATABASE_URL`, whose role must be a superuser.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::{sync::Mutex, time::Duration};

use futures::future::join_all;
use migrate::{Progress, Report};
use migrations::{Database, Folder, at_as, code, connect, server};
use uuid::Uuid;

const ROLES: (&str, &str) = (
    "migrations/roles.sql",
    "do $$ begin create role edge_owner nologin noinherit; exception when duplicate_object or unique_violation then null; end $$;
     create schema if not exists edge authorization edge_owner;
     alter default privileges for role edge_owner revoke execute on functions from public;\n",
);
const TREE: (&str, &str) = ("migrations/steps/0001_create_tree.sql", "create table public.tree (id int primary key);\n");
const LEAF: (&str, &str) = ("migrations/steps/0002_create_leaf.sql", "create table public.leaf (id int primary key);\n");
const LEAF_LATER: (&str, &str) = ("migrations/steps/0003_create_leaf.sql", LEAF.1);

async fn run(database: &Database, folder: &Folder) -> Report {
    migrate::run(&database.url, folder.path(), |_| {}).await.unwrap()
}

async fn failure(database: &Database, folder: &Folder) -> String {
    migrate::run(&database.url, folder.path(), |_| {}).await.expect_err("the run fails").to_string()
}

#[tokio::test]
async fn pending_steps_are_taken_in_order_once() {
    let database = Database::empty().await;
    let folder = Folder::new(&[LEAF, TREE]);
    let mut seen = Vec::new();
    let first = migrate::run(&database.url, folder.path(), |progress| {
        if let Progress::Applying { name, index, total } = progress {
            seen.push(format!("{index}/{total} {name}"));
        }
    });
    assert_eq!(first.await.unwrap().steps, ["0001_create_tree", "0002_create_leaf"]);
    assert_eq!(seen, ["1/2 0001_create_tree", "2/2 0002_create_leaf"]);

    assert_eq!(run(&database, &folder).await, Report::default());
}

#[tokio::test]
async fn a_changed_step_is_named() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE]);
    run(&database, &folder).await;
    folder.write(TREE.0, "create table public.tree (id bigint primary key);\n");
    assert!(failure(&database, &folder).await.starts_with("0001_create_tree was changed after it had been applied"));
}

#[tokio::test]
async fn renamed_missing_and_late_steps_are_refused() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE, ("migrations/steps/0003_create_root.sql", "create table public.root ();")]);
    run(&database, &folder).await;

    folder.write(LEAF.0, LEAF.1);
    assert!(failure(&database, &folder).await.contains("give it the next number"));
    folder.remove(LEAF.0);
    folder.remove(TREE.0);
    assert!(failure(&database, &folder).await.contains("0001_create_tree has been applied and is missing"));
    folder.write("migrations/steps/0001_plant_tree.sql", TREE.1);
    assert!(failure(&database, &folder).await.contains("give it its old name back"));
    folder.write(TREE.0, TREE.1);
    assert!(failure(&database, &folder).await.contains("same number"));
}

#[tokio::test]
async fn an_older_release_reports_what_it_does_not_know() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE, LEAF]);
    run(&database, &folder).await;
    folder.remove(LEAF.0);
    assert_eq!(run(&database, &folder).await.ahead, ["0002_create_leaf"]);
}

#[tokio::test]
async fn a_failing_step_is_named_with_line_and_code_and_leaves_nothing() {
    let database = Database::empty().await;
    let folder = Folder::new(&[
        TREE,
        ("migrations/steps/0002_break.sql", "create table public.half ();\n\nselect ségur\n  from nowhere;\n"),
    ]);
    let error = failure(&database, &folder).await;
    assert!(error.starts_with("migrations/steps/0002_break.sql, line 4: "), "{error}");
    assert!(error.contains("SQLSTATE 42P01"), "{error}");

    let owner = database.owner().await;
    let found = owner.query_one("select to_regclass('public.tree') is not null, to_regclass('public.half') is null", &[]);
    let found = found.await.unwrap();
    assert!(found.get::<_, bool>(0) && found.get::<_, bool>(1));
    folder.write("migrations/steps/0002_break.sql", "create table public.half ();\n");
    assert_eq!(run(&database, &folder).await.steps, ["0002_break"]);
}

#[tokio::test]
async fn an_error_inside_a_function_says_where() {
    let database = Database::empty().await;
    let folder = Folder::new(&[("migrations/steps/0001_raise.sql", "do $$ begin raise 'no' using hint = 'try yes'; end $$;")]);
    let error = failure(&database, &folder).await;
    assert!(error.contains("hint: try yes") && error.contains("where: PL/pgSQL function inline_code_block"), "{error}");
}

#[tokio::test]
async fn a_step_may_leave_its_transaction() {
    let database = Database::empty().await;
    let index = "-- no transaction\n\n-- Readers go on.\ncreate index concurrently if not exists tree_idx on public.tree (id);\n";
    let folder = Folder::new(&[TREE, ("migrations/steps/0002_index_tree.sql", index), LEAF_LATER]);
    assert_eq!(run(&database, &folder).await.steps.len(), 3);
}

#[tokio::test]
async fn a_busy_table_makes_the_file_give_way_and_try_again() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE]);
    run(&database, &folder).await;
    folder.write("migrations/steps/0002_extend_tree.sql", "alter table public.tree add column name text;");

    let mut holder = database.owner().await;
    let lock = holder.transaction().await.unwrap();
    lock.batch_execute("lock table public.tree in access share mode").await.unwrap();
    let (told, mut retried) = tokio::sync::mpsc::unbounded_channel();
    let run = migrate::run(&database.url, folder.path(), move |progress| {
        if matches!(progress, Progress::Retrying { .. }) {
            let _ = told.send(());
        }
    });
    let release = async {
        retried.recv().await.expect("the run gives way");
        lock.commit().await.unwrap();
    };
    let (report, ()) = tokio::join!(run, release);
    assert_eq!(report.unwrap().steps, ["0002_extend_tree"]);
}

#[tokio::test]
async fn runs_at_once_take_turns() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE, ("migrations/steps/0002_wait.sql", "select pg_sleep(0.3);"), LEAF_LATER]);
    let waited = Mutex::new(false);
    let runs = join_all((0..4).map(|_| {
        migrate::run(&database.url, folder.path(), |progress| {
            if progress == Progress::Waiting {
                *waited.lock().unwrap() = true;
            }
        })
    }));
    let applied: usize = runs.await.into_iter().map(|report| report.unwrap().steps.len()).sum();
    assert_eq!(applied, 3);
    assert!(*waited.lock().unwrap());
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_named_without_its_password() {
    let folder = Folder::new(&[TREE]);
    let url = "postgres://owner:hunter2@127.0.0.1:1/wood?connect_timeout=1";
    let error = migrate::run(url, folder.path(), |_| {}).await.unwrap_err();
    let error = format!("{error:#}");
    assert!(error.contains("127.0.0.1:1, database wood, as owner") && !error.contains("hunter2"), "{error}");
}

#[tokio::test]
async fn a_login_gets_the_password_of_its_connection_string() {
    let database = Database::empty().await;
    let role = format!("migrate_login_{}", Uuid::new_v4().simple());
    let server = server().await;
    server.batch_execute(&format!("create role {role} login")).await.unwrap();

    let login = format!("postgres://{role}:pa%27ss%20w%C3%B6rd@localhost/any");
    migrate::set_login_passwords(&database.url, &[&login]).await.unwrap();
    let stored = server.query_one("select rolpassword from pg_authid where rolname = $1", &[&role]).await.unwrap();
    assert!(stored.get::<_, &str>(0).starts_with("SCRAM-SHA-256$"));
    let client = connect(&at_as(&database.name, &role, "pa%27ss%20w%C3%B6rd")).await;
    client.batch_execute("select 1").await.unwrap();
    drop(client);
    tokio::time::sleep(Duration::from_millis(50)).await;
    server.batch_execute(&format!("drop role {role}")).await.unwrap();

    let error = migrate::set_login_passwords(&database.url, &[&login]).await.unwrap_err();
    let source = error.downcast_ref::<tokio_postgres::Error>().expect("the server's answer is kept");
    assert_eq!(code(source), "42704");
    assert!(!format!("{error:#?}").contains("pa'ss"));
}

/// A repository with the table `tree`, and these files.
fn wood(files: &[(&str, &str)]) -> Folder {
    let closed = "create table public.tree (id int primary key, note text);
        alter table public.tree enable row level security; revoke all on public.tree from public;\n";
    let folder = Folder::new(&[ROLES, (TREE.0, closed)]);
    files.iter().for_each(|(path, sql)| folder.write(path, sql));
    folder
}

async fn text(database: &Database, sql: &str) -> String {
    database.owner().await.query_one(&format!("select ({sql})::text"), &[]).await.unwrap().get(0)
}

const HEIGHT: &str = "migrations/functions/wood/height.sql";
const GROWTH: &str = "functions/wood/grow/sql/growth.sql";
const TALL: &str = "migrations/views/tall.sql";
const METRES: &str = "create or replace function edge.height() returns int language sql return 20;";
const GROWN: &str = "create or replace function edge.growth() returns int language sql return edge.height() * 2;";

#[tokio::test]
async fn a_definition_is_applied_again_when_it_has_changed_and_only_then() {
    let database = Database::empty().await;
    let folder = wood(&[(HEIGHT, METRES)]);
    assert_eq!(run(&database, &folder).await.definitions, ["migrations/roles.sql", HEIGHT]);
    assert_eq!(run(&database, &folder).await, Report::default());
    folder.write(HEIGHT, &METRES.replace("20", "30"));
    assert_eq!(run(&database, &folder).await.definitions, [HEIGHT]);
    assert_eq!(text(&database, "edge.height()").await, "30");
}

#[tokio::test]
async fn a_definition_comes_back_where_somebody_took_it_away_or_changed_it() {
    let database = Database::empty().await;
    let folder = wood(&[(HEIGHT, METRES)]);
    run(&database, &folder).await;
    for sql in [
        "drop function edge.height()",
        "create or replace function edge.height() returns int language sql return 1",
        "grant execute on function edge.height() to public",
    ] {
        database.owner().await.batch_execute(sql).await.unwrap();
        assert_eq!(run(&database, &folder).await.definitions, [HEIGHT], "{sql}");
        assert_eq!(text(&database, "edge.height()").await, "20", "{sql}");
    }
}

#[tokio::test]
async fn definitions_that_need_each_other_come_in_any_order_of_names() {
    let database = Database::empty().await;
    let tall = "create or replace view public.tall with (security_invoker = true) as select edge.growth() as metres;";
    let rows =
        "create or replace function edge.all_tall() returns setof public.tall language sql return (select null::public.tall);";
    let folder = wood(&[(HEIGHT, METRES), (GROWTH, GROWN), (TALL, tall), ("migrations/functions/wood/all_tall.sql", rows)]);
    assert_eq!(run(&database, &folder).await.definitions.len(), 5);
    assert_eq!(text(&database, "select metres from tall").await, "40");
}

#[tokio::test]
async fn another_shape_replaces_a_function_and_what_depends_on_it() {
    let database = Database::empty().await;
    let tall = "create or replace view public.tall as select edge.growth() as metres; grant select on public.tall to pg_monitor;";
    let folder = wood(&[(HEIGHT, METRES), (GROWTH, GROWN), (TALL, tall)]);
    run(&database, &folder).await;
    folder.write(HEIGHT, &METRES.replace("returns int", "returns numeric"));
    folder.write(GROWTH, &GROWN.replace("returns int", "returns numeric"));
    assert_eq!(run(&database, &folder).await.definitions, [GROWTH, HEIGHT, TALL]);
    assert_eq!(text(&database, "select pg_typeof(metres) from tall").await, "numeric");
    assert_eq!(text(&database, "has_table_privilege('pg_monitor', 'tall', 'select')").await, "true");

    // Only the names of its arguments change.
    let named =
        |name: &str| format!("create or replace function edge.height({name} int) returns int language sql return {name};");
    let used = GROWN.replace("height()", "height(4)");
    folder.write(HEIGHT, &named("metres"));
    folder.write(GROWTH, &used);
    folder.remove(TALL);
    database.owner().await.batch_execute("drop function edge.height() cascade").await.unwrap();
    run(&database, &folder).await;
    folder.write(HEIGHT, &named("feet"));
    assert_eq!(run(&database, &folder).await.definitions, [GROWTH, HEIGHT]);
    assert_eq!(text(&database, "edge.growth()").await, "8");
}

#[tokio::test]
async fn what_a_table_holds_keeps_its_shape() {
    let database = Database::empty().await;
    let context = "migrations/context/first.sql";
    let folder = wood(&[
        (context, "create or replace function edge.first() returns int language sql return 1;"),
        (LEAF.0, "create table public.leaf (id int default edge.first());"),
    ]);
    run(&database, &folder).await;
    folder.write(context, "create or replace function edge.first() returns bigint language sql return 2;");
    let error = failure(&database, &folder).await;
    assert!(error.starts_with(context) && error.contains("table leaf cannot do without it as it is"), "{error}");
    assert_eq!(text(&database, "edge.first()").await, "1");
    folder.write(context, "create or replace function edge.first() returns int language sql return 2;");
    assert_eq!(run(&database, &folder).await.definitions, [context]);
}

#[tokio::test]
async fn a_definition_that_fails_leaves_the_old_one() {
    let database = Database::empty().await;
    let folder = wood(&[(HEIGHT, METRES), (GROWTH, GROWN)]);
    run(&database, &folder).await;
    folder.write(HEIGHT, &METRES.replace("20", "30"));
    folder.write(GROWTH, &GROWN.replace("height", "depth"));
    let error = failure(&database, &folder).await;
    assert!(error.starts_with("functions/wood/grow/sql/growth.sql, line 1: ") && error.contains("edge.depth()"), "{error}");
    assert_eq!(text(&database, "edge.growth()").await, "40");
}

const ACCESS: &str = "migrations/access/tree.sql";
const OPEN: &str = "grant select (id) on public.tree to edge_owner;
    create policy tree_all on public.tree for select to edge_owner using (true);
    comment on column public.tree.note is 'retention: 3 days';\n";

/// Who may read and change the table `tree`, in short.
async fn access_to_tree(database: &Database) -> String {
    let short =
        "concat_ws(' ', (select string_agg(polname, ',' order by polname) from pg_policy where polrelid = 'tree'::regclass),
       (select string_agg(tgname, ',') from pg_trigger where tgrelid = 'tree'::regclass),
       (select string_agg(a.privilege_type, ',') from pg_class c, aclexplode(relacl) a
         where c.oid = 'tree'::regclass and a.grantee <> c.relowner),
       (select string_agg(attname || ' ' || a.privilege_type, ',') from pg_attribute t, aclexplode(attacl) a
         where attrelid = 'tree'::regclass),
       (select relrowsecurity from pg_class where oid = 'tree'::regclass),
       (select string_agg(description, ',') from pg_description where objoid = 'tree'::regclass))";
    text(database, short).await
}

#[tokio::test]
async fn an_access_file_is_the_whole_truth_about_its_table() {
    let database = Database::empty().await;
    let folder = wood(&[(ACCESS, OPEN)]);
    run(&database, &folder).await;
    let whole = "tree_all id SELECT t retention: 3 days";
    assert_eq!(access_to_tree(&database).await, whole);

    for sql in [
        "grant update on public.tree to public",
        "grant select (note) on public.tree to edge_owner",
        "create policy more on public.tree using (true)",
        "drop policy tree_all on public.tree",
        "alter table public.tree disable row level security",
        "create trigger hidden before update on public.tree for each row execute function suppress_redundant_updates_trigger()",
        "comment on column public.tree.id is 'mine'",
    ] {
        database.owner().await.batch_execute(sql).await.unwrap();
        assert_ne!(access_to_tree(&database).await, whole, "{sql}");
        assert_eq!(run(&database, &folder).await.definitions, [ACCESS], "{sql}");
        assert_eq!(access_to_tree(&database).await, whole, "{sql}");
    }

    folder.write(ACCESS, "grant select (id) on public.tree to edge_owner;\n");
    run(&database, &folder).await;
    assert_eq!(access_to_tree(&database).await, "id SELECT t", "a policy whose text is gone is gone");
}

#[tokio::test]
async fn an_access_file_that_holds_takes_no_lock_and_one_that_does_not_gives_way() {
    let database = Database::empty().await;
    let folder = wood(&[(ACCESS, OPEN)]);
    run(&database, &folder).await;
    let mut holder = database.owner().await;
    let lock = holder.transaction().await.unwrap();
    lock.batch_execute("lock table public.tree in access share mode").await.unwrap();
    folder.write(LEAF.0, LEAF.1);
    assert_eq!(run(&database, &folder).await.definitions, Vec::<String>::new());

    folder.write(ACCESS, &OPEN.replace("tree_all", "tree_some"));
    let (told, mut retried) = tokio::sync::mpsc::unbounded_channel();
    let run = migrate::run(&database.url, folder.path(), move |progress| {
        if matches!(progress, Progress::Retrying { .. }) {
            let _ = told.send(());
        }
    });
    let release = async {
        retried.recv().await.expect("the run gives way");
        lock.commit().await.unwrap();
    };
    let (report, ()) = tokio::join!(run, release);
    assert_eq!(report.unwrap().definitions, [ACCESS]);
}

#[tokio::test]
async fn a_grant_whose_text_is_gone_is_gone() {
    let database = Database::empty().await;
    let folder = wood(&[(HEIGHT, &[METRES, "grant execute on function edge.height() to pg_monitor;"].concat())]);
    run(&database, &folder).await;
    let granted = "has_function_privilege('pg_monitor', 'edge.height()', 'execute')";
    assert_eq!(text(&database, granted).await, "true");
    folder.write(HEIGHT, METRES);
    run(&database, &folder).await;
    assert_eq!(text(&database, granted).await, "false");
}

#[tokio::test]
async fn what_stands_in_no_file_is_named() {
    let database = Database::empty().await;
    let folder = wood(&[(HEIGHT, METRES), (ACCESS, OPEN), (TALL, "create or replace view public.tall as select 1 as metres;")]);
    assert_eq!(run(&database, &folder).await.orphans, Vec::<String>::new());
    for (path, object) in [(HEIGHT, "function edge.height()"), (ACCESS, "table tree"), (TALL, "table tall")] {
        folder.remove(path);
        assert!(run(&database, &folder).await.orphans.contains(&object.to_owned()), "{object}");
    }
    database.owner().await.batch_execute("create table edge.hidden ()").await.unwrap();
    let orphans = run(&database, &folder).await.orphans;
    assert_eq!(orphans, ["function edge.height()", "table edge.hidden", "table tall", "table tree"]);

    let tall = "create or replace function edge.height(i int) returns int language sql return i;
        grant execute on function edge.height(int) to pg_monitor;";
    folder.write(HEIGHT, &[METRES, "grant execute on function edge.height() to pg_monitor;", tall].concat());
    run(&database, &folder).await;
    folder.write(HEIGHT, tall);
    assert!(
        run(&database, &folder).await.orphans.contains(&"function edge.height()".to_owned()),
        "an overload whose text is gone"
    );
    folder.remove(HEIGHT);

    let drop = "drop function edge.height(), edge.height(int); drop view public.tall; drop table edge.hidden, public.tree;";
    folder.write("migrations/steps/0002_drop_wood.sql", drop);
    assert_eq!(run(&database, &folder).await.orphans, Vec::<String>::new());
}

#[tokio::test]
async fn sql_that_stands_nowhere_in_particular_is_refused() {
    let database = Database::empty().await;
    let error = failure(&database, &wood(&[("migrations/0001_create_tree.sql", "select 1")])).await;
    assert!(error.starts_with("migrations/0001_create_tree.sql stands where no SQL file belongs"), "{error}");
}
