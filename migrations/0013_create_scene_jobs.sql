-- From a request for a scene to its image, one transaction per step.
--
-- All moves of a job go through `edge.move_job`. It locks the job's row, so that a callback, a poll and a person's
-- cancellation arriving together are put in an order; it moves forward only and never out of a final state; and on the
-- final move, which therefore happens once, it writes the message for Discord in the same transaction.

set role edge_owner;

create function edge.scene_json(scene public.scenes) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', scene.id, 'user_id', scene.user_id, 'world', scene.world, 'era', scene.era, 'class', scene.class,
    'pose', scene.pose, 'decor', scene.decor, 'image_url', scene.image_url, 'status', scene.status,
    'error', scene.error, 'version', scene.version, 'created_at', scene.created_at, 'updated_at', scene.updated_at)
$$;

create function edge.job_json(job public.jobs) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', job.id, 'kind', job.kind, 'state', job.state, 'runpod_job_id', job.runpod_job_id, 'endpoint', job.endpoint,
    'attempt', job.attempt, 'error', job.error, 'created_at', job.created_at, 'submitted_at', job.submitted_at,
    'finished_at', job.finished_at)
$$;

-- How many scenes the person of this request may still ask for today, their own day. A failed attempt does not count; a
-- cancelled one does, or cancelling and retrying would be free.
create function edge.scene_quota() returns jsonb
language sql stable security definer set search_path = ''
as $$
  with person as (
    select u.tier, u.time_zone from public.users u where u.id = edge.uid()
  ),
  day as (
    select (edge.today()::timestamp at time zone p.time_zone) as starts_at,
      ((edge.today() + 1)::timestamp at time zone p.time_zone) as ends_at,
      coalesce((edge.setting('scenes_per_day') ->> p.tier)::int, 0) as allowed
    from person p
  ),
  usage as (
    select count(j.id)::int as used
    from day d
    left join public.jobs j
      on j.user_id = edge.uid() and j.created_at >= d.starts_at and j.kind = 'scene' and j.state <> 'failed'
  )
  select jsonb_build_object('limit', d.allowed, 'used', u.used, 'left', greatest(d.allowed - u.used, 0),
    'resets_at', d.ends_at)
  from day d, usage u
$$;

