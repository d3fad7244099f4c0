-- When a day begins by a clock: a time zone and a day-end hour.
--
-- `hour` is 0 to 6. Where daylight saving makes that hour ambiguous or skips it, PostgreSQL's reading of it counts, so that
-- the boundary between two days is one moment.
create or replace function edge.day_start(day date, zone text, hour integer) returns timestamptz
language sql immutable parallel safe
return (day + make_interval(hours => hour)) at time zone zone;

grant execute on function edge.day_start(date, text, integer) to authenticated, service;
