-- Begins a session in one module's table; `sent` has its columns. A `client_id` that is known gives the session of it as it is
-- now (`is_new` false), whatever has become of it.
--
-- `started_at` is now where absent, at most 24 hours ago and five minutes ahead. Raises `OR422 date_too_old` and `date_in_future` of
-- it, and `OR409 client_id_mismatch` where the same `client_id` came with other content.
create or replace function edge.session_begin(sessions text, sent jsonb)
returns table (is_new boolean, fields jsonb, notes text, version integer)
language plpgsql volatile set search_path = ''
as $$
declare
  began constant timestamptz := coalesce((sent ->> 'started_at')::timestamptz, edge.now());
  find constant text := format('select to_jsonb(t) from public.%I t where t.user_id = edge.uid() and t.client_id = $1', sessions);
  -- What was told late was not heard in between: from its beginning on nothing is known of it.
  added constant jsonb := sent || jsonb_build_object('started_at', began, 'date', edge.day_of(began),
    'last_beat_at', least(began, edge.now()), 'first', sent);
  columns text;
  session jsonb;
begin
  is_new := false;
  execute find into session using (sent ->> 'client_id')::uuid;
  if session is null then
    if began < edge.now() - interval '24 hours' then
      raise exception using errcode = 'OR422', message = 'date_too_old', detail = jsonb_build_object('field', 'started_at');
    elsif began > edge.now() + interval '5 minutes' then
      raise exception using errcode = 'OR422', message = 'date_in_future', detail = jsonb_build_object('field', 'started_at');
    end if;
    select string_agg(format('%I', key), ', ') into columns from jsonb_object_keys(added) as key;
    execute format('insert into public.%1$I as t (%2$s) select %2$s from jsonb_populate_record(null::public.%1$I, $1)
      on conflict (user_id, client_id) do nothing returning to_jsonb(t)', sessions, columns)
    into session using added;
    is_new := session is not null;
    if not is_new then
      execute find into session using (sent ->> 'client_id')::uuid;
    end if;
  end if;
  if not is_new and session -> 'first' <> sent then
    raise exception using errcode = 'OR409', message = 'client_id_mismatch';
  end if;
  fields := edge.session_json(session);
  notes := session ->> 'notes';
  version := session ->> 'version';
  return next;
end
$$;

grant execute on function edge.session_begin(text, jsonb) to authenticated;
