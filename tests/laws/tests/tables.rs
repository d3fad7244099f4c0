//! The database itself refuses what a wrong statement would ask for.

use testing::Person;
use tokio_postgres::Client;

/// Tables of the products. The schemas of PostgreSQL, of ours and of hosts do not belong to them.
const TABLES: &str = "select c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')";

async fn names(client: &Client, statement: &str) -> Vec<String> {
    client.query(statement, &[]).await.unwrap().into_iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn every_table_has_row_level_security() {
    let owner = testing::database().await;
    assert!(names(&owner, TABLES).await.len() > 5);
    let bare = names(&owner, &format!("{TABLES} and not c.relrowsecurity")).await;
    assert_eq!(bare, Vec::<String>::new());
}

#[tokio::test]
async fn a_table_is_either_owned_by_rows_or_closed_to_people() {
    let owner = testing::database().await;
    let open = names(
        &owner,
        &format!(
            "{TABLES} and (has_any_column_privilege('authenticated', c.oid, 'select, insert, update') or has_table_privilege('authenticated', c.oid, 'delete'))
             and not exists (select from pg_policy p where p.polrelid = c.oid and pg_get_expr(p.polqual, p.polrelid) like '%edge.uid()%')"
        ),
    )
    .await;
    assert_eq!(open, Vec::<String>::new(), "open to people without an owner policy");
    let anonymous = names(
        &owner,
        &format!("{TABLES} and (has_any_column_privilege('anon', c.oid, 'select, insert, update') or has_table_privilege('anon', c.oid, 'delete'))"),
    )
    .await;
    assert_eq!(anonymous, Vec::<String>::new(), "open to anyone");
}

#[tokio::test]
async fn an_owner_column_that_policies_compare_has_an_index() {
    let owner = testing::database().await;
    let slow = names(
        &owner,
        "select distinct c.relname || '.' || a.attname
         from pg_policy p
         join pg_class c on c.oid = p.polrelid
         join pg_attribute a on a.attrelid = c.oid and a.attname = 'user_id'
         where pg_get_expr(p.polqual, p.polrelid) like '%edge.uid()%' and not exists (
           select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum)",
    )
    .await;
    assert_eq!(slow, Vec::<String>::new());
}

#[tokio::test]
async fn a_stranger_sees_no_row_of_any_table() {
    let owner = testing::database().await;
    let eve = Person::new().await;
    let tables = names(&owner, TABLES).await;
    // Somebody else has rows to be seen.
    let ada = Person::new().await;
    owner.execute("insert into kaizen (user_id, action, date) values ($1, 'x', '2026-01-01')", &[&ada.id]).await.unwrap();
    let login = testing::database_as_person().await;
    let claims = format!(r#"{{"sub":"{}","session":"{}","role":"user"}}"#, eve.id, eve.session);
    for table in tables {
        let own = match table.as_str() {
            "users" => "id",
            _ => "user_id",
        };
        let begin = format!("begin; select edge.enter('{claims}', now()); set local role authenticated;");
        login.batch_execute(&begin).await.unwrap();
        let seen = login.query(&format!("select {own}::text from {table} where {own} is distinct from '{}'", eve.id), &[]).await;
        login.batch_execute("rollback").await.unwrap();
        match seen {
            Ok(rows) => assert!(rows.is_empty(), "{table}: a stranger sees {} rows", rows.len()),
            Err(error) => {
                let code = error.code().map(tokio_postgres::error::SqlState::code).unwrap_or_default().to_owned();
                assert!(["42501", "42703"].contains(&code.as_str()), "{table}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn no_function_is_callable_by_everybody() {
    let owner = testing::database().await;
    let open = names(
        &owner,
        "select p.proname from pg_proc p
         where p.pronamespace in ('edge'::regnamespace, 'public'::regnamespace)
           and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
           and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)",
    )
    .await;
    assert_eq!(open, Vec::<String>::new());
}

#[tokio::test]
async fn every_definers_function_has_an_empty_search_path() {
    let owner = testing::database().await;
    let open = names(
        &owner,
        "select p.proname from pg_proc p
         where p.pronamespace in ('edge'::regnamespace, 'public'::regnamespace) and p.prosecdef
           and not coalesce(p.proconfig @> array['search_path=\"\"'], false)",
    )
    .await;
    assert_eq!(open, Vec::<String>::new());
}

#[tokio::test]
async fn no_role_of_ours_may_bypass_row_level_security() {
    let owner = testing::database().await;
    let strong = names(
        &owner,
        "select rolname from pg_roles
         where rolname in ('oree_person', 'oree_service', 'anon', 'authenticated', 'service', 'edge_owner') and (rolbypassrls or rolsuper)",
    )
    .await;
    assert_eq!(strong, Vec::<String>::new());
}

#[tokio::test]
async fn no_statement_or_default_reads_the_servers_clock() {
    let owner = testing::database().await;
    let clocks = names(
        &owner,
        "select c.relname || '.' || a.attname
         from pg_attrdef d join pg_class c on c.oid = d.adrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.adnum
         where c.relnamespace = 'public'::regnamespace and pg_get_expr(d.adbin, d.adrelid) ~ '(^|[^.a-z_])(now\\(|current_|clock_timestamp|statement_timestamp)'
         union all
         select p.proname from pg_proc p
         where p.pronamespace = 'edge'::regnamespace and p.prosrc ~ '(^|[^.a-z_])(now\\(|current_date|current_timestamp|clock_timestamp|statement_timestamp)'",
    )
    .await;
    assert_eq!(clocks, Vec::<String>::new());
}
