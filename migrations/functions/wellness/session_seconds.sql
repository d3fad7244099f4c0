-- How long a session lasted from its beginning until a moment, in whole seconds and without its pauses: 25 hours at most.
create or replace function edge.session_seconds(began timestamptz, until timestamptz, paused_seconds integer, paused_at timestamptz)
returns integer
language sql immutable parallel safe
return least(90000, greatest(0, floor(extract(epoch from until - began)) - paused_seconds
  - case when paused_at < until then floor(extract(epoch from until - paused_at)) else 0 end))::integer;

grant execute on function edge.session_seconds(timestamptz, timestamptz, integer, timestamptz) to authenticated, service;
