-- People, their sessions, and what is kept to recognise an attack on either.
--
-- A person may read their own row except the password hash, which only `edge_owner` reads, and may change a few columns
-- of it; e-mail, role, tier, ban and counters change through functions or by `service`.
--
-- One session is one sign-in on one device, and the family of its refresh tokens. `refresh_hash` is the token that is
-- good now; every token it replaced stays in `user_session_tokens`, so that using any of them again is recognised.
-- Only hashes are stored.

create table public.users (
  id uuid primary key default gen_random_uuid(),
  email text not null,
  name text,
  phone text,
  country text,
  password_hash text not null,
  -- The hash was made elsewhere, of the password itself: it is verified once, then replaced by one of ours.
  password_is_legacy boolean not null default false,
  role text not null default 'user',
  tier text not null default 'FREE',
  locale text not null default 'fr',
  time_zone text not null default 'Europe/Paris',
  is_active boolean not null default true,
  is_banned boolean not null default false,
  login_count integer not null default 0,
  last_login_at timestamptz,
  email_verified_at timestamptz,
  registration_date timestamptz not null default edge.now(),
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  deleted_at timestamptz,
  constraint users_email_length check (octet_length(email) between 3 and 254 and position('@' in email) > 1),
  constraint users_name_length check (char_length(name) between 1 and 100),
  constraint users_phone_length check (char_length(phone) between 3 and 32),
  constraint users_country_code check (country ~ '^[A-Z]{2}$'),
  -- pgcrypto would take a hash of another kind for DES, and compare eight characters of the password.
  constraint users_password_hash_bcrypt check (password_hash ~ '^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$'),
  constraint users_role_known check (role in ('user', 'manager', 'admin')),
  constraint users_tier_known check (tier in ('FREE', 'PREMIUM')),
  constraint users_locale_known check (locale in ('fr', 'en')),
  constraint users_time_zone_known check (edge.is_time_zone(time_zone)),
  constraint users_login_count_positive check (login_count >= 0)
);

create unique index idx_users_email on public.users (lower(email));
create index users_created_idx on public.users (created_at desc, id desc);

-- A sign-in is no change that a client's If-Match should trip over.
create trigger users_touch before update on public.users
  for each row when (old.login_count = new.login_count) execute function edge.touch();

alter table public.users enable row level security;
revoke all on public.users from public, anon, authenticated;
grant select (
  id, email, name, phone, country, role, tier, locale, time_zone, is_active, is_banned, login_count, last_login_at,
  email_verified_at, registration_date, version, created_at, updated_at, deleted_at
) on public.users to authenticated, service;
grant update (name, phone, country, locale, time_zone) on public.users to authenticated;
grant update (
  email, name, phone, country, role, tier, locale, time_zone, is_active, is_banned, email_verified_at, deleted_at
) on public.users to service;
grant delete on public.users to service;
grant select, insert, update, delete on public.users to edge_owner;
create policy users_owner on public.users for all to authenticated
  using ((select edge.uid()) = id) with check ((select edge.uid()) = id);
create policy users_service on public.users for all to service, edge_owner using (true) with check (true);

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
grant select (id, user_id, device, ip, created_at, refreshed_at, expires_at, revoked_at, revoked_because)
  on public.user_sessions to authenticated, service;
grant update (revoked_at, revoked_because) on public.user_sessions to service;
grant select, insert, update, delete on public.user_sessions to edge_owner;
create policy user_sessions_owner on public.user_sessions for select to authenticated
  using ((select edge.uid()) = user_id);
create policy user_sessions_service on public.user_sessions for all to service, edge_owner
  using (true) with check (true);

create table public.user_session_tokens (
  hash text primary key check (octet_length(hash) between 32 and 128),
  session_id uuid not null references public.user_sessions (id) on delete cascade,
  replaced_at timestamptz not null default edge.now()
);

create index user_session_tokens_session_idx on public.user_session_tokens (session_id);
create index user_session_tokens_replaced_idx on public.user_session_tokens (replaced_at);

alter table public.user_session_tokens enable row level security;
revoke all on public.user_session_tokens from public, anon, authenticated;
grant select, insert, update, delete on public.user_session_tokens to edge_owner;
create policy user_session_tokens_edge_owner on public.user_session_tokens for all to edge_owner
  using (true) with check (true);

-- Failed sign-ins per address and e-mail together: an attacker locks out themselves, not the person they attack. The
-- e-mail is hashed, because people type it for accounts that do not exist.
create table public.login_failures (
  email_hash text not null,
  ip text not null check (octet_length(ip) <= 64),
  failures integer not null,
  failed_at timestamptz not null default edge.now(),
  locked_until timestamptz,
  primary key (email_hash, ip)
);

create index login_failures_failed_idx on public.login_failures (failed_at);

alter table public.login_failures enable row level security;
revoke all on public.login_failures from public, anon, authenticated;
grant select, insert, update, delete on public.login_failures to edge_owner;
create policy login_failures_edge_owner on public.login_failures for all to edge_owner using (true) with check (true);

set role edge_owner;

-- Today's date where that person lives; what the caller may not see counts as UTC.
create function edge.today(person uuid) returns date
language sql stable parallel safe
return (edge.now() at time zone coalesce((select u.time_zone from public.users u where u.id = person), 'UTC'))::date;

grant execute on function edge.today(uuid) to authenticated, service;

reset role;
