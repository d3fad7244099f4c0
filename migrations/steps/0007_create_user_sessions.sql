-- Sessions: one session is one sign-in on one device, and the family of its refresh tokens.
--
-- `refresh_hash` is the token that is good now; every token it replaced stays in `user_session_tokens`, so that using
-- any of them again is recognised. Only hashes are stored.
--
-- A session slides: every refresh moves its end to 30 days from then, but never beyond 180 days from the sign-in.

create table public.user_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  refresh_hash text not null check (octet_length(refresh_hash) between 32 and 128),
  device text check (char_length(device) <= 200),
  ip text check (octet_length(ip) <= 64),
  created_at timestamptz not null default edge.now(),
  refreshed_at timestamptz not null default edge.now(),
  expires_at timestamptz not null,
  revoked_at timestamptz,
  revoked_because text check (revoked_because in ('logout', 'reuse', 'password', 'administration', 'erasure')),
  constraint user_sessions_refresh_hash_key unique (refresh_hash),
  constraint user_sessions_revoked_because_given check ((revoked_at is null) = (revoked_because is null))
);

create index user_sessions_user_idx on public.user_sessions (user_id, created_at desc, id desc);
create index user_sessions_expires_idx on public.user_sessions (expires_at);

alter table public.user_sessions enable row level security;
revoke all on public.user_sessions from public, anon, authenticated;
