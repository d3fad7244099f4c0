-- Merges a patch into a JSON value as RFC 7396 says: null removes a key, objects are merged, anything else replaces.
--
-- A patch that is absent (null of SQL) leaves the value as it is.
create or replace function edge.json_merge(target jsonb, patch jsonb) returns jsonb
language plpgsql immutable set search_path = ''
as $$
declare
  merged jsonb := case when jsonb_typeof(target) = 'object' then target else '{}' end;
  member record;
begin
  if jsonb_typeof(patch) is distinct from 'object' then
    return coalesce(patch, target);
  end if;
  for member in select * from jsonb_each(patch) loop
    merged := case when member.value = 'null' then merged - member.key
      else merged || jsonb_build_object(member.key, edge.json_merge(merged -> member.key, member.value)) end;
  end loop;
  return merged;
end
$$;
