-- The object `job`, as its callers see it.
--
-- Its fields: id, kind, state, runpod_job_id, endpoint, attempt, error, created_at, submitted_at, finished_at. `kind` is
-- `scene`, `pose` or `audio`; `state` is `submitting`, `queued`, `running`, `succeeded`, `failed` or `cancelled`.
create or replace function edge.job_json(job public.jobs) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', job.id, 'kind', job.kind, 'state', job.state, 'runpod_job_id', job.runpod_job_id, 'endpoint', job.endpoint,
    'attempt', job.attempt, 'error', job.error, 'created_at', job.created_at, 'submitted_at', job.submitted_at,
    'finished_at', job.finished_at)
$$;
