-- Records what RunPod has said about a job, by its callback or when asked.
--
-- `status` is `queued`, `running`, `succeeded`, `failed` or `cancelled`. `output` of a success carries `url`, where we have
-- stored the result; `error` says why a job failed; `delay_ms` and `execution_ms` are RunPod's times in milliseconds;
-- `progress` is in percent; a job without `cost` is priced by `edge.price_job`. `is_presumed` says that RunPod does not know
-- the job, so that its end is our conclusion.
--
-- Outcomes: `moved`, `unchanged` {job, outbox}; `mismatch`, where the job has another id of RunPod's; `not_found`. Raises
-- `OR422 job_status_unknown`, and an id of another job's on that endpoint as a violation of `jobs_runpod_job_id_key`.
create or replace function edge.job_event(
  job uuid, runpod_job_id text, status text, output jsonb default null, error text default null,
  delay_ms bigint default null, execution_ms bigint default null, cost numeric default null,
  progress integer default null, is_presumed boolean default false
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if coalesce(job_event.status, '') not in ('queued', 'running', 'succeeded', 'failed', 'cancelled') then
    raise exception using errcode = 'OR422', message = 'job_status_unknown';
  end if;
  return edge.move_job(job_event.job, job_event.status, runpod_job_id => job_event.runpod_job_id,
    output => job_event.output, error => job_event.error, delay_ms => job_event.delay_ms,
    execution_ms => job_event.execution_ms, cost => job_event.cost,
    progress => least(greatest(job_event.progress, 0), 100), is_told => not job_event.is_presumed,
    is_presumed => job_event.is_presumed);
end
$$;

grant execute on function edge.job_event(uuid, text, text, jsonb, text, bigint, bigint, numeric, integer, boolean) to service;
