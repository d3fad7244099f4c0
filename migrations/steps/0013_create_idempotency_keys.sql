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
