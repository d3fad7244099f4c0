-- Does something with a session of one module's table, by the rules of `edge.session_next`, and logs a session that is completed
-- as an activity. `versions` are those that `If-Match` names.
--
-- Raises `OR404 not_found`, `OR412 precondition_failed`, and what `edge.session_next` raises.
create or replace function edge.session_act(sessions text, session uuid, act text, sent jsonb, versions text)
returns table (fields jsonb, notes text, version integer)
language plpgsql volatile set search_path = ''
as $$
declare
  known jsonb := edge.locked_session(sessions, session, versions);
  next jsonb;
  columns text;
begin
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
