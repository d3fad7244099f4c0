//! Statements that no function makes: what the database itself gives to whoever could send them.

use auth::Role;
use migrations::{Caller, Database, attempt, breach, insert_examples, tables};
use testing::{Person, database_as_person};

use crate::campaign::TRACES;
use crate::scene::Scene;
use crate::tally::Tally;
use crate::verdict::Verdict;

/// Attacks the rows of every table, and the roles of the database.
///
/// # Panics
/// Where the database does not answer.
pub async fn attack(scene: &Scene, tally: &mut Tally) {
    let (login, stranger) = (database_as_person().await, Person::new().await);
    scene.look().await;
    attack_rows(tally).await;
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

/// Sends what the law of tables sends as a stranger (`tests/laws`), as people whose role lets them do more elsewhere; and empties
/// tables. In a database of its own, where the victim has a row of each.
async fn attack_rows(tally: &mut Tally) {
    let database = Database::migrated().await;
    let owner = database.owner().await;
    let victim = database.person("victim@example.org").await;
    insert_examples(&owner, victim.id()).await;
    let mut attackers = Vec::new();
    for (who, role) in [
        ("manager of others", Role::Manager),
        ("administrator", Role::Admin),
        ("privacy officer", Role::Privacy),
        ("quality engineer", Role::Qa),
    ] {
        let person = database.person(&format!("{}@example.org", role.name())).await;
        let raise = "update users set role = $2 where id = $1";
        owner.execute(raise, &[&person.id(), &role.name()]).await.expect("the role cannot be given");
        attackers.push((who, person.claiming("role", role.name())));
    }
    let mut emptying = attackers.clone();
    emptying.extend([("stranger", database.person("stranger@example.org").await), ("anonymous", Caller::anon())]);
    let mut login = database.login("oree_person").await;
    for table in tables(&owner).await {
        for (what, statement) in table.trespasses(&owner, victim.id()).await {
            for (who, caller) in &attackers {
                let outcome = attempt(&mut login, caller, &statement).await;
                tally.add("table", &format!("{who}, {}: {what}", table.name), judge(breach(what, &outcome)));
            }
        }
        for (who, caller) in emptying.iter().filter(|_| !table.is_view) {
            let outcome = attempt(&mut login, caller, &format!("truncate public.{} cascade", table.name)).await;
            tally.add("table", &format!("{who}, {}: truncate", table.name), judge(breach("truncate", &outcome)));
        }
    }
}

fn judge(breach: Option<String>) -> Verdict {
    breach.map_or(Verdict::Held, Verdict::Breached)
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
