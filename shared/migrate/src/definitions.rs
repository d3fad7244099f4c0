//! Applying definitions: functions and views, which depend on each other in ways that no order of files tells.
//!
//! All that are due are one transaction. They are applied again and again until none fails, so one that needs another comes
//! after it. A function or view whose shape has changed cannot be replaced: it is dropped with what depends on it, and as
//! these are definitions, too, they are applied anew. What a table depends on is never dropped.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use tokio_postgres::{Client, Transaction, error::SqlState};

use crate::{
    LOCK_TIMEOUT, Progress,
    catalogue::Catalogue,
    failure::{Failure, patiently},
    ledger,
    tree::{Definition, Kind},
};

/// Every function by the name that the catalogue gives it, with a mark that changes when it is replaced.
const FUNCTIONS: &str = "
  select format('function edge.%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)), p.ctid::text || p.xmin::text
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace where n.nspname = 'edge'";

/// The statements that take all grants of functions and views ($1) away.
const CLOSE: &str = "
  select format('revoke all on function %s from %s', p.oid::regprocedure,
    case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
  from pg_proc p join pg_namespace n on n.oid = p.pronamespace, aclexplode(p.proacl) a
  where n.nspname = 'edge' and a.grantee <> p.proowner
    and format('function edge.%s(%s)', p.proname, pg_get_function_identity_arguments(p.oid)) = any ($1)
  union all
  select format('revoke all on public.%I from %s', c.relname,
    case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end)
  from pg_class c, aclexplode(c.relacl) a
  where c.relnamespace = 'public'::regnamespace and a.grantee <> c.relowner and 'table ' || c.relname = any ($1)";

/// Applies those definitions of `all` that are new, changed, or not what the database has. Returns their paths.
pub async fn apply(client: &mut Client, all: &[&Definition], progress: &mut impl FnMut(Progress<'_>)) -> Result<Vec<String>> {
    let defined = ledger::definitions(client).await?;
    let catalogue = Catalogue::read(client).await?;
    let holds = |d: &Definition| defined.get(&d.file.path).is_some_and(|row| row.holds(d, &catalogue));
    let due: Vec<&Definition> = all.iter().filter(|d| !holds(d)).copied().collect();
    let Some(first) = due.first() else { return Ok(Vec::new()) };
    patiently(&first.file.name, progress, async |progress| {
        let transaction = client.transaction().await?;
        transaction.batch_execute(&format!("set local lock_timeout = '{LOCK_TIMEOUT}'; set local search_path = ''")).await?;
        let objects = defined.iter().map(|(path, row)| (path.as_str(), row.objects.clone())).collect();
        let functions = functions(&transaction).await?;
        let mut run = Run { transaction, all, objects, functions, applied: BTreeSet::new(), dropped: BTreeSet::new() };
        run.apply(due.clone(), progress).await?;
        run.finish().await
    })
    .await
}

/// One transaction.
struct Run<'a> {
    transaction: Transaction<'a>,
    all: &'a [&'a Definition],
    /// What each file defines, as far as that is known.
    objects: BTreeMap<&'a str, Vec<String>>,
    /// As [`functions`] gives them.
    functions: BTreeMap<String, String>,
    applied: BTreeSet<&'a str>,
    dropped: BTreeSet<&'a str>,
}

impl<'a> Run<'a> {
    async fn apply(&mut self, mut queue: Vec<&'a Definition>, progress: &mut impl FnMut(Progress<'_>)) -> Result<()> {
        while !queue.is_empty() {
            let (mut next, mut failures, tried) = (Vec::new(), Vec::new(), queue.len());
            for (index, definition) in queue.into_iter().enumerate() {
                progress(Progress::Applying { name: &definition.file.path, index: index + 1, total: tried });
                let Err(error) = self.attempt(definition).await? else { continue };
                next.push(definition);
                if is_reshaped(&error) && self.dropped.insert(&definition.file.path) {
                    next.extend(self.drop(definition, &error).await?);
                } else {
                    failures.push(Failure::of(&error, &definition.file));
                }
            }
            if failures.len() == tried {
                return Err(Failure::of_all(failures).into());
            }
            next.sort_by_key(|definition| &definition.file.path);
            next.dedup_by_key(|definition| &definition.file.path);
            queue = next;
        }
        Ok(())
    }

    /// Applies one definition, or leaves everything as it was and returns why.
    async fn attempt(&mut self, definition: &'a Definition) -> Result<Result<(), tokio_postgres::Error>> {
        let objects = self.objects_of(definition);
        // What stands in `edge` belongs to its owner; tables and views to whoever migrates.
        let role = if matches!(definition.kind, Kind::Context | Kind::Function) { "set local role edge_owner" } else { "" };
        self.transaction.batch_execute(&format!("savepoint definition; {role}")).await?;
        self.close(&objects).await?;
        let mut outcome = self.transaction.batch_execute(&definition.file.sql).await;
        if definition.kind == Kind::View && outcome.is_ok() {
            // The host may have granted something on a view that is new: Supabase does.
            self.close(&objects).await?;
            outcome = self.transaction.batch_execute(&definition.file.sql).await;
        }
        if outcome.is_err() {
            self.transaction.batch_execute("rollback to savepoint definition; reset role").await?;
            return Ok(outcome);
        }
        self.transaction.batch_execute("reset role; release savepoint definition").await?;
        let found = match definition.kind {
            Kind::Roles => vec!["schema edge".to_owned()],
            Kind::View => vec![format!("table {}", definition.file.name)],
            Kind::Context | Kind::Function => {
                let before = std::mem::replace(&mut self.functions, functions(&self.transaction).await?);
                let is_new = |(name, mark): &(&String, &String)| before.get(*name) != Some(mark);
                self.functions.iter().filter(is_new).map(|(name, _)| name.clone()).collect()
            }
            Kind::Access | Kind::Settings => Vec::new(),
        };
        self.objects.insert(&definition.file.path, found);
        self.applied.insert(&definition.file.path);
        Ok(Ok(()))
    }

    /// Takes all grants of these functions and views away.
    async fn close(&mut self, objects: &[String]) -> Result<()> {
        let statements = self.transaction.query(CLOSE, &[&objects]).await?;
        let statements: Vec<String> = statements.iter().map(|row| row.get(0)).collect();
        if !statements.is_empty() {
            self.transaction.batch_execute(&statements.join(";")).await?;
            self.functions = functions(&self.transaction).await?;
        }
        Ok(())
    }

    /// Drops what a definition has defined so far, and returns the definitions of whatever depended on it.
    async fn drop(&mut self, definition: &'a Definition, why: &tokio_postgres::Error) -> Result<Vec<&'a Definition>> {
        let before = Catalogue::read(&self.transaction).await?;
        for object in self.objects_of(definition) {
            let statement = match object.strip_prefix("table ") {
                Some(view) => format!("drop view if exists public.{view} cascade"),
                None => format!("drop {} cascade", object.replacen("function", "function if exists", 1)),
            };
            self.transaction.batch_execute(&statement).await?;
        }
        self.functions = functions(&self.transaction).await?;
        let after = Catalogue::read(&self.transaction).await?;
        let (lost, changed) = before.lost(&after);
        if !changed.is_empty() {
            let reason = Failure::of(why, &definition.file);
            bail!("{reason}\n  {} cannot do without it as it is: give what is new another name", changed.join(" and "));
        }
        let mut dependants = Vec::new();
        for object in lost {
            let file = self.objects.iter().find(|(_, objects)| objects.contains(&object)).map(|(path, _)| *path);
            let dependant = self.all.iter().find(|d| Some(d.file.path.as_str()) == file).copied();
            dependants.push(dependant.with_context(|| {
                format!("{}: {object} depends on it and stands in no file of the same layer", definition.file.path)
            })?);
        }
        dependants.retain(|dependant| dependant.file.path != definition.file.path);
        Ok(dependants)
    }

    /// What a file has defined so far, and what is called as it is and is no other file's.
    fn objects_of(&self, definition: &Definition) -> Vec<String> {
        if definition.kind == Kind::View {
            return vec![format!("table {}", definition.file.name)];
        }
        let path = definition.file.path.as_str();
        let is_others =
            |function: &String| self.objects.iter().any(|(other, objects)| *other != path && objects.contains(function));
        let is_named = |function: &&String| function.starts_with(&format!("function edge.{}(", definition.file.name));
        self.functions.keys().filter(is_named).filter(|function| !is_others(function)).cloned().collect()
    }

    /// Records what the run has done, and ends it.
    async fn finish(self) -> Result<Vec<String>> {
        let catalogue = Catalogue::read(&self.transaction).await?;
        for definition in self.all.iter().filter(|d| self.applied.contains(d.file.path.as_str())) {
            let objects = &self.objects[definition.file.path.as_str()];
            ledger::record_definition(&self.transaction, definition, objects, &catalogue).await?;
        }
        self.transaction.commit().await?;
        Ok(self.applied.into_iter().map(str::to_owned).collect())
    }
}

async fn functions(transaction: &Transaction<'_>) -> Result<BTreeMap<String, String>, tokio_postgres::Error> {
    Ok(transaction.query(FUNCTIONS, &[]).await?.iter().map(|row| (row.get(0), row.get(1))).collect())
}

/// True where a text defines another shape than the object has: other columns, another result, other names of arguments.
fn is_reshaped(error: &tokio_postgres::Error) -> bool {
    [SqlState::INVALID_FUNCTION_DEFINITION, SqlState::INVALID_TABLE_DEFINITION].iter().any(|state| Some(state) == error.code())
}
