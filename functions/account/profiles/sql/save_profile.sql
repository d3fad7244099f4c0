-- Changes the given columns of a person's profile; where `may_create`, makes the profile or revives a removed one.
--
-- `changes` holds display_name, avatar_url, bio, is_public and preferences; an empty text takes one away, and preferences
-- are merged (`edge.json_merge`). `changed_at` is when the person made the change, on whichever device: the later change
-- wins, and one that is older than what is stored changes nothing. A moment in the future counts as now, so that a device
-- whose clock is ahead does not win for ever. `if_version` is the version that the caller has seen, null for any.
--
-- Outcomes: `created`, `ok`, `outdated` (a later change is stored), `stale` {profile}; `empty`; `not_found` {is_removed},
-- true to the owner of a removed profile. Raises `OR403 forbidden` for everybody but the owner and administrators, and a
-- violated check of `user_profiles` with its constraint.
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
  elsif not edge.is_version(profile.version, save_profile.if_version) then
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

grant execute on function edge.save_profile(uuid, jsonb, timestamptz, boolean, text) to authenticated;
