-- Lists rows of the audit log, latest first; for privacy operations and administrators.
--
-- At most `max` rows {id, user_id, action, metadata, request_id, ip, timestamp} before the row `before` (null for the
-- latest). `person` null finds all, else what that person did and what was done to them; `action` null finds all. Reading
-- the log is itself a row of it, `audit.read`. Raises `OR403 forbidden`.
create or replace function edge.list_audit(person uuid, action text, before bigint, max integer) returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin', 'privacy']);
  perform edge.audit('audit.read',
    jsonb_strip_nulls(jsonb_build_object('subject', list_audit.person, 'action', list_audit.action)));
  return query
  select jsonb_build_object('id', a.id, 'user_id', a.user_id, 'action', a.action, 'metadata', a.metadata,
    'request_id', a.request_id, 'ip', a.ip, 'timestamp', a."timestamp")
  from public.audit_logs a
  where (list_audit.person is null or a.user_id = list_audit.person
      or a.metadata @> jsonb_build_object('subject', list_audit.person))
    and (list_audit.action is null or a.action = list_audit.action)
    and (list_audit.before is null or a.id < list_audit.before)
  order by a.id desc
  limit list_audit.max;
end
$$;

grant execute on function edge.list_audit(uuid, text, bigint, integer) to authenticated;
