-- What a person shows of themselves, if they want to, and their preferences, which only they see.
--
-- One row per person. A removed profile stays as a tombstone without content, so that other devices learn of it, and
-- saving it anew revives it. `updated_at` is when the person made the change, on whichever device: the later change
-- wins, and one that is older than what is stored changes nothing. `version` is the ETag.
--
-- Row level security shows a row to its owner only. The directory of public profiles is a function, because it shows
-- some columns and not others.

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
grant select on public.user_profiles to authenticated, service;
grant select, insert, update, delete on public.user_profiles to edge_owner;
create policy user_profiles_owner on public.user_profiles for select to authenticated
  using ((select edge.uid()) = user_id);
create policy user_profiles_service on public.user_profiles for all to service, edge_owner using (true) with check (true);

-- The name that the wellness modules use.
create view public.profiles with (security_invoker = true) as
  select id, user_id, display_name, avatar_url, bio, preferences, is_public, created_at, updated_at
  from public.user_profiles
  where deleted_at is null;
revoke all on public.profiles from public, anon, authenticated;
grant select on public.profiles to authenticated, service;

set role edge_owner;

-- RFC 7396: null removes a key, objects are merged, anything else replaces.
create function edge.json_merge(target jsonb, patch jsonb) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  merged jsonb := case when jsonb_typeof(target) = 'object' then target else '{}' end;
  member record;
begin
  if jsonb_typeof(patch) is distinct from 'object' then
    return coalesce(patch, target);
  end if;
  for member in select * from jsonb_each(patch) loop
    merged := case when member.value = 'null' then merged - member.key
      else merged || jsonb_build_object(member.key, edge.json_merge(merged -> member.key, member.value)) end;
  end loop;
  return merged;
end
$$;

-- A profile as its owner sees it.
create function edge.profile_json(profile public.user_profiles) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', profile.id, 'user_id', profile.user_id, 'display_name', profile.display_name,
    'avatar_url', profile.avatar_url, 'bio', profile.bio, 'preferences', profile.preferences,
    'is_public', profile.is_public, 'created_at', profile.created_at, 'updated_at', profile.updated_at,
    'deleted_at', profile.deleted_at, 'version', profile.version)
$$;

-- A person's profile: whole for its owner, without preferences for others where it is public, whole for an
-- administrator, who leaves a row in the log. Null where there is none to see.
create function edge.read_profile(person uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  profile public.user_profiles;
begin
  select p.* into profile
  from public.user_profiles p join public.users u on u.id = p.user_id
  where p.user_id = read_profile.person and p.deleted_at is null and u.deleted_at is null
    and (p.user_id = edge.uid() or p.is_public or edge.is_admin());
  if profile.id is null then
    return null;
  elsif profile.user_id <> edge.uid() and not edge.is_admin() then
    return edge.profile_json(profile) - 'preferences';
  end if;
  perform edge.act_for(read_profile.person, 'profiles.read');
  return edge.profile_json(profile);
end
$$;

-- Public profiles whose display name contains `search`, newest first, after one of them.
create function edge.list_profiles(search text, after_created_at timestamptz, after_id uuid, max integer)
returns setof jsonb
language sql stable security definer set search_path = ''
as $$
  select edge.profile_json(p) - 'preferences'
  from public.user_profiles p join public.users u on u.id = p.user_id
  where p.is_public and p.deleted_at is null and u.deleted_at is null and u.is_active and not u.is_banned
    and (list_profiles.search is null or position(lower(list_profiles.search) in lower(p.display_name)) > 0)
    and (list_profiles.after_id is null
      or (p.created_at, p.id) < (list_profiles.after_created_at, list_profiles.after_id))
  order by p.created_at desc, p.id desc
  limit list_profiles.max
$$;

-- Changes the given columns of a profile; where `may_create`, makes or revives it. An empty text takes one away;
-- `preferences` are merged. Outcomes: `created`, `ok` {profile}, `outdated` {profile} (a later change is stored),
-- `empty`, `not_found`, `stale`. Raises `OR403 forbidden`.
create function edge.save_profile(
  person uuid, changes jsonb, changed_at timestamptz, may_create boolean, if_version text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  -- A device whose clock is ahead must not win for ever.
  moment constant timestamptz := least(coalesce(save_profile.changed_at, edge.now()), edge.now());
  profile public.user_profiles;
  is_new boolean;
begin
  perform edge.act_for(save_profile.person, 'profiles.changed',
    jsonb_build_object('fields', (select jsonb_agg(key) from jsonb_object_keys(changes) as key)));
  if changes = '{}' and not may_create then
    return jsonb_build_object('outcome', 'empty');
  elsif may_create then
    insert into public.user_profiles (user_id, created_at, updated_at, deleted_at)
    select u.id, edge.now(), '-infinity', edge.now() from public.users u where u.id = save_profile.person
    on conflict (user_id) do nothing;
  end if;
  select p.* into profile from public.user_profiles p where p.user_id = save_profile.person for update;
  is_new := profile.deleted_at is not null;
  if profile.id is null or (is_new and not may_create) then
    return jsonb_build_object('outcome', 'not_found');
  elsif profile.version::text <> save_profile.if_version then
    return jsonb_build_object('outcome', 'stale', 'profile', edge.profile_json(profile));
  elsif profile.updated_at > moment then
    return jsonb_build_object('outcome', 'outdated', 'profile', edge.profile_json(profile));
  end if;

  update public.user_profiles p
  set display_name = case when changes ? 'display_name' then nullif(changes ->> 'display_name', '') else p.display_name end,
    avatar_url = case when changes ? 'avatar_url' then nullif(changes ->> 'avatar_url', '') else p.avatar_url end,
    bio = case when changes ? 'bio' then nullif(changes ->> 'bio', '') else p.bio end,
    preferences = edge.json_merge(p.preferences, changes -> 'preferences'),
    is_public = coalesce((changes ->> 'is_public')::boolean, p.is_public),
    updated_at = moment,
    deleted_at = null,
    version = p.version + (p.updated_at <> '-infinity')::int
  where p.id = profile.id
  returning p.* into profile;
  return jsonb_build_object('outcome', case when is_new then 'created' else 'ok' end, 'profile', edge.profile_json(profile));
end
$$;

-- Leaves a tombstone. Outcomes: `ok`; `not_found`. Raises `OR403 forbidden`.
create function edge.remove_profile(person uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform edge.act_for(remove_profile.person, 'profiles.removed');
  update public.user_profiles p
  set display_name = null, avatar_url = null, bio = null, preferences = '{}', is_public = false,
    updated_at = edge.now(), deleted_at = edge.now(), version = p.version + 1
  where p.user_id = remove_profile.person and p.deleted_at is null;
  return jsonb_build_object('outcome', case when found then 'ok' else 'not_found' end);
end
$$;

grant execute on function
  edge.read_profile(uuid),
  edge.list_profiles(text, timestamptz, uuid, integer),
  edge.save_profile(uuid, jsonb, timestamptz, boolean, text),
  edge.remove_profile(uuid)
  to authenticated;

reset role;
