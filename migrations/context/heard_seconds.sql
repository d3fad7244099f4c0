-- How long was listened, in seconds: the sum of `ended_ms - started_ms` over the events of a session of music.
create or replace function edge.heard_seconds(events jsonb) returns double precision
language sql immutable parallel safe
as $$
  select coalesce(sum(greatest((e ->> 'ended_ms')::double precision - (e ->> 'started_ms')::double precision, 0)), 0) / 1000
  from jsonb_array_elements(events) as e
$$;

grant execute on function edge.heard_seconds(jsonb) to authenticated, service;
