-- Asks for a creation: takes idempotency key and quota, and writes the creation and its job, before RunPod is called.
--
-- `kind` is `scene`, `pose` or `audio`. `input` is what the person said, `given` what the worker is given: one job serves
-- all who ask for the same `given` (`edge.find_job`). `endpoint` is RunPod's; `place` is the URL below which the creation
-- can be read; `refresh` asks for a job of its own; `ttl_s` is how many seconds the job may take from submission to result.
-- `idempotency_key`, null for none, and `request_hash` are those of `edge.idempotency_begin`.
--
-- Outcomes: `created`, `joined`, `cached` {id, status, job, quota}; `not_allowed` {fields}, whose words are not in the
-- vocabulary (`edge.words_unknown`); `quota_exceeded` {quota}; `replayed` {status, body}; `in_progress` {id, status, error};
-- `mismatch`. `status` is `queued`, `running`, `succeeded`, `failed` or `cancelled`. Only after `created` is RunPod to be
-- called. A creation keeps the licence under which its result may be used, as the setting says at this moment
-- (`audio_licence`). The answer to a key is stored here where nothing is to be called, else by the caller; a refusal gives
-- the key back.
--
-- One person's submissions wait for each other, so that two cannot both take the last one of the day.
create or replace function edge.submit_creation(
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

  unknown := edge.words_unknown(submit_creation.input);
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
      json_build_object('id', made.id, 'status', made.status, 'status_url', submit_creation.place || made.id));
  end if;
  return jsonb_build_object('outcome', chosen.how, 'id', made.id, 'status', made.status,
    'job', edge.job_json(chosen.job), 'quota', chosen.quota);
end
$$;

grant execute on function edge.submit_creation(text, jsonb, jsonb, text, text, boolean, text, text, integer) to authenticated;
