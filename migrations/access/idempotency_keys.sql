-- Only functions of `edge_owner` see and write keys and their answers.

grant select, insert, update, delete on public.idempotency_keys to edge_owner;

create policy idempotency_keys_edge_owner on public.idempotency_keys for all to edge_owner
  using (true) with check (true);

comment on column public.idempotency_keys.expires_at is 'retention: 0 days';

-- example:
-- insert into public.idempotency_keys (user_id, operation, key, request_hash)
-- values ($1, 'grimoire-generate-scene', 'first', repeat('0', 64))
