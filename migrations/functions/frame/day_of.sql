-- The day that a moment lies in, by a clock: a time zone and a day-end hour.
--
-- `edge.day_of` says which date a moment belongs to: by one clock, by the clock of a person whose day may be held, or for
-- the person of this request. This is the rule that all three follow.
--
-- A person's clock is a time zone and a day-end hour (0 to 6): with 4, what is done at three in the morning still belongs to
-- the evening before. Day D begins at D + hour on that clock's wall and lasts until D + 1 begins; where daylight saving
-- makes the hour ambiguous or skips it, PostgreSQL's reading of it counts, so that the boundary is one moment.
--
-- Clocks change: people fly, and move their hour. Two things must never happen to them, a day that is taken away and a day
-- that comes twice. One rule prevents both: a day in progress ends when it has ended by every clock that was in effect
-- during it. So a change never changes which date today is, only when today ends, and a date never goes back. After a flight
-- west the day is longer. After a flight east the day ends as promised before, and the day after it is the short one.
--
-- `users.held_day` and `users.held_until` are that rule, kept by the trigger `edge.keep_clock`: until `held_until` today is
-- `held_day`, whatever the clock says. `clock_changes` is the history of clocks. `edge.enter` computes today once per
-- request; without the clock's five columns at hand use `edge.today()`.
create or replace function edge.day_of(moment timestamptz, zone text, hour integer) returns date
language sql immutable parallel safe
return ((moment at time zone zone) - make_interval(hours => hour))::date
  -- Where the clock goes back over the boundary, the first passage of it is not yet the new day.
  - (moment < edge.day_start(((moment at time zone zone) - make_interval(hours => hour))::date, zone, hour))::int;

grant execute on function edge.day_of(timestamptz, text, integer) to authenticated, service;

-- The day that a moment from now on lies in, for a person whose day may be held.
--
-- `zone`, `hour`, `held_day` and `held_until` are the clock of that person, as in `users`.
create or replace function edge.day_of(moment timestamptz, zone text, hour integer, held_day date, held_until timestamptz) returns date
language sql immutable parallel safe
return case when moment < held_until then held_day else edge.day_of(moment, zone, hour) end;

grant execute on function edge.day_of(timestamptz, text, integer, date, timestamptz) to authenticated, service;

-- The day that a moment of the past lies in, for the person of this request; never later than today.
--
-- The clock of this moment decides, not the clock of then: the function is asked about moments that have just been.
create or replace function edge.day_of(moment timestamptz) returns date
language sql stable parallel safe
return least(edge.today(), edge.day_of(moment, coalesce(nullif(current_setting('oree.time_zone', true), ''), 'UTC'),
  coalesce(nullif(current_setting('oree.day_end_hour', true), ''), '0')::int));

grant execute on function edge.day_of(timestamptz) to authenticated, service;
