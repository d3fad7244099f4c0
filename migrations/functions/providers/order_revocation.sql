-- Writes the order to revoke a connection's grant at its provider into the outbox; null where there is nothing to revoke.
--
-- The tokens go with the order, sealed as they are in the place that `row` is, and are forgotten once it has come to an end. The
-- order names nobody, and outlives the connection and its person. The answer is the row of the outbox, claimed by this request for a
-- minute.
create or replace function edge.order_revocation(c public.provider_connections) returns jsonb
language sql volatile security definer set search_path = ''
as $$
  insert into public.outbox (kind, subject, payload, sealed, attempts, next_attempt_at, claimed_by)
  select 'provider_revoke', format('%s:%s', c.id, c.token_version),
    jsonb_build_object('provider', c.provider, 'connection', c.id),
    edge.tokens_of(c) - array['connection', 'provider', 'status', 'cause', 'version'], 1, edge.now() + interval '1 minute',
    edge.claim('request_id')
  where c.access_token is not null
  on conflict do nothing
  returning jsonb_build_object('id', id, 'kind', kind, 'payload', payload || sealed)
$$;
