-- The rows of every table that belong to the person of this request, from a given place on, to take along.
--
-- Which tables those are is asked of the catalogue: each table that has an owner's column, or a policy that speaks of the
-- person, and a column that they may read. So a new table is in the export on arrival. The function runs with the person's
-- rights, so it shows nothing that policies and grants would not show them anyway.
--
-- Tables come in the order of their names, rows in the order of their primary keys: at most `max`, from the table
-- `from_table` on (null for the first), without its first `place` rows. Each row is {table_name, place_in_table, fields},
-- `place_in_table` counted from 1.
create or replace function edge.export_account(from_table text, place integer, max integer)
returns table (table_name text, place_in_table integer, fields jsonb)
language plpgsql stable set search_path = ''
as $$
declare
  owned record;
  wanted integer := export_account.max;
  found_rows integer;
begin
  for owned in
    select c.relname::text as name, case when o.attname is null then 'true' else format('t.%I = edge.uid()', o.attname) end as is_theirs,
      (select string_agg(format('t.%I', a.attname), ', ' order by a.attnum)
       from pg_catalog.pg_attribute a
       where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         and pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')) as columns,
      (select string_agg(format('t.%I', a.attname), ', ' order by k.place)
       from pg_catalog.pg_index i
       cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
       join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
       where i.indrelid = c.oid and i.indisprimary) as key
    from pg_catalog.pg_class c
    left join pg_catalog.pg_attribute o on o.attrelid = c.oid and not o.attisdropped
      and o.attname = case c.relname when 'users' then 'id' else 'user_id' end
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relrowsecurity
      and pg_catalog.has_any_column_privilege(c.oid, 'select')
      and (o.attnum is not null or exists (
        select from pg_catalog.pg_policy p
        where p.polrelid = c.oid and pg_catalog.pg_get_expr(p.polqual, c.oid) like '%edge.uid()%'))
      and (export_account.from_table is null or c.relname >= export_account.from_table)
    order by c.relname
  loop
    exit when wanted <= 0;
    return query execute format(
      'select %L::text, (row_number() over () + $1)::int, to_jsonb(r)
       from (select %s from public.%I t where %s order by %s offset $1 limit $2) as r',
      owned.name, owned.columns, owned.name, owned.is_theirs, owned.key)
    using case when owned.name = export_account.from_table then export_account.place else 0 end, wanted;
    get diagnostics found_rows = row_count;
    wanted := wanted - found_rows;
  end loop;
end
$$;

grant execute on function edge.export_account(text, integer, integer) to authenticated;
