-- One message of the outbox with every attempt to deliver it, for administrators; null where there is none.
--
-- Its fields: id, kind, subject, state, attempts, last_error, created_at, delivered_at, dead_at, payload, and `deliveries`
-- [{attempt, outcome, http_status, error, duration_ms, created_at}]. Address and link of a letter are not among them
-- (`edge.mail`). Reading a message is written to the audit log. Raises `OR403 forbidden`.
create or replace function edge.outbox_read(id bigint) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  kept public.outbox;
begin
  perform edge.require_role(array['admin']);
  select o.* into kept from public.outbox o where o.id = outbox_read.id;
  if kept.id is null then
    return null;
  end if;
  perform edge.audit('outbox.read', jsonb_build_object('outbox', kept.id, 'user_id', kept.user_id));
  return jsonb_build_object('id', kept.id, 'kind', kept.kind, 'subject', kept.subject, 'state', edge.outbox_state(kept),
    'attempts', kept.attempts, 'last_error', kept.last_error, 'created_at', kept.created_at,
    'delivered_at', kept.delivered_at, 'dead_at', kept.dead_at, 'payload', kept.payload,
    'deliveries', coalesce((
      select jsonb_agg(jsonb_build_object('attempt', d.attempt, 'outcome', d.outcome, 'http_status', d.http_status,
        'error', d.error, 'duration_ms', d.duration_ms, 'created_at', d.created_at) order by d.id)
      from public.outbox_deliveries d
      where d.outbox_id = kept.id), '[]'));
end
$$;

grant execute on function edge.outbox_read(bigint) to authenticated;
