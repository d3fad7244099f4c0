-- The moves of a job, for every kind, as 0013 began them for scenes. What is new: several creations may wait for one job,
-- a presumed failure gives way to RunPod's word, an abandoned job is reported to RunPod, and a silent one ages out.
--
-- All moves go through `edge.move_job`. It locks the job's row, so that a callback, a poll and a person's cancellation
-- arriving together are put in an order; joining takes a share of the same lock, so nobody joins a job that has just ended.

set role edge_owner;

drop function edge.submit_scene(text, text, text, text, text, text, text, text, integer);
drop function edge.retry_scene(uuid, text, integer);
drop function edge.cancel_scene(uuid);
drop function edge.scene_quota();
drop function edge.open_scene_job(uuid, integer, text, integer);
drop function edge.job_event(uuid, text, text, jsonb, text, bigint, bigint, numeric);
drop function edge.job_submitted(uuid, text, integer);
drop function edge.job_submission_failed(uuid, text, integer);
drop function edge.expire_submitting(integer);
drop function edge.jobs_to_reconcile(integer);
drop function edge.move_job(uuid, text, text, jsonb, text, bigint, bigint, numeric, integer);
drop function edge.scene_json(public.scenes);

-- How many jobs of a kind the person of this request may still begin today, by the civil day of their time zone. A failed
-- one does not count, nor what costs no GPU; a cancelled one does, or cancelling and retrying would be free.
create function edge.quota(kind text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  with person as (
    select u.tier, u.time_zone, (edge.now() at time zone u.time_zone)::date as today
    from public.users u where u.id = edge.uid()
  ),
  day as (
    select (p.today::timestamp at time zone p.time_zone) as starts_at,
      ((p.today + 1)::timestamp at time zone p.time_zone) as ends_at,
      coalesce((edge.setting(case quota.kind
        when 'scene' then 'scenes_per_day' when 'pose' then 'poses_per_day' else 'audio_per_day' end) ->> p.tier)::int, 0)
        as allowed
    from person p
  ),
  usage as (
    select count(j.id)::int as used
    from day d
    left join public.jobs j
      on j.user_id = edge.uid() and j.created_at >= d.starts_at and j.kind = quota.kind and j.state <> 'failed'
  )
  select jsonb_build_object('limit', d.allowed, 'used', u.used, 'left', greatest(d.allowed - u.used, 0),
    'resets_at', d.ends_at)
  from day d, usage u
$$;

create function edge.move_job(
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
    execution_ms = coalesce(move_job.execution_ms, j.execution_ms),
    cost = coalesce(move_job.cost, j.cost),
    is_presumed = case when is_move then move_job.is_presumed else j.is_presumed end,
    finished_at = case when is_move and is_end then edge.now() else j.finished_at end
  where j.id = ledger.id and (is_move
    or (j.runpod_job_id is null and move_job.runpod_job_id is not null)
    or (j.response_time_ms is null and move_job.response_time_ms is not null)
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

-- What a job makes, for its message: the oldest of those who wait for it. Null when nobody is left.
create function edge.job_subject(job uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object('id', w.id, 'input', w.input)
  from (
    select s.id, s.created_at, jsonb_build_object('world', s.world, 'era', s.era, 'class', s.class, 'pose', s.pose,
      'decor', s.decor) as input
    from public.scenes s where s.job_id = job_subject.job
    union all
    select c.id, c.created_at, c.input from public.creations c where c.job_id = job_subject.job
  ) as w
  order by w.created_at, w.id
  limit 1
$$;

-- Finds the job for what the worker is to be given: one that is being made, one that was made, or a new one, if the day's
-- quota allows. The caller holds the person's row, so that two requests cannot both take the last one of the day.
create function edge.find_job(
  kind text, input jsonb, endpoint text, refresh boolean, attempt integer, ttl_s integer,
  out how text, out job public.jobs, out quota jsonb
)
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  hash constant text := encode(sha256(convert_to(concat_ws(E'\n', find_job.kind, find_job.endpoint,
    edge.setting('models') ->> find_job.kind, find_job.input::text), 'UTF8')), 'hex');
begin
  loop
    if not find_job.refresh then
      select j.* into job from public.jobs j
      where j.input_hash = hash and j.is_joinable and j.finished_at is null
      for share;
      if job.id is not null then
        how := 'joined';
        return;
      end if;
      select j.* into job from public.jobs j
      where j.input_hash = hash and j.state = 'succeeded'
      order by j.finished_at desc
      limit 1;
      if job.id is not null then
        how := 'cached';
        return;
      end if;
    end if;

    quota := edge.quota(find_job.kind);
    if (quota ->> 'left')::int = 0 then
      how := 'quota_exceeded';
      return;
    end if;
    insert into public.jobs (user_id, kind, attempt, endpoint, input, input_hash, is_joinable, expires_at)
    values (edge.uid(), find_job.kind, find_job.attempt, find_job.endpoint, find_job.input, hash, not find_job.refresh,
      edge.now() + make_interval(secs => find_job.ttl_s))
    on conflict (input_hash) where is_joinable and finished_at is null do nothing
    returning * into job;
    if job.id is not null then
      how := 'created';
      quota := edge.quota(find_job.kind);
      return;
    end if;
    -- Somebody was faster: theirs is to be joined, or has ended already.
  end loop;
end
$$;

-- The fields of a scene whose words the settings do not have, where they do not allow others.
create function edge.words_unknown(input jsonb) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select coalesce(jsonb_agg(v.key order by v.key), '[]')
  from jsonb_each(edge.setting('scene_vocabulary')) as v
  where not (v.value ->> 'free_text')::boolean and words_unknown.input ? v.key
    and not v.value -> 'words' ? (words_unknown.input ->> v.key)
$$;

-- Authorises, takes the quota and the idempotency key, and writes creation and job, all before RunPod is called. `input`
-- is what the person said, `given` what the worker is given; `place` is the URL below which the creation can be read.
create function edge.submit_creation(
  kind text, input jsonb, given jsonb, endpoint text, place text, refresh boolean default false,
  idempotency_key text default null, request_hash text default null, ttl_s integer default 600
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  replay jsonb;
  unknown jsonb;
  chosen record;
  made record;
  answer jsonb;
begin
  perform from public.users u where u.id = edge.uid() for no key update;

  if submit_creation.idempotency_key is not null then
    replay := edge.idempotency_begin(submit_creation.idempotency_key, submit_creation.request_hash);
    if replay ->> 'outcome' = 'in_progress' then
      return replay || edge.creation_state((replay ->> 'subject')::uuid);
    elsif replay ->> 'outcome' <> 'new' then
      return replay;
    end if;
  end if;

  unknown := case when submit_creation.kind = 'scene' then edge.words_unknown(submit_creation.input) else '[]' end;
  if unknown <> '[]' then
    answer := jsonb_build_object('outcome', 'not_allowed', 'fields', unknown);
  else
    select * into chosen from edge.find_job(submit_creation.kind, submit_creation.given, submit_creation.endpoint,
      submit_creation.refresh, 1, submit_creation.ttl_s);
    if chosen.how = 'quota_exceeded' then
      answer := jsonb_build_object('outcome', 'quota_exceeded', 'quota', chosen.quota);
    end if;
  end if;
  if answer is not null then
    delete from public.idempotency_keys k
    where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = submit_creation.idempotency_key;
    return answer;
  end if;

  if submit_creation.kind = 'scene' then
    insert into public.scenes (user_id, world, era, class, pose, decor, job_id, is_cached, status, image_url)
    values (edge.uid(), input ->> 'world', input ->> 'era', input ->> 'class', input ->> 'pose', input ->> 'decor',
      (chosen.job).id, chosen.how = 'cached', replace((chosen.job).state, 'submitting', 'queued'), (chosen.job).output ->> 'url')
    returning id, status into made;
  else
    insert into public.creations (user_id, kind, input, licence, job_id, is_cached, status, result_url)
    values (edge.uid(), submit_creation.kind, submit_creation.input,
      edge.setting(submit_creation.kind || '_licence') #>> '{}', (chosen.job).id, chosen.how = 'cached',
      replace((chosen.job).state, 'submitting', 'queued'), (chosen.job).output ->> 'url')
    returning id, status into made;
  end if;
  update public.idempotency_keys k
  set subject = made.id
  where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = submit_creation.idempotency_key;
  if chosen.how <> 'created' and submit_creation.idempotency_key is not null then
    perform edge.idempotency_settle(submit_creation.idempotency_key, case chosen.how when 'cached' then 200 else 202 end,
      jsonb_build_object('id', made.id, 'status', made.status, 'status_url', submit_creation.place || made.id));
  end if;
  return jsonb_build_object('outcome', chosen.how, 'id', made.id, 'status', made.status,
    'job', edge.job_json(chosen.job), 'quota', chosen.quota);
end
$$;

-- What may be asked for, and how many more today.
create function edge.offer(kind text) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select edge.quota(offer.kind)
    || jsonb_build_object('words', case when offer.kind = 'scene' then edge.setting('scene_vocabulary') else '{}' end)
$$;

create function edge.creation_state(creation uuid) returns jsonb
language sql stable security definer set search_path = ''
as $$
  select jsonb_build_object('id', w.id, 'status', w.status, 'error', w.error)
  from (
    select s.id, s.status, s.error, s.user_id from public.scenes s where s.id = creation_state.creation
    union all
    select c.id, c.status, c.error, c.user_id from public.creations c where c.id = creation_state.creation
  ) as w
  where w.user_id = edge.uid()
$$;

-- Gives a failed or cancelled creation another job, or the result that somebody else's has made meanwhile. `endpoints`
-- is by kind; where it has none, the one of before is used.
create function edge.retry_creation(creation uuid, endpoints jsonb, ttl_s integer default 600) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept jsonb;
  before public.jobs;
  chosen record;
begin
  perform from public.users u where u.id = edge.uid() for no key update;
  kept := edge.creation_state(retry_creation.creation);
  select j.* into before from public.jobs j
  where j.id = coalesce(
    (select s.job_id from public.scenes s where s.id = retry_creation.creation and s.user_id = edge.uid() for update),
    (select c.job_id from public.creations c where c.id = retry_creation.creation and c.user_id = edge.uid() for update));
  if kept is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif kept ->> 'status' not in ('failed', 'cancelled') or before.input is null then
    return jsonb_build_object('outcome', 'conflict', 'status', kept ->> 'status');
  end if;
  select * into chosen from edge.find_job(before.kind, before.input,
    coalesce(retry_creation.endpoints ->> before.kind, before.endpoint), false, before.attempt + 1, retry_creation.ttl_s);
  if chosen.how = 'quota_exceeded' then
    return jsonb_build_object('outcome', 'quota_exceeded', 'quota', chosen.quota);
  end if;
  update public.scenes s
  set job_id = (chosen.job).id, is_cached = chosen.how = 'cached', error = null,
    status = replace((chosen.job).state, 'submitting', 'queued'), image_url = (chosen.job).output ->> 'url'
  where s.id = retry_creation.creation;
  update public.creations c
  set job_id = (chosen.job).id, is_cached = chosen.how = 'cached', error = null,
    status = replace((chosen.job).state, 'submitting', 'queued'), result_url = (chosen.job).output ->> 'url'
  where c.id = retry_creation.creation;
  return jsonb_build_object('outcome', chosen.how, 'id', retry_creation.creation,
    'status', replace((chosen.job).state, 'submitting', 'queued'), 'job', edge.job_json(chosen.job), 'input', before.input,
    'quota', chosen.quota);
end
$$;

-- Gives a creation up. Its job is cancelled when nobody else waits for it.
create function edge.cancel_creation(creation uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept jsonb := edge.creation_state(cancel_creation.creation);
  ledger public.jobs;
begin
  if kept is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select j.* into ledger from public.jobs j
  where j.id = coalesce((select s.job_id from public.scenes s where s.id = cancel_creation.creation),
    (select c.job_id from public.creations c where c.id = cancel_creation.creation))
  for update;
  update public.scenes s set status = 'cancelled', error = null
  where s.id = cancel_creation.creation and s.status in ('queued', 'running');
  if not found then
    update public.creations c set status = 'cancelled', error = null
    where c.id = cancel_creation.creation and c.status in ('queued', 'running');
  end if;
  if not found then
    return jsonb_build_object('outcome', 'finished', 'outbox', jsonb '[]');
  elsif exists (select from public.scenes s where s.job_id = ledger.id and s.status in ('queued', 'running'))
    or exists (select from public.creations c where c.job_id = ledger.id and c.status in ('queued', 'running'))
  then
    return jsonb_build_object('outcome', 'cancelled', 'outbox', jsonb '[]');
  end if;
  return jsonb_build_object('outcome', 'cancelled')
    || (edge.move_job(ledger.id, 'cancelled') - array['outcome', 'job']);
end
$$;

-- How many jobs wait before this one's turn, itself included; null once it has begun. Of jobs that the person waits for.
create function edge.queue_position(job uuid) returns integer
language sql stable security definer set search_path = ''
as $$
  select (select count(*)::int from public.jobs j
    where j.endpoint = me.endpoint and j.state in ('submitting', 'queued')
      and (j.created_at, j.id) <= (me.created_at, me.id))
  from public.jobs me
  where me.id = queue_position.job and me.state in ('submitting', 'queued')
$$;

-- Percent that RunPod has told of a running job.
create function edge.job_progress(job uuid) returns integer
language sql stable security definer set search_path = ''
as $$
  select j.progress::int from public.jobs j where j.id = job_progress.job and j.state = 'running'
$$;

create function edge.job_attempt(job uuid) returns integer
language sql stable security definer set search_path = ''
as $$ select j.attempt from public.jobs j where j.id = job_attempt.job $$;

-- RunPod accepted the job. Its callback may have been faster.
create function edge.job_submitted(job uuid, runpod_job_id text, response_time_ms integer default null) returns jsonb
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

-- RunPod refused the job; after an unclear answer nothing is called and the job stays `submitting`. Even a refusal is our
-- reading of an answer, so it gives way to a callback.
create function edge.job_submission_failed(job uuid, error text, response_time_ms integer default null) returns jsonb
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

create function edge.may_move(job uuid) returns boolean
language sql stable security definer set search_path = ''
as $$
  select edge.is_service() or exists (select from public.jobs j where j.id = may_move.job and j.user_id = edge.uid())
$$;

-- Whether a result that RunPod tells is still wanted, asked before it is fetched and stored.
create function edge.job_awaits(job uuid, runpod_job_id text) returns jsonb
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

-- What RunPod said about a job, by callback or when asked. `is_presumed`: it said that it does not know.
create function edge.job_event(
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

-- Jobs that RunPod has been silent about for a minute. Handing one out marks it, so overlapping runs share the work.
create function edge.jobs_to_reconcile(max integer default 20)
returns table (job_id uuid, kind text, runpod_job_id text, endpoint text, state text, submitted_at timestamptz)
language sql volatile security definer set search_path = ''
as $$
  with silent as (
    select j.id
    from public.jobs j
    where j.state in ('queued', 'running') and j.runpod_job_id is not null
      and coalesce(j.checked_at, j.submitted_at) <= edge.now() - interval '1 minute'
    order by coalesce(j.checked_at, j.submitted_at), j.id
    limit least(jobs_to_reconcile.max, 100)
    for update skip locked
  )
  update public.jobs j
  set checked_at = edge.now()
  from silent
  where j.id = silent.id
  returning j.id, j.kind, j.runpod_job_id, j.endpoint, j.state, j.submitted_at
$$;

-- Gives up on submissions whose answer never came, and on jobs whose result RunPod can no longer have: it keeps one for
-- half an hour. The person may retry.
create function edge.expire_jobs(max integer default 100) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  late record;
  expired integer := 0;
  messages jsonb := '[]';
begin
  for late in
    select j.id, j.state
    from public.jobs j
    where j.finished_at is null
      and j.expires_at <= edge.now() - case j.state when 'submitting' then interval '0' else interval '30 minutes' end
    order by j.expires_at, j.id
    limit least(expire_jobs.max, 1000)
    for update skip locked
  loop
    messages := messages || (edge.move_job(late.id, 'failed', is_presumed => true,
      error => case late.state when 'submitting' then 'submission_unknown' else 'result_expired' end) -> 'outbox');
    expired := expired + 1;
  end loop;
  return jsonb_build_object('outcome', 'ok', 'expired', expired, 'outbox', messages);
end
$$;

grant execute on function
  edge.submit_creation(text, jsonb, jsonb, text, text, boolean, text, text, integer),
  edge.retry_creation(uuid, jsonb, integer), edge.cancel_creation(uuid), edge.offer(text), edge.quota(text), edge.queue_position(uuid),
  edge.job_progress(uuid), edge.job_attempt(uuid)
  to authenticated;
grant execute on function
  edge.job_submitted(uuid, text, integer), edge.job_submission_failed(uuid, text, integer)
  to authenticated, service;
grant execute on function
  edge.job_awaits(uuid, text),
  edge.job_event(uuid, text, text, jsonb, text, bigint, bigint, numeric, integer, boolean),
  edge.jobs_to_reconcile(integer), edge.expire_jobs(integer)
  to service;

reset role;
