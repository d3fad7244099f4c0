-- When the day that a moment from now on lies in ends, for a person whose day may be held.
--
-- `zone`, `hour`, `held_day` and `held_until` are the clock of that person, as in `users`; `edge.day_of` explains it.
create or replace function edge.day_end(moment timestamptz, zone text, hour integer, held_day date, held_until timestamptz)
returns timestamptz
language sql immutable parallel safe
return case when moment < held_until then held_until
  else edge.day_start(edge.clock_day(moment, zone, hour) + 1, zone, hour) end;

grant execute on function edge.day_end(timestamptz, text, integer, date, timestamptz) to authenticated, service;
