-- Trigger of `users`: holds the day in progress where a person's time zone or day-end hour changes.
--
-- Today stays the date that it was by the old clock, until the day has ended by the old and by the new one (`held_day`,
-- `held_until`), so that no change takes a day away or gives one twice; `edge.day_of` explains the rule. A row of
-- `clock_changes` per day with a change keeps what is needed to compute at any later time what became of the days after it.
-- Two changes on one day are one, from the first clock to the last.
create or replace function edge.keep_clock() returns trigger
language plpgsql security definer set search_path = ''
as $$
begin
  -- The constraint on the column will refuse it.
  if not edge.is_time_zone(new.time_zone) or new.day_end_hour not between 0 and 6 then
    return new;
  end if;
  new.held_day := edge.day_of(edge.now(), old.id, old.time_zone, old.day_end_hour, old.held_until);
  new.held_until := greatest(
    edge.day_end(edge.now(), old.time_zone, old.day_end_hour, old.held_day, old.held_until),
    edge.day_start(new.held_day + 1, new.time_zone, new.day_end_hour));
  insert into public.clock_changes as c (user_id, day, ends_at, time_zone, day_end_hour, was_time_zone, was_day_end_hour)
  values (new.id, new.held_day, new.held_until, new.time_zone, new.day_end_hour, old.time_zone, old.day_end_hour)
  on conflict (user_id, day) do update
  set ends_at = excluded.ends_at, time_zone = excluded.time_zone, day_end_hour = excluded.day_end_hour,
    changed_at = excluded.changed_at;
  return new;
end
$$;
