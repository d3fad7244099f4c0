-- What concerns security, out of the audit log, and five rules by which the team is told. Few, because an alarm that rings
-- for nothing is switched off; each asks for one thing to be done, which docs/OPERATIONS.md says.
--
-- A rule counts over the last hour, and speaks from its threshold on (`settings.security_alerts`; 0 silences it), once in an
-- hour. What it has said stands in the audit log as well. No notice names anybody.

insert into public.settings (key, value, created_at, updated_at)
values (
  'security_alerts',
  '{"login_failed": 500, "networks_locked": 3, "refresh_reused": 5, "people_read": 50, "rights_given": 1}',
  statement_timestamp(), statement_timestamp());

alter table public.settings add constraint settings_security_alerts_shape check (
  case when key = 'security_alerts'
    then coalesce(
      value ->> 'login_failed' ~ '^[0-9]{1,6}$' and value ->> 'networks_locked' ~ '^[0-9]{1,6}$'
      and value ->> 'refresh_reused' ~ '^[0-9]{1,6}$' and value ->> 'people_read' ~ '^[0-9]{1,6}$'
      and value ->> 'rights_given' ~ '^[0-9]{1,6}$'
      and value - array['login_failed', 'networks_locked', 'refresh_reused', 'people_read', 'rights_given'] = '{}', false)
    else true end
);

-- Rare actions are found without reading the log through.
create index audit_logs_action_idx on public.audit_logs (action, id);

set role edge_owner;

-- Which actions of the audit log concern security, and how much.
create function edge.security_kinds() returns table (action text, severity text)
language sql immutable set search_path = ''
as $$
  values
    ('security.alert', 'critical'),
    ('auth.refresh_reused', 'warning'),
    ('accounts.changed', 'warning'),
    ('accounts.created', 'warning'),
    ('settings.changed', 'warning'),
    ('auth.login_failed', 'notice'),
    ('auth.login_refused', 'notice'),
    ('auth.password_refused', 'notice'),
    ('auth.password_reset_asked', 'notice'),
    ('auth.password_reset', 'notice'),
    ('auth.password_changed', 'notice'),
    ('auth.email_change_asked', 'notice'),
    ('auth.email_changed', 'notice'),
    ('auth.session_revoked', 'notice'),
    ('accounts.read', 'notice'),
    ('accounts.listed', 'notice'),
    ('accounts.erased', 'notice'),
    ('data.read', 'notice'),
    ('audit.read', 'notice'),
    ('outbox.read', 'notice'),
    ('outbox.replayed', 'notice')
$$;

-- Counts by the rules and tells the team. Returns `ok` {told: [rule, …]}.
create function edge.watch_security() returns jsonb
language sql volatile security definer set search_path = ''
as $$
  with recent as materialized (
    select a.user_id, a.action, a.metadata
    from public.audit_logs a
    where a."timestamp" > edge.now() - interval '1 hour' and a."timestamp" <= edge.now()
  ),
  counted (rule, events) as (
    select r.action_rule, count(a.action)
    from (values ('login_failed', 'auth.login_failed'), ('refresh_reused', 'auth.refresh_reused')) as r (action_rule, action)
    left join recent a on a.action = r.action
    group by r.action_rule
    union all
    -- Networks that have tried a hundred addresses and wait.
    select 'networks_locked', count(*)
    from public.login_failures f
    where f.email_hash = '*' and f.locked_until > edge.now() and f.failed_at <= edge.now()
    union all
    -- How many people's data one administrator has looked at.
    select 'people_read', coalesce(max(l.people), 0)
    from (
      select count(distinct a.metadata ->> 'subject') as people
      from recent a
      where a.action in ('accounts.read', 'data.read')
      group by a.user_id
    ) as l
    union all
    select 'rights_given', count(*)
    from recent a
    where a.action = 'accounts.changed' and a.metadata -> 'fields' ? 'role'
      or a.action = 'accounts.created'
        and exists (
          select from public.users u
          where u.id = (a.metadata ->> 'subject')::uuid and u.role in ('admin', 'privacy'))
  ),
  due as (
    select c.rule, c.events, (edge.setting('security_alerts') ->> c.rule)::int as threshold
    from counted c
  ),
  told as (
    insert into public.outbox (kind, subject, payload)
    select 'discord', 'security:' || d.rule || ':' || to_char(edge.now(), 'YYYYMMDDHH24'),
      jsonb_build_object('event', 'security.alert', 'rule', d.rule, 'events', d.events, 'threshold', d.threshold,
        'seen_at', edge.now())
    from due d
    where d.threshold > 0 and d.events >= d.threshold
    on conflict (kind, subject) do nothing
    returning payload
  ),
  logged as (
    select t.payload ->> 'rule' as rule, edge.audit('security.alert', t.payload - array['event', 'seen_at']) as id
    from told t
  )
  select jsonb_build_object('outcome', 'ok', 'told', coalesce(jsonb_agg(l.rule order by l.rule), '[]')) from logged l
$$;

-- Latest first, before one of them: of a severity, and of what `person` did or what was done to them. Reading it is in the
-- audit log. For administrators.
create function edge.list_security_events(severity text, person uuid, before bigint, max integer) returns setof jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  wanted constant text[] := array(
    select k.action from edge.security_kinds() k where k.severity = coalesce(list_security_events.severity, k.severity));
begin
  if not edge.is_admin() then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
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

grant execute on function edge.watch_security() to service;
grant execute on function edge.list_security_events(text, uuid, bigint, integer) to authenticated;

reset role;
