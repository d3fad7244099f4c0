-- How long one breath of a pattern takes, in seconds: in, hold, out and rest of `timing`; null where there is none.
create or replace function edge.breath_seconds(timing jsonb) returns double precision
language sql immutable parallel safe
return (timing ->> 'in')::double precision + coalesce((timing ->> 'hold')::double precision, 0)
  + (timing ->> 'out')::double precision + coalesce((timing ->> 'rest')::double precision, 0);

grant execute on function edge.breath_seconds(jsonb) to authenticated, service;
