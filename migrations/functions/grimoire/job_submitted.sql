-- Records that RunPod has accepted a job, under which id; for the person who began the job, and for `service`.
--
-- RunPod's callback may have been faster: the job then stays where it is. `response_time_ms` is how long RunPod's API took
-- to accept it, in milliseconds. Outcomes: `moved`, `unchanged` {job, outbox}; `mismatch`, where the job has another id of
-- RunPod's; `not_found`.
create or replace function edge.job_submitted(job uuid, runpod_job_id text, response_time_ms integer default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if not edge.may_move(job_submitted.job) then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  return edge.move_job(job_submitted.job, 'queued', runpod_job_id => job_submitted.runpod_job_id,
    response_time_ms => job_submitted.response_time_ms);
end
$$;

grant execute on function edge.job_submitted(uuid, text, integer) to authenticated, service;
