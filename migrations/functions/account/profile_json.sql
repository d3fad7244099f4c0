-- A profile as its owner sees it.
--
-- Its fields: id, user_id, display_name, avatar_url, bio, preferences, is_public, created_at, updated_at, deleted_at,
-- version. What others see has no `preferences`; the caller takes them away.
create or replace function edge.profile_json(profile public.user_profiles) returns jsonb
language sql stable set search_path = ''
as $$
  select jsonb_build_object(
    'id', profile.id, 'user_id', profile.user_id, 'display_name', profile.display_name,
    'avatar_url', profile.avatar_url, 'bio', profile.bio, 'preferences', profile.preferences,
    'is_public', profile.is_public, 'created_at', profile.created_at, 'updated_at', profile.updated_at,
    'deleted_at', profile.deleted_at, 'version', profile.version)
$$;
