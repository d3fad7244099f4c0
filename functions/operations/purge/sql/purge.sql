-- Forgets what has served its purpose: reports and logs after `retention_days` (a setting), the rest by a time of its own.
--
-- What leaves when is said in `migrations/access/<table>.sql`, by a comment on the column that tells the time of a row:
-- `retention: setting`, or `retention: 30 days`.
--
-- A call deletes at most `batch` rows of each table, oldest first, so that it never holds many locks; two calls at once skip
-- each other's rows. Outcome: `ok` {deleted: {table: count}, more, retention_days}; `more` says that a table may have more.
-- Each call writes its report to the audit log, `retention.purged`, itself a row that the same rule will remove.
create or replace function edge.purge(batch integer default 1000) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  retention_days constant integer := coalesce(edge.setting('retention_days')::text::int, 90);
  rule record;
  gone integer;
  deleted jsonb := '{}';
  more boolean := false;
begin
  for rule in
    select c.relname as relation, a.attname as since,
      case d.description when 'retention: setting' then retention_days else substring(d.description from '[0-9]+')::int end as days
    from pg_catalog.pg_class c
    join pg_catalog.pg_attribute a on a.attrelid = c.oid
    join pg_catalog.pg_description d
      on d.classoid = 'pg_catalog.pg_class'::regclass and d.objoid = c.oid and d.objsubid = a.attnum
    where c.relnamespace = 'public'::regnamespace and d.description like 'retention: %'
    order by c.relname
  loop
    execute format(
      'delete from public.%1$I where ctid = any (array(
         select ctid from public.%1$I where %2$I < $1 order by %2$I limit $2 for update skip locked))',
      rule.relation, rule.since)
    using edge.now() - make_interval(days => rule.days), batch;
    get diagnostics gone = row_count;
    deleted := deleted || jsonb_build_object(rule.relation, gone);
    more := more or gone >= batch;
  end loop;

  perform edge.audit('retention.purged',
    jsonb_build_object('deleted', deleted, 'more', more, 'retention_days', retention_days));
  return jsonb_build_object('outcome', 'ok', 'deleted', deleted, 'more', more, 'retention_days', retention_days);
end
$$;

grant execute on function edge.purge(integer) to service;
