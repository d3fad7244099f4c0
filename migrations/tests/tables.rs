//! Tables as people reach for them.

use tokio_postgres::{Client, Error, error::SqlState};
use uuid::Uuid;

use crate::{Caller, NOON, enter};

/// Every table and view of the products, and the column that says whose a row is. The schemas of PostgreSQL, of ours and of
/// hosts do not belong to them.
pub(crate) const TABLES: &str = "
    select c.oid as id, c.relname::text as name, c.relkind in ('v', 'm') as is_view, a.attname::text as owner, a.attnum as place
    from pg_class c
    left join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
      and a.attname = case c.relname when 'users' then 'id' else 'user_id' end
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')";

/// A table or view.
#[derive(Clone, Debug)]
pub struct Table {
    pub name: String,
    pub is_view: bool,
    /// The column that says whose a row is; none where rows are nobody's, or another table says it.
    pub owner: Option<String>,
}

/// Every table and view, by name.
pub async fn tables(client: &Client) -> Vec<Table> {
    let rows = client.query(&format!("select name, is_view, owner from ({TABLES}) as tables order by name"), &[]).await.unwrap();
    rows.iter().map(|row| Table { name: row.get(0), is_view: row.get(1), owner: row.get(2) }).collect()
}

impl Table {
    /// Which rows are somebody's; all of them where no column says it.
    pub fn rows_of(&self, person: Uuid) -> String {
        self.owner.as_ref().map_or_else(|| "true".to_owned(), |owner| format!("{owner} = '{person}'"))
    }

    /// What somebody would send who is after rows of `victim`, in the terms that are most likely to succeed: the columns that
    /// people may write. `client` is the superuser's.
    ///
    /// # Panics
    /// Where `victim` has no row.
    pub async fn trespasses(&self, client: &Client, victim: Uuid) -> Vec<(&'static str, String)> {
        let Self { name, is_view, owner } = self;
        let theirs = self.rows_of(victim);
        let select = ("select", format!("select 1 from public.{name} where {theirs}"));
        if *is_view {
            return vec![select];
        }
        // A row without its owner would become the attacker's own.
        let columns = "
            select coalesce(string_agg(quote_ident(attname), ', ') filter (where insertable or attname = $2), min(quote_ident(attname))),
              coalesce(min(quote_ident(attname)) filter (where updatable), $2, min(quote_ident(attname)))
            from (
              select attname::text, has_column_privilege('authenticated', attrelid, attnum, 'insert') as insertable,
                has_column_privilege('authenticated', attrelid, attnum, 'update') as updatable
              from pg_attribute
              where attrelid = ('public.' || $1)::regclass and attnum > 0 and not attisdropped and attgenerated = '') as c";
        let row = client.query_one(columns, &[name, owner]).await.unwrap();
        let (inserted, updated): (String, String) = (row.get(0), row.get(1));
        let row = format!("select quote_literal(to_jsonb(t)) from public.{name} t where {theirs} limit 1");
        let row: String = client.query_one(&row, &[]).await.unwrap_or_else(|error| panic!("{name} has no row: {error:?}")).get(0);
        vec![
            select,
            ("update", format!("update public.{name} set {updated} = {updated} where {theirs}")),
            ("delete", format!("delete from public.{name} where {theirs}")),
            (
                "insert",
                format!(
                    "insert into public.{name} ({inserted}) overriding system value
                     select {inserted} from jsonb_populate_record(null::public.{name}, {row})"
                ),
            ),
        ]
    }
}

/// How many rows a statement reaches in a request of `caller`, which is undone.
pub async fn attempt(client: &mut Client, caller: &Caller, statement: &str) -> Result<u64, Error> {
    let request = enter(client, caller, NOON).await.unwrap();
    let outcome = request.execute(statement, &[]).await;
    request.rollback().await.unwrap();
    outcome
}

/// What is wrong with the end of a trespass. It finds nothing, or is refused for want of rights: a refusal for another reason
/// says that the rights are there.
pub fn breach(what: &str, outcome: &Result<u64, Error>) -> Option<String> {
    match outcome {
        Ok(0) if ["select", "update", "delete"].contains(&what) => None,
        Ok(rows) => Some(format!("{rows} rows")),
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => None,
        Err(error) => Some(format!("refused for another reason: {error:?}")),
    }
}
