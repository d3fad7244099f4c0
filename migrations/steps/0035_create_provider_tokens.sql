-- The tokens by which we call other services for a person. They are as good as that person's password there, so they
-- are stored sealed (shared/sealing): `key id:nonce:ciphertext`, opened by functions that have SEALING_KEYS, and only
-- in the row and column they were sealed for.
--
-- The two tokens of a row are always sealed together, so one key id stands for both.

create table public.provider_tokens (
  user_id uuid not null references public.users (id) on delete cascade,
  provider text not null,
  access_token text not null,
  refresh_token text,
  expires_at timestamptz,
  key_id text not null generated always as (split_part(access_token, ':', 1)) stored,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  primary key (user_id, provider),
  constraint provider_tokens_provider_word check (provider ~ '^[a-z][a-z0-9_]{0,31}$'),
  constraint provider_tokens_access_sealed check (
    octet_length(access_token) <= 16384 and access_token ~ '^[^:]{1,64}:[A-Za-z0-9_-]{32}:[A-Za-z0-9_-]{22,}$'),
  constraint provider_tokens_refresh_sealed check (
    octet_length(refresh_token) <= 16384 and refresh_token ~ '^[^:]{1,64}:[A-Za-z0-9_-]{32}:[A-Za-z0-9_-]{22,}$'),
  constraint provider_tokens_one_key check (split_part(refresh_token, ':', 1) = split_part(access_token, ':', 1))
);

create index provider_tokens_key_idx on public.provider_tokens (key_id, user_id, provider);

alter table public.provider_tokens enable row level security;
revoke all on public.provider_tokens from public, anon, authenticated;
