//! Plans: what a statement reads is found by an index, however large its table has become.
//!
//! Every table is filled with copies of its example. Then PostgreSQL plans, without a look at parameters, each constant statement
//! of functions and shared crates, each statement inside each function of the database, and what a person reads of each table.
//! A new table, statement or function is held to it on arrival.

mod bodies;
mod rows;
mod watch;

use std::collections::BTreeSet;

use migrations::{Database, insert_examples};
use tokio_postgres::Client;

use crate::sql::statements;
use bodies::routines;
use watch::Watch;

/// What reads a large table from end to end all the same, and why. Reviewed; a line that is not needed any more fails.
const WHOLE: &[(&str, &[&str], &str)] = &[
    ("a person's organisation_invitations", &["organisation_invitations"], ROW_BY_ROW),
    ("a person's organisations", &["organisations"], ROW_BY_ROW),
    ("edge.admin_overview()", &["cron_runs", "outbox"], "counts what has not gone out, and looks at the last run of each job"),
    ("edge.list_flaky_tests(text,text,text,date,date,integer)", &["qa_reports"], FILTERS),
    ("edge.list_qa_commits(text,text,text,date,date,text,timestamp with time zone,text,text,integer)", &["qa_reports"], FILTERS),
    ("edge.list_qa_reports(text,text,text,date,date,bigint,integer)", &["qa_reports"], FILTERS),
    ("edge.qa_commits(text,text,text,date,date)", &["qa_reports"], FILTERS),
    ("edge.qa_reports_of(text,text,text,date,date)", &["qa_reports"], FILTERS),
    ("edge.qa_trend(text,text,text,date,date,integer)", &["qa_reports"], FILTERS),
    ("edge.erase_due(integer)", &["user_tokens"], FEW_LINKS),
    (
        "edge.expire_subscriptions(integer)",
        &["user_subscriptions"],
        "once an hour; until when a subscription entitles follows from settings",
    ),
    ("edge.forget_address(text)", &["user_tokens"], FEW_LINKS),
    ("edge.files_to_forget(integer)", &["creations", "scenes"], "once a day, of every result; each may have lost its last owner"),
    ("edge.readable_since(boolean)", &["data_use_rules"], "all rules of a handful of origins are what it gives"),
    (
        "edge.list_audit(uuid,text,bigint,integer)",
        &["audit_logs"],
        "each condition may be left out; PostgreSQL plans anew for those that are given, and finds them",
    ),
    (
        "edge.metrics()",
        &["cron_runs", "idempotency_keys", "jobs", "login_failures", "outbox", "users"],
        "counts everything that there is",
    ),
];

const FILTERS: &str =
    "each filter may be left out, and a commit is known by its last report: what ninety days keep is looked through";
const ROW_BY_ROW: &str = "its policy asks row by row, with `exists`; statements name the key";
const FEW_LINKS: &str = "by either of two columns, once for each account that goes; links go a day after their end";

/// What makes its statements at run time, or calls what does, so that only a call shows them: by whom, and how.
const CALLS: &[(&str, &str, &str)] = &[
    (
        "edge.change_dome_room",
        "authenticated",
        "select edge.change_dome_room((select id from public.dome_rooms limit 1), 'close', '{}')",
    ),
    (
        "edge.erase_due",
        "service",
        "update public.users set deleted_at = edge.now() - interval '1 year' where id = md5('1')::uuid; select edge.erase_due()",
    ),
    (
        "edge.erase_imported",
        "service",
        "update public.provider_connections set erase_due_at = edge.now() where user_id = md5('1')::uuid; select edge.erase_imported(10)",
    ),
    ("edge.expire_sessions", "service", "select edge.expire_sessions(10)"),
    (
        "edge.locked_session",
        "authenticated",
        "select edge.locked_session('meditation_sessions', (select id from public.meditation_sessions limit 1), null)",
    ),
    (
        "edge.session_act",
        "authenticated",
        "select * from edge.session_act('meditation_sessions', (select id from public.meditation_sessions limit 1), 'change', '{\"mood_before\": 5}', null)",
    ),
    (
        "edge.session_begin",
        "authenticated",
        "select * from edge.session_begin('meditation_sessions', '{\"technique\": \"mantra\", \"duration\": 60}')",
    ),
    ("edge.session_remove", "authenticated", "select edge.session_remove('meditation_sessions', null, null)"),
    ("edge.sessions", "authenticated", "select * from edge.sessions('meditation_sessions', null, null, null, 10)"),
    ("edge.export_account", "authenticated", "select * from edge.export_account(null, null, 100)"),
    ("edge.purge", "service", "select edge.purge()"),
];

/// Who sends statements; and who calls what only functions call.
const SENDERS: [&str; 4] = ["authenticated", "service", "anon", "oree_person"];
const INSIDE: &str = "edge_owner";

