-- A session as callers see it: its row without what only the engine needs, moments with `Z`. Notes are apart, for they are sealed.
create or replace function edge.session_json(session jsonb) returns jsonb
language sql immutable parallel safe
as $$
  select jsonb_object_agg(key, case
    when key ~ '(_at$|^ts_)' then to_jsonb(replace(value #>> '{}', '+00:00', 'Z')) else value end)
  from jsonb_each(session - '{user_id, first, last, notes, response_ms}'::text[])
$$;

grant execute on function edge.session_json(jsonb) to authenticated, service;
