-- A person's connection to a fitness provider: whose account there, what may be read, by which tokens, and how it stands.
--
-- A person has one connection per provider, and keeps its row (and so its number) when they leave and come back. An account at a
-- provider is connected to one person at a time.
--
-- Tokens are as good as the person's password there: they are stored sealed (shared/sealing), `key id:nonce:ciphertext`, in
-- the place `edge.token_place` of this table. The two of a row are always sealed together, so one key id stands for both.
-- `token_version` counts what was stored in their place: a writer names the version that it has read. `lease_until` says until when
-- somebody is asking the provider for new ones, by the clocks of those who do, not by the time of a request.
--
-- A new provider is a step with `alter type … add value`.

create type public.provider_type as enum ('strava', 'garmin', 'polar', 'coros', 'wahoo', 'fitbit', 'google_health');

create table public.provider_connections (
  id bigint generated always as identity primary key,
  user_id uuid not null references public.users (id) on delete cascade,
  provider public.provider_type not null,
  status text not null,
  -- The provider's number or word for the account; null until the provider has told it.
  provider_user_id text check (octet_length(provider_user_id) between 1 and 200),
  provider_username text check (char_length(provider_username) <= 200),
  provider_email text check (char_length(provider_email) <= 320),
  -- What the provider says of the account, as it says it.
  provider_profile jsonb check (jsonb_typeof(provider_profile) = 'object' and octet_length(provider_profile::text) <= 16384),
  -- What was granted, separated by commas.
  scopes text check (octet_length(scopes) <= 2000),
  access_token text,
  refresh_token text,
  key_id text generated always as (split_part(access_token, ':', 1)) stored,
  token_version integer not null default 0,
  token_expires_at timestamptz,
  refresh_expires_at timestamptz,
  -- When new tokens are next asked for; null where the provider gives none.
  refresh_at timestamptz,
  refreshed_at timestamptz,
  lease_until timestamptz,
  -- How often in a row the provider could not be asked.
  failures integer not null default 0 check (failures >= 0),
  -- Why it stands as it does, or what went wrong last; null where all is well.
  cause text check (cause ~ '^[a-z][a-z_]{0,39}$'),
  cause_at timestamptz,
  -- When the provider was last asked whether the connection still holds.
  probed_at timestamptz,
  last_sync_at timestamptz,
  last_sync_error text check (char_length(last_sync_error) <= 2000),
  connected_at timestamptz,
  disconnected_at timestamptz,
  -- When what was imported goes.
  erase_due_at timestamptz,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  constraint provider_connections_one_per_provider unique (user_id, provider),
  constraint provider_connections_status_known check (status in (
    'pending', 'active', 'needs_reauth', 'revoked_by_provider', 'paused_by_user', 'disconnect_pending', 'disconnected')),
  constraint provider_connections_access_sealed check (
    octet_length(access_token) <= 16384 and access_token ~ '^[^:]{1,64}:[A-Za-z0-9_-]{32}:[A-Za-z0-9_-]{22,}$'),
  constraint provider_connections_refresh_sealed check (
    octet_length(refresh_token) <= 16384 and refresh_token ~ '^[^:]{1,64}:[A-Za-z0-9_-]{32}:[A-Za-z0-9_-]{22,}$'),
  constraint provider_connections_one_key check (split_part(refresh_token, ':', 1) = split_part(access_token, ':', 1)),
  constraint provider_connections_usable check (
    status not in ('active', 'paused_by_user') or (access_token is not null and provider_user_id is not null)),
  constraint provider_connections_gone check (
    status not in ('disconnect_pending', 'disconnected', 'revoked_by_provider') or access_token is null)
);

create unique index provider_connections_account_key on public.provider_connections (provider, provider_user_id)
  where status <> 'disconnected';
create index provider_connections_refresh_idx on public.provider_connections (refresh_at)
  where status in ('active', 'paused_by_user');
create index provider_connections_probe_idx on public.provider_connections (provider, probed_at)
  where status in ('active', 'paused_by_user');
create index provider_connections_erase_idx on public.provider_connections (erase_due_at) where erase_due_at is not null;
create index provider_connections_key_idx on public.provider_connections (key_id, id);

alter table public.provider_connections enable row level security;
revoke all on public.provider_connections from public, anon, authenticated;
revoke all on sequence public.provider_connections_id_seq from public, anon, authenticated;
