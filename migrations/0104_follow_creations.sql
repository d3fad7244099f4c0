-- How far RunPod is with what somebody follows. Its callback tells the end alone and `operations-reconcile-jobs` asks only
-- about jobs that have long been silent; so whoever follows a creation has RunPod asked now and then, and what it says is
-- recorded here for everybody who waits for the same job.

set role edge_owner;

-- The job that the person's creation waits for, once RunPod has it. `running` is RunPod's id of a job that it has said to
-- be running, `progress` how far it is. Only that can be told: an end is RunPod's to tell, with its result.
create function edge.follow_creation(creation uuid, running text default null, progress integer default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  waits_for uuid;
begin
  select w.job_id into waits_for
  from (
    select s.job_id from public.scenes s
    where s.id = follow_creation.creation and s.user_id = edge.uid() and s.status in ('queued', 'running')
    union all
    select c.job_id from public.creations c
    where c.id = follow_creation.creation and c.user_id = edge.uid() and c.status in ('queued', 'running')
  ) as w;
  if follow_creation.running is not null then
    perform edge.move_job(waits_for, 'running', runpod_job_id => follow_creation.running,
      progress => least(greatest(follow_creation.progress, 0), 100));
  end if;
  return jsonb_build_object('outcome', 'ok', 'job', (
    select jsonb_build_object('endpoint', j.endpoint, 'runpod_job_id', j.runpod_job_id)
    from public.jobs j
    where j.id = waits_for and j.finished_at is null and j.runpod_job_id is not null));
end
$$;

grant execute on function edge.follow_creation(uuid, text, integer) to authenticated;

reset role;
