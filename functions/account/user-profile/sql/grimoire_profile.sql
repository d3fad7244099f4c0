-- The person of this request, when they last signed in, and how much they have made with the Grimoire.
--
-- Returns id, email, name, role, tier, locale, time_zone, registration_date, last_login_at, login_count and `creations`
-- {scenes, poses, sounds, total}, of which only those count that succeeded. Reading it is written to the audit log, with
-- what was shown.
create or replace function edge.grimoire_profile() returns jsonb
language plpgsql volatile security definer set search_path = ''
as $$
declare
  person public.users;
  made jsonb;
begin
  select u.* into person from public.users u where u.id = edge.uid();
  select jsonb_build_object('scenes', s.n, 'poses', c.poses, 'sounds', c.sounds, 'total', s.n + c.poses + c.sounds) into made
  from (select count(*) as n from public.scenes where user_id = person.id and status = 'succeeded') s,
    (select count(*) filter (where kind = 'pose') as poses, count(*) filter (where kind = 'audio') as sounds
      from public.creations where user_id = person.id and status = 'succeeded') c;
  perform edge.audit('profile.read', jsonb_build_object('last_login_at', person.last_login_at, 'creations', made));
  return jsonb_build_object('id', person.id, 'email', person.email, 'name', person.name, 'role', person.role,
    'tier', edge.tier(person.id), 'locale', person.locale, 'time_zone', person.time_zone,
    'registration_date', person.registration_date, 'last_login_at', person.last_login_at,
    'login_count', person.login_count, 'creations', made);
end
$$;

grant execute on function edge.grimoire_profile() to authenticated;
