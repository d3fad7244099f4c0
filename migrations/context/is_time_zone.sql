-- True for an IANA time zone that this server knows. The pattern comes first because PostgreSQL takes any word followed
-- by a number for a POSIX zone: 'Europe/Pari+5' would be accepted.

create or replace function edge.is_time_zone(name text) returns boolean
language plpgsql immutable
as $$
begin
  if name !~ '^(UTC|Etc/GMT[+-]?[0-9]{1,2}|[A-Z][A-Za-z]+(/[A-Za-z_-]+){1,2})$' then
    return false;
  end if;
  perform timestamptz '2000-01-01 00:00+00' at time zone name;
  return true;
exception when invalid_parameter_value then
  return false;
end
$$;

grant execute on function edge.is_time_zone(text) to anon, authenticated, service;
