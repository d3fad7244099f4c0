-- Gives up a creation of the person of this request; its job is cancelled when nobody else waits for it.
--
-- `collection` is where the creation is said to stand: `scenes`, or `creations` for all other kinds. Said again, it makes
-- sure that the job is cancelled. Returns what RunPod must be told, for the outbox, which must wait where RunPod has not accepted
-- the job yet (`edge.move_job`). Raises `OR409 conflict` {state} where it has ended otherwise, and `OR404 not_found`, also on the
-- other collection.
--
-- The person's row is locked first, then the job, then the creations that wait for it, as `edge.move_job` explains. So the
-- job that is cancelled is the creation's present one, even where the same creation is being retried.
create or replace function edge.cancel_creation(creation uuid, collection text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept record;
  ledger public.jobs;
begin
  perform from public.users u where u.id = edge.uid() for no key update;
  select o.* into kept from edge.creation_in(cancel_creation.collection, cancel_creation.creation) as o;
  if not found then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
  select j.* into ledger from public.jobs j where j.id = kept.job_id for update;
  update public.scenes s set status = 'cancelled', error = null
  where s.id = cancel_creation.creation and s.status in ('queued', 'running');
  update public.creations c set status = 'cancelled', error = null
  where c.id = cancel_creation.creation and c.status in ('queued', 'running');
  -- Its job may have ended before we had the lock.
  select o.* into kept from edge.creation_in(cancel_creation.collection, cancel_creation.creation) as o;
  if kept.status <> 'cancelled' then
    raise exception using errcode = 'OR409', message = 'conflict', detail = jsonb_build_object('state', kept.status);
  elsif ledger.id is null or ledger.finished_at is not null
    or exists (select from public.scenes s where s.job_id = ledger.id and s.status in ('queued', 'running'))
    or exists (select from public.creations c where c.job_id = ledger.id and c.status in ('queued', 'running'))
  then
    return '[]';
  end if;
  return edge.move_job(ledger.id, 'cancelled') -> 'outbox';
end
$$;

grant execute on function edge.cancel_creation(uuid, text) to authenticated;
