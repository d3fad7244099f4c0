-- How the service is doing, in numbers, for the first page of operators: {waiting, dead, sign_ins, events, failed}.
--
-- `waiting` and `dead` are messages of the outbox; `sign_ins` failed ones of the last hour; `events` of security that are more
-- than a notice, of the last day; `failed` the jobs by the clock whose last run failed, with the moment since which none has
-- succeeded. For staff: raises `OR403 forbidden`.
create or replace function edge.admin_overview() returns jsonb
language plpgsql stable security definer set search_path = ''
as $$
begin
  perform edge.require_role(array['admin', 'privacy', 'qa']);
  return (
    with messages as (
      select edge.outbox_state(o) as state from public.outbox o where o.delivered_at is null),
    latest as (
      select distinct on (c.function) c.function, c.outcome,
        (select max(s.finished_at) from public.cron_runs s where s.function = c.function and s.outcome = 'succeeded') as succeeded_at
      from public.cron_runs c
      where c.outcome is not null
      order by c.function, c.due_at desc)
    select jsonb_build_object(
      'waiting', (select count(*) from messages m where m.state = 'waiting'),
      'dead', (select count(*) from messages m where m.state = 'dead'),
      'sign_ins', (select coalesce(sum(f.failures), 0) from public.login_failures f
        where f.failed_at > edge.now() - interval '1 hour' and f.email_hash <> '*' and f.ip <> '*'),
      'events', (select count(*) from public.audit_logs a
        join edge.security_kinds() k on k.action = a.action and k.severity <> 'notice'
        where a."timestamp" > edge.now() - interval '1 day'),
      'failed', (select coalesce(jsonb_agg(jsonb_build_object('function', l.function, 'succeeded_at', l.succeeded_at)
        order by l.function), '[]') from latest l where l.outcome = 'failed')));
end
$$;

grant execute on function edge.admin_overview() to authenticated;
