-- Ways to a provider's consent page that a person has begun: what comes back there is theirs, once, within a quarter of an hour.
--
-- `state_hash` is the digest of the word that travels through the browser. `secret` is what proves at the end that we began
-- (the verifier of PKCE, or the secret of an OAuth 1 request token), `granted` what was given for the code before it is known
-- whose account it is; both sealed, in the place `state_hash`. A row outlives its use by a day, so that who comes back late or
-- twice still finds the way home (`return_url`).

create table public.provider_authorizations (
  state_hash text primary key check (octet_length(state_hash) = 64),
  user_id uuid not null references public.users (id) on delete cascade,
  provider public.provider_type not null,
  return_url text not null check (octet_length(return_url) <= 2000),
  secret text check (octet_length(secret) <= 4096 and secret ~ '^[^:]{1,64}:[A-Za-z0-9_-]{32}:[A-Za-z0-9_-]{22,}$'),
  -- The person has said that another account may take the place of the one they have.
  replaces boolean not null default false,
  expires_at timestamptz not null,
  taken_at timestamptz,
  granted text check (octet_length(granted) <= 65536 and granted ~ '^[^:]{1,64}:[A-Za-z0-9_-]{32}:[A-Za-z0-9_-]{22,}$'),
  -- When the provider is next asked for what is missing, and how often it was.
  resume_at timestamptz,
  attempts integer not null default 0,
  ended_at timestamptz,
  created_at timestamptz not null default edge.now()
);

create index provider_authorizations_user_idx on public.provider_authorizations (user_id);
create index provider_authorizations_resume_idx on public.provider_authorizations (resume_at)
  where granted is not null and ended_at is null;
create index provider_authorizations_expires_idx on public.provider_authorizations (expires_at);

alter table public.provider_authorizations enable row level security;
revoke all on public.provider_authorizations from public, anon, authenticated;
