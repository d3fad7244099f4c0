-- Tells whether a JSON value is as a JSON Schema says.
--
-- The keywords are `type`, `enum`, `minimum`, `maximum`, `properties`, `required`, `additionalProperties` and `items`; any other
-- is an error, so that no bound is written and not held. An `integer` is what SQL casts to one: 5, not 5.0. `{}` allows
-- everything.
create or replace function edge.is_valid(value jsonb, schema jsonb) returns boolean
language plpgsql immutable parallel safe
as $$
declare
  kind constant text := jsonb_typeof(value);
  member record;
begin
  for member in select key from jsonb_object_keys(schema) as key loop
    if member.key not in ('type', 'enum', 'minimum', 'maximum', 'properties', 'required', 'additionalProperties', 'items') then
      raise exception using message = format('edge.is_valid knows no keyword %s', member.key);
    end if;
  end loop;
  if kind <> replace(schema ->> 'type', 'integer', 'number')
    or not coalesce(schema -> 'enum' @> jsonb_build_array(value), true)
  then
    return false;
  elsif kind = 'number' then
    return (coalesce(schema ->> 'type', 'number') <> 'integer' or value::text ~ '^-?[0-9]{1,9}$')
      and value::numeric >= coalesce((schema ->> 'minimum')::numeric, '-infinity')
      and value::numeric <= coalesce((schema ->> 'maximum')::numeric, 'infinity');
  elsif kind = 'array' then
    return not exists (
      select from jsonb_array_elements(value) as element
      where not edge.is_valid(element, coalesce(schema -> 'items', '{}')));
  elsif kind <> 'object' then
    return true;
  end if;
  for member in select m.key, m.value, schema -> 'properties' -> m.key as schema from jsonb_each(value) as m loop
    if member.schema is null and schema -> 'additionalProperties' = 'false' then
      return false;
    elsif not edge.is_valid(member.value, coalesce(member.schema, nullif(schema -> 'additionalProperties', 'false'), '{}')) then
      return false;
    end if;
  end loop;
  return coalesce(value ?& array(select jsonb_array_elements_text(schema -> 'required')), true);
end
$$;

grant execute on function edge.is_valid(jsonb, jsonb) to service;
