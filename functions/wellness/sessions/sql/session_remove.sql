-- Deletes a session of one module's table for good, or all of them where `session` is null, with the activities that tell of them.
-- Gives how many are gone. `versions` are those that `If-Match` names.
--
-- Raises `OR404 not_found` and `OR412 precondition_failed` of the one.
create or replace function edge.session_remove(sessions text, session uuid, versions text) returns bigint
language plpgsql volatile set search_path = ''
as $$
declare
  known jsonb;
  gone bigint;
begin
  if session is not null then
    known := edge.locked_session(sessions, session, versions);
  end if;
  execute format('delete from public.%I t where t.user_id = edge.uid() and ($1 is null or t.id = $1)', sessions) using session;
  get diagnostics gone = row_count;
  perform edge.forget_activities(sessions, known);
  perform edge.keep_own_weeks();
  return gone;
end
$$;

grant execute on function edge.session_remove(text, uuid, text) to authenticated;
