-- Sessions of the person of this request in one module's table, latest first: one where `session` names it, else those after the
-- place {`after_at`, `after_id`}, `most` at most.
--
-- It runs with the caller's rights, and the table's policy says whose they are.
create or replace function edge.sessions(sessions text, session uuid, after_at timestamptz, after_id uuid, most bigint)
returns table (id uuid, started_at timestamptz, fields jsonb, notes text, version integer)
language plpgsql stable set search_path = ''
as $$
begin
  return query execute format(
    'select t.id, t.started_at, edge.session_json(to_jsonb(t)), t.notes::text, t.version from public.%I t
     where t.user_id = edge.uid() and %s order by t.started_at desc, t.id desc limit $4',
    sessions.sessions, case when session is not null then 't.id = $1' when after_at is not null
      then '(t.started_at, t.id) < ($2, $3)' else 'true' end)
  using session, after_at, after_id, most;
end
$$;

grant execute on function edge.sessions(text, uuid, timestamptz, uuid, bigint) to authenticated;
