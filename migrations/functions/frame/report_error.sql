-- Tells the team of a request that has failed by a fault of ours.
--
-- The notice says which operation failed, with which `code`, and the id by which the log finds the request: nothing of what
-- was sent, and nobody's name. Outcomes: `told`; `unchanged`, where the same operation and code were told in the same hour
-- of the clock, for a fault that strikes every request is one piece of news.
create or replace function edge.report_error(code text) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  with told as (
    insert into public.outbox (kind, subject, payload)
    select 'discord', left('error:' || r.operation || ':' || report_error.code, 180) || ':' || to_char(edge.now(), 'YYYYMMDDHH24'),
      jsonb_build_object('event', 'backend.failed', 'operation', r.operation, 'code', report_error.code,
        'request_id', edge.claim('request_id'), 'failed_at', edge.now())
    from (select coalesce(edge.claim('operation'), 'unknown') as operation) as r
    on conflict (kind, subject) do nothing
    returning id
  )
  select jsonb_build_object('outcome', case when exists (select from told) then 'told' else 'unchanged' end)
$$;

grant execute on function edge.report_error(text) to anon, authenticated, service;