create function edge.move_job(
  job uuid, target text, runpod_job_id text default null, output jsonb default null, error text default null,
  delay_ms bigint default null, execution_ms bigint default null, cost numeric default null,
  response_time_ms integer default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  -- Later states may be reached from all earlier ones: callbacks overtake each other. The last three are final.
  ranks constant jsonb :=
    '{"submitting": 0, "queued": 1, "running": 2, "succeeded": 3, "failed": 3, "cancelled": 3}';
  ledger public.jobs;
  scene public.scenes;
  reached text := move_job.target;
  reason text := move_job.error;
  is_move boolean;
  message jsonb;
begin
  select j.* into ledger
  from public.jobs j
  where j.id = move_job.job and (edge.is_service() or j.user_id = edge.uid())
  for update;
  if ledger.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif ledger.runpod_job_id <> move_job.runpod_job_id then
    return jsonb_build_object('outcome', 'mismatch');
  end if;

  if reached = 'succeeded' and coalesce(move_job.output ->> 'image_url', '') = '' then
    reached := 'failed';
    reason := 'no_image';
  end if;
  is_move := (ranks ->> reached)::int > (ranks ->> ledger.state)::int;

  if is_move or (ledger.runpod_job_id is null and move_job.runpod_job_id is not null and ledger.finished_at is null)
    or (ledger.response_time_ms is null and move_job.response_time_ms is not null)
  then
    update public.jobs j
    set state = case when is_move then reached else j.state end,
      runpod_job_id = coalesce(j.runpod_job_id, move_job.runpod_job_id),
      submitted_at = coalesce(j.submitted_at, case when move_job.runpod_job_id is not null then edge.now() end),
      response_time_ms = coalesce(j.response_time_ms, move_job.response_time_ms),
      output = case when is_move then coalesce(move_job.output, j.output) else j.output end,
      error = case when is_move then left(reason, 2000) else j.error end,
      delay_ms = coalesce(move_job.delay_ms, j.delay_ms),
      execution_ms = coalesce(move_job.execution_ms, j.execution_ms),
      cost = coalesce(move_job.cost, j.cost),
      finished_at = case when is_move and (ranks ->> reached)::int = 3 then edge.now() else j.finished_at end
    where j.id = ledger.id
    returning j.* into ledger;
  end if;

  if is_move then
    update public.scenes s
    set status = ledger.state,
      image_url = case when ledger.state = 'succeeded' then ledger.output ->> 'image_url' end,
      error = ledger.error
    where s.job_id = ledger.id
    returning s.* into scene;
  else
    select s.* into scene from public.scenes s where s.job_id = ledger.id;
  end if;

  if is_move and ledger.finished_at is not null and scene.id is not null then
    message := edge.outbox_add(ledger.user_id, 'discord', 'job:' || ledger.id, jsonb_build_object(
      'event', 'scene.' || ledger.state, 'scene_id', scene.id, 'job_id', ledger.id, 'attempt', ledger.attempt,
      'world', scene.world, 'era', scene.era, 'class', scene.class, 'pose', scene.pose, 'decor', scene.decor,
      'image_url', scene.image_url, 'error', ledger.error, 'delay_ms', ledger.delay_ms,
      'execution_ms', ledger.execution_ms, 'response_time_ms', ledger.response_time_ms,
      'finished_at', ledger.finished_at));
  end if;
  return jsonb_build_object('outcome', case when is_move then 'moved' else 'unchanged' end,
    'job', edge.job_json(ledger), 'scene', case when scene.id is not null then edge.scene_json(scene) end,
    'outbox', message);
end
$$;

create function edge.open_scene_job(scene uuid, attempt integer, endpoint text, ttl_s integer) returns public.jobs
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  opened public.jobs;
begin
  insert into public.jobs (user_id, kind, attempt, endpoint, expires_at)
  values (edge.uid(), 'scene', open_scene_job.attempt, open_scene_job.endpoint,
    edge.now() + make_interval(secs => open_scene_job.ttl_s))
  returning * into opened;
  update public.scenes s
  set job_id = opened.id, status = 'queued', error = null, image_url = null
  where s.id = open_scene_job.scene;
  return opened;
end
$$;

-- Authorises, takes the quota and the idempotency key, and writes scene and job, all before RunPod is called.
create function edge.submit_scene(
  world text, era text, class text, pose text, decor text, endpoint text,
  idempotency_key text default null, request_hash text default null, ttl_s integer default 600
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  replay jsonb;
  quota jsonb;
  made public.scenes;
  opened public.jobs;
begin
  -- One person's submissions wait for each other, so that two cannot both take the last one of the day.
  perform from public.users u where u.id = edge.uid() for no key update;

  if submit_scene.idempotency_key is not null then
    replay := edge.idempotency_begin(submit_scene.idempotency_key, submit_scene.request_hash);
    if replay ->> 'outcome' = 'in_progress' then
      select s.* into made from public.scenes s where s.id = (replay ->> 'subject')::uuid;
      return jsonb_build_object('outcome', 'in_progress', 'scene', edge.scene_json(made));
    elsif replay ->> 'outcome' <> 'new' then
      return replay;
    end if;
  end if;

  quota := edge.scene_quota();
  if (quota ->> 'left')::int = 0 then
    delete from public.idempotency_keys k
    where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = submit_scene.idempotency_key;
    return jsonb_build_object('outcome', 'quota_exceeded', 'quota', quota);
  end if;

  insert into public.scenes (user_id, world, era, class, pose, decor)
  values (edge.uid(), submit_scene.world, submit_scene.era, submit_scene.class, submit_scene.pose, submit_scene.decor)
  returning * into made;
  opened := edge.open_scene_job(made.id, 1, submit_scene.endpoint, submit_scene.ttl_s);
  update public.idempotency_keys k
  set subject = made.id
  where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = submit_scene.idempotency_key;

  select s.* into made from public.scenes s where s.id = made.id;
  return jsonb_build_object('outcome', 'created', 'scene', edge.scene_json(made), 'job', edge.job_json(opened),
    'quota', edge.scene_quota());
end
$$;

-- Gives a failed or cancelled scene a new job.
create function edge.retry_scene(scene uuid, endpoint text, ttl_s integer default 600) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept public.scenes;
  opened public.jobs;
  quota jsonb;
begin
  perform from public.users u where u.id = edge.uid() for no key update;
  select s.* into kept from public.scenes s where s.id = retry_scene.scene and s.user_id = edge.uid() for update;
  if kept.id is null then
    return jsonb_build_object('outcome', 'not_found');
  elsif kept.status not in ('failed', 'cancelled') then
    return jsonb_build_object('outcome', 'conflict', 'scene', edge.scene_json(kept));
  end if;
  quota := edge.scene_quota();
  if (quota ->> 'left')::int = 0 then
    return jsonb_build_object('outcome', 'quota_exceeded', 'quota', quota);
  end if;
  opened := edge.open_scene_job(
    kept.id, 1 + coalesce((select j.attempt from public.jobs j where j.id = kept.job_id), 0),
    retry_scene.endpoint, retry_scene.ttl_s);
  select s.* into kept from public.scenes s where s.id = kept.id;
  return jsonb_build_object('outcome', 'created', 'scene', edge.scene_json(kept), 'job', edge.job_json(opened),
    'quota', edge.scene_quota());
end
$$;

-- Ends a scene's job here; the caller then tells RunPod, whose answer changes nothing any more.
create function edge.cancel_scene(scene uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept public.scenes;
  moved jsonb;
begin
  select s.* into kept from public.scenes s where s.id = cancel_scene.scene and s.user_id = edge.uid();
  if kept.id is null then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  moved := edge.move_job(kept.job_id, 'cancelled');
  if moved ->> 'outcome' = 'moved' then
    return moved || jsonb_build_object('outcome', 'cancelled');
  end if;
  return jsonb_build_object('outcome', 'finished', 'scene', coalesce(moved -> 'scene', edge.scene_json(kept)));
end
$$;

-- RunPod accepted the job. Its callback may have been faster.
create function edge.job_submitted(job uuid, runpod_job_id text, response_time_ms integer default null) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select edge.move_job(job_submitted.job, 'queued', runpod_job_id => job_submitted.runpod_job_id,
    response_time_ms => job_submitted.response_time_ms)
$$;

-- RunPod refused the job for certain; after an unclear answer nothing is called and the job stays `submitting`.
create function edge.job_submission_failed(job uuid, error text, response_time_ms integer default null) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  state text;
begin
  -- A job that a callback has adopted meanwhile was submitted after all: it stays as it is.
  select j.state into state from public.jobs j where j.id = job_submission_failed.job for update;
  return edge.move_job(job_submission_failed.job, case when state = 'submitting' then 'failed' else 'submitting' end,
    error => job_submission_failed.error, response_time_ms => job_submission_failed.response_time_ms);
end
$$;

-- What RunPod said about a job, by callback or when asked.
create function edge.job_event(
  job uuid, runpod_job_id text, status text, output jsonb default null, error text default null,
  delay_ms bigint default null, execution_ms bigint default null, cost numeric default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  if coalesce(job_event.status, '') not in ('queued', 'running', 'succeeded', 'failed', 'cancelled') then
    raise exception using errcode = 'OR422', message = 'job_status_unknown';
  end if;
  return edge.move_job(job_event.job, job_event.status, runpod_job_id => job_event.runpod_job_id,
    output => job_event.output, error => job_event.error, delay_ms => job_event.delay_ms,
    execution_ms => job_event.execution_ms, cost => job_event.cost);
end
$$;

-- Jobs that RunPod has been silent about for a minute. Handing one out marks it, so overlapping runs share the work.
create function edge.jobs_to_reconcile(max integer default 20)
returns table (job_id uuid, runpod_job_id text, endpoint text, state text, submitted_at timestamptz)
language sql volatile security definer set search_path = ''
as $$
  with silent as (
    select j.id
    from public.jobs j
    where j.state in ('queued', 'running')
      and coalesce(j.checked_at, j.submitted_at) <= edge.now() - interval '1 minute'
    order by coalesce(j.checked_at, j.submitted_at), j.id
    limit least(jobs_to_reconcile.max, 100)
    for update skip locked
  )
  update public.jobs j
  set checked_at = edge.now()
  from silent
  where j.id = silent.id
  returning j.id, j.runpod_job_id, j.endpoint, j.state, j.submitted_at
$$;

-- Gives up on submissions whose answer never came; the person may retry.
create function edge.expire_submitting(max integer default 100) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  late uuid;
  expired integer := 0;
  messages jsonb := '[]';
begin
  for late in
    select j.id
    from public.jobs j
    where j.state = 'submitting' and j.expires_at <= edge.now()
    order by j.expires_at, j.id
    limit least(expire_submitting.max, 1000)
    for update skip locked
  loop
    messages := messages || (edge.move_job(late, 'failed', error => 'submission_unknown') -> 'outbox');
    expired := expired + 1;
  end loop;
  return jsonb_build_object('outcome', 'ok', 'expired', expired,
    'outbox', jsonb_path_query_array(messages, '$[*] ? (@ != null)'));
end
$$;

grant execute on function
  edge.submit_scene(text, text, text, text, text, text, text, text, integer),
  edge.retry_scene(uuid, text, integer), edge.cancel_scene(uuid), edge.scene_quota()
  to authenticated;
grant execute on function
  edge.job_submitted(uuid, text, integer), edge.job_submission_failed(uuid, text, integer)
  to authenticated, service;
grant execute on function
  edge.job_event(uuid, text, text, jsonb, text, bigint, bigint, numeric),
  edge.jobs_to_reconcile(integer), edge.expire_submitting(integer)
  to service;

reset role;
