-- The day that a moment lies in for a person: for now and for any moment that has been.
--
-- Nothing else answers that question: what today is (`edge.today()`, `edge.enter`) is the day of now, so the day of a moment is
-- what today was at that moment, whenever it is asked for. `person`, `zone`, `hour` and `held_until` are columns of `users`.
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
-- The trigger `edge.keep_clock` keeps that rule: `clock_changes` has the day that was in progress at a change, when it ends
-- after all, and the clock before and after; `users.held_day` and `users.held_until` repeat the latest day and end. From that
-- end on the present clock decides alone, before it the history does (`edge.earlier_day`). `edge.enter` computes today once
-- per request.
create or replace function edge.day_of(moment timestamptz, person uuid, zone text, hour integer, held_until timestamptz)
returns date
language sql stable parallel safe
return case when held_until is null or moment >= held_until then edge.clock_day(moment, zone, hour)
  else edge.earlier_day(moment, person, zone, hour) end;

grant execute on function edge.day_of(timestamptz, uuid, text, integer, timestamptz) to authenticated, service;

-- The day that a moment lies in for a given person, whoever asks; in UTC where the caller may not see that person. What arrives
-- for somebody from elsewhere is dated by it. It runs with the caller's rights, so that it tells nobody where somebody else lives.
create or replace function edge.day_of(moment timestamptz, person uuid) returns date
language sql stable parallel safe
return coalesce(
  (select edge.day_of(moment, u.id, u.time_zone, u.day_end_hour, u.held_until) from public.users u where u.id = person),
  (moment at time zone 'UTC')::date);

grant execute on function edge.day_of(timestamptz, uuid) to authenticated, service;

-- The day that a moment lies in for the person of this request, never later than today; in UTC when nobody is signed in.
create or replace function edge.day_of(moment timestamptz) returns date
language sql stable parallel safe
return least(edge.today(), edge.day_of(moment, edge.uid()));

grant execute on function edge.day_of(timestamptz) to authenticated, service;
