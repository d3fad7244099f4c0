-- Lists what concerns security in the audit log, latest first; for administrators.
--
-- At most `max` rows {id, kind, severity, user_id, details, request_id, ip, timestamp} before the row `before` (null for the
-- latest), of a `severity` (`notice`, `warning` or `critical`; null for any). `person` null finds all, else what that person
-- did and what was done to them. Reading is itself a row of the log, `audit.read`. Raises `OR403 forbidden`.
create or replace function edge.list_security_events(severity text, person uuid, before bigint, max integer) returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  wanted constant text[] := array(
    select k.action from edge.security_kinds() k where k.severity = coalesce(list_security_events.severity, k.severity));
begin
  perform edge.require_role(array['admin']);
  perform edge.audit('audit.read',
    jsonb_strip_nulls(jsonb_build_object('subject', list_security_events.person, 'of', 'security')));
  return query
  select jsonb_build_object('id', a.id, 'kind', a.action,
    'severity', (select k.severity from edge.security_kinds() k where k.action = a.action),
    'user_id', a.user_id, 'details', a.metadata, 'request_id', a.request_id, 'ip', a.ip, 'timestamp', a."timestamp")
  from public.audit_logs a
  where a.action = any (wanted)
    and (list_security_events.person is null or a.user_id = list_security_events.person
      or a.metadata @> jsonb_build_object('subject', list_security_events.person))
    and (list_security_events.before is null or a.id < list_security_events.before)
  order by a.id desc
  limit list_security_events.max;
end
$$;

grant execute on function edge.list_security_events(text, uuid, bigint, integer) to authenticated;
