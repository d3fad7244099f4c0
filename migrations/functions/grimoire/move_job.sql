-- Moves a job to another state, with the creations that wait for it, and writes the messages that this causes.
--
-- All moves of a job go through this function. It locks the job's row, so that a callback, a poll and a person's
-- cancellation arriving together are put in an order. A state only moves forward, skipping what callbacks have overtaken,
-- and never out of a final one (`succeeded`, `failed`, `cancelled`). A failure that RunPod has told is final; one that we
-- concluded from silence or from an answer of RunPod's API (`is_presumed`) is not: should RunPod's word (`is_told`) arrive
-- after all, it is believed. A success without a `url` in its output is a failure, `no_output`. A creation that its person
-- has cancelled stays cancelled. Creations point at their present job and a job knows nothing of them, so the late callback
-- of a job that was replaced finds nothing to change, but for one case: a job that we had given up on, that was retried
-- meanwhile, and that RunPod ends well after all. Whoever still waits for what was begun in its place is given its result
-- (`edge.hand_over_result`).
--
-- There is one order of locks, for asking, retrying and cancelling alike: the person, whose creations nobody else gives
-- another job; then the job; then the creations that wait for it. So a creation's job that is read below the person's lock
-- is the present one. Callbacks and the clock begin with the job. Joining a job takes a share of its lock, so nobody joins a
-- job that has just ended.
--
-- The final move happens once, or once more where RunPod's word replaces a presumed failure, and with it, in the same
-- transaction, the message to the team about the job's end: kind and state, the words that may be told (`edge.job_subject`),
-- times in milliseconds. A job that no creation points at any more has no message. A job that is cancelled here and has not
-- ended there is reported to RunPod; if RunPod's id comes only afterwards, the report is written then.
--
-- RunPod has no idempotency key, so a submission whose answer is lost is never repeated: the job waits in `submitting` until
-- its callback adopts it or its time is up.
--
-- Outcomes: `moved`, `unchanged` {job, outbox}; `mismatch`, where the job has another id of RunPod's; `not_found`. `outbox`
-- holds what this call has caused, to be sent now and settled.
create or replace function edge.move_job(
  job uuid, target text, runpod_job_id text default null, output jsonb default null, error text default null,
  delay_ms bigint default null, execution_ms bigint default null, cost numeric default null,
  response_time_ms integer default null, progress integer default null,
  is_told boolean default false, is_presumed boolean default false
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  -- Later states may be reached from all earlier ones: callbacks overtake each other. The last three are final.
  ranks constant jsonb :=
    '{"submitting": 0, "queued": 1, "running": 2, "succeeded": 3, "failed": 3, "cancelled": 3}';
  ledger public.jobs;
  reached text := move_job.target;
  reason text := move_job.error;
  is_end boolean;
  was_presumed boolean;
  is_move boolean;
  subject jsonb;
  messages jsonb := '[]';
begin
  select j.* into ledger from public.jobs j where j.id = move_job.job for update;
  if ledger.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif ledger.runpod_job_id <> move_job.runpod_job_id then
    return jsonb_build_object('outcome', 'mismatch');
  end if;

  if reached = 'succeeded' and coalesce(move_job.output ->> 'url', '') = '' then
    reached := 'failed';
    reason := 'no_output';
  end if;
  is_end := (ranks ->> reached)::int = 3;
  was_presumed := ledger.is_presumed;
  is_move := (ranks ->> reached)::int > (ranks ->> ledger.state)::int
    or (is_end and move_job.is_told and ledger.is_presumed);

  update public.jobs j
  set state = case when is_move then reached else j.state end,
    runpod_job_id = coalesce(j.runpod_job_id, move_job.runpod_job_id),
    submitted_at = coalesce(j.submitted_at, case when move_job.runpod_job_id is not null then edge.now() end),
    response_time_ms = coalesce(j.response_time_ms, move_job.response_time_ms),
    progress = coalesce(move_job.progress, j.progress),
    output = case when is_move then coalesce(move_job.output, j.output) else j.output end,
    error = case when is_move then left(reason, 2000) else j.error end,
    delay_ms = coalesce(move_job.delay_ms, j.delay_ms),
    execution_ms = greatest(move_job.execution_ms, j.execution_ms),
    -- Priced anew where there are more seconds than were known.
    cost = case when move_job.execution_ms > j.execution_ms then move_job.cost else coalesce(move_job.cost, j.cost) end,
    is_presumed = case when is_move then move_job.is_presumed else j.is_presumed end,
    finished_at = case when is_move and is_end then edge.now() else j.finished_at end
  where j.id = ledger.id and (is_move
    or (j.runpod_job_id is null and move_job.runpod_job_id is not null)
    or (j.response_time_ms is null and move_job.response_time_ms is not null)
    -- RunPod bills what was computed however the job has ended here.
    or (j.delay_ms is null and move_job.delay_ms is not null)
    or move_job.execution_ms > coalesce(j.execution_ms, -1)
    or (j.cost is null and move_job.cost is not null)
    or (j.finished_at is null and move_job.progress <> coalesce(j.progress, -1)))
  returning j.* into ledger;
  if ledger.id is null then
    select j.* into ledger from public.jobs j where j.id = move_job.job;
  end if;

  if is_move then
    update public.scenes s
    set status = ledger.state, error = ledger.error,
      image_url = case when ledger.state = 'succeeded' then ledger.output ->> 'url' end
    where s.job_id = ledger.id and s.status <> 'cancelled';
    update public.creations c
    set status = ledger.state, error = ledger.error,
      result_url = case when ledger.state = 'succeeded' then ledger.output ->> 'url' end
    where c.job_id = ledger.id and c.status <> 'cancelled';
  end if;

  if is_move and was_presumed and ledger.state = 'succeeded' then
    messages := edge.hand_over_result(ledger);
  end if;
  if is_move and is_end then
    subject := edge.job_subject(ledger.id);
    if subject is not null then
      messages := messages || coalesce(edge.outbox_add(
        coalesce(edge.uid(), ledger.user_id), 'discord', 'job:' || ledger.id || ':' || ledger.state,
        subject || jsonb_build_object('event', ledger.kind || '.' || ledger.state, 'job_id', ledger.id,
          'attempt', ledger.attempt, 'url', ledger.output ->> 'url', 'error', ledger.error, 'delay_ms', ledger.delay_ms,
          'execution_ms', ledger.execution_ms, 'response_time_ms', ledger.response_time_ms,
          'finished_at', ledger.finished_at)), '[]');
    end if;
  end if;
  -- Given up here and not ended there. Its id may come only after that: then it is told then.
  if ledger.state = 'cancelled' and ledger.runpod_job_id is not null and not (is_end and move_job.is_told) then
    messages := messages || coalesce(edge.outbox_add(
      coalesce(edge.uid(), ledger.user_id), 'runpod', 'cancel:' || ledger.id,
      jsonb_build_object('action', 'cancel', 'endpoint', ledger.endpoint, 'runpod_job_id', ledger.runpod_job_id)), '[]');
  end if;
  return jsonb_build_object('outcome', case when is_move then 'moved' else 'unchanged' end,
    'job', edge.job_json(ledger), 'outbox', messages);
end
$$;
