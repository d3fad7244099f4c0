//! The one rule-book for tables, views and functions, whoever adds the next one.

use tokio_postgres::Client;

/// The rules that the database of `client` breaks, each with the names of what breaks it.
///
/// # Panics
/// Where the database does not answer.
pub async fn broken_rules(client: &Client) -> Vec<String> {
    let mut broken = Vec::new();
    for (rule, sql) in RULES {
        let rows = client.query(*sql, &[]).await.unwrap();
        let names: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        if !names.is_empty() {
            broken.push(format!("{rule}: {}", names.join(", ")));
        }
    }
    broken
}

const RULES: &[(&str, &str)] = &[
    (
        "every table has row level security",
        "select oid::regclass::text from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relrowsecurity",
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
        "a table that people may reach has an owner policy for them, and only that; what hangs on another table asks that one",
        "select distinct c.oid::regclass::text from pg_class c
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           and has_any_column_privilege('authenticated', c.oid, 'select, insert, update')
           and not exists (select from pg_policies p
             where p.schemaname = 'public' and p.tablename = c.relname and p.roles = '{authenticated}'
               and (p.qual like '%( SELECT edge.uid() AS uid) = %id)'
                 or p.qual ~ '^\\(?EXISTS \\( SELECT\\s+FROM organisation_members ' and p.qual like '%.user_id = ( SELECT edge.uid() AS uid))%'
                 or p.qual ~ '^\\(?EXISTS \\( SELECT\\s+FROM users u' and p.qual like '%(u.id = ( SELECT edge.uid() AS uid))%'))",
    ),
    (
        "a table that people may reach has an index that begins with its owner",
        "select c.oid::regclass::text from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attname = case c.relname when 'users' then 'id' else 'user_id' end
         where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
           and has_any_column_privilege('authenticated', c.oid, 'select')
           and not exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = a.attnum)",
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
         where pronamespace = 'edge'::regnamespace and prosecdef and not coalesce('search_path=\"\"' = any (proconfig), false)",
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
        "what `If-Match` names is read by `edge.is_version` alone",
        "select p.oid::regprocedure::text from pg_proc p where p.pronamespace = 'edge'::regnamespace
           and p.prosrc ~ 'version::text|if_version *(=|<>|is )' and p.proname <> 'is_version'",
    ),
    (
        "a foreign key has an index",
        "select conname::text from pg_constraint k
         where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
           select from pg_index i where i.indrelid = k.conrelid and i.indkey[0] = k.conkey[1])",
    ),
];
