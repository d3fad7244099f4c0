-- Tells whether a result that RunPod reports is still wanted, before it is fetched and stored.
--
-- Outcomes: `awaits` {kind}; `unchanged` {kind}, for a job that has ended by RunPod's word; `mismatch` {kind}, where
-- RunPod's id is that of another job or the job has another id; `not_found`.
create or replace function edge.job_awaits(job uuid, runpod_job_id text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce((
    select jsonb_build_object('kind', j.kind, 'outcome', case
      when j.runpod_job_id <> job_awaits.runpod_job_id then 'mismatch'
      when j.runpod_job_id is null and exists (select from public.jobs o
        where o.endpoint = j.endpoint and o.runpod_job_id = job_awaits.runpod_job_id) then 'mismatch'
      when j.finished_at is null or j.is_presumed then 'awaits'
      else 'unchanged' end)
    from public.jobs j
    where j.id = job_awaits.job), jsonb_build_object('outcome', 'not_found'))
$$;

grant execute on function edge.job_awaits(uuid, text) to service;
