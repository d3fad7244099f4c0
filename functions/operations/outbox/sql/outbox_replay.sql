-- Gives a message of the outbox that was given up its attempts back, for administrators.
--
-- It is sent at the next run of `operations-reconcile-jobs`. Raises `OR404 not_found`; `OR409 conflict`, where it was not given
-- up; and `OR403 forbidden`.
create or replace function edge.outbox_replay(id bigint) returns void
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept public.outbox;
begin
  perform edge.require_role(array['admin']);
  select o.* into kept from public.outbox o where o.id = outbox_replay.id for update;
  if kept.id is null then
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif kept.dead_at is null then
    raise exception using errcode = 'OR409', message = 'conflict';
  end if;
  update public.outbox o
  set dead_at = null, attempts = 0, next_attempt_at = edge.now(), claimed_by = null
  where o.id = kept.id;
  perform edge.audit('outbox.replayed', jsonb_build_object('outbox', kept.id));
end
$$;

grant execute on function edge.outbox_replay(bigint) to authenticated;
