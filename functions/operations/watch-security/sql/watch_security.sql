-- Counts what concerns security by five rules, and tells the team where a rule has reached its threshold.
--
-- The rules are few, because an alarm that rings for nothing is switched off; each asks for one thing to be done, which
-- docs/OPERATIONS.md says. A rule counts over the last hour, speaks from its threshold on (the setting `security_alerts`; 0
-- silences it), and speaks once an hour. What it has said stands in the audit log as well, `security.alert`. No notice names
-- anybody.
--
-- Rules: `login_failed`, failed sign-ins; `networks_locked`, networks that have failed a hundred times or more and wait;
-- `refresh_reused`, copied refresh tokens; `people_read`, the most people whose data one administrator has looked at;
-- `rights_given`, roles that were changed, and accounts opened with the role `admin` or `privacy`.
--
-- Outcome: `ok` {alerted: [rule, …]}.
create or replace function edge.watch_security() returns jsonb
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
    -- Networks that wait after a hundred failures.
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
  alerted as (
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
    from alerted t
  )
  select jsonb_build_object('outcome', 'ok', 'alerted', coalesce(jsonb_agg(l.rule order by l.rule), '[]')) from logged l
$$;

grant execute on function edge.watch_security() to service;