#[tokio::test]
async fn no_statement_reads_a_large_table_from_end_to_end() {
    let database = Database::migrated().await;
    let person = database.person("ada@example.org").await;
    let owner = database.owner().await;
    insert_examples(&owner, person.id()).await;
    let large = rows::fill(&owner).await;
    let mut watch = Watch::begin(&database.url, person, large).await;

    plan_constants(&mut watch).await;
    plan_functions(&owner, &mut watch).await;
    plan_what_is_forgotten(&owner, &mut watch).await;
    plan_what_people_read(&owner, &mut watch).await;

    let may = |place: &str, table: &str| WHOLE.iter().any(|(known, tables, _)| *known == place && tables.contains(&table));
    let broken = watch.whole.iter().filter(|((place, table), _)| !may(place, table));
    let broken: Vec<_> = broken.map(|((place, table), text)| format!("{place} reads all of {table}: {text:.160}")).collect();
    assert!(broken.is_empty(), "an index would find these rows: {broken:#?}");
    let known =
        WHOLE.iter().flat_map(|(place, tables, _)| tables.iter().map(move |table| (place.to_string(), table.to_string())));
    let left: Vec<_> = known.filter(|known| !watch.whole.contains_key(known)).collect();
    assert!(left.is_empty(), "these are read by an index now; `WHOLE` need not say otherwise: {left:?}");
}

/// The statements that functions and shared crates send, by each role that has the rights.
async fn plan_constants(watch: &mut Watch) {
    for (place, statement) in statements() {
        let mut refusals = Vec::new();
        for role in SENDERS {
            refusals.extend(watch.plan(&place, role, &statement).await.err());
        }
        assert!(refusals.len() < SENDERS.len(), "{place} was planned for nobody: {refusals:?}");
    }
}

/// The statements inside functions, each called by whoever may call it.
async fn plan_functions(owner: &Client, watch: &mut Watch) {
    // What a plan shows of a view or of a partitioned table is the tables behind it.
    let views = "select relname::text from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'p')";
    let views: BTreeSet<String> = owner.query(views, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    for routine in routines(owner).await {
        let place = &routine.signature;
        let mut callers: Vec<_> =
            SENDERS.into_iter().filter(|role| routine.callers.iter().any(|caller| caller == role)).collect();
        if callers.is_empty() {
            callers.push(INSIDE);
        }
        for role in callers {
            let mut seen = watch.run(place, role, &routine.call()).await;
            let call = CALLS.iter().find(|(made, ..)| place.split('(').next() == Some(made));
            assert!(
                call.is_some() || !routine.makes_statements(),
                "{place} makes statements at run time: `CALLS` shows none of them"
            );
            if let Some((_, role, call)) = call {
                let shown = watch.run(place, role, call).await;
                seen.tables.extend(shown.tables);
                // With arguments that name nothing, what it makes means nothing either.
                seen.errors = shown.errors;
            }
            // A function may refuse what makes no sense to it; a statement that PostgreSQL does not know was not taken as it stands.
            let wrong = seen.errors.iter().filter(|error| !["OR", "22", "23"].iter().any(|class| error.starts_with(class)));
            let wrong: Vec<_> = wrong.collect();
            assert!(wrong.is_empty(), "{place} as {role}: {wrong:?}");
            let unseen: BTreeSet<_> =
                routine.tables().difference(&seen.tables).filter(|table| !views.contains(*table)).cloned().collect();
            assert!(unseen.is_empty(), "{place} as {role}: no plan was seen of what it does with {unseen:?}: {:?}", seen.errors);
        }
    }
}

/// What `edge.purge` deletes: the rows of every column that says how long they stay.
async fn plan_what_is_forgotten(owner: &Client, watch: &mut Watch) {
    let due = "
        select distinct c.relname::text
        from pg_description d join pg_class c on c.oid = d.objoid
        where d.classoid = 'pg_class'::regclass and c.relnamespace = 'public'::regnamespace and d.description like 'retention: %'";
    let due: BTreeSet<String> = owner.query(due, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert!(due.len() >= 10, "{due:?}");
    let seen = watch.run("edge.purge", "service", "select edge.purge()").await.tables;
    assert!(seen.is_superset(&due), "no plan was seen of how these are forgotten: {:?}", due.difference(&seen));
}

/// Every row of every table and view that a person may read.
async fn plan_what_people_read(owner: &Client, watch: &mut Watch) {
    let readable = "
        select c.relname::text, string_agg(quote_ident(a.attname), ', ')
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v')
          and has_column_privilege('authenticated', c.oid, a.attnum, 'select')
        group by c.relname";
    let readable = owner.query(readable, &[]).await.unwrap();
    assert!(readable.len() > 15, "{}", readable.len());
    for row in readable {
        let (table, columns): (String, String) = (row.get(0), row.get(1));
        let statement = format!("select {columns} from public.{table}");
        watch.plan(&format!("a person's {table}"), "authenticated", &statement).await.unwrap();
    }
}
