-- Removes the content of a person's profile and leaves a tombstone, from which their other devices learn of it.
--
-- Raises `OR404 not_found`, and `OR403 forbidden` for everybody but its owner and administrators.
create or replace function edge.remove_profile(person uuid) returns void
language plpgsql volatile security definer set search_path = ''
as $$
begin
  perform edge.act_for(remove_profile.person, 'profiles.removed');
  update public.user_profiles p
  set display_name = null, avatar_url = null, bio = null, preferences = '{}', is_public = false,
    updated_at = edge.now(), deleted_at = edge.now(), version = p.version + 1
  where p.user_id = remove_profile.person and p.deleted_at is null;
  if not found then
    raise exception using errcode = 'OR404', message = 'not_found';
  end if;
end
$$;

grant execute on function edge.remove_profile(uuid) to authenticated;
