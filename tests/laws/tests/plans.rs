//! Plans: what is read often is found by an index, however large its table has become.

use serde_json::Value;
use testing::{Person, database, now};
use tokio_postgres::Transaction;

use crate::sql::statements;

/// Enough that reading everything costs more than an index; undone with the transaction.
const MANY: &str = "
    set local session_replication_role = replica;
    insert into kaizen (user_id, action, date, completed, completed_at, created_at, updated_at)
    select md5((n % 300)::text)::uuid, 'Ranger', edge.now()::date - n / 300, true, edge.now(), edge.now(), edge.now()
    from generate_series(0, 29999) as n;
    insert into webhook_deliveries (source, delivery_id, received_at)
    select 'plans', n::text, edge.now() - n * interval '1 minute' from generate_series(1, 30000) as n;
    insert into audit_logs (action, timestamp) select 'plans.checked', edge.now() - n * interval '1 minute' from generate_series(1, 30000) as n;
    set local session_replication_role = origin;
    analyze kaizen, webhook_deliveries, audit_logs;";

/// The plan that a statement has once PostgreSQL no longer looks at its parameters.
async fn plan(transaction: &Transaction<'_>, statement: &str) -> Value {
    let parameters = (1..).take_while(|n| statement.contains(&format!("${n}"))).count();
    let nothing = vec!["null"; parameters].join(", ");
    let execute = if parameters > 0 { format!("execute planned ({nothing})") } else { "execute planned".to_owned() };
    transaction
        .batch_execute(&format!("set local plan_cache_mode = force_generic_plan; prepare planned as {statement}"))
        .await
        .unwrap();
    let rows = transaction.query(&format!("explain (format json) {execute}"), &[]).await.unwrap();
    transaction.batch_execute("deallocate planned").await.unwrap();
    rows[0].get(0)
}

/// Every value of a key, anywhere in a plan.
fn all<'a>(plan: &'a Value, key: &str, found: &mut Vec<&'a Value>) {
    match plan {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            if name == key {
                found.push(value);
            }
            all(value, key, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| all(item, key, found)),
        _ => {}
    }
}

/// The tables that a plan reads from end to end.
fn read_whole(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Object(node) => {
            if let (Some("Seq Scan"), Some(table)) = (node.get("Node Type").and_then(Value::as_str), node.get("Relation Name")) {
                found.extend(table.as_str().map(str::to_owned));
            }
            node.values().for_each(|value| read_whole(value, found));
        }
        Value::Array(items) => items.iter().for_each(|item| read_whole(item, found)),
        _ => {}
    }
}

async fn become_person(transaction: &Transaction<'_>, person: &Person) {
    let claims = serde_json::json!({"sub": person.id, "session": person.session, "role": "user"});
    transaction.execute("select edge.enter($1, $2)", &[&claims, &now()]).await.unwrap();
    transaction.batch_execute("set local role authenticated").await.unwrap();
}

#[tokio::test]
async fn a_persons_entries_are_found_by_an_index_in_every_statement() {
    let ada = Person::new().await;
    let mut client = database().await;
    let transaction = client.transaction().await.unwrap();
    transaction.batch_execute(MANY).await.unwrap();
    become_person(&transaction, &ada).await;
    let (mut whole, mut by_index) = (Vec::new(), 0);
    for (place, text) in statements().into_iter().filter(|(place, _)| place.starts_with("functions/rise/")) {
        let plan = plan(&transaction, &text).await;
        let mut tables = Vec::new();
        read_whole(&plan, &mut tables);
        if tables.iter().any(|table| table == "kaizen") {
            whole.push(place);
        }
        let mut indexes = Vec::new();
        all(&plan, "Index Name", &mut indexes);
        by_index += usize::from(indexes.iter().any(|index| *index == "idx_kaizen_user_date"));
    }
    assert!(whole.is_empty(), "these read every entry of everybody: {whole:?}");
    assert!(by_index >= 2, "at least the streak and the list use the history's index, not {by_index} statements");
}

#[tokio::test]
async fn what_is_due_to_be_forgotten_is_found_by_an_index() {
    let mut client = database().await;
    let transaction = client.transaction().await.unwrap();
    transaction.batch_execute(MANY).await.unwrap();
    for (table, since) in [("webhook_deliveries", "received_at"), ("audit_logs", "timestamp")] {
        // As edge.purge (0017) has it.
        let oldest =
            format!("select ctid from public.{table} where {since} < $1 order by {since} limit $2 for update skip locked");
        let mut tables = Vec::new();
        read_whole(&plan(&transaction, &oldest).await, &mut tables);
        assert!(tables.is_empty(), "the purge reads all of {tables:?}");
    }
}
