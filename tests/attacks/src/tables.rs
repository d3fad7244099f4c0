//! Statements that no function makes: what the database itself gives to whoever could send them.

use auth::Role;
use testing::{Person, database_as_person};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::campaign::TRACES;
use crate::scene::Scene;
use crate::tally::Tally;
use crate::verdict::Verdict;

/// Attacks every table as everybody who is not the owner of its rows, and the roles themselves.
///
/// # Panics
/// Where the database does not answer.
pub async fn attack(scene: &Scene, tally: &mut Tally) {
    let login = database_as_person().await;
    let (stranger, manager) = (Person::new().await, Person::of(Role::Manager, "Europe/Paris").await);
    scene.look().await;
    for (who, claims, role) in [
        ("stranger", claims_of(&stranger), "authenticated"),
        ("manager of others", claims_of(&manager), "authenticated"),
        ("anonymous", "{}".to_owned(), "anon"),
    ] {
        for (table, own) in &scene.tables {
            for (what, statement) in statements(table, own.as_deref(), scene) {
                let outcome = as_caller(&login, &claims, role, &statement).await;
                tally.add("table", &format!("{who}, {table}: {what}"), judge(&outcome, what));
            }
        }
    }
    for (why, person, _) in &scene.outcasts {
        let begin = format!("begin; select edge.enter('{}', now())", claims_of(person));
        let entered = login.batch_execute(&begin).await;
        login.batch_execute("rollback").await.expect("the database does not answer");
        tally.add(
            "table",
            &format!("{why}: enter"),
            if entered.is_ok() { Verdict::Breached("let in".to_owned()) } else { Verdict::Held },
        );
    }
    for (who, begin) in [
        ("login", String::new()),
        ("stranger", format!("select edge.enter('{}', now()); set local role authenticated;", claims_of(&stranger))),
    ] {
        for statement in ESCALATIONS {
            login.batch_execute(&["begin;", &begin].concat()).await.expect("the stranger is not let in");
            let done = login.batch_execute(statement).await;
            login.batch_execute("rollback").await.expect("the database does not answer");
            let verdict = if done.is_ok() { Verdict::Breached("done".to_owned()) } else { Verdict::Held };
            tally.add("database role", &format!("{who}: {statement}"), verdict);
        }
    }
    tally.add(TRACES, "tables", scene.evidence().await);
}

/// What neither the login of functions nor somebody signed in may do.
const ESCALATIONS: [&str; 22] = [
    "set role service",
    "set role edge_owner",
    "set role oree_service",
    "set role postgres",
    "set session authorization postgres",
    "select set_config('role', 'service', true)",
    "select password_hash from public.users",
    "select refresh_hash from public.user_sessions",
    "select pg_read_file('/etc/passwd')",
    "copy (select 1) to program 'true'",
    "copy public.users to '/tmp/users'",
    "select lo_import('/etc/passwd')",
    "create table public.mine (a int)",
    "create function public.mine() returns int language sql return 1",
    "create extension dblink",
    "alter role oree_person superuser",
    "grant service to oree_person",
    "alter table public.users disable row level security",
    "set session_replication_role = replica",
    "select pg_terminate_backend(pg_backend_pid()) from pg_authid",
    "select * from pg_authid",
    "drop table public.users",
];

fn claims_of(person: &Person) -> String {
    format!(r#"{{"sub":"{}","session":"{}","role":"{}"}}"#, person.id, person.session, person.role.name())
}

/// Statements about rows that are not the caller's. Each says in its result how many rows it reached.
fn statements(table: &str, own: Option<&str>, scene: &Scene) -> Vec<(&'static str, String)> {
    let victim = scene.victim.id;
    let mut statements = vec![("truncate", format!("truncate public.{table} cascade"))];
    match own {
        Some(own) => statements.extend([
            ("select", format!("select {own} from public.{table} where {own} = '{victim}'")),
            ("update", format!("update public.{table} set {own} = {own} where {own} = '{victim}'")),
            ("delete", format!("delete from public.{table} where {own} = '{victim}'")),
            ("insert", format!("insert into public.{table} ({own}) values ('{victim}')")),
        ]),
        // Rows of nobody in particular are closed to everybody.
        None => statements.extend([
            ("select", format!("select 1 from public.{table}")),
            ("delete", format!("delete from public.{table}")),
            ("insert", format!("insert into public.{table} default values")),
        ]),
    }
    statements
}

async fn as_caller(login: &Client, claims: &str, role: &str, statement: &str) -> Result<u64, tokio_postgres::Error> {
    let begin = format!("begin; select edge.enter('{claims}', now()); set local role {role};");
    login.batch_execute(&begin).await.expect("the caller is not let in");
    let outcome = login.execute(statement, &[]).await;
    login.batch_execute("rollback").await.expect("the database does not answer");
    outcome
}

/// Nothing may be reached. A refusal for another reason than missing rights would say that the rights are there.
fn judge(outcome: &Result<u64, tokio_postgres::Error>, what: &str) -> Verdict {
    match outcome {
        Ok(0) if what != "insert" && what != "truncate" => Verdict::Held,
        Ok(rows) => Verdict::Breached(format!("{rows} rows")),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => Verdict::Held,
        Err(error) => Verdict::Breached(format!("refused for another reason: {error:?}")),
    }
}
