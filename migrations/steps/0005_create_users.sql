-- People: their account, what they may do, and the clock that their days follow.
--
-- `role` is what a person may do in administration; only `admin` is above another:
--   privacy   reads the audit log; finds, reads and erases accounts
--   qa        reads quality reports and metrics
--   admin     all of this; for anybody what the owner may; and some things that no owner may
--
-- `tier` is what an administrator granted. `edge.tier` tells the tier that holds, which a subscription can raise.
--
-- An erased account is closed at once (`deleted_at`), and its rows are deleted after a grace period, in which an
-- administrator can restore it. Every table of a person's data deletes with its row here.
--
-- A person's clock is a time zone and a day-end hour (0 to 6): with 4, what is done at three in the morning still
-- belongs to the evening before. Day D begins at D + hour on that clock's wall and lasts until D + 1 begins; where
-- daylight saving makes the hour ambiguous or skips it, PostgreSQL's reading of it counts, so that the boundary is one
-- moment.
--
-- Clocks change: people fly, and move their hour. Two things must never happen to them, a day that is taken away and a
-- day that comes twice. One rule gives both: a day in progress ends when it has ended by every clock that was in effect
-- during it. So a change never changes which date today is, only when it ends, and a date never goes back. After a
-- flight west the day is longer. After a flight east it ends as promised before, and the day after it is the short one.
--
-- `held_day` and `held_until` are that rule: until `held_until` today is `held_day`, whatever the clock says.

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
  -- When a closed account is deleted, as its person was told.
  erases_at timestamptz,
  -- When deleting the account last failed, after its grace period.
  erasure_failed_at timestamptz,
  day_end_hour smallint not null default 0,
  held_day date,
  held_until timestamptz,
  constraint users_email_length check (octet_length(email) between 3 and 254 and position('@' in email) > 1),
  constraint users_name_length check (char_length(name) between 1 and 100),
  constraint users_phone_length check (char_length(phone) between 3 and 32),
  constraint users_country_code check (country ~ '^[A-Z]{2}$'),
  -- pgcrypto would take a hash of another kind for DES, and compare eight characters of the password.
  constraint users_password_hash_bcrypt check (password_hash ~ '^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$'),
  constraint users_role_known check (role in ('user', 'manager', 'admin', 'privacy', 'qa')),
  constraint users_tier_known check (tier in ('FREE', 'PREMIUM')),
  constraint users_locale_known check (locale in ('fr', 'en')),
  constraint users_time_zone_known check (edge.is_time_zone(time_zone)),
  constraint users_login_count_positive check (login_count >= 0),
  constraint users_day_end_hour_range check (day_end_hour between 0 and 6),
  constraint users_held_together check ((held_day is null) = (held_until is null))
);

create unique index idx_users_email on public.users (lower(email));
create index users_created_idx on public.users (created_at desc, id desc);
create index users_deleted_idx on public.users (deleted_at) where deleted_at is not null;

alter table public.users enable row level security;
revoke all on public.users from public, anon, authenticated;
