-- What people are told of their own: that they have removed their profile, and what the log says they did.
--
-- A removed profile is shown to its owner, empty and with `deleted_at`, so that their other devices learn of it; to everybody
-- else it is as missing as one that never was. The outcome keeps its word, which the release before this one knows.
--
-- Of the log a person sees what they did and when, not with whom it was and from where a request came that named them: both can
-- be somebody else's.

grant select (id, user_id, action, "timestamp") on public.audit_logs to authenticated;
create policy audit_logs_owner on public.audit_logs for select to authenticated
  using ((select edge.uid()) = user_id);

set role edge_owner;

-- A person's profile: whole for its owner, and empty once removed; without preferences for others where it is public, whole
-- for an administrator, who leaves a row in the log. Null where there is none to see.
create or replace function edge.read_profile(person uuid) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  profile public.user_profiles;
begin
  select p.* into profile
  from public.user_profiles p join public.users u on u.id = p.user_id
  where p.user_id = read_profile.person and u.deleted_at is null
    and (p.user_id = edge.uid() or (p.deleted_at is null and (p.is_public or edge.is_admin())));
  if profile.id is null then
    return null;
  elsif profile.user_id <> edge.uid() and not edge.is_admin() then
    return edge.profile_json(profile) - 'preferences';
  end if;
  perform edge.act_for(read_profile.person, 'profiles.read');
  return edge.profile_json(profile);
end
$$;

-- Changes the given columns of a profile; where `may_create`, makes or revives it. An empty text takes one away;
-- `preferences` are merged. Outcomes: `created`, `ok` {profile}, `outdated` {profile} (a later change is stored),
-- `empty`, `not_found` {is_removed} (the owner's, by the owner), `stale`. Raises `OR403 forbidden`.
create or replace function edge.save_profile(
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
    return jsonb_build_object('outcome', 'not_found', 'is_removed', is_new and profile.user_id = edge.uid());
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

reset role;
