-- The date that a clock shows at a moment: a time zone and a day-end hour, and nothing about a person.
--
-- It is the calendar alone. Which day a moment lies in for somebody, whose day may be held, says `edge.day_of`.
create or replace function edge.clock_day(moment timestamptz, zone text, hour integer) returns date
language sql immutable parallel safe
return ((moment at time zone zone) - make_interval(hours => hour))::date
  -- Where the clock goes back over the boundary, the first passage of it is not yet the new day.
  - (moment < edge.day_start(((moment at time zone zone) - make_interval(hours => hour))::date, zone, hour))::int;

grant execute on function edge.clock_day(timestamptz, text, integer) to authenticated, service;
