-- How long RunPod takes, day by day: a row per day (UTC, of the job's creation), kind of job, endpoint and measure. The
-- history is small and is kept for good.
--
-- `queue_delay` and `execution_time` are what RunPod tells of a job, `response_time` is how long its API took to accept
-- it. They are kept apart because they have different cures: more workers, a faster model, another region.

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

alter table public.job_latencies enable row level security;
revoke all on public.job_latencies from public, anon, authenticated;
