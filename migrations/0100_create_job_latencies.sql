-- How long RunPod takes, day by day: a row per day (UTC, of the job's creation), kind of job, endpoint and measure. The
-- history is small and is kept for good.
--
-- `queue_delay` and `execution_time` are what RunPod tells of a job, `response_time` is how long its API took to accept it.
-- They are kept apart because they have different cures: more workers, a faster model, another region.
--
-- A day drifts when its 95th percentile departs from the usual one, upwards or downwards, by `factor`
-- (`settings.latency_drift`). The usual one is the median of those of the fourteen days before, so that one bad day does not
-- become the norm. Days with fewer than `fewest_jobs` say nothing, and neither do fewer than three days. The team is told
-- once a day at most.

create table public.job_latencies (
  day date not null,
  kind text not null check (kind in ('scene', 'pose', 'audio')),
  endpoint text not null check (octet_length(endpoint) between 1 and 200),
  measure text not null check (measure in ('queue_delay', 'execution_time', 'response_time')),
  jobs integer not null check (jobs >= 1),
  p50_ms bigint not null check (p50_ms >= 0),
  p95_ms bigint not null check (p95_ms >= 0),
  max_ms bigint not null check (max_ms >= 0),
  measured_at timestamptz not null default edge.now(),
  primary key (day, kind, endpoint, measure)
);

create index job_latencies_series_idx on public.job_latencies (kind, endpoint, measure, day);
create index jobs_created_idx on public.jobs (created_at);

alter table public.job_latencies enable row level security;
revoke all on public.job_latencies from public, anon, authenticated;
grant select on public.job_latencies to service;
grant select, insert, update on public.job_latencies to edge_owner;
create policy job_latencies_service on public.job_latencies for all to service, edge_owner using (true) with check (true);

insert into public.settings (key, value, created_at, updated_at)
values ('latency_drift', '{"factor": 2, "fewest_jobs": 20}', statement_timestamp(), statement_timestamp());

alter table public.settings add constraint settings_latency_drift_shape check (
  case when key = 'latency_drift'
    then coalesce(
      jsonb_typeof(value -> 'factor') = 'number' and jsonb_typeof(value -> 'fewest_jobs') = 'number'
      and (value ->> 'factor')::numeric between 1.1 and 1000
      and value ->> 'fewest_jobs' ~ '^[1-9][0-9]{0,5}$', false)
    else true end
);

set role edge_owner;

-- Measures today and yesterday anew, whose jobs may still have been running the last time, and tells the team of a drift.
create function edge.measure_latencies() returns jsonb
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
      ('queue_delay', j.delay_ms), ('execution_time', j.execution_ms), ('response_time', j.response_time_ms)) as m (measure, ms)
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
  told as (
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
    'drifted', (select count(*) from drifts), 'told', (select count(*) from told))
$$;

-- The history, latest day first.
create function edge.list_latencies(
  from_day date, to_day date, kind text, endpoint text,
  after_day date, after_kind text, after_endpoint text, after_measure text, max integer
) returns setof public.job_latencies
language plpgsql stable security definer set search_path = ''
as $$
begin
  if edge.role() <> 'admin' then
    raise exception using errcode = 'OR403', message = 'forbidden';
  end if;
  return query
  select l.*
  from public.job_latencies l
  where (list_latencies.from_day is null or l.day >= list_latencies.from_day)
    and (list_latencies.to_day is null or l.day <= list_latencies.to_day)
    and (list_latencies.kind is null or l.kind = list_latencies.kind)
    and (list_latencies.endpoint is null or l.endpoint = list_latencies.endpoint)
    and (list_latencies.after_day is null or l.day < list_latencies.after_day
      or (l.day = list_latencies.after_day
        and (l.kind, l.endpoint, l.measure)
          > (list_latencies.after_kind, list_latencies.after_endpoint, list_latencies.after_measure)))
  order by l.day desc, l.kind, l.endpoint, l.measure
  limit list_latencies.max;
end
$$;

grant execute on function edge.measure_latencies() to service;
grant execute on function edge.list_latencies(date, date, text, text, date, text, text, text, integer) to authenticated;

reset role;
