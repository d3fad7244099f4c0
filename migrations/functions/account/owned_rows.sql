-- The statements that take a person's rows out of every table, in order; `$1` is the person, `$2` how many rows at most, but for a partitioned table, which
-- holds no more of a person than is quickly deleted.
--
-- They are made of the foreign keys to `users`, so a new table is among them on arrival: where such a row goes with its person
-- it is deleted, where it outlives them it loses their id. What hangs on such a row (the replaced tokens of a session) goes
-- before it. Letters on their way to or from the person go first of all: other messages in the outbox outlive them. Memberships are not among them: whoever leaves an organisation may end it (`edge.touch_member`), so they go with
-- the person, in one transaction.
create or replace function edge.owned_rows() returns table (relation text, statement text)
language sql stable security definer set search_path = ''
as $$
  with keys as (
    select c.conrelid, c.confrelid, c.confdeltype, a.attname as name, p.attname as of
    from pg_catalog.pg_constraint c
    join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
    join pg_catalog.pg_attribute p on p.attrelid = c.confrelid and p.attnum = c.confkey[1]
    where c.contype = 'f' and c.connamespace = 'public'::regnamespace and c.confdeltype in ('c', 'n')
      and c.conrelid <> 'public.organisation_members'::regclass
      and pg_catalog.has_table_privilege(c.conrelid, 'select')
      and pg_catalog.has_table_privilege(c.conrelid, case c.confdeltype when 'c' then 'delete' else 'update' end)
  )
  select 'public.outbox', 'delete from public.outbox where ctid = any (array(
    select t.ctid from public.outbox t where t.user_id = $1 and t.kind = ''mail'' limit $2))'
  union all
  (select k.conrelid::regclass::text, case
    when k.parent is not null then format(
      'delete from %1$s where ctid = any (array(select t.ctid from %1$s t where t.%2$I in (select p.%4$I from %3$s p where p.%5$I = $1) limit $2))',
      k.conrelid::regclass, k.name, k.parent::regclass, k.of, k.by)
    when k.confdeltype = 'n' then format(
      'update %1$s set %2$I = null where ctid = any (array(select t.ctid from %1$s t where t.%2$I = $1 limit $2))',
      k.conrelid::regclass, k.name)
    -- A ctid names a row of one partition, and so may name another one of each other partition.
    when k.is_partitioned then format('delete from %1$s t where t.%2$I = $1', k.conrelid::regclass, k.name)
    else format(
      'delete from %1$s where ctid = any (array(select t.ctid from %1$s t where t.%2$I = $1 limit $2))',
      k.conrelid::regclass, k.name) end
  from (
    select c.conrelid, c.confdeltype, c.name, c.of, p.conrelid as parent, p.name as by, false as is_partitioned
    from keys p join keys c on c.confrelid = p.conrelid and c.confdeltype = 'c'
    where p.confrelid = 'public.users'::regclass and p.confdeltype = 'c'
    union all
    select p.conrelid, p.confdeltype, p.name, null, null, null, exists (
      select from pg_catalog.pg_class t where t.oid = p.conrelid and t.relkind = 'p')
    from keys p where p.confrelid = 'public.users'::regclass
  ) as k
  order by k.parent is null, k.conrelid::regclass::text, k.name)
$$;
