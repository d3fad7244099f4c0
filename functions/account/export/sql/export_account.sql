-- The rows of every table that belong to the person of this request, from a given place on, to take along.
--
-- Which tables those are is asked of the catalogue: each table that has an owner's column, or a policy that speaks of the
-- person, and a column that they may read. So a new table is in the export on arrival. The function runs with the person's
-- rights, so it shows nothing that policies and grants would not show them anyway.
--
-- Tables come in the order of their names, rows in the order of their primary keys: at most `max`, from the table
-- `from_table` on (null for the first), in it after the row whose primary key is `after` (null for the first). A place is a
-- key and not a count, so that rows which come or go meanwhile move no other, and the last page costs what the first does. Each
-- row is {table_name, key, fields, sealed}, `key` being an array of texts and `sealed` the columns that only keys open.
create or replace function edge.export_account(from_table text, after jsonb, max integer)
returns table (table_name text, key jsonb, fields jsonb, sealed text[])
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
      array(select a.attname::text from pg_catalog.pg_attribute a where a.attrelid = c.oid and a.atttypid = 'public.sealed'::regtype) as sealed,
      k.columns as key, k.texts, k.given
    from pg_catalog.pg_class c
    left join pg_catalog.pg_attribute o on o.attrelid = c.oid and not o.attisdropped
      and o.attname = case c.relname when 'users' then 'id' else 'user_id' end
    cross join lateral (
      select string_agg(format('t.%I', a.attname), ', ' order by k.place) as columns,
        string_agg(format('t.%I::text', a.attname), ', ' order by k.place) as texts,
        string_agg(format('($1 ->> %s)::%s', k.place - 1, pg_catalog.format_type(a.atttypid, a.atttypmod)), ', ' order by k.place)
          as given
      from pg_catalog.pg_index i
      cross join lateral unnest(i.indkey::smallint[]) with ordinality as k (attnum, place)
      join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
      where i.indrelid = c.oid and i.indisprimary) as k
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
      'select %L::text, jsonb_build_array(%s), to_jsonb(r), %L::text[]
       from public.%I t cross join lateral (select %s) as r
       where %s and ($1 is null or (%s) > (%s)) order by %s limit $2',
      owned.name, owned.texts, owned.sealed, owned.name, owned.columns, owned.is_theirs, owned.key, owned.given, owned.key)
    using case when owned.name = export_account.from_table then export_account.after end, wanted;
    get diagnostics found_rows = row_count;
    wanted := wanted - found_rows;
  end loop;
end
$$;

grant execute on function edge.export_account(text, jsonb, integer) to authenticated;
