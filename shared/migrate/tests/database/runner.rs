use std::{sync::Mutex, time::Duration};

use futures::future::join_all;
use migrate::Progress;
use uuid::Uuid;

use crate::support::{Database, Folder, at_as, code, connect, server};

const TREE: (&str, &str) = ("0001_create_tree.sql", "create table public.tree (id int primary key);\n");
const LEAF: (&str, &str) = ("0002_create_leaf.sql", "create table public.leaf (id int primary key);\n");
const LEAF_LATER: (&str, &str) = ("0003_create_leaf.sql", LEAF.1);

async fn failure(database: &Database, folder: &Folder) -> String {
    migrate::run(&database.url, folder.path(), |_| {}).await.expect_err("the run fails").to_string()
}

#[tokio::test]
async fn pending_files_are_applied_in_order_once() {
    let database = Database::empty().await;
    let folder = Folder::new(&[LEAF, TREE]);
    let mut seen = Vec::new();
    let first = migrate::run(&database.url, folder.path(), |progress| {
        if let Progress::Applying { name, index, total } = progress {
            seen.push(format!("{index}/{total} {name}"));
        }
    });
    assert_eq!(first.await.unwrap().applied, [TREE.0, LEAF.0]);
    assert_eq!(seen, ["1/2 0001_create_tree.sql", "2/2 0002_create_leaf.sql"]);

    let second = migrate::run(&database.url, folder.path(), |_| {}).await.unwrap();
    assert_eq!((second.applied.len(), second.already), (0, 2));
}

#[tokio::test]
async fn a_changed_file_is_named() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE]);
    migrate::run(&database.url, folder.path(), |_| {}).await.unwrap();
    folder.write(TREE.0, "create table public.tree (id bigint primary key);\n");
    assert!(failure(&database, &folder).await.starts_with("0001_create_tree.sql was changed after it had been applied"));
}

#[tokio::test]
async fn renamed_missing_and_late_files_are_refused() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE, ("0003_create_root.sql", "create table public.root ();")]);
    migrate::run(&database.url, folder.path(), |_| {}).await.unwrap();

    folder.write(LEAF.0, LEAF.1);
    assert!(failure(&database, &folder).await.contains("give it the next number"));
    folder.remove(LEAF.0);
    folder.remove(TREE.0);
    assert!(failure(&database, &folder).await.contains("0001_create_tree.sql has been applied and is missing"));
    folder.write("0001_plant_tree.sql", TREE.1);
    assert!(failure(&database, &folder).await.contains("give it its old name back"));
    folder.write("0001_create_tree.sql", TREE.1);
    assert!(failure(&database, &folder).await.contains("same number"));
}

#[tokio::test]
async fn an_older_release_reports_what_it_does_not_know() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE, LEAF]);
    migrate::run(&database.url, folder.path(), |_| {}).await.unwrap();
    folder.remove(LEAF.0);
    assert_eq!(migrate::run(&database.url, folder.path(), |_| {}).await.unwrap().ahead, [LEAF.0]);
}

#[tokio::test]
async fn a_failing_file_is_named_with_line_and_code_and_leaves_nothing() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE, ("0002_break.sql", "create table public.half ();\n\nselect ségur\n  from nowhere;\n")]);
    let error = failure(&database, &folder).await;
    assert!(error.starts_with("0002_break.sql, line 4: "), "{error}");
    assert!(error.contains("SQLSTATE 42P01"), "{error}");

    let owner = database.owner().await;
    let found = owner.query_one("select to_regclass('public.tree') is not null, to_regclass('public.half') is null", &[]);
    let found = found.await.unwrap();
    assert!(found.get::<_, bool>(0) && found.get::<_, bool>(1));
    folder.write("0002_break.sql", "create table public.half ();\n");
    assert_eq!(migrate::run(&database.url, folder.path(), |_| {}).await.unwrap().applied, ["0002_break.sql"]);
}

#[tokio::test]
async fn an_error_inside_a_function_says_where() {
    let database = Database::empty().await;
    let folder = Folder::new(&[("0001_raise.sql", "do $$ begin raise 'no' using hint = 'try yes'; end $$;")]);
    let error = failure(&database, &folder).await;
    assert!(error.contains("hint: try yes") && error.contains("where: PL/pgSQL function inline_code_block"), "{error}");
}

#[tokio::test]
async fn a_file_may_leave_its_transaction() {
    let database = Database::empty().await;
    let index = "-- no transaction\n\n-- Readers go on.\ncreate index concurrently if not exists tree_idx on public.tree (id);\n";
    let folder = Folder::new(&[TREE, ("0002_index_tree.sql", index), LEAF_LATER]);
    assert_eq!(migrate::run(&database.url, folder.path(), |_| {}).await.unwrap().applied.len(), 3);
}

#[tokio::test]
async fn a_busy_table_makes_the_file_give_way_and_try_again() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE]);
    migrate::run(&database.url, folder.path(), |_| {}).await.unwrap();
    folder.write("0002_extend_tree.sql", "alter table public.tree add column name text;");

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
    assert_eq!(report.unwrap().applied, ["0002_extend_tree.sql"]);
}

#[tokio::test]
async fn runs_at_once_take_turns() {
    let database = Database::empty().await;
    let folder = Folder::new(&[TREE, ("0002_wait.sql", "select pg_sleep(0.3);"), LEAF_LATER]);
    let waited = Mutex::new(false);
    let runs = join_all((0..4).map(|_| {
        migrate::run(&database.url, folder.path(), |progress| {
            if progress == Progress::Waiting {
                *waited.lock().unwrap() = true;
            }
        })
    }));
    let applied: usize = runs.await.into_iter().map(|report| report.unwrap().applied.len()).sum();
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
