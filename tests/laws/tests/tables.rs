//! The database itself refuses what a wrong statement would ask for. A new table is held to it from its first step on: whose
//! its rows are, its example says (`migrations/access/<table>.sql`).

use std::collections::BTreeMap;

use migrations::{Caller, Database, NOON, Table, attempt, breach, broken_rules, enter, insert_examples, tables};
use tokio_postgres::{Client, error::SqlState};

/// Two people with a row of every table.
struct TwoPeople {
    database: Database,
    owner: Client,
    people: [Caller; 2],
    /// How many rows the examples made for each of them.
    made: BTreeMap<String, u64>,
    tables: Vec<Table>,
}

impl TwoPeople {
    async fn with_examples() -> Self {
        let database = Database::migrated().await;
        let owner = database.owner().await;
        let people = [database.person("ada@example.org").await, database.person("eve@example.org").await];
        // Some rows are theirs by an address that they have proved.
        owner.batch_execute("update users set email_verified_at = edge.now()").await.unwrap();
        let mut made = insert_examples(&owner, people[0].id()).await;
        insert_examples(&owner, people[1].id()).await;
        // Whoever is there has that one.
        made.insert("users".to_owned(), 1);
        let tables = tables(&owner).await;
        for table in tables.iter().filter(|table| !table.is_view) {
            let name = &table.name;
            assert!(made.contains_key(name), "access/{name}.sql needs a line `-- example:`, and below it an insert for $1");
        }
        Self { database, owner, people, made, tables }
    }
}

#[tokio::test]
async fn the_database_of_this_run_breaks_no_rule() {
    assert_eq!(broken_rules(&testing::database().await).await, Vec::<String>::new());
}

#[tokio::test]
async fn people_see_their_rows_of_every_table_and_view_and_nobody_elses() {
    let two = TwoPeople::with_examples().await;
    let mut reached = 0;
    for person in &two.people {
        let mut client = two.database.login("oree_person").await;
        for Table { name, is_view, owner } in &two.tables {
            let (theirs, id) = (owner.as_deref().unwrap_or("null"), person.id());
            let counted = format!("select count(*), count(*) filter (where {theirs} = '{id}') from public.{name}");
            let request = enter(&mut client, person, NOON).await.unwrap();
            let seen = match request.query_one(&counted, &[]).await {
                Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => continue,
                seen => seen.unwrap_or_else(|error| panic!("{name}: {error:?}")),
            };
            drop(request);
            let (all, own): (i64, i64) = (seen.get(0), seen.get(1));
            let due: i64 = match owner {
                Some(_) => two.owner.query_one(&counted, &[]).await.unwrap().get(1),
                None if *is_view => panic!("{name}: a view says in `user_id` whose a row is"),
                // Another table says whose these rows are.
                None => i64::try_from(two.made[name]).unwrap(),
            };
            assert!(due > 0, "{name}: the example is nobody's");
            assert_eq!(all, due, "{name}: somebody sees {all} rows where {due} are theirs");
            assert!(owner.is_none() || own == all, "{name}: {} rows are somebody else's", all - own);
            reached += 1;
        }
    }
    assert!(reached > 30, "only {reached} tables and views could be seen");
}

#[tokio::test]
async fn nobody_reaches_the_rows_of_somebody_else_by_any_statement() {
    let two = TwoPeople::with_examples().await;
    let (victim, stranger) = (two.people[0].id(), two.database.person("zoe@example.org").await);
    let mut client = two.database.login("oree_person").await;
    let bare = [two.database.login("oree_person").await, two.database.login("oree_service").await];
    for table in &two.tables {
        for (what, statement) in table.trespasses(&two.owner, victim).await {
            let outcome = attempt(&mut client, &stranger, &statement).await;
            assert_eq!(breach(what, &outcome), None, "a stranger, {}: {statement}", table.name);
            // Who is not signed in, and who has not even entered, has no right at all.
            let mut refused = vec![attempt(&mut client, &Caller::anon(), &statement).await];
            for login in &bare {
                refused.push(login.execute(&statement, &[]).await);
            }
            for outcome in refused {
                assert!(outcome.is_err() && breach(what, &outcome).is_none(), "{statement}: {outcome:?}");
            }
        }
    }
}
