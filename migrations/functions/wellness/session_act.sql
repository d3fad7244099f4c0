-- Does something with a session of one module's table, by the rules of `edge.session_next`, and logs a session that is completed
-- as an activity. `versions` are those that `If-Match` names.
--
-- Raises `OR404 not_found`, `OR412 precondition_failed`, and what `edge.session_next` raises.
create or replace function edge.session_act(sessions text, session uuid, act text, sent jsonb, versions text)
returns table (fields jsonb, notes text, version integer)
language plpgsql volatile set search_path = ''
as $$
declare
  known jsonb;
  next jsonb;
  columns text;
begin
  execute format('select to_jsonb(t) from public.%I t where t.user_id = edge.uid() and t.id = $1 for update', sessions)
  into known using session;
  if known is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif not edge.is_version((known ->> 'version')::integer, versions) then
    raise exception using errcode = 'OR412', message = 'precondition_failed';
  end if;
  next := edge.session_next(known, act, sent, edge.now());
  select string_agg(format('%I', n.key), ', ') into columns
  from jsonb_each(next) as n where n.value is distinct from known -> n.key;
  if columns is not null then
    execute format('update public.%1$I t set (%2$s) = (select %2$s from jsonb_populate_record(null::public.%1$I, $1))
      where t.id = $2 and t.user_id = edge.uid() returning to_jsonb(t)', sessions, columns)
    into known using next, session;
    if known ->> 'state' = 'completed' and columns ~ '\mstate\M' then
      perform edge.log_activity(sessions, known);
      perform edge.award_achievements();
    end if;
  end if;
  fields := edge.session_json(known);
  notes := known ->> 'notes';
  version := known ->> 'version';
  return next;
end
$$;

grant execute on function edge.session_act(text, uuid, text, jsonb, text) to authenticated;
