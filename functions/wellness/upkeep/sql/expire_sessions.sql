-- Ends sessions that were not heard for 24 hours, in every table of sessions, `batch` of each at most; gives how many. The rule is
-- `edge.session_next`'s.
create or replace function edge.expire_sessions(batch integer) returns integer
language plpgsql volatile security definer set search_path = ''
as $$
declare
  sessions text;
  ended integer := 0;
  found_rows integer;
begin
  -- A table of sessions is what has the engine's columns.
  for sessions in
    select c.relname from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attname = 'last_beat_at'
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by 1
  loop
    execute format(
      'update public.%1$I t set state = n.state, ended_at = n.ended_at, paused_at = null, duration_seconds = n.duration_seconds
       from (
         select d.id, r.* from (
           select o.id, to_jsonb(o) as session from public.%1$I o
           where o.state in (''started'', ''paused'') and o.last_beat_at <= edge.now() - interval ''24 hours''
           order by o.last_beat_at limit $1 for update skip locked
         ) as d, jsonb_to_record(edge.session_next(d.session, ''expire'', ''{}'', edge.now()))
           as r (state text, ended_at timestamptz, duration_seconds integer)
       ) as n
       where t.id = n.id', sessions) using batch;
    get diagnostics found_rows = row_count;
    ended := ended + found_rows;
  end loop;
  return ended;
end
$$;

grant execute on function edge.expire_sessions(integer) to service;
