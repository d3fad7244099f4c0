-- Lists the profiles that their owners made public and whose display name contains a text, newest first.
--
-- At most `max` rows, after the profile that was created at `after_created_at` with the id `after_id` (null for the first);
-- `search` null finds all. Profiles of accounts that are erased, banned or inactive are left out. Profiles are as
-- `edge.profile_json` has them, without `preferences`. The directory is a function, because it shows some columns and not
-- others, while row level security shows a profile to its owner only.
create or replace function edge.list_profiles(search text, after_created_at timestamptz, after_id uuid, max integer)
returns setof jsonb
language sql stable security definer set search_path = ''
as $$
  select edge.profile_json(p) - 'preferences'
  from public.user_profiles p join public.users u on u.id = p.user_id
  where p.is_public and p.deleted_at is null and u.deleted_at is null and u.is_active and not u.is_banned
    and (list_profiles.search is null or position(lower(normalize(list_profiles.search, nfc)) in lower(normalize(p.display_name, nfc))) > 0)
    and (list_profiles.after_id is null
      or (p.created_at, p.id) < (list_profiles.after_created_at, list_profiles.after_id))
  order by p.created_at desc, p.id desc
  limit list_profiles.max
$$;

grant execute on function edge.list_profiles(text, timestamptz, uuid, integer) to authenticated;
