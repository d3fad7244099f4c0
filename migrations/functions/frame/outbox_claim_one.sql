-- Claims one message of the outbox for one minute; no row where it is not due or has come to an end.
--
-- The row is that of `edge.outbox_claim`, which explains the outbox.
create or replace function edge.outbox_claim_one(id bigint, worker text default null)
returns table (id bigint, kind text, payload jsonb, attempt integer)
language sql volatile security definer set search_path = ''
as $$
  update public.outbox o
  set attempts = o.attempts + 1, next_attempt_at = edge.now() + interval '1 minute', claimed_by = outbox_claim_one.worker
  where o.id = outbox_claim_one.id and o.attempts < 8 and o.next_attempt_at <= edge.now()
    and o.delivered_at is null and o.dead_at is null
  returning o.id, o.kind, o.payload || coalesce(o.sealed, '{}'), o.attempts
$$;

grant execute on function edge.outbox_claim_one(bigint, text) to service;
