-- Cancelling and retrying at once left a job running that nobody could cancel: the one read the creation's job, the other
-- gave it another, and what was cancelled was the job of before. There is one order of locks now, for asking, retrying and
-- cancelling alike: the person, whose creations nobody else gives another job; then the job; then the creations that wait
-- for it, as `edge.move_job` takes them. So a creation's job that is read below the person's lock is the present one.
--
-- Both take the shelf that the creation is said to stand on: `scenes`, or `creations` for all others. The signatures of
-- before stay for the release of before.

set role edge_owner;

create function edge.creation_on(shelf text, creation uuid) returns table (status text, job_id uuid)
language sql stable security definer set search_path = ''
as $$
  select s.status, s.job_id from public.scenes s
  where creation_on.shelf = 'scenes' and s.id = creation_on.creation and s.user_id = edge.uid()
  union all
  select c.status, c.job_id from public.creations c
  where creation_on.shelf = 'creations' and c.id = creation_on.creation and c.user_id = edge.uid()
$$;

-- Gives a failed or cancelled creation another job, or the result that somebody else's has made meanwhile; what was to be
-- made anew is made anew. `endpoints` is by kind; where it has none, the one of before is used.
create function edge.retry_creation(creation uuid, endpoints jsonb, shelf text, ttl_s integer default 600) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept record;
  before public.jobs;
  chosen record;
begin
  perform from public.users u where u.id = edge.uid() for no key update;
  select o.* into kept from edge.creation_on(retry_creation.shelf, retry_creation.creation) as o;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select j.* into before from public.jobs j where j.id = kept.job_id for update;
  -- A presumed failure may have given way to RunPod's word before we had the lock.
  select o.* into kept from edge.creation_on(retry_creation.shelf, retry_creation.creation) as o;
  if kept.status not in ('failed', 'cancelled') or before.input is null then
    return jsonb_build_object('outcome', 'conflict', 'status', kept.status);
  end if;
  select * into chosen from edge.find_job(before.kind, before.input,
    coalesce(retry_creation.endpoints ->> before.kind, before.endpoint), not before.is_joinable, before.attempt + 1,
    retry_creation.ttl_s);
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

-- Gives a creation up. Its job is cancelled when nobody else waits for it; said again, it makes sure of that.
create function edge.cancel_creation(creation uuid, shelf text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept record;
  ledger public.jobs;
begin
  perform from public.users u where u.id = edge.uid() for no key update;
  select o.* into kept from edge.creation_on(cancel_creation.shelf, cancel_creation.creation) as o;
  if not found then
    return jsonb_build_object('outcome', 'not_found');
  end if;
  select j.* into ledger from public.jobs j where j.id = kept.job_id for update;
  update public.scenes s set status = 'cancelled', error = null
  where s.id = cancel_creation.creation and s.status in ('queued', 'running');
  update public.creations c set status = 'cancelled', error = null
  where c.id = cancel_creation.creation and c.status in ('queued', 'running');
  -- Its job may have ended before we had the lock.
  select o.* into kept from edge.creation_on(cancel_creation.shelf, cancel_creation.creation) as o;
  if kept.status <> 'cancelled' then
    return jsonb_build_object('outcome', 'finished', 'outbox', jsonb '[]');
  elsif ledger.id is null or ledger.finished_at is not null
    or exists (select from public.scenes s where s.job_id = ledger.id and s.status in ('queued', 'running'))
    or exists (select from public.creations c where c.job_id = ledger.id and c.status in ('queued', 'running'))
  then
    return jsonb_build_object('outcome', 'cancelled', 'outbox', jsonb '[]');
  end if;
  return jsonb_build_object('outcome', 'cancelled')
    || (edge.move_job(ledger.id, 'cancelled') - array['outcome', 'job']);
end
$$;

create or replace function edge.retry_creation(creation uuid, endpoints jsonb, ttl_s integer default 600) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select edge.retry_creation(retry_creation.creation, retry_creation.endpoints, case when exists (
    select from public.scenes s where s.id = retry_creation.creation) then 'scenes' else 'creations' end, retry_creation.ttl_s)
$$;

create or replace function edge.cancel_creation(creation uuid) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  select edge.cancel_creation(cancel_creation.creation, case when exists (
    select from public.scenes s where s.id = cancel_creation.creation) then 'scenes' else 'creations' end)
$$;

grant execute on function edge.retry_creation(uuid, jsonb, text, integer), edge.cancel_creation(uuid, text) to authenticated;

reset role;
