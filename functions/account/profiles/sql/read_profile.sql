-- A person's profile, as far as the person of this request may see it; null where there is none to see.
--
-- The owner sees it whole, and once it is removed empty and with `deleted_at`, so that their other devices learn of it.
-- Others see a public one, without `preferences`. An administrator sees it whole, and leaves a row in the audit log where it
-- is somebody else's. To everybody but its owner a removed profile is as missing as one that never was.
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

grant execute on function edge.read_profile(uuid) to authenticated;
