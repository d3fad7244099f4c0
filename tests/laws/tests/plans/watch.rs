//! What PostgreSQL plans for each statement that runs, also for those inside functions.

use std::collections::{BTreeMap, BTreeSet};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};

use migrations::{Caller, NOON, code, enter};
use serde_json::Value;
use tokio_postgres::{AsyncMessage, Client, Error, NoTls, Row};

/// Plans come as notices of `auto_explain`, and are those that PostgreSQL makes once it no longer looks at parameters. Pages cost
/// what they cost on a disk without heads: the question is whether there is an index, not from which size on it pays. Neither
/// triggers nor foreign keys act.
const WATCH: &str = "
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_format = json;
    set auto_explain.log_level = notice;
    set plan_cache_mode = force_generic_plan;
    set session_replication_role = replica;
    set random_page_cost = 1.1;
    set jit = off";

/// An index, as far as it tells whether a scan of it reads the table's rows from end to end.
struct Index {
    table: String,
    /// The column or expression that it is sorted by first, as plans print it.
    first: String,
    /// Whether it leaves most rows out: to read all of it is to read what it is for.
    is_selective: bool,
}

const INDEXES: &str = "
    select c.relname::text, t.relname::text, pg_get_indexdef(c.oid, 1, true), i.indpred is not null and c.reltuples < t.reltuples / 2
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_class t on t.oid = i.indrelid
    where t.relnamespace = 'public'::regnamespace";

/// What was seen of statements that ran.
#[derive(Default)]
pub struct Seen {
    /// Tables that they read or write.
    pub tables: BTreeSet<String>,
    /// How they ended, where not well, and what functions have told.
    pub errors: Vec<String>,
}

pub struct Watch {
    client: Client,
    notices: Arc<Mutex<Vec<String>>>,
    person: Caller,
    /// By name.
    indexes: BTreeMap<String, Index>,
    large: BTreeSet<String>,
    /// Large tables that are read from end to end, by what does so, with the statement.
    pub whole: BTreeMap<(String, String), String>,
}

impl Watch {
    pub async fn begin(url: &str, person: Caller, large: BTreeSet<String>) -> Self {
        let (client, mut connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
        let notices = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&notices);
        tokio::spawn(async move {
            while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
                if let Ok(AsyncMessage::Notice(notice)) = message {
                    seen.lock().unwrap().push(notice.message().to_owned());
                }
            }
        });
        client.batch_execute(WATCH).await.unwrap();
        let rows = client.query(INDEXES, &[]).await.unwrap();
        let index = |row: &Row| Index { table: row.get(1), first: row.get(2), is_selective: row.get(3) };
        let indexes = rows.iter().map(|row| (row.get(0), index(row))).collect();
        Self { client, notices, person, indexes, large, whole: BTreeMap::new() }
    }

    /// Plans a statement as one of a request in a role of PostgreSQL; an error where that role may not send it.
    pub async fn plan(&mut self, place: &str, role: &'static str, statement: &str) -> Result<(), Error> {
        let nulls = vec!["null"; (1..).take_while(|n| statement.contains(&format!("${n}"))).count()].join(", ");
        let execute = if nulls.is_empty() { "execute planned".to_owned() } else { format!("execute planned ({nulls})") };
        let request = enter(&mut self.client, &caller(&self.person, role), NOON).await.unwrap();
        request.batch_execute(&format!("prepare planned as {statement}")).await?;
        let planned = request.query_one(&format!("explain (format json) {execute}"), &[]).await;
        drop(request);
        self.client.batch_execute("deallocate all").await.unwrap();
        let plan: Value = planned?.get(0);
        self.read(place, statement, &plan[0]["Plan"], false, &mut BTreeSet::new());
        Ok(())
    }

    /// Runs statements in a request, which is undone, and says what was seen of them.
    pub async fn run(&mut self, place: &str, role: &'static str, statements: &str) -> Seen {
        let request = enter(&mut self.client, &caller(&self.person, role), NOON).await.unwrap();
        self.notices.lock().unwrap().clear();
        let outcome = request.batch_execute(&format!("set local statement_timeout = 0; {statements}")).await;
        drop(request);
        self.client.batch_execute("deallocate all").await.unwrap();
        let mut seen = Seen::default();
        if let Err(error) = outcome {
            seen.errors.push(format!("{}: {error:?}", code(&error)));
        }
        let notices = std::mem::take(&mut *self.notices.lock().unwrap());
        for notice in notices {
            match notice.split_once("plan:\n") {
                Some((_, plan)) => {
                    let plan: Value = serde_json::from_str(plan).unwrap();
                    self.read(place, plan["Query Text"].as_str().unwrap_or_default(), &plan["Plan"], false, &mut seen.tables);
                }
                None => seen.errors.push(notice),
            }
        }
        seen
    }

    /// Notes the large tables that a plan reads from end to end. An index is followed where the statement says something about what
    /// it is sorted by first, or asks for its order and stops at a limit.
    fn read(&mut self, place: &str, statement: &str, node: &Value, can_stop: bool, tables: &mut BTreeSet<String>) {
        let text = |key: &str| node[key].as_str().unwrap_or_default();
        let kind = text("Node Type");
        let (table, is_whole) = match self.indexes.get(text("Index Name")) {
            Some(Index { table, first, is_selective }) => {
                let is_followed =
                    [format!("({first} "), format!("ROW({first},")].iter().any(|said| text("Index Cond").contains(said));
                (table.clone(), !(is_followed || can_stop || *is_selective))
            }
            None => (text("Relation Name").to_owned(), kind == "Seq Scan"),
        };
        if is_whole && self.large.contains(&table) {
            let words: Vec<_> = statement.split_whitespace().collect();
            self.whole.insert((place.to_owned(), table.clone()), words.join(" "));
        }
        tables.insert(table);
        let can_stop = kind == "Limit" || can_stop && !["Sort", "Aggregate", "Hash", "CTE Scan", "ModifyTable"].contains(&kind);
        for child in node["Plans"].as_array().into_iter().flatten() {
            self.read(place, statement, child, can_stop, tables);
        }
    }
}

/// Who makes requests in a role of PostgreSQL.
fn caller(person: &Caller, role: &'static str) -> Caller {
    match role {
        "anon" => Caller::anon(),
        "service" => Caller::service(),
        role => Caller { role, ..person.clone() },
    }
}
