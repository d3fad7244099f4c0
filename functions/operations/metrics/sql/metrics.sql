-- Every number that a scraper of `GET /metrics` is told, in any order: about the whole service, none about a person.
--
-- Each row is {name, labels, value}. Labels have few values, all of them words of ours. Every number is read when it is
-- asked for, so there is nothing to keep up and nothing to lose. RunPod's times are those of the jobs that ended within the
-- last hour; times are in seconds.
create or replace function edge.metrics() returns table (name text, labels jsonb, value double precision)
language sql stable security definer set search_path = ''
as $$
  with recent as materialized (
    -- What was cancelled while it computed says nothing of how long it takes.
    select j.kind, j.delay_ms, case when j.state <> 'cancelled' then j.execution_ms end as execution_ms
    from public.jobs j
    where j.finished_at > edge.now() - interval '1 hour'
  ),
  messages as materialized (
    select o.kind, edge.outbox_state(o) as state, o.created_at
    from public.outbox o
    where o.delivered_at is null
  )
  select 'oree_users', jsonb_build_object('tier', t.tier), count(u.id)::float8
  from unnest(array['FREE', 'PREMIUM']) as t (tier)
  left join public.users u on u.tier = t.tier and u.deleted_at is null
  group by t.tier
  union all
  select 'oree_open_sessions', '{}', count(*)
  from public.user_sessions s
  where s.revoked_at is null and s.expires_at > edge.now()
  union all
  select 'oree_jobs', jsonb_build_object('kind', j.kind, 'state', j.state), count(*)
  from public.jobs j
  group by j.kind, j.state
  union all
  select 'oree_oldest_job_seconds', jsonb_build_object('kind', k.kind),
    coalesce(extract(epoch from edge.now() - min(j.created_at)), 0)
  from unnest(array['scene', 'pose', 'audio']) as k (kind)
  left join public.jobs j on j.kind = k.kind and j.state in ('submitting', 'queued', 'running')
  group by k.kind
  union all
  select 'oree_runpod_delay_seconds', jsonb_build_object('kind', r.kind, 'quantile', q.quantile),
    percentile_cont(q.quantile::float8) within group (order by r.delay_ms) / 1000
  from recent r, unnest(array['0.5', '0.95']) as q (quantile)
  where r.delay_ms is not null
  group by r.kind, q.quantile
  union all
  select 'oree_runpod_execution_seconds', jsonb_build_object('kind', r.kind, 'quantile', q.quantile),
    percentile_cont(q.quantile::float8) within group (order by r.execution_ms) / 1000
  from recent r, unnest(array['0.5', '0.95']) as q (quantile)
  where r.execution_ms is not null
  group by r.kind, q.quantile
  union all
  select 'oree_outbox_messages', jsonb_build_object('kind', m.kind, 'state', m.state), count(*)
  from messages m
  group by m.kind, m.state
  union all
  select 'oree_oldest_message_seconds', '{}', coalesce(extract(epoch from edge.now() - min(m.created_at)), 0)
  from messages m
  where m.state = 'waiting'
  union all
  select 'oree_cron_success_age_seconds', jsonb_build_object('function', c.function),
    extract(epoch from edge.now() - max(c.finished_at) filter (where c.outcome = 'succeeded'))
  from public.cron_runs c
  group by c.function
  having bool_or(c.outcome = 'succeeded')
  union all
  select 'oree_cron_failures', jsonb_build_object('function', c.function),
    coalesce(sum(c.failures) filter (where c.due_at > edge.now() - interval '1 day'), 0)
  from public.cron_runs c
  group by c.function
  union all
  select 'oree_failed_sign_ins', '{}', coalesce(sum(f.failures), 0)
  from public.login_failures f
  where f.failed_at > edge.now() - interval '1 hour' and f.email_hash <> '*' and f.ip <> '*'
  union all
  select 'oree_locked_sign_ins', '{}', count(*)
  from public.login_failures f
  where f.locked_until > edge.now()
  union all
  select 'oree_idempotency_keys', jsonb_build_object('state', s.state), count(k.key)
  from unnest(array['in_progress', 'answered']) as s (state)
  left join public.idempotency_keys k on (k.status is null) = (s.state = 'in_progress')
  group by s.state
$$;

grant execute on function edge.metrics() to service;
