-- Gives a failed or cancelled creation of the person of this request another job, or a result that was made meanwhile.
--
-- What was to be made anew is made anew. `collection` is where the creation is said to stand: `scenes`, or `creations` for all
-- other kinds. `endpoints` holds RunPod's endpoints by kind; where it has none for the kind, the endpoint of the last job is
-- used. `ttl_s` is how many seconds the job may take from submission to result.
--
-- Outcomes: `created`, `joined`, `cached` {id, status, job, input, quota}, `input` being what the worker is to be given;
-- `quota_exceeded` {quota}. Raises `OR409 conflict` where the creation is neither failed nor cancelled, or what the worker was
-- given is not known any more, because whoever began its last job has left or its result is forgotten; and `OR404 not_found`,
-- also on the other collection.
--
-- The person's row is locked first, then the job, as `edge.move_job` explains, so that retrying and cancelling at once leave
-- no job running that nobody can cancel.
create or replace function edge.retry_creation(creation uuid, endpoints jsonb, collection text, ttl_s integer default 600) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept record;
  before public.jobs;
  chosen record;
begin
  perform from public.users u where u.id = edge.uid() for no key update;
  select o.* into kept from edge.creation_in(retry_creation.collection, retry_creation.creation) as o;
  if not found then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  select j.* into before from public.jobs j where j.id = kept.job_id for update;
  -- A presumed failure may have given way to RunPod's word before we had the lock.
  select o.* into kept from edge.creation_in(retry_creation.collection, retry_creation.creation) as o;
  if kept.status not in ('failed', 'cancelled') or before.input is null then
    raise exception using errcode = 'OR409', message = 'conflict';
  end if;
  select * into chosen from edge.find_job(before.kind, before.input,
    coalesce(retry_creation.endpoints ->> before.kind, before.endpoint), not before.is_joinable, before.attempt + 1,
    retry_creation.ttl_s);
  if chosen.how = 'quota_exceeded' then
    return jsonb_build_object('outcome', 'quota_exceeded', 'quota', chosen.quota);
  end if;
  -- It may end well after all. It is the new job that counts, unless what the old one makes is used (`edge.move_job`).
  if before.state = 'failed' and before.is_presumed then
    update public.jobs j set is_counted = false where j.id = before.id;
    update public.scenes s set former_jobs = s.former_jobs || before.id where s.id = retry_creation.creation;
    update public.creations c set former_jobs = c.former_jobs || before.id where c.id = retry_creation.creation;
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

grant execute on function edge.retry_creation(uuid, jsonb, text, integer) to authenticated;
