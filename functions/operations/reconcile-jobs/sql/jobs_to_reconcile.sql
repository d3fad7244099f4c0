-- Jobs that RunPod has been silent about, for the caller to ask RunPod about; each is marked as asked about.
--
-- A job is due a minute after its submission, and again one, two, four and then every five minutes after it was last handed
-- out, so that jobs which run long leave room. RunPod keeps a result for half an hour, and the result of a job may be there
-- since it was last asked about: so the jobs come first whose result would be lost soonest, and those for which it is too
-- late come last. Marking them lets overlapping runs share the work.
--
-- A call hands out at most `max` jobs, and never more than 100. A run goes on in waves until no job is due, within the calls
-- that it may make (`edge.calls_per_run`): otherwise, of many callbacks lost at once, most results would be lost for good.
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

grant execute on function edge.jobs_to_reconcile(integer) to service;
