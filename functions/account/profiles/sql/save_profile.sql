-- Changes the given columns of a person's profile; where `may_create`, makes the profile or revives a removed one.
--
-- `changes` holds display_name, avatar_url, bio, is_public and preferences; an empty text takes one away, and preferences
-- are merged (`edge.json_merge`). `changed_at` is when the person made the change, on whichever device: the later change
-- wins, and one that is older than what is stored changes nothing. A moment in the future counts as now, so that a device
-- whose clock is ahead does not win for ever. `if_version` is the version that the caller has seen, null for any.
--
-- Returns {profile, is_new}, with what is stored. Raises `OR422 nothing_to_change`; `OR404 not_found`, and to the owner of a
-- removed profile `OR410 profile_removed`; `OR412 precondition_failed`; `OR403 forbidden` for everybody but the owner and
-- administrators; and a violated check of `user_profiles` with its constraint.
create or replace function edge.save_profile(
  person uuid, changes jsonb, changed_at timestamptz, may_create boolean, if_version text default null
) returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  -- A device whose clock is ahead must not win for ever.
  moment constant timestamptz := least(coalesce(save_profile.changed_at, edge.now()), edge.now());
  fields constant jsonb := (select jsonb_agg(key) from jsonb_object_keys(changes) as key);
  profile public.user_profiles;
  is_new boolean;
begin
  perform edge.act_for(save_profile.person, 'profiles.changed',
    jsonb_build_object('fields', fields));
  if fields is null and not may_create then
    raise exception using errcode = 'OR422', message = 'nothing_to_change', detail = '{"field": ""}';
  elsif may_create then
    insert into public.user_profiles (user_id, created_at, updated_at, deleted_at)
    select u.id, edge.now(), '-infinity', edge.now() from public.users u where u.id = save_profile.person
    on conflict (user_id) do nothing;
  end if;
  select p.* into profile from public.user_profiles p where p.user_id = save_profile.person for update;
  is_new := profile.deleted_at is not null;
  if profile.id is null or (is_new and not may_create) then
    if is_new and profile.user_id = edge.uid() then
      raise exception using errcode = 'OR410', message = 'profile_removed';
    end if;
    raise exception using errcode = 'OR404', message = 'not_found';
  elsif not edge.is_version(profile.version, save_profile.if_version) then
    raise exception using errcode = 'OR412', message = 'precondition_failed';
  elsif profile.updated_at > moment then
    return jsonb_build_object('profile', edge.profile_json(profile), 'is_new', false);
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
  return jsonb_build_object('profile', edge.profile_json(profile), 'is_new', is_new);
end
$$;

grant execute on function edge.save_profile(uuid, jsonb, timestamptz, boolean, text) to authenticated;
