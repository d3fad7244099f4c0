-- Tells whether a row's version is among those that `If-Match` names, separated by commas; null names any.
--
-- Every version is compared here, so that a list is read alike everywhere.
create or replace function edge.is_version(version int, named text) returns boolean
language sql immutable parallel safe
as $$
  select named is null or version::text = any (string_to_array(named, ','))
$$;

grant execute on function edge.is_version(int, text) to authenticated;
