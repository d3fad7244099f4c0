-- Returns the job that a creation of the person of this request waits for, once RunPod has it, and records how far it is.
--
-- Outcome: `ok` {job: {endpoint, runpod_job_id} or null}, whom to ask how far the job is. `running` is RunPod's id of a job
-- that RunPod has said to be running, `progress` how far it is, in percent; both are null where nothing was asked. Only that
-- is recorded here: a job's end is RunPod's to tell, with its result.
--
-- RunPod's callback tells the end of a job alone, and `operations-reconcile-jobs` asks only about jobs that have long been
-- silent. So whoever follows a creation has RunPod asked now and then, and what RunPod says is recorded for everybody who
-- waits for the same job. A stream that follows a creation lasts for a minute, and what is learnt in it is learnt then:
-- `elapsed_ms` is the time in milliseconds since the request, and `edge.now()` is moved ahead by it for this transaction.
create or replace function edge.follow_creation(
  creation uuid, running text default null, progress integer default null, elapsed_ms integer default 0
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  waits_for uuid;
begin
  perform set_config('oree.now', (edge.now() + make_interval(secs => elapsed_ms / 1000.0))::text, true);
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

grant execute on function edge.follow_creation(uuid, text, integer, integer) to authenticated;
