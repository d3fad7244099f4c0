-- The statements that take away whatever access/<table>.sql may give: policies, triggers, grants, comments. $1: the table.
with
  mine as (
    select c.oid, c.relowner, c.relacl, c.relkind, format('public.%I', c.relname) as name
    from pg_catalog.pg_class c
    where c.oid = to_regclass('public.' || quote_ident($1))
      or c.oid in (
        select d.objid from pg_catalog.pg_depend d join pg_catalog.pg_class s on s.oid = d.objid and s.relkind = 'S'
        where d.classid = 'pg_catalog.pg_class'::regclass and d.refclassid = 'pg_catalog.pg_class'::regclass
          and d.refobjid = to_regclass('public.' || quote_ident($1)) and d.deptype in ('a', 'i'))
  ),
  grantees as (
    select m.name, m.relkind, a.grantee from mine m, aclexplode(m.relacl) a where a.grantee <> m.relowner
    union
    select m.name, m.relkind, a.grantee
    from mine m join pg_catalog.pg_attribute t on t.attrelid = m.oid, aclexplode(t.attacl) a where a.grantee <> m.relowner
  )
select format('alter table %s enable row level security', m.name) from mine m where m.relkind in ('r', 'p')
union all
select format('revoke all on %s %s from %s', case g.relkind when 'S' then 'sequence' else 'table' end, g.name,
  case g.grantee when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(g.grantee)) end) from grantees g
union all
select format('drop policy %I on %s', p.polname, m.name) from mine m join pg_catalog.pg_policy p on p.polrelid = m.oid
union all
select format('drop trigger %I on %s', t.tgname, m.name)
from mine m join pg_catalog.pg_trigger t on t.tgrelid = m.oid where not t.tgisinternal
union all
select coalesce(format('comment on column %s.%I is null', m.name, a.attname), format('comment on table %s is null', m.name))
from mine m
join pg_catalog.pg_description d on d.classoid = 'pg_catalog.pg_class'::regclass and d.objoid = m.oid and m.relkind <> 'S'
left join pg_catalog.pg_attribute a on a.attrelid = m.oid and a.attnum = d.objsubid and d.objsubid > 0
