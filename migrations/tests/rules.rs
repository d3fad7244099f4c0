//! The one rule-book for tables, views and functions, whoever adds the next one.

use tokio_postgres::Client;

use crate::tables::TABLES;

/// The rules that the database of `client` breaks, each with the names of what breaks it.
///
/// # Panics
/// Where the database does not answer.
pub async fn broken_rules(client: &Client) -> Vec<String> {
    let mut broken = Vec::new();
    for (rule, sql) in RULES {
        let rows = client.query(&format!("with tables as ({TABLES}) {sql}"), &[]).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if !names.is_empty() {
            broken.push(format!("{rule}: {}", names.join(", ")));
        }
    }
    broken
}

/// Rules, each with a query for the names of what breaks it, which sees `tables`.
const RULES: &[(&str, &str)] = &[
    (
        "every table has row level security",
        "select t.name from tables t join pg_class c on c.oid = t.id where not t.is_view and not c.relrowsecurity",
    ),
    (
        "PUBLIC and anon have no right on any table or view",
        "select distinct c.oid::regclass::text from pg_class c,
           lateral (select c.relacl as acl union all select t.attacl from pg_attribute t where t.attrelid = c.oid) as rights,
           aclexplode(rights.acl) a
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
           and (a.grantee = 0 or a.grantee = 'anon'::regrole)",
    ),
    (
        "people have no right on any sequence",
        "select distinct c.oid::regclass::text from pg_class c, aclexplode(c.relacl) a
         where c.relnamespace = 'public'::regnamespace and c.relkind = 'S'
           and (a.grantee = 0 or a.grantee in ('anon'::regrole, 'authenticated'::regrole))",
    ),
    (
        "a view shows what its reader may see, and changes nothing",
        "select c.oid::regclass::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and (c.relkind = 'm' or c.relkind = 'v' and (
           not coalesce('security_invoker=true' = any (c.reloptions), false)
           or has_any_column_privilege('authenticated', c.oid, 'insert, update')
           or has_table_privilege('authenticated', c.oid, 'delete')))",
    ),
    (
        "a table that people may reach has policies by which they own its rows, and no other; what hangs on another table asks that one",
        r", policies as (
           select t.id, t.name, t.owner, '(( SELECT edge.uid() AS uid) = ' || t.owner || ')' as own,
             regexp_replace(coalesce(p.qual, p.with_check), '\s+', ' ', 'g') as seen,
             regexp_replace(coalesce(p.with_check, p.qual), '\s+', ' ', 'g') as written
           from tables t
           join pg_policies p on p.schemaname = 'public' and p.tablename = t.name and p.permissive = 'PERMISSIVE'
             and p.roles && '{authenticated, public}'),
         -- A row may hang on what it names, or on what names it.
         hooks as (
           select conrelid as id, conkey[1] as place, confrelid as other, confkey[1] as other_place from pg_constraint where contype = 'f'
           union all
           select confrelid, confkey[1], conrelid, conkey[1] from pg_constraint where contype = 'f')
         select t.name from tables t
         where not t.is_view
           and (has_any_column_privilege('authenticated', t.id, 'select, insert, update') or has_table_privilege('authenticated', t.id, 'delete'))
           and not coalesce((
             select bool_and(p.written = p.seen and (p.seen = p.own or exists (
               select from hooks h
               join policies o on o.id = h.other and o.seen = o.own
               join pg_attribute a on a.attrelid = h.id and a.attnum = h.place
               join pg_attribute b on b.attrelid = h.other and b.attnum = h.other_place
               where h.id = t.id and p.seen ~ format(
                 '^\(EXISTS \( SELECT FROM %1$s (\w+) WHERE \(\(\1\.%2$s = %3$s\.%4$s\) AND \(\1\.%5$s = %6$s\)\)\)\)$'
                   || '|^\(%4$s = ANY \(ARRAY\( SELECT (\w+)\.%2$s FROM %1$s \2 WHERE \(\2\.%5$s = %6$s\)\)\)\)$',
                 o.name, b.attname, t.name, a.attname, o.owner, '\( SELECT edge\.uid\(\) AS uid\)'))
               -- Or on what the person's own row of another table says: whether rightly, the law of two people tells.
               or exists (
                 select from policies o
                 where o.seen = o.own and p.seen ~ format(
                   '^\(EXISTS \( SELECT FROM %1$s (\w+) WHERE \(\(\1\.%2$s = %3$s\) AND .*%4$s\.\w+.*\)\)\)$',
                   o.name, o.owner, '\( SELECT edge\.uid\(\) AS uid\)', t.name))))
             from policies p where p.id = t.id), false)",
    ),
    (
        "rows from outside, which say in `origin` where they are from, may be read as far as edge.readable_since says, by anybody",
        r"select t.name from tables t
         where not t.is_view and t.name <> 'data_use_rules'
           and exists (select from pg_attribute a where a.attrelid = t.id and a.attname = 'origin' and not a.attisdropped)
           and not exists (
             select from pg_policies p
             where p.schemaname = 'public' and p.tablename = t.name and p.permissive = 'RESTRICTIVE' and p.cmd = 'SELECT'
               and p.roles @> '{authenticated,service,edge_owner}'
               and regexp_replace(p.qual, '\s+', ' ', 'g') = format(
                 '((origin IS NULL) OR (fetched_at >= (( CASE WHEN (%s = ( SELECT edge.uid() AS uid)) THEN '
                   || '( SELECT edge.readable_since(true) AS readable_since) ELSE ( SELECT edge.readable_since(false) AS readable_since) '
                   || 'END ->> origin))::timestamp with time zone))', t.owner))",
    ),
    (
        "a table that people may reach has an index that begins with its owner",
        "select t.name from tables t
         where not t.is_view and t.owner is not null
           and exists (select from pg_policy p where p.polrelid = t.id and pg_get_expr(p.polqual, t.id) like '%edge.uid()%')
           and not exists (select from pg_index i where i.indrelid = t.id and i.indkey[0] = t.place and i.indisvalid)",
    ),
    (
        "no role of ours bypasses row level security",
        "select rolname::text from pg_roles where (rolbypassrls or rolsuper) and rolname in
         ('anon', 'authenticated', 'service', 'edge_owner', 'oree_person', 'oree_service')",
    ),
    (
        "no function is callable by PUBLIC",
        "select p.oid::regprocedure::text from pg_proc p
         where p.pronamespace in ('edge'::regnamespace, 'public'::regnamespace)
           and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
           and exists (select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a where a.grantee = 0)",
    ),
    (
        "every function of ours belongs to edge_owner",
        "select oid::regprocedure::text from pg_proc
         where pronamespace = 'edge'::regnamespace and proowner <> 'edge_owner'::regrole",
    ),
    (
        "every SECURITY DEFINER function has an empty search_path",
        "select oid::regprocedure::text from pg_proc
         where pronamespace in ('edge'::regnamespace, 'public'::regnamespace) and prosecdef and not coalesce('search_path=\"\"' = any (proconfig), false)",
    ),
    (
        "the server's clock is used nowhere",
        "select name from (
           select oid::regprocedure::text as name, pg_get_functiondef(oid) as text from pg_proc
           where pronamespace = 'edge'::regnamespace
           union all
           select c.relname || '.' || a.attname, pg_get_expr(d.adbin, d.adrelid)
           from pg_attrdef d join pg_class c on c.oid = d.adrelid
           join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
           where c.relnamespace = 'public'::regnamespace
           union all
           select c.conname, pg_get_constraintdef(c.oid) from pg_constraint c where c.connamespace = 'public'::regnamespace
           union all
           select p.polname, concat(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) from pg_policy p
           union all
           select relname, pg_get_viewdef(oid) from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
         ) as texts
         where regexp_replace(text, '--[^\\n]*', '', 'g')
           ~* '(?<![a-z_.])((now|clock_timestamp|statement_timestamp|transaction_timestamp|timeofday)\\(\\)|current_date|current_time|localtime)'",
    ),
    (
        "a comment on a column says how long rows stay: `retention: setting` or `retention: 30 days`",
        "select format('%s.%s: %s', c.relname, a.attname, d.description)
         from pg_description d join pg_class c on c.oid = d.objoid
         left join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid and d.objsubid > 0
         where d.classoid = 'pg_class'::regclass and c.relnamespace = 'public'::regnamespace
           and (a.attname is null or d.description !~ '^retention: (setting|[0-9]+ days?)$')",
    ),
    (
        "what leaves after a time is found by an index that begins with that time",
        "select format('%s.%s', c.relname, a.attname)
         from pg_description d join pg_class c on c.oid = d.objoid join pg_attribute a on a.attrelid = c.oid and a.attnum = d.objsubid
         where d.classoid = 'pg_class'::regclass and c.relnamespace = 'public'::regnamespace and d.description like 'retention: %'
           and not exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum and i.indpred is null)",
    ),
    (
        "a foreign key has an index",
        "select conname::text from pg_constraint k
         where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
           select from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = k.conkey[1])",
    ),
];
