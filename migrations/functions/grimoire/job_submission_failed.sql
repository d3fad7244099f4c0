-- Records that RunPod has refused a job; for the person who began the job, and for `service`.
--
-- It is not called after an unclear answer: the job then stays `submitting`, until its callback adopts it or its time is up
-- (`edge.expire_jobs`). Even a refusal is our reading of an answer, so the failure is presumed and gives way to RunPod's
-- callback. `error` is the word that the creation keeps, `response_time_ms` how long RunPod's API took, in milliseconds.
--
-- Outcomes: `moved`, `unchanged` {job, outbox}; `not_found`.
create or replace function edge.job_submission_failed(job uuid, error text, response_time_ms integer default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  state text;
begin
  if not edge.may_move(job_submission_failed.job) then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  -- A job that a callback has adopted meanwhile was submitted after all: it stays as it is.
  select j.state into state from public.jobs j where j.id = job_submission_failed.job for update;
  return edge.move_job(job_submission_failed.job, case when state = 'submitting' then 'failed' else 'submitting' end,
    error => job_submission_failed.error, response_time_ms => job_submission_failed.response_time_ms, is_presumed => true);
end
$$;

grant execute on function edge.job_submission_failed(uuid, text, integer) to authenticated, service;
