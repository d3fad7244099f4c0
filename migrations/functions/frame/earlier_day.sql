-- The day that a moment lies in which is before the end of a person's latest held day.
--
-- It is the second half of `edge.day_of`, apart so that the planner inlines the first one. The first change of clock whose day
-- had not ended at that moment says by which clock the days ran until then, and which day was in progress at the change.
-- `zone` and `hour` are the present clock.
create or replace function edge.earlier_day(moment timestamptz, person uuid, zone text, hour integer) returns date
language sql stable parallel safe
as $$
  select coalesce((
    select least(edge.clock_day(earlier_day.moment, c.was_time_zone, c.was_day_end_hour), c.day)
    from public.clock_changes c
    where c.user_id = earlier_day.person and c.ends_at > earlier_day.moment
    order by c.day
    limit 1), edge.clock_day(earlier_day.moment, earlier_day.zone, earlier_day.hour))
$$;

grant execute on function edge.earlier_day(timestamptz, uuid, text, integer) to authenticated, service;
