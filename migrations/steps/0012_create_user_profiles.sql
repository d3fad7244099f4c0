-- What a person shows of themselves, if they want to, and their preferences, which only they see.
--
-- One row per person. A removed profile stays as a tombstone without content, so that the person's other devices learn
-- of it, and saving it anew revives it. `updated_at` is when the person made the change, on whichever device: the later
-- change wins, and one that is older than what is stored changes nothing. `version` is the ETag.

create table public.user_profiles (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references public.users (id) on delete cascade,
  display_name text,
  avatar_url text,
  bio text,
  preferences jsonb not null default '{}',
  is_public boolean not null default false,
  version integer not null default 1,
  created_at timestamptz not null default edge.now(),
  updated_at timestamptz not null default edge.now(),
  deleted_at timestamptz,
  constraint user_profiles_user_key unique (user_id),
  constraint user_profiles_display_name_length check (char_length(display_name) between 1 and 100),
  constraint user_profiles_avatar_url_https check (
    avatar_url ~ '^https://[A-Za-z0-9.-]+(:[0-9]+)?/[!-~]*$' and octet_length(avatar_url) <= 500),
  constraint user_profiles_bio_length check (char_length(bio) between 1 and 2000),
  constraint user_profiles_preferences_size check (
    jsonb_typeof(preferences) = 'object' and octet_length(preferences::text) <= 16384)
);

create index user_profiles_public_idx on public.user_profiles (created_at desc, id desc)
  where is_public and deleted_at is null;

alter table public.user_profiles enable row level security;
revoke all on public.user_profiles from public, anon, authenticated;
