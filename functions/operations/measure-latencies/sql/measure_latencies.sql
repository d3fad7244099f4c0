-- Measures how long RunPod has taken today and yesterday, and tells the team where today departs from the usual.
--
-- Both days are measured anew, for their jobs may still have been running the last time. A day is one in UTC, of the job's
-- creation. A row of `job_latencies` is a day, kind of job, endpoint and measure, in milliseconds. `queue_delay` and
-- `execution_time` are what RunPod tells of a job, `response_time` is how long its API took to accept it: they are kept
-- apart because they have different cures, more workers, a faster model, another region.
--
-- A day drifts when its 95th percentile departs from the usual one, upwards or downwards, by `factor` (the setting
-- `latency_drift`). The usual one is the median of those of the fourteen days before, so that one bad day does not become
-- the norm. Days with fewer than `fewest_jobs` say nothing, and neither do fewer than three days. The team is told once a
-- day at most, of the twenty widest drifts.
--
-- Outcome: `ok` {measured, drifted, alerted}, numbers of rows, drifts and notices.
create or replace function edge.measure_latencies() returns jsonb
language sql volatile security definer set search_path = ''
as $$
  with today as (select (edge.now() at time zone 'UTC')::date as day),
  rule as (
    select (s.value ->> 'factor')::numeric as factor, (s.value ->> 'fewest_jobs')::int as fewest
    from (select edge.setting('latency_drift') as value) as s
  ),
  measured as (
    insert into public.job_latencies as l (day, kind, endpoint, measure, jobs, p50_ms, p95_ms, max_ms)
    select (j.created_at at time zone 'UTC')::date, j.kind, j.endpoint, m.measure, count(*)::int,
      round(percentile_cont(0.5) within group (order by m.ms)::numeric),
      round(percentile_cont(0.95) within group (order by m.ms)::numeric),
      max(m.ms)
    from today t
    join public.jobs j on j.created_at >= (t.day - 1)::timestamp at time zone 'UTC'
      and j.created_at < (t.day + 1)::timestamp at time zone 'UTC'
    cross join lateral (values
      ('queue_delay', j.delay_ms), -- What was cancelled while it computed says nothing of how long it takes.
      ('execution_time', case when j.state <> 'cancelled' then j.execution_ms end), ('response_time', j.response_time_ms)) as m (measure, ms)
    where m.ms is not null
    group by 1, 2, 3, 4
    on conflict (day, kind, endpoint, measure) do update
    set jobs = excluded.jobs, p50_ms = excluded.p50_ms, p95_ms = excluded.p95_ms, max_ms = excluded.max_ms,
      measured_at = excluded.measured_at
    returning l.*
  ),
  drifts as (
    select m.kind, m.endpoint, m.measure, m.jobs, m.p95_ms, round(u.usual_ms) as usual_ms,
      greatest(m.p95_ms, 1) / greatest(u.usual_ms, 1) as ratio
    from today t
    cross join rule r
    join measured m on m.day = t.day and m.jobs >= r.fewest
    cross join lateral (
      select percentile_cont(0.5) within group (order by h.p95_ms)::numeric as usual_ms, count(*) as days
      from public.job_latencies h
      where h.kind = m.kind and h.endpoint = m.endpoint and h.measure = m.measure
        and h.day between t.day - 14 and t.day - 1 and h.jobs >= r.fewest
    ) as u
    where u.days >= 3
      and greatest(greatest(m.p95_ms, 1) / greatest(u.usual_ms, 1), greatest(u.usual_ms, 1) / greatest(m.p95_ms, 1)) >= r.factor
  ),
  alerted as (
    insert into public.outbox (kind, subject, payload)
    select 'discord', 'latency:' || t.day, jsonb_build_object('event', 'latency.drifted', 'day', t.day, 'drifts', d.list,
      'measured_at', edge.now())
    from today t, (
      select jsonb_agg(to_jsonb(w) - 'ratio' order by abs(ln(w.ratio)) desc, w.kind, w.endpoint, w.measure) as list
      from (select * from drifts order by abs(ln(ratio)) desc limit 20) as w
    ) as d
    where d.list is not null
    on conflict (kind, subject) do nothing
    returning id
  )
  select jsonb_build_object('outcome', 'ok', 'measured', (select count(*) from measured),
    'drifted', (select count(*) from drifts), 'alerted', (select count(*) from alerted))
$$;

grant execute on function edge.measure_latencies() to service;
