-- RunPod keeps a result for half an hour, and eleven jobs were asked about in five minutes: of many callbacks lost at once,
-- most were lost for good. A run now goes on in waves until nobody is due, within the calls that it may make.
--
-- `calls_per_run` is how many outgoing calls one run may make, as the plan of the platform allows: Workers Free has 50, Workers
-- Paid 1,000 and more.

alter table public.settings add constraint settings_calls_per_run_range check (
  case when key = 'calls_per_run'
    then case when jsonb_typeof(value) = 'number' then (value #>> '{}')::numeric between 50 and 10000 else false end
    else true end
);

insert into public.settings (key, value, created_at, updated_at)
values ('calls_per_run', '1000', statement_timestamp(), statement_timestamp());

-- How often RunPod has been asked about a job.
alter table public.jobs add column checks smallint not null default 0;

set role edge_owner;

-- Jobs that RunPod has been silent about: for a minute at first, then for twice as long each time, up to five minutes, so
-- that those which run long leave room. The result of one may be there since it was last asked about, and is lost half an
-- hour later: those come first that are lost soonest, those for which it is too late come last. Handing one out marks it, so
-- overlapping runs share the work.
create or replace function edge.jobs_to_reconcile(max integer default 20)
returns table (job_id uuid, kind text, runpod_job_id text, endpoint text, state text, submitted_at timestamptz)
language sql volatile security definer set search_path = ''
as $$
  with silent as (
    select j.id
    from public.jobs j
    where j.state in ('queued', 'running') and j.runpod_job_id is not null
      and coalesce(j.checked_at, j.submitted_at)
        <= edge.now() - make_interval(secs => least(60 * 2 ^ greatest(j.checks - 1, 0), 300))
    order by coalesce(j.checked_at, j.submitted_at) <= edge.now() - interval '30 minutes',
      coalesce(j.checked_at, j.submitted_at), j.id
    limit least(jobs_to_reconcile.max, 100)
    for update skip locked
  )
  update public.jobs j
  set checked_at = edge.now(), checks = least(j.checks + 1, 100)
  from silent
  where j.id = silent.id
  returning j.id, j.kind, j.runpod_job_id, j.endpoint, j.state, j.submitted_at
$$;

create function edge.calls_per_run() returns integer
language sql stable security definer set search_path = ''
as $$ select (edge.setting('calls_per_run'))::int $$;

grant execute on function edge.calls_per_run() to service;

reset role;
