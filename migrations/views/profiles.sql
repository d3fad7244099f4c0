-- The profiles that are not removed, under the name that the wellness modules use, with the person's latest stories where those modules look
-- for them (`preferences.stories`). The view sees what its reader may see: people their own profile, `service` all of them.

create or replace view public.profiles with (security_invoker = true) as
  select id, user_id, display_name, avatar_url, bio,
    preferences || jsonb_build_object('stories', (
      select coalesce(jsonb_agg(jsonb_build_object('id', s.id, 'title', s.title, 'created_at', s.created_at) order by s.created_at desc, s.id), '[]')
      from (select t.id, t.title, t.created_at from public.stories t where t.user_id = p.user_id order by t.created_at desc, t.id desc limit 20) as s
    )) as preferences,
    is_public, created_at, updated_at
  from public.user_profiles p
  where deleted_at is null;

grant select on public.profiles to authenticated, service;
