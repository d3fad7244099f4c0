-- A session of one module's table and of the person of this request, as JSON, held until commit. `versions` are those that `If-Match` names.
--
-- Raises `OR404 not_found` and `OR412 precondition_failed`.
create or replace function edge.locked_session(sessions text, session uuid, versions text) returns jsonb
language plpgsql volatile set search_path = ''
as $$
declare
  known jsonb;
begin
  execute format('select to_jsonb(t) from public.%I t where t.user_id = edge.uid() and t.id = $1 for update', sessions)
  into known using session;
  if known is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif not edge.is_version((known ->> 'version')::integer, versions) then
    raise exception using errcode = 'OR412', message = 'precondition_failed';
  end if;
  return known;
end
$$;

grant execute on function edge.locked_session(text, uuid, text) to authenticated;
