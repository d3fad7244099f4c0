-- How far a running job is, in percent, as RunPod has told; null for a job that is not running.
create or replace function edge.job_progress(job uuid) returns integer
language sql stable security definer set search_path = ''
as $$
  select j.progress::int from public.jobs j where j.id = job_progress.job and j.state = 'running'
$$;

grant execute on function edge.job_progress(uuid) to authenticated;
