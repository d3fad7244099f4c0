-- The profiles that are not removed, under the name that the wellness modules use. The view sees what its reader may
-- see: people their own profile, `service` all of them.

create or replace view public.profiles with (security_invoker = true) as
  select id, user_id, display_name, avatar_url, bio, preferences, is_public, created_at, updated_at
  from public.user_profiles
  where deleted_at is null;

grant select on public.profiles to authenticated, service;
