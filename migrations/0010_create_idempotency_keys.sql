-- What makes it safe to send a write twice: the answer to a person's key is kept for a day and given again.
--
-- A write around an outside call is two transactions. The first takes the key, the second stores the answer; in between
-- a repetition is told that the work is in progress, and on what (`subject`).

create table public.idempotency_keys (
  user_id uuid not null references public.users (id) on delete cascade,
  operation text not null check (octet_length(operation) between 1 and 100),
  key text not null,
  request_hash text not null check (octet_length(request_hash) between 1 and 128),
  subject uuid,
  status integer check (status between 200 and 599),
  body jsonb check (octet_length(body::text) <= 262144),
  created_at timestamptz not null default edge.now(),
  expires_at timestamptz not null default edge.now() + interval '24 hours',
  primary key (user_id, operation, key),
  constraint idempotency_keys_key_length check (octet_length(key) between 1 and 255)
);

create index idempotency_keys_expires_idx on public.idempotency_keys (expires_at);

alter table public.idempotency_keys enable row level security;
revoke all on public.idempotency_keys from public, anon, authenticated;
grant select, insert, update, delete on public.idempotency_keys to edge_owner;
create policy idempotency_keys_edge_owner on public.idempotency_keys for all to edge_owner
  using (true) with check (true);

set role edge_owner;

create function edge.idempotency_begin(key text, request_hash text) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
#variable_conflict use_column
declare
  kept public.idempotency_keys;
begin
  insert into public.idempotency_keys as k (user_id, operation, key, request_hash)
  values (edge.uid(), edge.claim('operation'), idempotency_begin.key, idempotency_begin.request_hash)
  on conflict (user_id, operation, key) do update
  set request_hash = excluded.request_hash, subject = null, status = null, body = null,
    created_at = excluded.created_at, expires_at = excluded.expires_at
  where k.expires_at <= edge.now()
  returning k.* into kept;
  if kept.key is not null then
    return jsonb_build_object('outcome', 'new');
  end if;

  select k.* into kept
  from public.idempotency_keys k
  where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = idempotency_begin.key;
  if kept.request_hash <> idempotency_begin.request_hash then
    return jsonb_build_object('outcome', 'mismatch');
  elsif kept.status is null then
    return jsonb_build_object('outcome', 'in_progress', 'subject', kept.subject);
  end if;
  return jsonb_build_object('outcome', 'replayed', 'status', kept.status, 'body', kept.body);
end
$$;

-- Stores the answer to a key, once.
create function edge.idempotency_settle(key text, status integer, body jsonb) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  update public.idempotency_keys k
  set status = coalesce(k.status, idempotency_settle.status),
    body = case when k.status is null then idempotency_settle.body else k.body end
  where k.user_id = edge.uid() and k.operation = edge.claim('operation') and k.key = idempotency_settle.key;
  return jsonb_build_object('outcome', case when found then 'ok' else 'not_found' end);
end
$$;

grant execute on function edge.idempotency_begin(text, text), edge.idempotency_settle(text, integer, jsonb)
  to authenticated;

reset role;
